"""What is remembered of artifacts that were rebuilt before."""

import json
from pathlib import Path

import pytest

from prover.audit.circuit import CHECKS, _content, _load_code
from prover.systems.interface import Codes

CODE = Codes(b"\x60\x80", b"\0\1")
FIELDS = {"verifier": "6080", "key": "0001"}


def test_what_artifacts_gave_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    assert _load_code(path) is None
    path.write_bytes(_content(CODE))
    assert _load_code(path) == CODE


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(FIELDS),
        json.dumps(FIELDS | {"checks": CHECKS - 1}),
        json.dumps(FIELDS | {"checks": CHECKS, "key": "0xzz"}),
        json.dumps({"code": "6080", "checks": CHECKS}),
        json.dumps([CODE.verifier.hex()]),
        "",
    ],
)
def test_what_fewer_checks_gave_or_makes_no_sense_is_not(content: str, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text(content)
    assert _load_code(path) is None
