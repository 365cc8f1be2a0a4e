"""The polynomial product of a layer along one axis: which tap meets which stored cell.

With stride s, tap d and padding p, output i reads input s*i + d - p. Input cells of phase f are
a = (index - f)/s, so tap d reads phase (d - p) mod s, and i = a - tau with tau = floor((d-p)/s).
At product index rho = i + offset the tap has exponent offset - tau, which must not be negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from prover.systems.native.circuit.grid import Axis


@dataclass(frozen=True)
class Tap:
    """Tap `index` of a kernel reads input phase `phase`; output i meets its cell i + tau."""

    index: int
    phase: int
    tau: int


@dataclass(frozen=True)
class ReceptiveExtent:
    """How one term of a layer lies along an axis: input cells, kernel, stride, padding."""

    inputs: int
    kernel: int
    stride: int
    pad: int

    @property
    def taps(self) -> tuple[Tap, ...]:
        """Every tap with its phase."""
        return tuple(
            Tap(d, (d - self.pad) % self.stride, (d - self.pad) // self.stride)
            for d in range(self.kernel)
        )

    @property
    def offset(self) -> int:
        """The least offset of output 0 in the product."""
        return max(tap.tau for tap in self.taps)

    @property
    def extent(self) -> int:
        """Positions of the product, counted from its first at the least offset."""
        last = [self._cells(tap.phase) - 1 - tap.tau for tap in self.taps if self._cells(tap.phase)]
        return max(last) + self.offset + 1

    def padding(self, axis: Axis) -> tuple[int, int]:
        """Zeros before and after the inputs, for an output at each position of a product axis."""
        before = self.pad + self.stride * axis.offset
        after = self.stride * (axis.extent - 1) + self.kernel - before - self.inputs
        return before, max(0, after)

    def _cells(self, phase: int) -> int:
        return max(0, -(-(self.inputs - phase) // self.stride))


def product_axis(terms: Sequence[ReceptiveExtent], outputs: int, phases: int) -> Axis:
    """The axis on which a layer's terms all fit; `phases` is what its readers want."""
    offset = max(term.offset for term in terms)
    extents = [term.extent + offset - term.offset for term in terms]
    return Axis(outputs, offset, max(*extents, outputs + offset), phases)


def plain_axis(size: int, phases: int) -> Axis:
    """The axis of an input: no product made it."""
    return Axis(size, 0, size, phases)
