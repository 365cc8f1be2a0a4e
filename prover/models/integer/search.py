"""Finds the smallest tables with which a model keeps its labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from prover.errors import ModelRefused
from prover.models.integer.bounds import table_entries
from prover.models.integer.network import Integers, Network
from prover.models.integer.quantise import InputRange, Precision, Spread, measure, quantise
from prover.models.integer.real import RealNetwork, Reals, outputs
from prover.models.integer.reference import scores

SHIFTS = (6, 8, 10, 12)
ACTIVATIONS = (31, 63, 127, 255, 511)
SCORES = (31, 63, 127, 255, 511, 1023)
AGREEMENT = 0.99
MAX_ENTRIES = 1 << 19
SPARE_ROWS = 64  # of a circuit, that no table can use
TRIED = 12


@dataclass(frozen=True, eq=False)
class Choice:
    """A network, its precision, and the share of calibration samples whose label it keeps.

    `error` is the mean distance of its scores from the model's.
    """

    network: Network
    precision: Precision
    agreement: float
    error: float

    @property
    def merit(self) -> tuple[float, float]:
        """Greater is better."""
        return self.agreement, -self.error


def find(
    network: RealNetwork,
    samples: Integers,
    source: InputRange,
    agreement: float = AGREEMENT,
    limit: int = MAX_ENTRIES,
) -> Choice:
    """The best precision of the smallest circuit size 2^k that keeps enough labels of `samples`.

    Samples [n, c, h, w] are integers of `source`; the table alone counts for the size. Raises
    ModelRefused, with the best that was found, if none with at most `limit` table rows does.
    """
    reals = samples * source.scale
    spread, expected = measure(network, reals), outputs(network, reals)
    best: Choice | None = None
    for candidates in _by_size(network, spread, source, limit):
        found = max((_tried(*c, samples, expected) for c in candidates), key=lambda c: c.merit)
        best = found if best is None else max(best, found, key=lambda c: c.merit)
        if found.agreement >= agreement:
            return found
    reached = "none fits" if best is None else f"the best keeps {best.agreement:.1%}"
    raise ModelRefused(
        f"{network.name} keeps less than {agreement:.1%} of its labels in integers with tables of "
        f"{limit} rows ({reached}): train it with weights and activations of less spread, or allow "
        "larger tables"
    )


Candidate = tuple[Precision, Network]


def _by_size(
    network: RealNetwork, spread: Spread, source: InputRange, limit: int
) -> Iterator[list[Candidate]]:
    """At most TRIED candidates of each size, the finest of it."""
    sizes: dict[int, list[Candidate]] = {}
    for shift, activation, score in product(SHIFTS, ACTIVATIONS, SCORES):
        precision = Precision(shift, (activation,), limit, 2 * activation + 1, score)
        found = quantise(network, spread, source, precision)
        if table_entries(found) <= limit:
            size = (table_entries(found) + SPARE_ROWS).bit_length()
            sizes.setdefault(size, []).append((precision, found))
    for _, candidates in sorted(sizes.items()):
        yield sorted(candidates, key=lambda candidate: -table_entries(candidate[1]))[:TRIED]


def _tried(precision: Precision, network: Network, samples: Integers, expected: Reals) -> Choice:
    found = scores(network, samples)
    share = float((found.argmax(axis=1) == expected.argmax(axis=1)).mean())
    error = float(np.abs(found * network.layer(network.output).scale - expected).mean())
    return Choice(network, precision, share, error)


def grid_of(samples: Reals) -> InputRange:
    """The coarsest steps 1/n, n a power of two up to 256, on which all samples lie.

    Else 8 bits over their range. Use it where the preparation of inputs is not known.
    """
    for bits in range(9):
        integers = samples * (1 << bits)
        if np.array_equal(integers, np.rint(integers)) and np.abs(integers).max() <= 256:
            return InputRange(int(integers.min()), int(integers.max()), 1 / (1 << bits))
    scale = float(np.abs(samples).max()) / 127
    low, high = np.rint(samples.min() / scale), np.rint(samples.max() / scale)
    return InputRange(int(low), int(high), scale)
