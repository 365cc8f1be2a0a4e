"""What a proof system would make of a model, before it does."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prover.base.errors import ModelRefused
from prover.protocol.costs import Prices, Proving
from prover.systems.interface import Artifacts
from prover.systems.srs import SetUpChoice
from prover.systems.worker import Progress

PUBLIC, HASHED, POINT = "public", "hashed", "point"
HIDDEN = "hidden"


@dataclass(frozen=True)
class Wanted:
    """A model's file and data, and what is asked of its circuit.

    `items` are those of one proof; `inputs` is PUBLIC, HASHED, POINT, or None for what the system
    does; `labels` are those that are public, best first, 0 for all scores, None for what the system
    does; `classes` is a file of their names;
    `system` is one of SYSTEMS, or None for the cheapest.
    """

    onnx: Path
    data: Path
    items: int = 1
    inputs: str | None = None
    weights: str = PUBLIC
    labels: int | None = None
    classes: Path | None = None
    system: str | None = None


def refused(_srs: SetUpChoice, _progress: Progress | None) -> Artifacts:
    """What makes nothing. Raises ModelRefused."""
    raise ModelRefused("there is no circuit to make: choose another system")


@dataclass(frozen=True)
class Proposal:
    """What a system would make: its cost in `proving`, or `refusal` says why it makes none.

    `report` tells of what else was tried, where a planner did.
    """

    system: str
    proving: Proving | None
    refusal: str
    make: Callable[[SetUpChoice, Progress | None], Artifacts] = refused
    report: Any = None

    def cost(self, prices: Prices) -> int:
        """Wei of one prediction, its proof and the verification. Raises ModelRefused if refused."""
        if self.proving is None:
            raise ModelRefused(self.refusal)
        return self.proving.cost(1, prices)
