"""What stands in for the compiler that ezkl would download."""

import json
import subprocess
from pathlib import Path

import pytest

from prover.base.settings import get_settings
from prover.systems.ezkl.circuit import EMPTY_ABI, _empty_compiler


@pytest.mark.parametrize("damage", [None, b"", b"\xff\xfe", b"#!/bin/sh\nexit 1\n"])
def test_it_answers_whatever_is_asked_and_is_mended(
    home: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    monkeypatch.setenv("ZKESCROW_CACHE", str(home / "cache"))
    get_settings.cache_clear()
    if damage is not None:
        _empty_compiler().write_bytes(damage)
    path = _empty_compiler()
    assert path.read_text() == EMPTY_ABI
    asked = subprocess.run([path, "--standard-json"], input=b"{}", capture_output=True, check=True)
    assert json.loads(asked.stdout)["contracts"]["verifier.sol"]["Halo2Verifier"] == {"abi": []}
