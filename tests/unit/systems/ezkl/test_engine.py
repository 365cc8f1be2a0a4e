"""The engine's own rules, with a library that misbehaves in the library's place."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prover.base.errors import ArtifactMismatch, ProofRejected, ProvingError
from prover.statement.field import FIELD_MODULUS
from prover.systems.ezkl import engine

KEY = b"proving key"
WORDS = [1, FIELD_MODULUS - 2]


def felt(value: int) -> str:
    return (value % FIELD_MODULUS).to_bytes(32, "little").hex()


class Library:
    """Stands in for ezkl; notes how each function was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str | None]] = []
        self.verdict: object = True

    def _note(self, name: str) -> None:
        self.calls.append((name, os.environ.get("EZKL_KEY_FORMAT")))

    def gen_witness(self, data: str, compiled: str, path: str) -> None:
        self._note("gen_witness")
        values = json.loads(Path(data).read_text())["input_data"]
        content = {
            "inputs": values,
            "outputs": [[felt(-3)]],
            "processed_inputs": None,
            "processed_params": None,
        }
        Path(path).write_text(json.dumps(content))

    def prove(self, witness: str, compiled: str, pk: str, path: str, srs: str) -> None:
        self._note("prove")
        content = {"hex_proof": "0xabcd", "instances": [[felt(word) for word in WORDS]]}
        Path(path).write_text(json.dumps(content))

    def verify(self, path: str, settings: str, vk: str, srs: str) -> object:
        self._note("verify")
        content = json.loads(Path(path).read_text())
        assert content["instances"] == [[felt(word) for word in WORDS]]
        assert content["proof"] == [0xAB, 0xCD]
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    def setup(self, compiled: str, vk: str, pk: str, srs: str) -> None:
        self._note("setup")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    fake = Library()
    monkeypatch.setattr(engine, "_ezkl", lambda: fake)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pk").write_bytes(KEY)
    yield fake
    assert "EZKL_KEY_FORMAT" not in os.environ


def prove(pk_sha256: str = hashlib.sha256(KEY).hexdigest()) -> dict[str, Any]:
    return engine.prove("circuit", [[1, -2]], "settings", "vk", "pk", pk_sha256, "srs")


def test_every_proof_is_verified_with_a_checked_verifying_key(library: Library) -> None:
    """Only the proving key, whose hash is known, is read without checks."""
    made = prove()
    assert library.calls == [
        ("gen_witness", None),
        ("prove", "raw-bytes-unchecked"),
        ("verify", None),
    ]
    assert made["instances"] == WORDS
    assert made["witness"]["inputs"] == [[1, -2]]
    assert made["witness"]["outputs"] == [[-3]]


def test_a_proving_key_with_another_hash_is_not_read(library: Library) -> None:
    with pytest.raises(ArtifactMismatch, match="proving key"):
        prove("00" * 32)
    assert [name for name, _ in library.calls] == ["gen_witness"]


@pytest.mark.parametrize("verdict", [False, None, 1, "true", RuntimeError("not satisfied")])
def test_a_proof_that_does_not_verify_is_never_returned(library: Library, verdict: object) -> None:
    library.verdict = verdict
    with pytest.raises(ProofRejected):
        prove()


def test_an_instance_beyond_the_modulus_is_refused_before_the_library(library: Library) -> None:
    for word in (FIELD_MODULUS, WORDS[0] + FIELD_MODULUS, -1):
        with pytest.raises(ProofRejected, match=r"^instance .*: expected 0 <= x <"):
            engine.verify("abcd", [word], "settings", "vk", "srs")
    assert library.calls == []


def test_a_setup_that_leaves_no_key_has_failed(library: Library) -> None:
    with pytest.raises(ProvingError, match="left no vk"):
        engine.setup("circuit", "vk", "pk", "srs")


def test_an_unknown_run_argument_is_refused() -> None:
    with pytest.raises(ProvingError, match="no_such_argument"):
        engine.gen_settings("model", {"no_such_argument": 1})
