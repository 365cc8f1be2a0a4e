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


@dataclass(frozen=True, eq=False)
class Choice:
    """A network, its precision, and the share of calibration samples whose label it keeps."""

    network: Network
    precision: Precision
    agreement: float


def find(
    network: RealNetwork,
    samples: Integers,
    source: InputRange,
    agreement: float = AGREEMENT,
    limit: int = MAX_ENTRIES,
) -> Choice:
    """The first precision, by table size, that keeps enough labels of `samples` [n, c, h, w].

    Samples are the integers of `source`. Raises ModelRefused, with the best that was found, if
    none does with at most `limit` table rows.
    """
    reals = samples * source.scale
    spread, labels = measure(network, reals), outputs(network, reals).argmax(axis=1)
    best: Choice | None = None
    for choice in _candidates(network, spread, source, limit):
        found = scores(choice.network, samples).argmax(axis=1)
        share = float((found == labels).mean())
        if best is None or share > best.agreement:
            best = Choice(choice.network, choice.precision, share)
        if share >= agreement:
            return best
    reached = "none fits" if best is None else f"the best keeps {best.agreement:.1%}"
    raise ModelRefused(
        f"{network.name} keeps less than {agreement:.1%} of its labels in integers with tables of "
        f"{limit} rows ({reached}): train it with weights and activations of less spread, or allow "
        "larger tables"
    )


def _candidates(
    network: RealNetwork, spread: Spread, source: InputRange, limit: int
) -> Iterator[Choice]:
    sized = []
    for shift, activation, score in product(SHIFTS, ACTIVATIONS, SCORES):
        precision = Precision(shift, (activation,), limit, 2 * activation + 1, score)
        found = quantise(network, spread, source, precision)
        if table_entries(found) <= limit:
            sized.append((table_entries(found), -shift, precision))
    for _, _, precision in sorted(sized, key=lambda entry: entry[:2]):
        yield Choice(quantise(network, spread, source, precision), precision, 0.0)


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
