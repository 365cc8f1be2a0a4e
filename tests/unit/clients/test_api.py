"""The public API: examples of its functions run, and it is loaded only when it is used.

Those of docs/API.md are run with the digits, by tests/e2e/test_predictions.py.
"""

import doctest
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import prover
from prover import JobContext
from prover.base.errors import ArtifactMismatch, ProofRejected, StatementInvalid, UsageError
from prover.clients import api
from tests.conftest import Proven
from tests.localchain import Chain

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "API.md"
INPUTS = [[0.5, -1.0, 0.25, 2.0]]
JOB = JobContext.of(
    31337,
    "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    bytes.fromhex("11" * 32),
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    bytes.fromhex("22" * 32),
)


@pytest.fixture
def circuit(
    proven: Callable[[str], Proven], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> prover.Circuit:
    """The tiny model's circuit, as the folder `circuit` of the working folder."""
    shutil.copytree(proven("plain").artifacts.directory, tmp_path / "circuit")
    monkeypatch.chdir(tmp_path)
    return prover.load_artifacts("circuit")


@pytest.fixture
def examples(circuit: prover.Circuit, chain: Chain, tmp_path: Path) -> dict[str, Any]:
    """The names that examples take for granted; beside the circuit lies a proof."""
    made = prover.prove(circuit, INPUTS, JOB)
    (tmp_path / "proof.json").write_text(json.dumps(made.to_dict()))
    return {"client": chain.client, "job": JOB}


def test_the_examples_of_the_functions_run(examples: dict[str, Any]) -> None:
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    for one in finder.find(api, globs=vars(api) | examples):
        runner.run(one)
    assert (runner.failures, runner.tries >= 5) == (0, True)


def test_every_public_name_is_there_and_documented() -> None:
    text = DOCUMENT.read_text()
    for name in prover.__all__:
        assert getattr(prover, name).__doc__
        assert name in dir(prover)
    assert [name for name in prover.__all__ if name not in re.findall(r"\w+", text)] == []
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        prover.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_loads_nothing() -> None:
    code = "import prover, sys; print(*(n for n in sys.modules if n.startswith('prover')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["prover"]
    code = (
        "import time, importlib, os; begun = time.process_time(); import prover; "
        "print(time.process_time() - begun)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert float(done.stdout) < 0.05


def test_types_are_there_for_others() -> None:
    assert (Path(str(prover.__file__)).parent / "py.typed").is_file()


def test_a_proof_says_what_the_model_says(circuit: prover.Circuit) -> None:
    steps: list[str] = []
    proof = prover.prove(circuit, INPUTS, JOB, steps.append)
    answer = prover.verify_proof(circuit, proof, JOB)
    assert steps
    said = answer.data["predictions"][0]
    session = pytest.importorskip("onnxruntime").InferenceSession("circuit/model.onnx")
    expected = session.run(None, {"x": np.array(INPUTS, np.float32)})[0][0]
    assert np.allclose(said["scores"], expected, atol=0.1)
    assert said["label"] == int(expected.argmax())


def test_another_proof_or_job_is_rejected(circuit: prover.Circuit) -> None:
    proof = prover.prove(circuit, INPUTS, JOB)
    other = replace(JOB, chain_id=1)
    with pytest.raises(ProofRejected, match="it was made for another one"):
        prover.verify_proof(circuit, proof, other)
    changed = prover.Proof(proof.proof, (proof.instances[0] ^ 1, *proof.instances[1:]))
    with pytest.raises(ProofRejected):
        prover.verify_proof(circuit, changed)


@pytest.mark.parametrize(
    "inputs",
    [
        [0.5, 1.0, 2.0, 3.0],
        [[float("nan")] * 4],
        [[0.5, 1.0]],
        "abc",
        [[0.5, 1.0, 2.0, 3.0], [0.5]],
        [[{}]],
    ],
)
def test_inputs_of_another_form_are_refused(circuit: prover.Circuit, inputs: Any) -> None:
    with pytest.raises(StatementInvalid):
        prover.prove(circuit, inputs, JOB)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        prover.read_proof(tmp_path / "none.json")
    (tmp_path / "text").write_text("no proof")
    with pytest.raises(ArtifactMismatch, match="malformed"):
        prover.read_proof(tmp_path / "text")
    with pytest.raises(ArtifactMismatch, match="there is no manifest"):
        prover.load_artifacts(tmp_path)
