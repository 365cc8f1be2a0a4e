"""A native circuit by the command line: made, rebuilt, proven, verified; and what is refused."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from prover.base.errors import ArtifactMismatch, ProofRejected, UnsoundCircuit
from prover.base.files import sha256_file
from prover.base.settings import get_settings
from prover.cli import app
from prover.systems.native import artifacts, setup
from prover.systems.native.artifacts import Agreement, NativeArtifacts
from prover.systems.native.network import serialise
from prover.verify import parse_description, verify

AGREEMENT = Agreement(1.0, 8)
pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")

EXAMPLES = Path(__file__).parents[2] / "examples"
JOB = [
    *("--chain-id", "31337"),
    *("--market", "0x5FbDB2315678afecb367f032d93F642f64180aa3"),
    *("--job", "0x" + "11" * 32),
    *("--model", "0x" + "22" * 32),
    *("--payee", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
]
OTHER_PAYEE = [*JOB[:-1], "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"]
INPUTS = ["--inputs", str(EXAMPLES / "digits-test.npz")]


class Said:
    """The exit status of a command, its JSON, and what it said on stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        capsys.readouterr()
        self.status = app.run([*words, "--json"])
        streams = capsys.readouterr()
        self.data: dict[str, Any] = json.loads(streams.out) if streams.out else {}
        self.problem = streams.err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("native") / "digits"
    words = ["native", "add", str(EXAMPLES / "digits-cnn.onnx"), "--out", str(out)]
    assert app.run([*words, "--data", str(EXAMPLES / "digits-calibration.npz")]) == 0
    return out


@pytest.fixture(scope="module")
def proof(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("proof") / "proof.json"
    words = ["prove", *INPUTS, "--index", "3", "--artifacts", str(made), "--out", str(path)]
    assert app.run([*words, *JOB]) == 0
    return path


def test_a_proof_holds_for_its_job_and_says_the_models_label(
    made: Path, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Said(capsys, "verify", str(proof), "--artifacts", str(made), *JOB)
    assert said.status == 0
    assert said.data["checked"] == ["proof", "context"]
    assert said.data["top"][0] == label_of(3)


def label_of(index: int) -> int:
    """The model's label of an input."""
    session = onnxruntime.InferenceSession(EXAMPLES / "digits-cnn.onnx")
    image = np.load(EXAMPLES / "digits-test.npz")["inputs"][index : index + 1]
    scores = session.run(None, {session.get_inputs()[0].name: image})[0]
    return int(scores.ravel().argmax())


def test_the_verifier_in_python_agrees(
    made: Path, proof: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Said(capsys, "verify", str(proof), "--artifacts", str(made), "--reference")
    assert said.data["checked"] == ["proof", "reference"]
    content = json.loads(proof.read_text())
    words = [int(word, 16) for word in content["instances"]]
    description = parse_description((made / artifacts.DESCRIPTION).read_bytes())
    changed = bytearray.fromhex(content["proof"][2:])
    changed[-1] ^= 1
    with pytest.raises(ProofRejected):
        verify(description, bytes(changed), words)


def test_only_the_labels_are_public_where_that_was_asked_for(
    tmp_path: Path, proof: Path, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, said = tmp_path / "labels", tmp_path / "proof.json"
    words = ["native", "add", str(EXAMPLES / "digits-cnn.onnx"), "--out", str(out), "--labels", "3"]
    added = Said(capsys, *words, "--data", str(EXAMPLES / "digits-calibration.npz"))
    assert (added.status, added.data["labels"]) == (0, 3)
    rest = ["--artifacts", str(out), *JOB]
    proven = Said(capsys, "prove", *INPUTS, "--index", "3", "--out", str(said), *rest)
    expected = Said(capsys, "verify", str(proof), "--artifacts", str(made)).data["top"]
    assert (proven.status, proven.data["top"]) == (0, expected[:3])
    assert "output_words" not in proven.data
    assert len(json.loads(said.read_text())["instances"]) == 1 + 3
    verified = Said(capsys, "verify", str(said), *rest, "--reference")
    assert verified.data["checked"] == ["proof", "reference", "context"]
    assert verified.data["top"] == expected[:3]
    assert Said(capsys, "native", "rebuild", str(out)).data == {"rebuilt": True}


def test_digests_of_the_input_are_known_before_the_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, salts = str(tmp_path / "hashed"), str(tmp_path / "salts.json")
    words = ["native", "add", str(EXAMPLES / "digits-cnn.onnx"), "--out", out, "--hashed"]
    added = Said(
        capsys, *words, "--labels", "1", "--data", str(EXAMPLES / "digits-calibration.npz")
    )
    assert (added.status, added.data["inputs"]) == (0, "hashed")
    known = Said(capsys, "native", "digests", out, *INPUTS, "--index", "3", "--salts", salts)
    assert (known.status, Path(salts).stat().st_mode & 0o777) == (0, 0o600)
    again = Said(capsys, "native", "digests", out, *INPUTS, "--index", "3", "--salts", salts)
    other = Said(capsys, "native", "digests", out, *INPUTS, "--index", "4", "--salts", salts)
    assert again.data["digests"] == known.data["digests"] != other.data["digests"]
    to = ["--artifacts", out, *JOB, "--out"]
    given = [*INPUTS, "--index", "3"]
    one = Said(capsys, "prove", *given, *to, str(tmp_path / "one"), "--salts", salts)
    two = Said(capsys, "prove", *given, *to, str(tmp_path / "two"))
    assert one.data["digests"] == known.data["digests"] != two.data["digests"]
    rest = ["--artifacts", out, *JOB, "--reference"]
    verified = Said(capsys, "verify", str(tmp_path / "one"), *rest)
    assert verified.data["checked"] == ["proof", "reference", "context"]
    assert verified.data["digests"] == known.data["digests"]
    assert len(json.loads((tmp_path / "one").read_text())["instances"]) == 1 + 1 + 1
    Path(salts).write_text('["0x1", "0x2"]')
    wrong = Said(capsys, "prove", *given, *to, str(tmp_path / "three"), "--salts", salts)
    assert (wrong.status, "2 salts: expected 1" in wrong.problem) == (1, True)
    assert not (tmp_path / "three").exists()


def test_a_proof_for_another_payee_is_rejected(
    made: Path, proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Said(capsys, "verify", str(proof), "--artifacts", str(made), *OTHER_PAYEE)
    assert said.status == 1
    assert "another chain, contract, job or payee" in said.problem


@pytest.mark.parametrize("index", [0, 1, 10])
def test_a_changed_instance_is_rejected(
    index: int, made: Path, proof: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(proof.read_text())
    word = int(content["instances"][index], 16) ^ 1
    content["instances"][index] = f"0x{word:064x}"
    (tmp_path / "changed.json").write_text(json.dumps(content))
    said = Said(capsys, "verify", str(tmp_path / "changed.json"), "--artifacts", str(made))
    assert said.status == 1
    assert "rejected" in said.problem


def test_a_circuit_is_shown(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = Said(capsys, "native", "show", str(made)).data
    assert (shown["artifacts"], shown["labels"], shown["weights"]) == (str(made), 0, "public")


def test_the_rebuilt_key_is_the_same(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Said(capsys, "native", "rebuild", str(made)).data == {"rebuilt": True}


def test_another_machine_rebuilds_the_same_key(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The set-up is made again there, from the same public seed."""
    for name in ("HOME", "CACHE"):
        monkeypatch.setenv(f"ZKESCROW_{name}", str(tmp_path / name))
    get_settings.cache_clear()
    try:
        assert Said(capsys, "native", "rebuild", str(made)).data == {"rebuilt": True}
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_a_set_up_that_differs_is_not_called_a_false_circuit(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as a random one, which each machine made before."""
    shutil.copytree(made, tmp_path / "old")
    path = tmp_path / "old" / artifacts.MANIFEST
    content = json.loads(path.read_text())
    content["srs"]["sha256"] = "11" * 32
    path.write_text(json.dumps(content))
    said = Said(capsys, "native", "rebuild", str(tmp_path / "old"))
    assert (said.status, "the set-up differs" in said.problem) == (1, True)


def test_a_key_of_other_weights_is_found(made: Path, tmp_path: Path) -> None:
    """Whoever publishes a network beside another one's key is found by `native rebuild`."""
    false = tmp_path / "false"
    shutil.copytree(made, false)
    honest = artifacts.load(made)
    network = honest.network
    network.layers[0].terms[0].weight[0, 0, 1, 1] += 1
    (false / artifacts.NETWORK).write_bytes(serialise.to_bytes(network))
    artifacts.publish(
        false, network, honest.layout, AGREEMENT, honest.manifest.form, honest.manifest.srs
    )
    with pytest.raises(UnsoundCircuit, match="proves something else"):
        setup.rebuild(artifacts.load(false))


def republished(made: Path, false: Path, **changed: object) -> NativeArtifacts:
    """The files of `false` under a manifest that names them, with other fields."""
    honest = artifacts.load(made)
    manifest = honest.manifest
    hashes = {name: sha256_file(false / name) for name in manifest.sha256}
    content = {**manifest.model_dump(), "sha256": hashes, **changed}
    (false / artifacts.MANIFEST).write_text(json.dumps(content))
    return artifacts.load(false)


def test_an_onnx_file_beside_another_ones_integers_is_found(made: Path, tmp_path: Path) -> None:
    false = tmp_path / "false"
    shutil.copytree(made, false)
    model = onnx.load(made / artifacts.MODEL)
    weight = model.graph.initializer[0]
    values = numpy_helper.to_array(weight) * 1.5
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    onnx.save(model, false / artifacts.MODEL)
    with pytest.raises(UnsoundCircuit, match="is not what the ONNX file gives"):
        setup.rebuild(republished(made, false))


@pytest.mark.parametrize("name", ["input_scale", "output_scale"])
def test_other_scales_in_the_manifest_are_found(name: str, made: Path, tmp_path: Path) -> None:
    """Scores would stand for other numbers, pixels for other inputs."""
    false = tmp_path / "false"
    shutil.copytree(made, false)
    with pytest.raises(ArtifactMismatch, match="the manifest states the scales"):
        setup.rebuild(republished(made, false, **{name: 2.0}))


def test_what_the_engine_refuses_is_said_in_words(
    made: Path, proof: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that was damaged before it was published: its hash is the manifest's."""
    false = tmp_path / "false"
    shutil.copytree(made, false)
    (false / artifacts.KEYS / "verifying.key").write_bytes(b"no key")
    republished(made, false)
    said = Said(capsys, "verify", str(proof), "--artifacts", str(false))
    assert (said.status, "verifying.key is damaged" in said.problem) == (1, True)
    assert "raised" not in said.problem


def test_a_damaged_file_is_named(made: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(made, damaged)
    with (damaged / artifacts.NETWORK).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ArtifactMismatch, match=r"network\.bin has SHA-256"):
        artifacts.load(damaged)


def test_bad_input_is_refused_in_words(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = ["--artifacts", str(made), "--out", str(tmp_path / "proof.json"), *JOB]
    said = Said(capsys, "prove", *INPUTS, "--index", "9999", *rest)
    assert (said.status, "expected 0 to 359, the inputs of" in said.problem) == (2, True)
    np.savez(tmp_path / "loud.npz", inputs=np.full((1, 1, 8, 8), 2.0))
    said = Said(capsys, "prove", "--inputs", str(tmp_path / "loud.npz"), *rest)
    assert said.status == 1
    assert "expected 0 to 16 by the circuit" in said.problem
    said = Said(capsys, "prove", "--image", "photo.png", *rest)
    assert (said.status, "takes 1 planes of 8x8 integers" in said.problem) == (2, True)
    said = Said(capsys, "prove", *INPUTS, "--image", "photo.png", *rest)
    assert (said.status, "one of --inputs and --image" in said.problem) == (2, True)
    said = Said(capsys, "prove", *rest)
    assert (said.status, "one of --inputs and --image" in said.problem) == (2, True)
    said = Said(capsys, "native", "add", "x.onnx", "--data", "no.npz", "--out", str(made))
    assert (said.status, "exists" in said.problem) == (2, True)
    assert not (tmp_path / "proof.json").exists()


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("native") / "hidden"
    words = ["native", "add", str(EXAMPLES / "digits-cnn.onnx"), "--out", str(out), "--hidden"]
    assert app.run([*words, "--data", str(EXAMPLES / "digits-calibration.npz")]) == 0
    return out


@pytest.fixture(scope="module")
def published(hidden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the owner of hidden weights gives away."""
    out = tmp_path_factory.mktemp("published") / "hidden"
    shutil.copytree(hidden, out, ignore=shutil.ignore_patterns("secret", "proving.key"))
    return out


def test_hidden_weights_stay_with_their_owner(
    hidden: Path, published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "proof.json"
    words = [*INPUTS, "--index", "3", *JOB, "--out", str(path)]
    assert Said(capsys, "prove", "--artifacts", str(hidden), *words).status == 0
    verified = Said(capsys, "verify", str(path), "--artifacts", str(published), *JOB)
    assert verified.status == 0, verified.problem
    assert verified.data["top"][0] == label_of(3)
    assert (hidden / "secret" / "proofs").read_text() == "1\n"
    assert (hidden / "keys" / "proving.key").stat().st_mode & 0o777 == 0o600
    refused = Said(capsys, "prove", "--artifacts", str(published), *words)
    assert refused.status == 1
    assert "only the owner of hidden weights" in refused.problem


def test_all_but_hidden_weights_can_be_rebuilt(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Said(capsys, "native", "rebuild", str(published))
    assert (said.status, said.data["except"]) == (0, ["weights", "biases"])
    other = tmp_path / "other"
    shutil.copytree(published, other)
    network = serialise.from_bytes((other / artifacts.OUTLINE).read_bytes(), bounds=False)
    first, *rest = network.layers
    changed = replace(network, layers=(replace(first, high=first.high - 1), *rest))
    (other / artifacts.OUTLINE).write_bytes(serialise.to_bytes(changed))
    manifest = artifacts.load(published).manifest
    remade = NativeArtifacts(other, manifest)
    with pytest.raises(UnsoundCircuit, match="proves something else"):
        setup.rebuild(remade)


def test_a_proof_of_other_hidden_weights_is_rejected(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One key serves all weights of the architecture; the folder says which are meant."""
    other, path = tmp_path / "other", tmp_path / "proof.json"
    words = ["native", "add", str(EXAMPLES / "digits-cnn.onnx"), "--out", str(other), "--hidden"]
    added = Said(capsys, *words, "--data", str(EXAMPLES / "digits-calibration.npz"))
    shown = Said(capsys, "native", "show", str(published)).data
    assert added.data["weights_commitment"] != shown["weights_commitment"]
    assert sha256_file(other / artifacts.DESCRIPTION) == sha256_file(
        published / artifacts.DESCRIPTION
    )
    words = [*INPUTS, "--index", "3", *JOB, "--out", str(path)]
    assert Said(capsys, "prove", "--artifacts", str(other), *words).status == 0
    assert Said(capsys, "verify", str(path), "--artifacts", str(other)).status == 0
    for rest in ([], ["--reference"]):
        said = Said(capsys, "verify", str(path), "--artifacts", str(published), *rest)
        assert (said.status, "of other weights" in said.problem) == (1, True)


@pytest.mark.ceremony
def test_on_a_ceremony_with_few_powers_fewer_columns_are_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The digits circuit has 2^10 rows, the file 2^11 powers."""
    file = ceremony()
    monkeypatch.setenv("ZKESCROW_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    try:
        out, path = str(tmp_path / "digits"), str(tmp_path / "proof.json")
        words = ["native", "add", str(EXAMPLES / "digits-cnn.onnx"), "--out", out]
        data = ["--data", str(EXAMPLES / "digits-calibration.npz")]
        added = Said(capsys, *words, *data, "--srs", str(file))
        assert added.status == 0, added.problem
        layout = added.data["layout"]
        assert (layout["logrows"], layout["packing"]) == (10, 2)
        given = ["prove", *INPUTS, "--index", "3", "--artifacts", out, "--out", path, *JOB]
        assert Said(capsys, *given).status == 0
        assert Said(capsys, "verify", path, "--artifacts", out, "--reference").status == 0
        assert Said(capsys, "native", "rebuild", out).data == {"rebuilt": True}
        for kept in (tmp_path / "home" / "srs").glob("hermez-11-*.srs"):
            kept.unlink()
        lacking = Said(capsys, "native", "rebuild", out)
        assert (lacking.status, "needs 2^11 powers" in lacking.problem) == (1, True)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def ceremony() -> Path:
    """A real ceremony's file, which is not ours to ship."""
    given = os.environ.get("ZKESCROW_TEST_CEREMONY")
    path = Path(given) if given else Path(__file__).parents[3] / "shared/data/hermez-raw-11"
    if not path.is_file():
        pytest.skip(f"no ceremony file at {path}: set ZKESCROW_TEST_CEREMONY")
    return path
