"""Finds the smallest tables with which a model keeps its labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path

import numpy as np

from prover.base.errors import ModelRefused
from prover.systems.native.network.bounds import table_entries
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import MAX_LANES, Integers, Network
from prover.systems.native.network.quantise import (
    InputRange,
    Precision,
    Spread,
    measure,
    quantise,
    to_integers,
)
from prover.systems.native.network.real import RealNetwork, Reals, outputs
from prover.systems.native.network.reference import scores

SHIFTS = (6, 8, 10, 12)
ACTIVATION_LEVELS = (31, 63, 127, 255, 511)
SCORES = (31, 63, 127, 255, 511, 1023)
MIXED = (
    Precision(shift=14, activations=(255, 1023), width=1 << 16, linear=511, score=1023),
    Precision(shift=16, activations=(511, 2047), width=1 << 17, linear=639, score=1023),
)
DENOMINATORS = (*(1 << bits for bits in range(9)), 255)
AGREEMENT = 0.99
MAX_ENTRIES = 1 << 19
SPARE_ROWS = 64  # of a circuit, that no table can use
TRIED = 12


@dataclass(frozen=True, eq=False)
class Choice:
    """A network, its precision, and the share of so many samples whose label it keeps.

    `error` is the mean distance of its scores from the model's.
    """

    network: Network
    precision: Precision
    agreement: float
    error: float
    samples: int

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

    Samples [n, c, h, w] are integers of `source`; the table alone counts for the size, but a table
    smaller than the rows that the tensors need anyway saves nothing: where every allowed table is,
    the finest precisions are tried first, with tables up to twice the limit. Raises ModelRefused,
    with the best that was found, if none with at most `limit` table rows keeps enough labels.
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
    floor = int(_cells(network) / MAX_LANES).bit_length()
    if 1 << floor >= limit:
        for precision in reversed(MIXED):
            found = quantise(network, spread, source, precision)
            if table_entries(found) <= 2 * limit:
                yield [(precision, found)]
    for precision in (*_uniform(limit), *MIXED):
        found = quantise(network, spread, source, precision)
        if table_entries(found) <= limit:
            size = max(floor, (table_entries(found) + SPARE_ROWS).bit_length())
            sizes.setdefault(size, []).append((precision, found))
    for _, candidates in sorted(sizes.items()):
        yield sorted(candidates, key=lambda candidate: -table_entries(candidate[1]))[:TRIED]


def _cells(network: RealNetwork) -> int:
    """Cells of all tensors; a circuit stores a few more at borders."""
    return sum(prod(shape) for shape in (network.input_shape, *(x.shape for x in network.layers)))


def _uniform(limit: int) -> Iterator[Precision]:
    """Precisions with one number of levels for all activations."""
    for shift, activation, score in product(SHIFTS, ACTIVATION_LEVELS, SCORES):
        yield Precision(shift, (activation,), limit, 2 * activation + 1, score)


def _tried(precision: Precision, network: Network, samples: Integers, expected: Reals) -> Choice:
    found = scores(network, samples)
    share = float((found.argmax(axis=1) == expected.argmax(axis=1)).mean())
    error = float(np.abs(found * network.layer(network.output).scale - expected).mean())
    return Choice(network, precision, share, error, len(samples))


def convert(path: Path, inputs: Reals, agreement: float = AGREEMENT) -> Choice:
    """Read an ONNX file and quantise it with calibration `inputs` [n, ...], as `grid_of` sees them.

    Raises UsageError or ModelRefused as `importer.load` and `find` do.
    """
    network = load(path)
    samples = inputs.reshape(len(inputs), *network.input_shape).astype(np.float64)
    source = grid_of(samples)
    return find(network, to_integers(samples, source.scale), source, agreement)


def grid_of(samples: Reals) -> InputRange:
    """The coarsest steps 1/n, n a power of two up to 256 or 255, on which all samples lie.

    Else 256 steps over their range. Values that no sample has are outside the range.
    """
    low, high = min(float(samples.min()), 0.0), max(float(samples.max()), 0.0)
    scale = (high - low) / 255 or 1.0
    for number in DENOMINATORS:
        steps = samples * number
        if np.allclose(steps, np.rint(steps), rtol=0, atol=1e-4) and (high - low) * number <= 511:
            scale = 1 / number
            break
    return InputRange(round(low / scale), round(high / scale), scale)
