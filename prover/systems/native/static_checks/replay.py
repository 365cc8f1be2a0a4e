"""Static checks of a circuit: its columns and copies against the network's definition.

For every layer, sum_o g^o sum_(i,j) a^i b^j conv_o(i, j) is written twice: by the layer's cells in
the circuit, and by its sources' cells with the weights of the definition (input index = stride * i
+ tap - pad). The coefficient of every cell must agree with what the fixed columns say. Nothing of
the layout's code is used, so a mistake there cannot excuse itself.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from prover.systems.native.circuit.fold import FACTOR, HASH_WORD, INSTANCE, POST_OUTER
from prover.systems.native.circuit.program import Program
from prover.systems.native.circuit.tables import INPUT, PADDING
from prover.systems.native.network.network import Integers, Layer, Network, Term
from prover.systems.native.static_checks.extent import require_copies, require_extent, require_table
from prover.systems.native.static_checks.hash_check import require_hashing
from prover.systems.native.static_checks.trace import (
    PRIME,
    ClosedLayer,
    Point,
    Segment,
    fail,
    find_closed_layers,
    find_segments,
    rank_rows,
    require_first_row,
)
from prover.systems.native.static_checks.weight_independence import (
    require_one_bias,
    require_places,
    require_weight_independence,
    with_other_weights,
)


@dataclass(frozen=True)
class Held:
    """The segments that hold a tensor: (channel, row phase, column phase) to segment."""

    stride: int
    segments: dict[tuple[int, int, int], Segment]

    def channels(self) -> list[list[Segment]]:
        """The segments by channel."""
        found: defaultdict[int, list[Segment]] = defaultdict(list)
        for (channel, _, _), segment in self.segments.items():
            found[channel].append(segment)
        return list(found.values())


def check_program(program: Program, point: Point | None = None) -> None:
    """Raise UnsoundCircuit unless the circuit computes its network and leaves nothing free."""
    point = point or Point.random()
    require_extent(program)
    require_copies(program)
    require_table(program)
    require_first_row(program)
    network, segments = program.network, find_segments(program)
    closed = find_closed_layers(program, point)
    if len(closed) != len(network.layers):
        fail(f"{len(closed)} layers are closed: expected {len(network.layers)}, all of them")
    held = {network.input.name: _input(network, segments)}
    origins = []
    for layer, found in zip(network.layers, closed, strict=True):
        origin, held[layer.name] = _produced(program, layer, found, segments, point)
        origins.append(origin)
        _require_weights(layer, found, held, origin, point)
    if program.form.weights == "hidden":
        _require_hidden(program, closed, held, origins, point)
    _require_each_once(segments, held)
    _require_outputs(program, held[network.output])
    _require_ranks(program)
    require_hashing(program)


def _require_hidden(
    program: Program,
    closed: list[ClosedLayer],
    held: dict[str, Held],
    origins: list[int],
    point: Point,
) -> None:
    """Whatever an owner hides, the circuit computes a network of this architecture."""
    require_places(program)
    other = with_other_weights(program)
    others, layers = find_closed_layers(other, point), other.network.layers
    require_weight_independence(
        program, closed, others, [_segment_ends(layer, held) for layer in layers]
    )
    for layer, found, origin in zip(layers, others, origins, strict=True):
        _require_weights(layer, found, held, origin, point)
    require_one_bias(
        program, [segments for layer in layers for segments in held[layer.name].channels()]
    )


def _segment_ends(layer: Layer, held: dict[str, Held]) -> set[int]:
    """Where the segments of a layer's sources end."""
    sources = {source for term in layer.terms for source in term.sources}
    return {segment.last for source in sources for segment in held[source].segments.values()}


def _input(network: Network, segments: dict[int, Segment]) -> Held:
    found = [segment for _, segment in sorted(segments.items()) if segment.input]
    tensor = network.input
    phases, rest = divmod(len(found), tensor.channels)
    stride = {1: 1, 4: 2}.get(phases, 0)
    if rest or not stride:
        fail(
            f"{len(found)} segments hold the input: expected 1 or 4 for each of {tensor.channels} "
            "channels"
        )
    held = _held(found, tensor.channels, stride)
    for key, segment in held.segments.items():
        _require_cells(
            segment, INPUT, (tensor.height, tensor.width), key, stride, network.input.name
        )
    return held


def _held(segments: list[Segment], channels: int, stride: int) -> Held:
    keys = [(c, p, q) for c in range(channels) for p in range(stride) for q in range(stride)]
    return Held(stride, dict(zip(keys, segments, strict=True)))


def _require_cells(
    segment: Segment,
    tag: int,
    plane: tuple[int, int],
    key: tuple[int, int, int],
    stride: int,
    name: str,
) -> None:
    """Active cells are the phase's part of the plane, with the tensor's tag; others are padding."""
    if set(np.unique(segment.tags)) - {PADDING, tag}:
        fail(f"a cell of {name} has another tensor's tag")
    wanted = [-(-(size - phase) // stride) for size, phase in zip(plane, key[1:], strict=True)]
    if 0 in wanted:
        wanted = [0, 0]
    if list(segment.rectangle()[2:]) != wanted:
        fail(f"channel {key[0]} of {name} has other outputs than its plane")


def _produced(
    program: Program, layer: Layer, found: ClosedLayer, segments: dict[int, Segment], point: Point
) -> tuple[int, Held]:
    """The segments of a layer's cells, and the coefficient of cell (0, 0) of its channel 0."""
    if set(found.produced) - set(segments):
        fail(f"layer {layer.name} takes an accumulator in the middle of a segment")
    produced = [segments[end] for end in sorted(found.produced)]
    stride = 2 if produced and produced[0].doubled else 1
    mixed = any(segment.doubled != (stride == 2) for segment in produced)
    if mixed or len(produced) != layer.channels * stride**2:
        fail(f"layer {layer.name} has {len(produced)} segments for {layer.channels} channels")
    held = _held(produced, layer.channels, stride)
    origins = set()
    for key, segment in held.segments.items():
        _require_cells(
            segment, program.table.tag(layer), (layer.height, layer.width), key, stride, layer.name
        )
        if segment.bias != program.table.zero + int(layer.bias[key[0]]):
            fail(f"channel {key[0]} of {layer.name} has another bias")
        coefficient = found.produced[segment.last]
        if (
            coefficient
            != found.produced[held.segments[(0, *key[1:])].last] * point.power(0, 0, key[0]) % PRIME
        ):
            fail(f"channel {key[0]} of {layer.name} stands for another channel")
        if segment.active.any():
            top, left = segment.rectangle()[:2]
            move = point.power(stride * top - key[1], stride * left - key[2], -key[0])
            origins.add(coefficient * move % PRIME)
    if len(origins) != 1 or 0 in origins:
        fail(f"the outputs of layer {layer.name} are not at their places")
    _require_distinct(layer, found, held, point)
    return origins.pop(), held


def _require_distinct(layer: Layer, found: ClosedLayer, held: Held, point: Point) -> None:
    """No two cells of the product share a power: one could then make up for the other."""
    values: list[int] = []
    _require_phases(layer, found, held, point)
    for key, segment in held.segments.items():
        first = held.segments[(0, *key[1:])]
        if not (np.array_equal(segment.u, first.u) and np.array_equal(segment.v, first.v)):
            fail(f"channel {key[0]} of layer {layer.name} has another extent than channel 0")
        if key[0] < 2:
            a = [pow(point.a, int(held.stride * u), PRIME) for u in segment.u]
            b = {int(v): pow(point.b, int(held.stride * v), PRIME) for v in np.unique(segment.v)}
            first_cell = found.produced[segment.last]
            values += [
                first_cell * a[i] * b[int(v)] % PRIME
                for i, row in enumerate(segment.v)
                for v in row
            ]
    if len(set(values)) != len(values):
        fail(f"two cells of layer {layer.name} can make up for each other")


def _require_phases(layer: Layer, found: ClosedLayer, held: Held, point: Point) -> None:
    """Phase (i, j) stands a^i b^j behind phase (0, 0), even where it has no active cell.

    With powers of g between phases, a padding cell could make up for another channel's active one.
    """
    origin = found.produced[held.segments[(0, 0, 0)].last]
    for (channel, i, j), segment in held.segments.items():
        if channel == 0 and found.produced[segment.last] != origin * point.power(i, j) % PRIME:
            fail(f"phase ({i}, {j}) of layer {layer.name} is not at its place")


def _require_weights(
    layer: Layer, found: ClosedLayer, held: dict[str, Held], origin: int, point: Point
) -> None:
    expected: defaultdict[int, int] = defaultdict(int)
    silent: set[int] = set()
    for term in layer.terms:
        for source in term.sources:
            if source not in held:
                fail(f"layer {layer.name} reads {source} before it is computed")
            _require_form(layer, term, source, held[source])
            for key, segment in held[source].segments.items():
                if not segment.active.any():
                    silent.add(segment.last)
                    continue
                top, left = (0, 0) if term.pooled else segment.rectangle()[:2]
                kernel = _kernel(layer, term, key, point)
                expected[segment.last] -= origin * kernel * point.power(-top, -left)
    wanted = {end: value % PRIME for end, value in expected.items() if value % PRIME}
    have = {end: value for end, value in found.read.items() if value and end not in silent}
    if wanted != have:
        fail(f"the weights of layer {layer.name} are not the network's")


def _require_form(layer: Layer, term: Term, source: str, held: Held) -> None:
    stride = 1 if term.pooled else term.stride
    if held.stride != stride or any(
        segment.summed != term.pooled for segment in held.segments.values()
    ):
        fail(f"{source} is not stored as layer {layer.name} reads it")


def _kernel(layer: Layer, term: Term, key: tuple[int, int, int], point: Point) -> int:
    """sum over outputs o and taps of w g^o a^i b^j: where cell 0 of a source's phase arrives."""
    group, local = divmod(key[0], term.weight.shape[1])
    width = layer.channels // term.groups
    weight = term.weight[group * width : (group + 1) * width, local]
    total = 0
    for d, e in np.argwhere(weight.any(axis=0)).tolist():
        i, row_rest = divmod(key[1] + term.pads[0] - d, term.stride)
        j, column_rest = divmod(key[2] + term.pads[1] - e, term.stride)
        if row_rest or column_rest:
            continue
        total += point.power(i, j, group * width) * _folded(weight[:, d, e], point)
    return total % PRIME


def _folded(weights: Integers, point: Point) -> int:
    total = 0
    for weight in reversed(weights.tolist()):
        total = (total * point.g + weight) % PRIME
    return total


def _require_each_once(segments: dict[int, Segment], held: dict[str, Held]) -> None:
    used = [segment.last for tensor in held.values() for segment in tensor.segments.values()]
    if len(used) != len(set(used)) or set(used) != set(segments):
        fail("a segment belongs to no tensor, or to two")


def _require_outputs(program: Program, held: Held) -> None:
    ends = {key[0]: segment.last for key, segment in held.segments.items()}
    ranks = rank_rows(program)
    public = [copy for copy in program.copies.tolist() if _public(copy, ranks)]
    copies = [tuple(copy) for copy in public]
    wanted = _wanted_copies(program, ends)
    if len(copies) != len(wanted) or set(copies) != wanted or held.stride != 1:
        fail("the public outputs are not the network's")
    if any(not segment.summed or segment.active.sum() != 1 for segment in held.segments.values()):
        fail("an output's accumulator is not its value")


def _public(copy: list[int], ranks: set[int]) -> bool:
    """Whether a copy is about public outputs: instances, and factors of rank rows; no digests."""
    hashed = HASH_WORD in (copy[0], copy[2])
    public = INSTANCE in (copy[0], copy[2]) and not hashed
    return public or (copy[0] == FACTOR and copy[1] in ranks)


def _wanted_copies(program: Program, ends: dict[int, int]) -> set[tuple[int, int, int, int]]:
    """Scores to instances; or labels to instances and scores to class rows."""
    context = program.form.context + program.digests
    first, labels = program.ranked, program.form.labels
    if not labels:
        return {(INSTANCE, context + channel, POST_OUTER, end) for channel, end in ends.items()}
    public = {(FACTOR, first + i, INSTANCE, context + i) for i in range(labels)}
    return public | {
        (FACTOR, first + labels + channel, POST_OUTER, end) for channel, end in ends.items()
    }


def _require_ranks(program: Program) -> None:
    """Label rows, then a row to each class, below all tensors and sums; differences in lane 0."""
    tags, tensors = program.columns["tag"], len(program.columns["continues_segment"])
    wanted = np.zeros_like(tags[:, tensors:])
    if program.ranking is not None:
        first = program.ranked
        if first < max(tensors, len(program.columns["takes_product"])):
            fail("a rank row is a row of a tensor or of the fold rows")
        for name, column in program.ranking.columns(first).items():
            if not np.array_equal(program.columns[name], column):
                fail(f"column {name} of the rank rows is not that of its labels and classes")
        wanted[0, program.ranking.compared(first) - tensors] = program.table.rank_tag
    if not np.array_equal(tags[:, tensors:], wanted):
        fail("a row of no tensor has another tag than its difference's")
