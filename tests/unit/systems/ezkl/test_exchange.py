"""The public part of artifacts: enough to check a circuit, and nothing of hidden weights."""

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from eth_utils.crypto import keccak
from hypothesis import given as given_value
from hypothesis import strategies as st

from prover.base.errors import ArtifactMismatch, ArtifactsMissing, UnsoundCircuit, UsageError
from prover.base.settings import get_settings
from prover.systems.circuits import find_artifacts
from prover.systems.ezkl.artifacts import (
    CIRCUIT,
    MANIFEST,
    MODEL,
    NETWORK,
    PK,
    RECORD,
    SAMPLE,
    VERIFIER,
    VK,
    list_artifacts,
    recorded,
    write_record,
)
from prover.systems.ezkl.evaluate import evaluate
from prover.systems.ezkl.exchange import export, import_artifacts
from prover.systems.ezkl.manifest import read_manifest
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven


@pytest.mark.parametrize("name", ["hidden", "plain"])
def test_what_was_exported_proves_the_verifier(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path, name: str
) -> None:
    made = proven(name).artifacts
    export(made, tmp_path / "given")
    taken = import_artifacts(tmp_path / "given")
    assert taken.directory.parent == home / "artifacts"
    assert (taken.digest, taken.weights_commitment) == (made.digest, made.weights_commitment)
    Ezkl().verify(taken, [proven(name).proof])
    assert keccak(Ezkl().rebuild(taken)) == made.manifest.code_hash


def test_hidden_weights_are_not_given_away(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> None:
    made = proven("hidden").artifacts
    export(made, tmp_path / "given")
    given = {path.name for path in (tmp_path / "given").iterdir()}
    assert not given & {MODEL, "private.onnx", CIRCUIT, PK}
    secret = {(made.directory / name).read_bytes() for name in (MODEL, "private.onnx", CIRCUIT)}
    assert not secret & {path.read_bytes() for path in (tmp_path / "given").iterdir()}
    with pytest.raises(ArtifactMismatch, match="weights are not on this machine"):
        evaluate(import_artifacts(tmp_path / "given"), [])


def test_own_artifacts_are_kept_when_their_public_part_comes_in(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> None:
    made = proven("hidden").artifacts
    export(made, tmp_path / "given")
    (home / "artifacts").mkdir(parents=True)
    (home / "artifacts" / made.directory.name).symlink_to(made.directory)
    assert (import_artifacts(tmp_path / "given").directory / MODEL).is_file()


def test_a_changed_file_is_refused(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path
) -> None:
    export(proven("hidden").artifacts, tmp_path / "given")
    with pytest.raises(UsageError, match="is there already"):
        export(proven("hidden").artifacts, tmp_path / "given")
    with (tmp_path / "given" / VK).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ArtifactMismatch, match=VK):
        import_artifacts(tmp_path / "given")
    assert list((home / "artifacts").iterdir()) == []


@pytest.fixture
def given(proven: Callable[[str], Proven], home: Path, tmp_path: Path) -> Path:
    """An exported folder that a test may spoil; whoever does knows how to hash."""
    export(proven("plain").artifacts, tmp_path / "given")
    return tmp_path / "given"


def rewrite(path: Path, **changes: object) -> None:
    """Change fields of a JSON file, and note its hash as an honest export would."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    write_record(path.parent)


def refused(given: Path, words: str) -> None:
    home = get_settings().home
    before = sorted(home.rglob("*"))
    with pytest.raises((ArtifactMismatch, UnsoundCircuit), match=words) as refusal:
        import_artifacts(given)
    assert str(refusal.value).isprintable()
    assert [one for one in home.rglob("*") if one not in before and one.is_file()] == []


@pytest.mark.parametrize("name", ["pk.key", "notes.txt", CIRCUIT, "\x1b[2J"])
def test_a_file_too_much_is_refused(given: Path, name: str) -> None:
    (given / name).write_bytes(b"")
    refused(given, "too much")


@pytest.mark.parametrize("name", [SAMPLE, MODEL, VERIFIER, RECORD, MANIFEST, "kzg.srs"])
def test_a_file_too_few_is_refused(given: Path, name: str) -> None:
    (given / name).unlink()
    refused(given, name)


@pytest.mark.parametrize("name", [SAMPLE, MODEL, VERIFIER, MANIFEST, "settings.json", NETWORK])
def test_each_file_is_held_to_its_hash(given: Path, name: str) -> None:
    with (given / name).open("ab") as file:
        file.write(b" ")
    refused(given, name)


def link(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.write_bytes(content)
    path.symlink_to(elsewhere)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def huge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1 << 40)  # sparse


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("spoil", [link, pipe, folder, huge, dangling])
@pytest.mark.parametrize("name", [MANIFEST, SAMPLE, VK])
def test_only_plain_files_of_a_sensible_size_are_taken(
    given: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    spoil(given / name)
    refused(given, f"{name} in .* cannot be taken")


def test_names_in_a_manifest_lead_nowhere(given: Path) -> None:
    for name in ("../../secret", "/etc/passwd", "sub/file"):
        hashes = json.loads((given / MANIFEST).read_text())["sha256"]
        rewrite(given / MANIFEST, sha256={**hashes, name: "0" * 64})
        refused(given, "files")
    write_record(given)


def test_a_record_names_exactly_the_files(given: Path) -> None:
    record = json.loads((given / RECORD).read_text())["sha256"]
    del record[SAMPLE]
    (given / RECORD).write_text(json.dumps({"sha256": record}))
    refused(given, f"{RECORD} names")
    for names in ({"../x": "00"}, {SAMPLE: 5}, [], None):
        (given / RECORD).write_text(json.dumps({"sha256": names}))
        refused(given, RECORD)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[" * 100_000, '{"a": 1, "a": 1}', '{"format": NaN}', '{"format": 1e999}', "null"),
        *('{"format": ' + "9" * 5000 + "}", "[]", '"text"', "\xff", "[" * 9 + "]" * 9),
    ],
)
@pytest.mark.parametrize("name", [MANIFEST, RECORD, SAMPLE])
def test_odd_json_is_refused_in_words(given: Path, name: str, text: str) -> None:
    (given / name).write_bytes(text.encode("latin-1"))
    if name == SAMPLE:
        write_record(given)
    refused(given, "manifest|files.json|proof file")


@given_value(
    st.sampled_from(["plan_fields", "layout_fields", "verifier", "scales", "versions", "sha256"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
    st.data(),
)
def test_fields_of_other_types_are_refused_in_words(
    proven: Callable[[str], Proven], name: str, value: object, data: st.DataObject
) -> None:
    """Of a manifest that is honest but for one field, at any depth."""
    fields = json.loads((proven("plain").artifacts.directory / MANIFEST).read_text())
    inner = fields[name]
    if data.draw(st.booleans()):
        inner[data.draw(st.sampled_from(sorted(inner)))] = value
    else:
        fields[name] = value
    with TemporaryDirectory() as where:
        path = Path(where) / MANIFEST
        path.write_text(json.dumps(fields))
        with contextlib.suppress(ArtifactMismatch, UnsoundCircuit):
            read_manifest(path).digest()


@pytest.mark.parametrize("name", ["item_elements", "optimizer_runs"])
def test_numbers_that_canonical_json_cannot_hold_are_refused_in_words(
    given: Path, name: str
) -> None:
    fields = json.loads((given / MANIFEST).read_text())
    (fields if name in fields else fields["verifier"])[name] = 2**53
    rewrite(given / MANIFEST, **fields)
    refused(given, r"is not valid .*exceeds safe integer domain")


def test_a_circuit_is_compiled_here_not_taken(given: Path) -> None:
    taken = import_artifacts(given)
    assert CIRCUIT not in {path.name for path in given.iterdir()}
    assert (taken.directory / CIRCUIT).is_file()
    assert CIRCUIT in recorded(taken.directory)


@pytest.mark.parametrize("at", [0, -1])
def test_a_sample_that_does_not_hold_is_refused(given: Path, at: int) -> None:
    """Its hash is right, as whoever changes it notes the new one."""
    sample = json.loads((given / SAMPLE).read_text())
    words = sample["instances"]
    words[at] = f"0x{int(words[at], 16) ^ 1:064x}"
    rewrite(given / SAMPLE, instances=words)
    refused(given, "sample proof")


@pytest.mark.parametrize("name", [CIRCUIT, SAMPLE, VK, MANIFEST])
def test_damage_on_this_machine_is_named_as_such(given: Path, name: str) -> None:
    taken = import_artifacts(given)
    with (taken.directory / name).open("r+b") as file:
        file.write(b"\0\0")
    with pytest.raises(ArtifactMismatch, match="are damaged"):
        find_artifacts(taken.digest)
    with pytest.raises(ArtifactMismatch, match="are damaged"):
        list_artifacts()


def test_an_edited_manifest_on_this_machine_is_noticed(given: Path) -> None:
    """It is whole in itself: only its name tells that it was another."""
    taken = import_artifacts(given)
    fields = json.loads((taken.directory / MANIFEST).read_text())
    fields["plan_fields"]["exact"] = False
    (taken.directory / MANIFEST).write_text(json.dumps(fields))
    write_record(taken.directory)
    with pytest.raises(ArtifactMismatch, match="are damaged: their manifest is that of"):
        find_artifacts(taken.digest)


def test_artifacts_that_are_absent_are_told_from_damaged_ones(home: Path) -> None:
    with pytest.raises(ArtifactsMissing, match="model import"):
        find_artifacts(bytes(32))


@pytest.mark.parametrize(("name", "reason"), [("development", "differs"), ("mine", "not known")])
def test_a_set_up_that_differs_is_called_so(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path, name: str, reason: str
) -> None:
    """Not a false circuit: each machine of an older version had a set-up of its own."""
    export(proven("plain").artifacts, tmp_path / "given")
    content = json.loads((tmp_path / "given" / MANIFEST).read_text())
    content["srs"] = {"name": name, "sha256": "11" * 32}
    (tmp_path / "given" / MANIFEST).write_text(json.dumps(content))
    write_record(tmp_path / "given")
    with pytest.raises(ArtifactMismatch, match=f"set-up .*{reason}"):
        import_artifacts(tmp_path / "given")
    assert not list((home / "artifacts").glob("[0-9a-f]*"))
