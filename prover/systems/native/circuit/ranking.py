"""Rank rows: they prove that the public labels are those of the greatest scores, best first.

Label rows come first, then a row to each class; native/src/circuit/gates/rank.rs has the gates.
The order key of class j with score y is 2^bits (y - low) + 2^bits - 1 - j: no two keys are equal,
which settles ties: of equal scores the smaller class is first.
"""

from dataclasses import dataclass

import numpy as np

from prover.base.errors import ModelRefused
from prover.systems.native.circuit.fold import FACTOR, INSTANCE, POST_OUTER
from prover.systems.native.circuit.storage import Stored
from prover.systems.native.network.network import Integers, Layer

MAX_LABELS = 8


@dataclass(frozen=True)
class Ranking:
    """`labels` of `classes`, whose scores are `low` to `high`."""

    labels: int
    classes: int
    low: int
    high: int

    @classmethod
    def of(cls, output: Layer, labels: int) -> "Ranking | None":
        """Of a network's output layer; None where scores are public. Raises ModelRefused."""
        if labels == 0:
            return None
        most = min(MAX_LABELS, output.channels)
        if not 1 <= labels <= most:
            raise ModelRefused(f"{labels} labels: expected 1 to {most}, or 0 for all scores")
        return cls(labels, output.channels, output.low, output.high)

    @property
    def bits(self) -> int:
        """2^bits is more than there are classes."""
        return self.classes.bit_length()

    @property
    def rows(self) -> int:
        """Label rows and class rows."""
        return self.labels + self.classes

    def limbs(self, shift: int) -> int:
        """How many values q of a difference 2^shift q + r can take."""
        return -(-((self.high - self.low + 1) << self.bits) >> shift)

    def break_ties(self, scores: Integers) -> Integers:
        """[classes]: the order key of each class, which tells equal scores apart."""
        base = np.int64(1) << self.bits
        return (scores - self.low) * base + base - 1 - np.arange(self.classes)

    def columns(self, first: int) -> dict[str, Integers]:
        """RANK_FLAGS and `class` [rows], with the label rows from `first` on."""
        row = np.arange(first + self.rows, dtype=np.int64) - first
        return {
            "is_label": ((row >= 0) & (row < self.labels)).astype(np.int64),
            "is_lower_label": ((row > 0) & (row < self.labels)).astype(np.int64),
            "is_class": (row >= self.labels).astype(np.int64),
            "class": np.maximum(row - self.labels, 0),
        }

    def compared(self, first: int) -> Integers:
        """Rows whose first lane holds a difference of keys: all but the first label's."""
        return np.arange(first + 1, first + self.rows)

    def copies(self, first: int, output: Stored, context: int) -> list[tuple[int, int, int, int]]:
        """Labels are instances behind the context; scores of classes are ends of segments."""
        rows = range(first, first + self.rows)
        labels = [(FACTOR, rows[i], INSTANCE, context + i) for i in range(self.labels)]
        ends = [output.read(channel, (0, 0)).row for channel in range(self.classes)]
        scores = zip(rows[self.labels :], ends, strict=True)
        return labels + [(FACTOR, row, POST_OUTER, end) for row, end in scores]

    def cells(self, scores: Integers) -> "Ranked":
        """What the rank rows hold for scores [classes]."""
        keys = self.break_ties(scores)
        order = np.argsort(-keys)
        chosen, threshold = order[: self.labels], keys[order[self.labels - 1]]
        picked = np.zeros(self.classes, dtype=np.int64)
        picked[chosen] = 1
        gaps = [keys[chosen][:-1] - keys[chosen][1:] - 1, (1 - picked) * (threshold - keys - 1)]
        return Ranked(
            tuple(int(label) for label in chosen),
            np.concatenate([scores[chosen], picked]),
            np.concatenate([keys[chosen], np.full(self.classes, threshold)]),
            np.concatenate(gaps),
        )


@dataclass(frozen=True)
class Ranked:
    """Labels, best first; columns of all rank rows; differences of all rows but the first."""

    labels: tuple[int, ...]
    membership: Integers
    threshold: Integers
    gaps: Integers
