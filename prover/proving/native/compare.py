"""Whether a verifying key with hidden weights is, but for them, the one that its outline gives."""

import json
from pathlib import Path
from typing import Any

from prover.errors import UnsoundCircuit
from prover.proving.native.artifacts import DESCRIPTION, KEYS
from prover.proving.native.engine import engine


def require_outlined(directory: Path, rebuilt: Path) -> None:
    """Raise UnsoundCircuit unless both circuits differ in columns of weights and biases alone.

    What was rebuilt was also checked (`replay.check_program`): whatever a key's owner hid, it
    proves one function of the input, of this architecture.
    """
    keys = engine().VerifyingKey
    found, wanted = (
        json.loads(keys.read(str(d / KEYS)).description()) for d in (directory, rebuilt)
    )
    if json.loads((directory / DESCRIPTION).read_text()) != found:
        _fail(f"{DESCRIPTION} describes another key than the one beside it")
    for name in sorted(set(found) | set(wanted)):
        if name not in ("digest", "fixed_commitments") and found.get(name) != wanted.get(name):
            _fail(f"{name} is another")
    for name in differing(found, wanted):
        if not of_weights(name):
            _fail(f"the fixed column {name} is another")


def of_weights(column: str) -> bool:
    """Whether a fixed column depends on weights or biases."""
    return column == "bias" or (column[0] == "w" and column[1:].isdigit())


def differing(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """The fixed columns whose points differ, by name."""
    points = zip(found["fixed_commitments"], wanted["fixed_commitments"], strict=True)
    names = found["columns"]["fixed"]
    return [name for name, (one, other) in zip(names, points, strict=True) if one != other]


def _fail(what: str) -> None:
    raise UnsoundCircuit(
        f"{what} than the outline gives: the circuit proves something else; do not use it"
    )
