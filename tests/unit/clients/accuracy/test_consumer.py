"""A consumer's test set: sealed from one seed, kept in memory of what was revealed."""

import stat
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from prover.base.errors import ModelRefused, StatementInvalid, UsageError
from prover.base.settings import get_settings
from prover.cli.accuracy.post import sample_size, target_of
from prover.clients.accuracy import consumer as accuracy
from prover.clients.accuracy.consumer import JobSpec
from prover.clients.accuracy.posted_sets import (
    PostedSet,
    check_unknown,
    mark_revealed,
    posted_set,
    row_hash,
)
from prover.clients.accuracy.test_items import (
    Tests,
    check_circuit,
    key_of,
    read_tests,
    sealed_form,
    sealed_tests,
)
from prover.clients.common.seeds import make_seed, read_seed
from prover.protocol.limits import LOCAL
from prover.statement.documents.inputs_file import data_hash
from prover.statement.documents.sealed import key_hash
from prover.statement.documents.seeds import Seed
from prover.statement.documents.testset import SealedTestSet
from prover.systems.circuits import unsealed
from prover.systems.ezkl.artifacts import Artifacts
from tests.conftest import ELEMENTS, Proven

SEED, JOB = Seed(b"\x07" * 32), b"\x33" * 32
KEPT = b'{"scope": "1:aa", "job_id": "%s", "seed": "a", "rows": ["0a"], "revealed": false}'
FIELDS = KEPT % JOB.hex().encode()


@pytest.fixture(scope="module")
def artifacts(proven: Callable[[str], Proven]) -> Artifacts:
    return proven("hidden").artifacts


def spec(artifacts: Artifacts) -> JobSpec:
    return JobSpec(b"\x01" * 32, artifacts, "", 50, 30, 20, 10, 1, 2, "", 1, 2, 3, None)


def archive(path: Path, **arrays: object) -> Path:
    inputs = np.arange(6 * ELEMENTS, dtype=np.float32).reshape(6, ELEMENTS) / 8
    np.savez(path, **({"inputs": inputs, "labels": np.arange(6) % 3} | arrays))  # type: ignore[arg-type]
    return path


def test_each_bounty_has_a_key_and_salts_of_its_own(artifacts: Artifacts) -> None:
    tests = Tests(((1, 2, 3, 4), (1, 2, 3, 4)), (0, 2), ("a", "b"))
    form, classes = sealed_form(artifacts), artifacts.manifest.layout.classes
    first, again, other = (sealed_tests(b"\1" * 32, artifacts, tests, SEED, n) for n in (1, 1, 2))
    assert first == again
    assert key_of(SEED, 1) != key_of(SEED, 2)
    opened = [
        one.opened(at, key_of(SEED, number), form, classes)
        for number, tests_ in ((1, first), (2, other))
        for at, one in enumerate(tests_.items)
    ]
    items = [unsealed(artifacts, one.chunks) for one in opened]
    assert [one.label for one in opened] == [0, 2] * 2
    assert [item.values for item in items] == list(tests.values) * 2
    assert len({item.salt for item in items}) == 4
    assert len({one.label_salt for one in opened}) == 4


def test_rows_are_taken_in_part_or_drawn(artifacts: Artifacts, tmp_path: Path) -> None:
    data = archive(tmp_path / "data.npz")
    whole = read_tests(artifacts, data, None, None)
    assert (len(whole.values), whole.labels) == (6, (0, 1, 2, 0, 1, 2))
    assert read_tests(artifacts, data, range(1, 3), None).labels == (1, 2)
    drawn = {read_tests(artifacts, data, None, 2).hashes for _ in range(60)}
    assert all(len(one) == 2 for one in drawn)
    assert {row for one in drawn for row in one} == set(whole.hashes)
    with pytest.raises(UsageError, match="expected 1 to 6, the rows"):
        read_tests(artifacts, data, None, 7)
    with pytest.raises(UsageError, match="a part of 0:6"):
        read_tests(artifacts, data, range(3, 7), None)


def test_labels_must_be_there_and_be_classes(artifacts: Artifacts, tmp_path: Path) -> None:
    np.savez(tmp_path / "bare.npz", inputs=np.zeros((2, ELEMENTS), np.float32))
    with pytest.raises(UsageError, match="no array `labels`"):
        read_tests(artifacts, tmp_path / "bare.npz", None, None)
    with pytest.raises(ModelRefused, match="0 to 2"):
        read_tests(artifacts, archive(tmp_path / "far.npz", labels=np.full(6, 3)), None, None)


def test_an_item_outside_the_domain_is_named(artifacts: Artifacts, tmp_path: Path) -> None:
    inputs = np.zeros((6, ELEMENTS), np.float32)
    inputs[4, 2] = 8.5
    data = archive(tmp_path / "data.npz", inputs=inputs)
    with pytest.raises(StatementInvalid, match="row 4: value 136 at place 2"):
        read_tests(artifacts, data, None, None)
    assert read_tests(artifacts, data, range(4), None).labels == (0, 1, 2, 0)


def test_rows_are_refused_once_their_key_was_revealed(home: Path) -> None:
    rows = [row_hash(np.full(3, value, np.float32)) for value in range(4)]
    check_unknown(rows, "1:aa", [])
    kept = PostedSet("1:aa", JOB.hex(), "seed.json", (rows[1], rows[2]))
    kept.save()
    check_unknown(rows, "1:aa", [])
    with pytest.raises(UsageError, match="2 of the 4 rows"):
        check_unknown(rows, "1:aa", [JOB])
    check_unknown([rows[0], rows[3]], "1:aa", [JOB])
    mark_revealed(JOB)
    for scope in ("1:aa", "10:bb"):  # whoever read the key there knows the rows here
        with pytest.raises(UsageError, match="1 of the 2 rows"):
            check_unknown(rows[2:], scope, [])
    assert stat.S_IMODE(next((home / "testsets").glob("*.json")).stat().st_mode) == 0o600
    assert posted_set(JOB) == replace(kept, revealed=True)
    assert posted_set(bytes(32)) is None
    mark_revealed(bytes(32))


def test_a_local_chain_that_is_gone_has_revealed_nothing(home: Path) -> None:
    PostedSet("31337:aa", JOB.hex(), "seed.json", ("11",), True).save()
    check_unknown(["11"], "31337:bb", [])
    check_unknown(["11"], "1:cc", [])
    with pytest.raises(UsageError, match="1 of the 1 rows"):
        check_unknown(["11"], "31337:aa", [])


def test_rows_of_a_bounty_whose_key_the_chain_shows_are_refused(
    artifacts: Artifacts, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has sent the key: this home need not know that it is out."""
    tests = read_tests(artifacts, archive(tmp_path / "data.npz"), None, None)
    keys = {JOB: None, b"\x34" * 32: b"\x07" * 32}
    jobs = {job_id: SimpleNamespace(key=key) for job_id, key in keys.items()}
    world = SimpleNamespace(accuracy=SimpleNamespace(jobs=jobs))
    monkeypatch.setattr(accuracy, "load_world", lambda *_: world)
    monkeypatch.setattr(accuracy, "AccuracyBounty", lambda *_: None)
    monkeypatch.setattr(accuracy.postings, "posting", lambda *_: nullcontext())
    sender: Any = SimpleNamespace(
        client=SimpleNamespace(local=True, chain_id=31337, scope="31337:aa", now=lambda: 0)
    )
    deployment: Any = SimpleNamespace(accuracy="")
    assert list(accuracy.revealed(sender.client, deployment)) == [b"\x34" * 32]
    fine = replace(spec(artifacts), open_seconds=61, reveal_seconds=60, prove_seconds=60)

    def post() -> object:
        with accuracy.posting(sender, deployment, fine, tests, tmp_path, {}, print) as drawn:
            return drawn

    PostedSet("31337:aa", JOB.hex(), "seed.json", tests.hashes[:1]).save()
    post()
    PostedSet("31337:aa", "34" * 32, "seed.json", tests.hashes[1:]).save()
    with pytest.raises(UsageError, match="5 of the 6 rows"):
        post()
    fine = replace(fine, open_seconds=1)
    with pytest.raises(UsageError, match="--open-for is 1 s"):
        post()


def test_a_bounty_is_drawn_over_the_file_as_it_was_written(
    artifacts: Artifacts, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root, count, hash and key of the terms are those of the file that the provider gets."""
    tests = read_tests(artifacts, archive(tmp_path / "data.npz"), None, None)
    make_seed(tmp_path / "seed.json")
    monkeypatch.setattr("prover.clients.accuracy.consumer.secrets.randbits", lambda _bits: 9)
    chosen = replace(spec(artifacts), open_seconds=70, uri="https://example.org/x")
    client = SimpleNamespace(local=True, scope="31337:aa", now=lambda: 1000)
    sender: Any = SimpleNamespace(client=client, address="0x" + "11" * 20)
    contract: Any = SimpleNamespace(job_id=lambda job: bytes([job.nonce]) * 32)
    told: list[str] = []
    seed = tmp_path / "seed.json"
    drawn = accuracy._drawn(sender, contract, chosen, tests, seed, told.append)
    path, written = drawn.made
    sealed, terms = SealedTestSet.from_bytes(path.read_bytes()), drawn.terms
    assert (drawn.nonce, drawn.uri, told) == (9, "https://example.org/x", ["sealing 6 test items"])
    assert (terms.test_root, terms.n) == (sealed.tree.root, 6)
    assert drawn.data_hash == terms.data_hash == data_hash(path.read_bytes())
    key, form = key_of(read_seed(seed), 9), sealed_form(artifacts)
    assert terms.key_hash == key_hash(key)
    classes = artifacts.manifest.layout.classes
    opened = [one.opened(at, key, form, classes) for at, one in enumerate(sealed.items)]
    assert tuple(one.label for one in opened) == tests.labels
    assert tuple(unsealed(artifacts, one.chunks).values for one in opened) == tests.values
    assert (terms.circuit_id, terms.open_until) == (chosen.circuit_id, 1070)
    for name in ("reward", "bond", "stake", "miss_penalty", "num", "den", "prove_seconds"):
        assert getattr(terms, name) == getattr(chosen, name)
    known = posted_set(b"\x09" * 32)
    assert known == PostedSet("31337:aa", "09" * 32, str(seed), tests.hashes)
    assert written.is_file()


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"no JSON",
        b"\xff",
        pytest.param(b"[" * 100_000, id="deep"),
        FIELDS.replace(b'"0a"', b"7"),
        FIELDS.replace(b'"1:aa"', b"1"),
        FIELDS.replace(b"33" * 32, b"34" * 32),
        FIELDS.replace(b"false", b'"no"'),
    ],
)
def test_a_damaged_file_stops_only_what_needs_it(
    home: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "testsets").mkdir(parents=True)
    path = home / "testsets" / f"{JOB.hex()}.json"
    path.write_bytes(FIELDS)
    with pytest.raises(UsageError, match="1 of the 1 rows"):
        check_unknown(["0a"], "1:aa", [JOB])
    path.write_bytes(content)
    check_unknown(["0a"], "1:aa", [JOB])
    (warning,) = capsys.readouterr().err.splitlines()
    assert str(path)[:80] in warning
    assert "whether new ones are among its rows is not known" in warning
    check_unknown(["0a"], "1:aa", [JOB])
    assert not capsys.readouterr().err  # once is enough
    with pytest.raises(
        UsageError, match=r"is damaged .*: put it back from a copy, or move it away"
    ):
        posted_set(JOB)
    PostedSet("1:aa", "99" * 32, "seed.json", ("0b",), True).save()
    with pytest.raises(UsageError, match="1 of the 1 rows"):
        check_unknown(["0b"], "1:aa", [])


@pytest.mark.parametrize("name", ["plain", "open"])
def test_a_circuit_that_seals_nothing_is_refused(
    proven: Callable[[str], Proven], name: str
) -> None:
    with pytest.raises(StatementInvalid, match="expected inputs hashed with salt"):
        check_circuit(proven(name).artifacts)


def test_an_inexact_circuit_is_refused(artifacts: Artifacts) -> None:
    manifest = artifacts.manifest
    fields = manifest.plan_fields | {"exact": False, "tolerance": 1}
    inexact = replace(artifacts, manifest=manifest.model_copy(update={"plan_fields": fields}))
    check_circuit(artifacts)
    with pytest.raises(UsageError, match="not exact"):
        check_circuit(inexact)


def test_one_score_is_no_label(artifacts: Artifacts) -> None:
    fields = artifacts.manifest.layout_fields
    words = fields | {"classes": 1, "output_words": 1, "output_kind": 1}
    less = fields["items"] * (fields["output_words"] - 1)
    words |= {name: fields[name] - less for name in ("instances", "context")}
    manifest = artifacts.manifest.model_copy(update={"layout_fields": words})
    with pytest.raises(UsageError, match="1 classes: expected 2 or more"):
        check_circuit(replace(artifacts, manifest=manifest))


@pytest.mark.parametrize(
    ("text", "target"),
    [("90%", (90, 100)), ("97.5%", (975, 1000)), ("58/64", (58, 64)), ("100%", (100, 100))],
)
def test_targets_are_read_exactly(text: str, target: tuple[int, int]) -> None:
    assert target_of(text) == target


@pytest.mark.parametrize(
    "text", ["0%", "100.1%", "2/1", "0/1", "1/0", "0.9", "", "-1%", "1/5000000000"]
)
def test_other_targets_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--target"):
        target_of(text)


def test_a_margin_gives_the_number_of_items() -> None:
    assert sample_size(None, 0.05) == 600
    assert sample_size(7, None) == 7
    assert sample_size(None, None) is None
    with pytest.raises(UsageError, match="give one of them"):
        sample_size(7, 0.05)


class Mainnet:
    local, chain_id = False, 1


@pytest.mark.parametrize(
    ("option", "least"),
    [("open_seconds", 4200), ("reveal_seconds", 3600), ("prove_seconds", 3600)],
)
def test_windows_leave_time_to_be_mined(artifacts: Artifacts, option: str, least: int) -> None:
    fine = replace(spec(artifacts), open_seconds=4200, reveal_seconds=3600, prove_seconds=3600)
    accuracy._check_spec(Mainnet(), fine)  # type: ignore[arg-type]
    accuracy._check_spec(Mainnet(), replace(fine, **{option: 180 * 86_400}))  # type: ignore[arg-type]
    for seconds in (least - 1, 180 * 86_400 + 1):
        with pytest.raises(UsageError, match=f"is {seconds} s: expected {least} to 15552000 s"):
            accuracy._check_spec(Mainnet(), replace(fine, **{option: seconds}))  # type: ignore[arg-type]


def test_a_local_bounty_is_open_for_a_second_more_than_the_contract_asks(
    artifacts: Artifacts,
) -> None:
    """The block of the posting may come a second after the terms were made."""
    local: Any = SimpleNamespace(local=True, chain_id=31337)
    least = LOCAL.min_window
    fine = replace(
        spec(artifacts), open_seconds=least + 1, reveal_seconds=least, prove_seconds=least
    )
    accuracy._check_spec(local, fine)
    for option, seconds in vars(fine).items():
        if option.endswith("_seconds"):
            with pytest.raises(UsageError, match=f"is {seconds - 1} s: expected {seconds} to"):
                accuracy._check_spec(local, replace(fine, **{option: seconds - 1}))


def test_the_window_of_the_key_holds_the_wait_for_finality(
    artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine = replace(spec(artifacts), open_seconds=4200, reveal_seconds=4799, prove_seconds=3600)
    monkeypatch.setenv("ZKESCROW_CONFIRMATIONS", "200")
    get_settings.cache_clear()
    with pytest.raises(UsageError, match="4799 s: expected 4800 to"):
        accuracy._check_spec(Mainnet(), fine)  # type: ignore[arg-type]
    monkeypatch.undo()
    get_settings.cache_clear()
