"""Which layout a network gets: lanes to a row, weights to a row, and 2^k rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from prover.base.errors import ModelRefused
from prover.systems.native.circuit.columns import Kind, count_columns, grand_products
from prover.systems.native.circuit.fold import FoldRows
from prover.systems.native.circuit.form import PLAIN, Form
from prover.systems.native.circuit.hidden import MIN_SALT, numbered
from prover.systems.native.circuit.program import fold_layer, hashing_of
from prover.systems.native.circuit.ranking import Ranking
from prover.systems.native.circuit.storage import Stored, lay_out
from prover.systems.native.circuit.tables import Table
from prover.systems.native.circuit.uses import prepare
from prover.systems.native.network.network import MAX_LANES, Network
from prover.systems.srs import MAX_LOGROWS

MAX_K = MAX_LOGROWS  # a circuit's keys are made on a set-up of as many rows
WEIGHT_LANES = (1, 2, 3, 4, 5, 6, 8, 12, 16)
# Rows that no network may use: halo2's blinding rows, the row before them, and row 0.
RESERVED = 7
# Fixed columns and sigma to a commitment: chosen by gas against seconds (docs/NATIVE.md, 9).
PACKING = 4
# Seconds a row costs per column, in units of one full-width commitment: measured ratios of
# commitments of small values, and of the transforms that every column passes through.
SMALL, FULL, TRANSFORM = 0.21, 1.0, 0.38


@dataclass(frozen=True)
class CircuitLayout:
    """Parameters of a circuit; `cost` compares layouts of one network, without a unit."""

    k: int
    lanes: int
    weight_lanes: int
    packing: int = PACKING

    @property
    def powers(self) -> int:
        """log2 of the powers that the set-up must have: for packed polynomials."""
        return self.k + self.packing.bit_length() - 1

    def on(self, powers: int) -> "CircuitLayout":
        """The same, packed as a set-up of 2^powers allows; of less than 2^k the least."""
        return replace(self, packing=min(PACKING, 1 << max(powers - self.k, 0)))

    @property
    def usable_rows(self) -> int:
        """Rows that a network may fill."""
        return usable_rows(self.k)

    @property
    def cost(self) -> float:
        """Rows times the work of all columns."""
        commitments = self.integer_columns * SMALL + self.field_columns * FULL
        return float((1 << self.k) * (commitments + self.columns * TRANSFORM))

    @property
    def columns(self) -> int:
        """Columns and grand products of a circuit; what only some forms have is left out."""
        others = self._count("fixed") + self._count("instance")
        return self.integer_columns + self.field_columns + others

    @property
    def integer_columns(self) -> int:
        """Advice columns of integers, which are committed to faster: the first phase's."""
        return self._count("advice")

    @property
    def field_columns(self) -> int:
        """Columns of field elements: the second phase's advice, and grand products."""
        return self._count("advice", phase=1) + grand_products()

    def _count(self, kind: Kind, phase: int = 0) -> int:
        return count_columns(kind, self.lanes, self.weight_lanes, phase)


def usable_rows(k: int) -> int:
    """Rows that a network may fill in a circuit of 2^k."""
    return (1 << k) - RESERVED


def choose_layout(network: Network, form: Form = PLAIN) -> CircuitLayout:
    """The cheapest layout that holds the network in one proof."""
    layouts = list(possible_layouts(network, form))
    if not layouts:
        raise ModelRefused(
            f"{network.name} needs more than 2^{MAX_K} rows of {MAX_LANES} lanes; "
            "use a smaller network or a smaller input"
        )
    return min(layouts, key=lambda layout: layout.cost)


def possible_layouts(network: Network, form: Form = PLAIN) -> Iterator[CircuitLayout]:
    """For every number of lanes, the smallest k, and the fewest weight lanes that fit it."""
    prepared = prepare(network)
    ranking = Ranking.of(prepared.layer(prepared.output), form.labels)
    sized = Table.of(prepared, ranking)
    table, ranks = sized.columns()["table_tag"].size, ranking.rows if ranking else 0
    hashed = form.inputs == "hashed"
    folds = _fold_rows(prepared, form.weights == "hidden")
    salt = MIN_SALT if form.weights == "hidden" else 0
    for lanes in range(1, min(MAX_LANES, sized.most_lanes) + 1):
        stored = lay_out(prepared, lanes)
        image, tensors = stored[prepared.input.name], max(one.stop for one in stored.values())
        for k in range(_least_k(max(tensors + max(ranks, salt), table)), MAX_K + 1):
            if hashed and hashing_of(image, lanes, sized).rows > usable_rows(k):
                continue
            fitting = [
                width for width, rows in folds.items() if rows + max(ranks, salt) <= usable_rows(k)
            ]
            if fitting:
                yield CircuitLayout(k, lanes, min(fitting)).on(MAX_LOGROWS)
                break


def _least_k(rows: int) -> int:
    return (rows + RESERVED - 1).bit_length()


def _fold_rows(prepared: Network, hidden: bool) -> dict[int, int]:
    """Fold rows by weight lanes; how tensors are stored does not matter."""
    stored: dict[str, Stored] = lay_out(prepared, 1)
    counts = {lanes: FoldRows(lanes, hidden, counting=True) for lanes in WEIGHT_LANES}
    placed = numbered(prepared) if hidden else prepared
    for count in counts.values():
        for layer in placed.layers:
            fold_layer(count, placed, layer, stored)
    return {lanes: count.rows for lanes, count in counts.items()}
