"""The cells of a run of the network: exact, and refused where a bound would break."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prover.base.errors import ProvingError, StatementInvalid
from prover.systems.native.circuit.convolution import Window, convolve
from prover.systems.native.circuit.grid import Grid, Integers
from prover.systems.native.circuit.program import Program
from prover.systems.native.circuit.storage import term_reaches
from prover.systems.native.circuit.tables import DEAD, INPUT, RANGE
from prover.systems.native.network.network import Layer, Network, Term

FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617


@dataclass(frozen=True)
class Cells:
    """Advice of the first phase: q, r, y [lanes, rows], all stored, all not negative."""

    q: Integers
    r: Integers
    y: Integers


@dataclass(frozen=True)
class Run:
    """A run of the network: the cells, the multiplicities and the outputs [channels].

    Where labels are public, `labels` holds them, best first, and `ranks` [2, rows] the columns
    `pick` and `bar`; else there are none.
    """

    cells: Cells
    multiplicities: Integers
    outputs: Integers
    labels: tuple[int, ...]
    ranks: Integers


def run(program: Program, image: Integers, rows: int) -> Run:
    """Run the network on an image [channels, height, width] in a circuit of `rows` usable rows."""
    network = program.network
    values = {network.input.name: _checked(network, image)}
    parts = [_input_cells(program, values[network.input.name])]
    for layer in network.layers:
        products = layer_products(program, layer, values)
        parts.append(_layer_cells(program, layer, products))
        values[layer.name] = _outputs(program, layer, products)
    cells = _padded(program, parts, rows)
    outputs = values[network.output].reshape(-1)
    labels, ranks = _ranked(program, outputs, cells)
    return Run(cells, multiplicities(program, cells, rows), outputs, labels, ranks)


def _ranked(program: Program, scores: Integers, cells: Cells) -> tuple[tuple[int, ...], Integers]:
    """Fill the rank rows of `cells` with the differences of keys."""
    rows, first = cells.q.shape[1], program.ranked
    if program.ranking is None:
        return (), np.zeros((0, rows), dtype=np.int64)
    found, shift = program.ranking.cells(scores), program.table.shift
    compared = program.ranking.compared(first)
    cells.q[0, compared] = found.gaps >> shift
    cells.r[0, compared] = found.gaps & ((1 << shift) - 1)
    ranks = np.zeros((2, rows), dtype=np.int64)
    ranks[:, first : first + program.ranking.rows] = found.pick, found.bar
    return found.labels, ranks


def _checked(network: Network, image: Integers) -> Integers:
    tensor = network.input
    shape = (tensor.channels, tensor.height, tensor.width)
    if image.shape != shape:
        raise StatementInvalid(
            f"the input has shape {list(image.shape)}; the model takes {list(shape)}"
        )
    if image.min() < tensor.low or image.max() > tensor.high:
        raise StatementInvalid(
            f"the input holds values {image.min()} to {image.max()}; "
            f"the circuit takes {tensor.low} to {tensor.high}"
        )
    return image.astype(np.int64)


def layer_products(program: Program, layer: Layer, values: Mapping[str, Integers]) -> Integers:
    """[channels, extent, extent]: what the polynomial product gives, without the bias."""
    grid = program.stored[layer.name].grid
    return sum(
        (_term_product(program.network, grid, term, values) for term in layer.terms),
        start=np.zeros((layer.channels, grid.rows.extent, grid.columns.extent), dtype=np.int64),
    )


def _term_product(
    network: Network, grid: Grid, term: Term, values: Mapping[str, Integers]
) -> Integers:
    source = sum((values[name] for name in term.sources[1:]), start=values[term.sources[0]])
    if term.pooled:
        source = source.sum(axis=(1, 2), keepdims=True)
    reaches = term_reaches(network, term)
    windows = [
        Window(reach.stride, reach.pad + reach.stride * axis.offset, axis.extent)
        for reach, axis in zip(reaches, (grid.rows, grid.columns), strict=True)
    ]
    return convolve(source, term.weight, term.groups, windows[0], windows[1])


def input_cells(program: Program, image: Integers) -> Cells:
    """The cells of the input's rows alone; StatementInvalid if the image is none of the domain."""
    return _input_cells(program, _checked(program.network, image))


def _input_cells(program: Program, image: Integers) -> Cells:
    y = program.stored[program.network.input.name].grid.spread(image) + program.table.y_offset
    return Cells(np.zeros_like(y), np.zeros_like(y), y)


def _layer_cells(program: Program, layer: Layer, products: Integers) -> Cells:
    stored, table = program.stored[layer.name], program.table
    bias = program.columns["bias"][stored.start : stored.stop]
    raised = stored.grid.spread(products) + bias
    q, r = raised >> table.shift, raised & ((1 << table.shift) - 1)
    _within(layer, q - table.q_offset)
    y = np.where(stored.grid.live, np.clip(q - table.q_offset, layer.low, layer.high), 0)
    return Cells(q, r, y + table.y_offset)


def _within(layer: Layer, q: Integers) -> None:
    if q.min() < layer.q_low or q.max() > layer.q_high:
        raise ProvingError(
            f"layer {layer.name} reaches {q.min()} to {q.max()}; its proven bounds are "
            f"{layer.q_low} to {layer.q_high}: this is a defect of the bounds, please report it"
        )


def _outputs(program: Program, layer: Layer, products: Integers) -> Integers:
    grid, shift = program.stored[layer.name].grid, program.table.shift
    rows = slice(grid.rows.offset, grid.rows.offset + layer.height)
    columns = slice(grid.columns.offset, grid.columns.offset + layer.width)
    acc = products[:, rows, columns] + layer.bias[:, None, None]
    return np.clip((acc + (1 << shift >> 1)) >> shift, layer.low, layer.high)


def _padded(program: Program, parts: Sequence[Cells], rows: int) -> Cells:
    """Rows below the last tensor hold 0 products of nothing: q = 0, r = 0, y = 0 as stored."""

    def join(name: str, fill: int) -> Integers:
        joined = np.concatenate([getattr(part, name) for part in parts], axis=1)
        return np.pad(joined, ((0, 0), (0, rows - joined.shape[1])), constant_values=fill)

    return Cells(join("q", 0), join("r", 0), join("y", program.table.y_offset))


def multiplicities(program: Program, cells: Cells, rows: int) -> Integers:
    """[rows]: how often each table row is looked up."""
    starts, found = program.table.starts(), np.zeros(rows, dtype=np.int64)
    tags = _tags(program, rows)
    _count(found, starts[RANGE], cells.r)
    for tag, start in starts.items():
        chosen = tags == tag
        if tag == INPUT:
            low = program.table.input_low + program.table.y_offset
            _count(found, start, cells.y[chosen] - low)
        elif tag != RANGE:
            first = int(program.table.columns()["t_q"][start])
            _count(found, start, cells.q[chosen] - first)
    return found


def _tags(program: Program, rows: int) -> Integers:
    tag = program.columns["tag"]
    return np.pad(tag, ((0, 0), (0, rows - tag.shape[1])), constant_values=DEAD)


def _count(found: Integers, start: int, index: Integers) -> None:
    counts = np.bincount(index.ravel())
    found[start : start + len(counts)] += counts


def packed_image(program: Program, cells: Cells, salt: Sequence[int]) -> list[int]:
    """The image column: packed input cells on the input's rows, then the salt."""
    return [*packed(program, cells), *salt]


def packed(program: Program, cells: Cells) -> list[int]:
    """The input's cells, a row's in a word."""
    table, rows = program.table, program.stored[program.network.input.name].stop
    digits = cells.y[:, :rows] - table.y_offset - table.input_low
    words = [0] * rows
    for lane, digit in enumerate(digits):
        weight = 1 << (table.input_bits * lane)
        words = [
            (word + int(value) * weight) % FIELD for word, value in zip(words, digit, strict=True)
        ]
    return words
