"""What is remembered of a model that was verified before."""

import json
from pathlib import Path

import pytest

from prover.audit.circuit import _content, _holds

CODE = b"\x60\x80"


def test_a_verdict_holds_for_its_code(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    assert not _holds(path, CODE)
    path.write_bytes(_content(CODE))
    assert _holds(path, CODE)
    assert not _holds(path, CODE + b"\x00")


@pytest.mark.parametrize(
    "content", [json.dumps({"code": CODE.hex()}), json.dumps({"code": CODE.hex(), "checks": 1}), ""]
)
def test_a_verdict_of_fewer_checks_does_not_hold(content: str, tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content)
    assert not _holds(path, CODE)
