"""The witness of an execution of the network: exact, and refused where a bound would break."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prover.base.errors import ProvingError, StatementInvalid
from prover.statement.field import FIELD_MODULUS
from prover.systems.native.circuit.grid import Grid
from prover.systems.native.circuit.program import Placed, Program
from prover.systems.native.circuit.storage import term_extents
from prover.systems.native.circuit.tables import INPUT, PADDING, RANGE
from prover.systems.native.network.convolution import convolve_exact
from prover.systems.native.network.network import Integers, Layer, Network, Term


@dataclass(frozen=True)
class TensorAdvice:
    """Advice of the tensor rows [lanes, rows], each by its offset, none negative."""

    quotient: Integers
    remainder: Integers
    activation: Integers


@dataclass(frozen=True)
class Execution:
    """An execution of the network: cells, multiplicities and the outputs [channels].

    Where labels are public, `labels` holds them, best first, and `ranks` [2, rows] the columns
    `membership` and `threshold`; else there are none.
    """

    cells: TensorAdvice
    multiplicities: Integers
    outputs: Integers
    labels: tuple[int, ...]
    ranks: Integers


def execute(program: Program, image: Integers, rows: int) -> Execution:
    """The network on an image [channels, height, width], in a circuit of `rows` usable rows."""
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
    return Execution(cells, multiplicities(program, cells, rows), outputs, labels, ranks)


def _ranked(
    program: Program, scores: Integers, cells: TensorAdvice
) -> tuple[tuple[int, ...], Integers]:
    """Fill the rank rows of `cells` with the differences of keys."""
    rows, first = cells.quotient.shape[1], program.ranked
    if program.ranking is None:
        return (), np.zeros((0, rows), dtype=np.int64)
    found, shift = program.ranking.cells(scores), program.table.shift
    compared = program.ranking.compared(first)
    cells.quotient[0, compared] = found.gaps >> shift
    cells.remainder[0, compared] = found.gaps & ((1 << shift) - 1)
    ranks = np.zeros((2, rows), dtype=np.int64)
    ranks[:, first : first + program.ranking.rows] = found.membership, found.threshold
    return found.labels, ranks


def _checked(network: Network, image: Integers) -> Integers:
    tensor = network.input
    shape = (tensor.channels, tensor.height, tensor.width)
    if image.shape != shape:
        raise StatementInvalid(
            f"the input has shape {list(image.shape)}: expected {list(shape)} by the model"
        )
    if image.min() < tensor.low or image.max() > tensor.high:
        raise StatementInvalid(
            f"the input holds values {image.min()} to {image.max()}: expected {tensor.low} to "
            f"{tensor.high} by the circuit"
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
    rows, columns = term_extents(network, term)
    (top, bottom), (left, right) = rows.padding(grid.rows), columns.padding(grid.columns)
    pads = (top, left, bottom, right)
    product = convolve_exact(source[None], term.weight, term.stride, pads, term.groups)[0]
    inside: Integers = product[:, : grid.rows.extent, : grid.columns.extent]
    return inside


def input_cells(program: Placed, image: Integers) -> TensorAdvice:
    """The cells of the input's rows alone; StatementInvalid if the image is none of the domain."""
    return _input_cells(program, _checked(program.network, image))


def _input_cells(program: Placed, image: Integers) -> TensorAdvice:
    y = program.stored[program.network.input.name].grid.spread(image) + program.table.y_offset
    return TensorAdvice(np.zeros_like(y), np.zeros_like(y), y)


def _layer_cells(program: Program, layer: Layer, products: Integers) -> TensorAdvice:
    stored, table = program.stored[layer.name], program.table
    bias = program.columns["bias"][stored.start : stored.stop]
    raised = stored.grid.spread(products) + bias
    q, r = raised >> table.shift, raised & ((1 << table.shift) - 1)
    _within(layer, q - table.q_offset)
    y = np.where(stored.grid.active, layer.activation.of(q - table.q_offset), 0)
    return TensorAdvice(q, r, y + table.y_offset)


def _within(layer: Layer, q: Integers) -> None:
    if q.min() < layer.q_low or q.max() > layer.q_high:
        raise ProvingError(
            f"layer {layer.name} reaches {q.min()} to {q.max()}: expected {layer.q_low} to "
            f"{layer.q_high}, its proven bounds; this is a defect of the bounds, please report it"
        )


def _outputs(program: Program, layer: Layer, products: Integers) -> Integers:
    grid, shift = program.stored[layer.name].grid, program.table.shift
    rows = slice(grid.rows.offset, grid.rows.offset + layer.height)
    columns = slice(grid.columns.offset, grid.columns.offset + layer.width)
    acc = products[:, rows, columns] + layer.bias[:, None, None]
    return layer.activation.of((acc + (1 << shift >> 1)) >> shift)


def _padded(program: Program, parts: Sequence[TensorAdvice], rows: int) -> TensorAdvice:
    """Rows below the last tensor hold 0 products of nothing: q = 0, r = 0, y = 0 as stored."""

    def join(name: str, fill: int) -> Integers:
        joined = np.concatenate([getattr(part, name) for part in parts], axis=1)
        return np.pad(joined, ((0, 0), (0, rows - joined.shape[1])), constant_values=fill)

    return TensorAdvice(
        join("quotient", 0), join("remainder", 0), join("activation", program.table.y_offset)
    )


def multiplicities(program: Program, cells: TensorAdvice, rows: int) -> Integers:
    """[rows]: how often each table row is looked up."""
    starts, found = program.table.starts(), np.zeros(rows, dtype=np.int64)
    tags = _tags(program, rows)
    _count(found, starts[RANGE], cells.remainder)
    for tag, start in starts.items():
        chosen = tags == tag
        if tag == INPUT:
            low = program.table.input_low + program.table.y_offset
            _count(found, start, cells.activation[chosen] - low)
        elif tag != RANGE:
            first = int(program.table.columns()["table_quotient"][start])
            _count(found, start, cells.quotient[chosen] - first)
    return found


def _tags(program: Program, rows: int) -> Integers:
    tag = program.columns["tag"]
    return np.pad(tag, ((0, 0), (0, rows - tag.shape[1])), constant_values=PADDING)


def _count(found: Integers, start: int, index: Integers) -> None:
    counts = np.bincount(index.ravel())
    found[start : start + len(counts)] += counts


def packed_image(program: Placed, cells: TensorAdvice, salt: Sequence[int]) -> list[int]:
    """The image column: packed input cells on the input's rows, then the salt."""
    return [*packed(program, cells), *salt]


def packed(program: Placed, cells: TensorAdvice) -> list[int]:
    """The input's cells, a row's in a word."""
    table, rows = program.table, program.stored[program.network.input.name].stop
    digits = cells.activation[:, :rows] - table.y_offset - table.input_low
    words = [0] * rows
    for lane, digit in enumerate(digits):
        weight = 1 << (table.input_bits * lane)
        words = [
            (word + int(value) * weight) % FIELD_MODULUS
            for word, value in zip(words, digit, strict=True)
        ]
    return words
