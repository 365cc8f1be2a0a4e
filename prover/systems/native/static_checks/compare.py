"""Whether a verifying key with hidden weights is, but for them, the one that its outline gives."""

import re
from pathlib import Path

from prover.base.errors import UnsoundCircuit
from prover.systems.native.artifacts import DESCRIPTION, KEYS
from prover.systems.native.engine import engine, mismatches
from prover.verify import Description, parse_description


def require_outlined(directory: Path, rebuilt: Path) -> None:
    """Raise UnsoundCircuit unless both circuits differ in columns of weights and biases alone.

    What was rebuilt was also checked (`replay.check_program`): whatever a key's owner hid, it
    proves one function of the input, of this architecture.
    """
    with mismatches():
        text = engine().VerifyingKey.read(str(directory / KEYS)).description().encode()
    if (directory / DESCRIPTION).read_bytes() != text:
        _fail(f"{DESCRIPTION} describes another key than the one beside it")
    found = parse_description(text)
    wanted = parse_description((rebuilt / DESCRIPTION).read_bytes())
    for name in sorted(Description.model_fields):
        same = getattr(found, name) == getattr(wanted, name)
        if name not in ("digest", "fixed_commitments") and not same:
            _fail(f"{name} is another")
    for name in differing(found, wanted):
        if not of_weights(name):
            _fail(f"the fixed column {name} is another")


def of_weights(column: str) -> bool:
    """Whether a fixed column depends on weights or biases."""
    return re.fullmatch(r"bias|weight_\d+", column) is not None


def differing(found: Description, wanted: Description) -> list[str]:
    """The fixed columns whose points differ, by name."""
    points = zip(found.fixed_commitments, wanted.fixed_commitments, strict=True)
    names = found.columns.fixed
    return [name for name, (one, other) in zip(names, points, strict=True) if one != other]


def _fail(what: str) -> None:
    raise UnsoundCircuit(
        f"{what} than the outline gives: the circuit proves something else; do not use it"
    )
