"""Set-ups known by name: the development set-up, and public ceremonies (known.json)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from prover.base.errors import ArtifactMismatch
from prover.verify.algebra.group import Twist

DEVELOPMENT = "development"


@dataclass(frozen=True)
class Known:
    """What identifies a set-up: [s]G2, or SHA-256 of its file in halo2's raw format by log2 rows.

    Whoever knows [s]G2 can tell the powers of the same secret, whatever file they came from.
    """

    name: str
    what: str
    s_g2: Twist | None
    sha256: Mapping[int, str]

    @property
    def recognised_by(self) -> str:
        """How its files are recognised."""
        if self.s_g2 is not None:
            return "recognised by its [tau]G2, whatever file it comes from"
        rows = f"2^{min(self.sha256)} to 2^{max(self.sha256)} rows"
        return f"recognised by the published SHA-256 of its files alone, for {rows}"

    def evidence(self, logrows: int, sha256: str) -> str:
        """By what a file that was recognised is known."""
        published = self.sha256.get(logrows) == sha256
        return "its published SHA-256" if published else "its [tau]G2"


def known() -> Mapping[str, Known]:
    """By name."""
    return _published()


@cache
def _published() -> Mapping[str, Known]:
    content = json.loads(files("prover.systems.srs").joinpath("known.json").read_text())
    return {name: _known(name, facts) for name, facts in content.items()}


def ceremonies() -> tuple[str, ...]:
    """Names of those whose secret nobody knows."""
    return tuple(name for name in known() if name != DEVELOPMENT)


def named(name: str) -> Known:
    """A set-up by name. Raises ArtifactMismatch if it is not known."""
    if name not in known():
        raise ArtifactMismatch(
            f"the set-up {name!r} is not known: expected {', '.join(known())}; ask for a circuit "
            "that uses one of them"
        )
    return known()[name]


def _known(name: str, facts: Mapping[str, dict[str, str]]) -> Known:
    point, hashes = facts.get("tau_g2"), facts["sha256_halo2_raw"]
    return Known(
        name,
        str(facts["what"]),
        _twist(point) if point else None,
        {int(logrows): sha256 for logrows, sha256 in hashes.items()},
    )


def _twist(point: Mapping[str, str]) -> Twist:
    x_real, x_imaginary, y_real, y_imaginary = (
        int(point[key], 16) for key in ("x_c0", "x_c1", "y_c0", "y_c1")
    )
    return (x_real, x_imaginary), (y_real, y_imaginary)
