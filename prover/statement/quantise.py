"""Fixed point: the integers that stand for real numbers in a circuit."""

import math
from collections.abc import Iterable

from prover.base.errors import StatementInvalid


def quantise(values: Iterable[float], scale: int) -> list[int]:
    """Each value times 2^scale, rounded half away from zero, as the circuit compiler rounds.

    `prover.systems.ezkl.arithmetic.tensors.quantise` does the same to arrays (a test compares).
    Raises StatementInvalid on NaN or infinity.
    """
    return [_round(value, scale) for value in values]


def _round(value: float, scale: int) -> int:
    if not math.isfinite(value):
        raise StatementInvalid(f"input value {value}: expected finite numbers; clean the data")
    scaled = abs(float(value)) * (1 << scale)
    return int(math.copysign(math.floor(scaled + 0.5), value))
