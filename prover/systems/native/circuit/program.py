"""The fixed columns and copies of a network's circuit: all that tells one network from another."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prover.base.errors import ModelRefused
from prover.systems.native.circuit.columns import NO_WEIGHT, SAME_BIAS
from prover.systems.native.circuit.fold import INSTANCE, POST_OUTER, FoldRows, Reads
from prover.systems.native.circuit.form import PLAIN, Form
from prover.systems.native.circuit.geometry import ReceptiveExtent
from prover.systems.native.circuit.grid import Grid
from prover.systems.native.circuit.hashing import Hashing
from prover.systems.native.circuit.hidden import in_order, numbered
from prover.systems.native.circuit.ranking import Ranking
from prover.systems.native.circuit.storage import Stored, lay_out, term_extents
from prover.systems.native.circuit.tables import INPUT, Table
from prover.systems.native.circuit.uses import prepare
from prover.systems.native.network.network import Integers, Layer, Network, Term


@dataclass(frozen=True)
class Placed:
    """Where the tensors of a network stand: what is known before any column, and quickly.

    `network` is the prepared one; `form` says which instances there are.
    """

    network: Network
    lanes: int
    stored: dict[str, Stored]
    table: Table
    form: Form

    @property
    def ranking(self) -> Ranking | None:
        """What the rank rows say, where labels are public."""
        return Ranking.of(self.network.layer(self.network.output), self.form.labels)

    @property
    def hashing(self) -> Hashing | None:
        """How the input is hashed, where digests are public."""
        if self.form.inputs != "hashed":
            return None
        return hashing_of(self.stored[self.network.input.name], self.lanes, self.table)

    @property
    def digests(self) -> int:
        """How many of the instances are digests; they follow the context."""
        return len(self.hashing.chunks) if self.hashing else 0

    @property
    def instances(self) -> int:
        """Public words: context limbs, digests, then the labels or scores."""
        scores = self.stored[self.network.output].grid.channels
        return self.form.context + self.digests + (self.form.labels or scores)


@dataclass(frozen=True)
class Program(Placed):
    """A circuit before its keys.

    `columns` are fixed columns by name, [rows] or [lanes, rows]; `copies` [m, 4] join (column, row)
    to (column, row); rank rows, if there are any, begin on row `ranked`. Of hidden weights,
    `numbers` [weight lanes, rows] says which weight of the network stands where, counted from 1.
    """

    weight_lanes: int
    columns: dict[str, Integers]
    copies: Integers
    ranked: int
    numbers: Integers | None = None

    @property
    def rows(self) -> int:
        """Rows used by the tallest part."""
        return max(column.shape[-1] for column in self.columns.values())


def hashing_of(image: Stored, lanes: int, table: Table) -> Hashing:
    """The input is stored from the first row on. Raises ModelRefused if it has but one value."""
    if not table.input_bits:
        raise ModelRefused(
            f"every input is {table.input_low}: there is nothing to hash; "
            "give the input a range of two values or more, or leave it unhashed"
        )
    return Hashing(image.stop, lanes * table.input_bits)


def place(network: Network, lanes: int, form: Form = PLAIN) -> Placed:
    """Where tensors stand, and the table."""
    prepared = prepare(network)
    ranking = Ranking.of(prepared.layer(prepared.output), form.labels)
    return Placed(prepared, lanes, lay_out(prepared, lanes), Table.of(prepared, ranking), form)


def compile_network(network: Network, lanes: int, weight_lanes: int, form: Form = PLAIN) -> Program:
    """Lay a network out: tensor rows, fold rows, rank rows, table, copies."""
    placed = place(network, lanes, form)
    prepared, stored, table, ranking = placed.network, placed.stored, placed.table, placed.ranking
    fold = _folded(prepared, stored, weight_lanes, form)
    columns = {**_tensor_columns(prepared, stored, table), **table.columns(), **fold.columns()}
    numbers = None
    if form.weights == "hidden":
        numbers = columns["weight"]
        columns["weight"] = in_order(prepared)[numbers]
        columns[NO_WEIGHT] = (numbers == 0).astype(np.int64)
        columns[SAME_BIAS] = _same_bias(prepared, stored)
    public = form.context
    hashed: list[tuple[int, int, int, int]] = []
    hashing = placed.hashing
    if hashing:
        columns |= hashing.columns()
        hashed = hashing.copies(form.context)
        public += len(hashing.chunks)
    output, ranked = stored[prepared.output], max(tensor_rows(stored), fold.rows)
    if ranking:
        columns |= ranking.columns(ranked)
        columns["tag"] = _with_ranks(columns["tag"], table, ranking, ranked)
        outputs = ranking.copies(ranked, output, public)
    else:
        outputs = list(_outputs(output, public))
    copies = [*fold.copies, *hashed, *outputs]
    return Program(
        **vars(placed),
        weight_lanes=weight_lanes,
        columns=columns,
        copies=np.array(copies, dtype=np.int64),
        ranked=ranked,
        numbers=numbers,
    )


def _folded(
    prepared: Network, stored: dict[str, Stored], weight_lanes: int, form: Form
) -> FoldRows:
    """The fold rows; of hidden weights, the numbers stand in place of the weights."""
    hidden = form.weights == "hidden"
    fold = FoldRows(weight_lanes, hidden=hidden)
    placed = numbered(prepared) if hidden else prepared
    for layer in placed.layers:
        fold_layer(fold, placed, layer, stored)
    return fold


def tensor_rows(stored: dict[str, Stored]) -> int:
    """The row after the last tensor's."""
    return max(tensor.stop for tensor in stored.values())


def _with_ranks(tags: Integers, table: Table, ranking: Ranking, first: int) -> Integers:
    longer = np.zeros((len(tags), first + ranking.rows), dtype=np.int64)
    longer[:, : tags.shape[1]] = tags
    longer[0, ranking.compared(first)] = table.rank_tag
    return longer


def _outputs(output: Stored, context: int) -> Iterator[tuple[int, int, int, int]]:
    for channel in range(output.grid.channels):
        end = output.read(channel, (0, 0))
        yield INSTANCE, context + channel, POST_OUTER, end.row


def _tensor_columns(
    network: Network, stored: dict[str, Stored], table: Table
) -> dict[str, Integers]:
    parts = [_input_part(stored[network.input.name])]
    parts += [_layer_part(layer, stored[layer.name], table) for layer in network.layers]
    return {name: np.concatenate([part[name] for part in parts], axis=-1) for name in parts[0]}


def _input_part(stored: Stored) -> dict[str, Integers]:
    grid = stored.grid
    return {
        "tag": np.where(grid.active, INPUT, 0).astype(np.int64),
        "bias": np.zeros(grid.circuit_rows, dtype=np.int64),
        "is_input": np.ones(grid.circuit_rows, dtype=np.int64),
        **_steps(stored),
    }


def _layer_part(layer: Layer, stored: Stored, table: Table) -> dict[str, Integers]:
    grid = stored.grid
    bias = table.zero + layer.bias
    return {
        "tag": np.where(grid.active, table.tag(layer), 0).astype(np.int64),
        "bias": np.repeat(bias, grid.phases * grid.segment_rows),
        "is_input": np.zeros(grid.circuit_rows, dtype=np.int64),
        **_steps(stored),
    }


def _same_bias(network: Network, stored: dict[str, Stored]) -> Integers:
    """1 on all rows of a layer's channel but its first."""
    found = np.zeros(tensor_rows(stored), dtype=np.int64)
    for layer in network.layers:
        tensor = stored[layer.name]
        row = np.arange(tensor.grid.circuit_rows)
        channel = tensor.grid.phases * tensor.grid.segment_rows
        found[tensor.start : tensor.stop] = row % channel != 0
    return found


def _steps(stored: Stored) -> dict[str, Integers]:
    """Where an image row and a segment begin and end, and which powers they take."""
    grid = stored.grid
    row = np.arange(grid.circuit_rows, dtype=np.int64)
    block = row % grid.blocks
    return {
        "continues_row": (block != 0).astype(np.int64),
        "ends_row": (block == grid.blocks - 1).astype(np.int64),
        "continues_segment": (row % grid.segment_rows != 0).astype(np.int64),
        "doubled": np.full_like(row, int(stored.use.stride == 2)),
        "summed": np.full_like(row, int(stored.use.pooled)),
    }


def fold_layer(fold: FoldRows, network: Network, layer: Layer, stored: dict[str, Stored]) -> None:
    """sum_o g^o (terms of o - accumulator of o) = 0, by Horner's rule from the last output."""
    layer_rows = _LayerRows(network, layer, stored)
    fold.open_layer()
    for output in reversed(range(layer.channels)):
        layer_rows.subtract_output(fold, output)
        for term in layer.terms:
            width = layer.channels // term.groups
            if output % width == 0:
                layer_rows.add_group(fold, term, output // width)
    fold.close_layer()


@dataclass(frozen=True)
class _LayerRows:
    """The exponents that bring all accumulators of a layer to one origin."""

    network: Network
    layer: Layer
    stored: dict[str, Stored]

    @property
    def grid(self) -> Grid:
        return self.stored[self.layer.name].grid

    def margins(self, source: str) -> tuple[int, int]:
        tensor = self.stored[source]
        if tensor.use.pooled:
            return 0, 0
        return tensor.grid.rows.margin, tensor.grid.columns.margin

    @property
    def most(self) -> tuple[int, int]:
        """The largest margin of any source: the common origin."""
        margins = [self.margins(s) for term in self.layer.terms for s in term.sources]
        return max(one[0] for one in margins), max(one[1] for one in margins)

    def subtract_output(self, fold: FoldRows, output: int) -> None:
        rows, columns = self.most
        for i in range(self.grid.rows.phases):
            for j in range(self.grid.columns.phases):
                end = self.stored[self.layer.name].produced(output, (i, j))
                fold.subtract_output(rows + i, columns + j, end, i == j == 0)

    def add_group(self, fold: FoldRows, term: Term, group: int) -> None:
        width = self.layer.channels // term.groups
        weight = term.weight[group * width : (group + 1) * width]
        for channel in range(weight.shape[1]):
            source = group * weight.shape[1] + channel
            for i in range(term.stride):
                for j in range(term.stride):
                    self._phase(fold, term, weight[:, channel], source, (i, j))

    def _phase(
        self, fold: FoldRows, term: Term, weight: Integers, channel: int, phase: tuple[int, int]
    ) -> None:
        for margins, reads in self._kernels(fold, term, channel, phase):
            kernel = self._kernel(term, weight, phase, margins)
            if not kernel.any():
                continue
            if len(kernel) == 1:
                fold.single(kernel[0], reads)
            else:
                fold.folded(kernel, reads)

    def _kernels(
        self, fold: FoldRows, term: Term, channel: int, phase: tuple[int, int]
    ) -> list[tuple[tuple[int, int], list[Reads]]]:
        """Which sources a kernel is written for, by the margin that it is written at.

        Public weights are written once for each margin. Hidden ones once in all, and moved on from
        source to source: an owner could hide other weights in each copy.
        """
        ends = {
            margins: [self.stored[source].read(channel, phase) for source in sources]
            for margins, sources in self._by_margins(term).items()
        }
        if not fold.hidden:
            return [(margins, [Reads(group)]) for margins, group in ends.items()]
        order = sorted(ends, reverse=True)
        reads = [Reads(ends[order[0]])]
        for before, margins in pairwise(order):
            rows, columns = (one - other for one, other in zip(before, margins, strict=True))
            if columns < 0:
                raise ModelRefused(
                    f"layer {self.layer.name} adds tensors that are padded differently along rows "
                    "and along columns: its weights cannot be hidden; make them public"
                )
            reads.append(Reads(ends[margins], rows, columns))
        return [(order[0], reads)]

    def _by_margins(self, term: Term) -> dict[tuple[int, int], list[str]]:
        found: dict[tuple[int, int], list[str]] = {}
        for source in term.sources:
            found.setdefault(self.margins(source), []).append(source)
        return found

    def _kernel(
        self, term: Term, weight: Integers, phase: tuple[int, int], margins: tuple[int, int]
    ) -> Integers:
        """[outputs, a powers, b powers]: the taps that read one phase, moved to the origin."""
        extents = term_extents(self.network, term)
        rows = self._exponents(extents[0], phase[0], 0, margins[0])
        columns = self._exponents(extents[1], phase[1], 1, margins[1])
        shape = (
            len(weight),
            max(rows.values(), default=0) + 1,
            max(columns.values(), default=0) + 1,
        )
        kernel = np.zeros(shape, dtype=np.int64)
        for d, row in rows.items():
            for e, column in columns.items():
                kernel[:, row, column] = weight[:, d, e]
        return kernel

    def _exponents(
        self, extent: ReceptiveExtent, phase: int, axis: int, margin: int
    ) -> dict[int, int]:
        stored = (self.grid.rows, self.grid.columns)[axis]
        move = stored.offset + stored.alignment + self.most[axis] - margin
        return {tap.index: move - tap.tau for tap in extent.taps if tap.phase == phase}
