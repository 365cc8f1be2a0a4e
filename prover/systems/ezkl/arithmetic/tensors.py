"""Integer tensors with bounds: the arithmetic of a quantised network, value by value.

Integers are held in float64 and stay below 2**52, so that sums and products are exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from prover.base.errors import ModelRefused

Floats = npt.NDArray[np.float64]

Change = Callable[[Floats], Floats]

EXACT_LIMIT = 2.0**52


@dataclass(frozen=True, eq=False)
class Bounds:
    """Values between `low` and `high` (both allowed), in units of 2**-scale.

    `error` is how far a proof can be from the honest value. Arrays are [samples, ...].
    """

    low: Floats
    high: Floats
    error: Floats
    scale: int

    @classmethod
    def point(cls, values: Floats, scale: int) -> Self:
        """Known values."""
        return cls(values, values, np.zeros_like(values), scale)

    @property
    def is_point(self) -> bool:
        """Whether these are values rather than intervals."""
        return self.low is self.high

    @property
    def magnitude(self) -> Floats:
        """Largest absolute value that a prover can give, element by element."""
        largest: Floats = np.maximum(np.abs(self.low), np.abs(self.high)) + self.error
        return largest

    def raised(self, scale: int) -> "Bounds":
        """The same quantity in finer units."""
        factor = 2.0 ** (scale - self.scale)
        if factor == 1.0:
            return self
        return self.mapped(lambda values: values * factor, scale)

    def mapped(self, change: Change, scale: int | None = None) -> "Bounds":
        """Apply a change that keeps order, and errors too: moving values or scaling up."""
        low = change(self.low)
        high = low if self.is_point else change(self.high)
        return Bounds(low, high, change(self.error), self.scale if scale is None else scale)


def quantise(values: npt.ArrayLike, scale: int) -> Floats:
    """round(values * 2**scale), halves away from zero: as ezkl quantises weights and inputs."""
    exact = np.asarray(values, dtype=np.float64) * 2.0**scale
    return round_half_away(exact)


def round_half_away(values: Floats) -> Floats:
    """Nearest integer, halves away from zero."""
    rounded: Floats = np.trunc(values + np.copysign(0.5, values))
    return rounded + 0.0


def add(left: Bounds, right: Bounds) -> Bounds:
    """Sum, in the finer units of the two."""
    left, right = _alike(left, right)
    low = left.low + right.low
    high = low if left.is_point and right.is_point else left.high + right.high
    return _checked(Bounds(low, high, left.error + right.error, left.scale))


def negative(value: Bounds) -> Bounds:
    """Zero less the value."""
    low = -value.high
    return Bounds(low, low if value.is_point else -value.low, value.error, value.scale)


def multiply(left: Bounds, right: Bounds) -> Bounds:
    """Product; scales add up."""
    reach = left.magnitude * right.error + right.magnitude * left.error
    scale = left.scale + right.scale
    corners = [left.low * right.low]
    if not (left.is_point and right.is_point):
        corners += [left.low * right.high, left.high * right.low, left.high * right.high]
    low = np.minimum.reduce(corners)
    high = low if len(corners) == 1 else np.maximum.reduce(corners)
    return _checked(Bounds(low, high, reach, scale))


def linear(
    value: Bounds, weights: Floats, apply: Callable[[Floats, Floats], Floats], scale: int
) -> Bounds:
    """A map with constant integer weights; `apply(values, weights)` is linear in both."""
    absolute = np.abs(weights)
    _limit(apply(value.magnitude, absolute))
    error = apply(value.error, absolute) if value.error.any() else apply(value.low * 0, weights)
    if value.is_point:
        exact = apply(value.low, weights)
        return Bounds(exact, exact, error, scale)
    positive, below = np.maximum(weights, 0), np.minimum(weights, 0)
    low = apply(value.low, positive) + apply(value.high, below)
    high = apply(value.high, positive) + apply(value.low, below)
    return Bounds(low, high, error, scale)


def relu(value: Bounds) -> Bounds:
    """max(x, 0); errors do not grow."""
    low = np.maximum(value.low, 0)
    return Bounds(
        low, low if value.is_point else np.maximum(value.high, 0), value.error, value.scale
    )


def table(value: Bounds, function: Callable[[Floats], Floats], slope: float) -> Bounds:
    """A rising function of at most `slope`, rounded to a unit, as a lookup table holds it."""
    unit = 2.0**value.scale
    low = round_half_away(function(value.low / unit) * unit)
    high = low if value.is_point else round_half_away(function(value.high / unit) * unit)
    error = np.where(value.error > 0, np.floor(slope * value.error + 1), 0.0)
    return Bounds(low, high, error, value.scale)


def rebase(value: Bounds, scale: int) -> Bounds:
    """Divide down to coarser units: an honest prover rounds, another takes floor or ceiling.

    With in' within `error` of in, |in' - out'*d| < d and |in - out*d| <= d/2, the integers out' and
    out differ by less than error/d + 3/2.
    """
    divisor = 2.0 ** (value.scale - scale)
    low = round_half_away(value.low / divisor)
    high = low if value.is_point else round_half_away(value.high / divisor)
    return Bounds(low, high, np.ceil(value.error / divisor + 1.5) - 1, scale)


def _alike(left: Bounds, right: Bounds) -> tuple[Bounds, Bounds]:
    scale = max(left.scale, right.scale)
    return left.raised(scale), right.raised(scale)


def _checked(value: Bounds) -> Bounds:
    _limit(value.magnitude)
    return value


def _limit(magnitude: Floats) -> None:
    largest = float(magnitude.max(initial=0.0))
    if largest >= EXACT_LIMIT:
        raise OutOfRange(
            f"values reach 2^{np.log2(largest):.0f}: expected less than 2^52, beyond which floats "
            "are not exact"
        )


class OutOfRange(ModelRefused):
    """Values of the quantised network grow beyond what can be bounded or proven."""
