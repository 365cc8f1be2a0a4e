"""Static checks of a circuit: its columns and copies against the network's definition.

For every layer, sum_o g^o sum_(i,j) a^i b^j conv_o(i, j) is written twice: by the circuit's own
cells, and by its sources' cells with the weights of the definition (input index = stride * i + tap
- pad). The coefficient of every cell must agree with what the fixed columns say. Nothing of the
placement is used, so a mistake there cannot excuse itself.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from prover.systems.native.circuit.fold import B2, INSTANCE, WORD, X
from prover.systems.native.circuit.grid import Integers
from prover.systems.native.circuit.program import Program
from prover.systems.native.circuit.tables import DEAD, INPUT
from prover.systems.native.network.network import Layer, Network, Term
from prover.systems.native.static_checks.apart import (
    require_apart,
    require_one_bias,
    require_places,
    with_other_weights,
)
from prover.systems.native.static_checks.extent import require_extent, require_table, require_ties
from prover.systems.native.static_checks.hash_check import require_hashing
from prover.systems.native.static_checks.trace import (
    PRIME,
    Point,
    Run,
    Sum,
    fail,
    find_runs,
    find_sums,
    rank_rows,
    require_first_row,
)


@dataclass(frozen=True)
class Held:
    """The runs that hold a tensor: (channel, row phase, column phase) to run."""

    stride: int
    runs: dict[tuple[int, int, int], Run]

    def channels(self) -> list[list[Run]]:
        """The runs by channel."""
        found: defaultdict[int, list[Run]] = defaultdict(list)
        for (channel, _, _), run in self.runs.items():
            found[channel].append(run)
        return list(found.values())


def check_program(program: Program, point: Point | None = None) -> None:
    """Raise UnsoundCircuit unless the circuit computes its network and leaves nothing free."""
    point = point or Point.random()
    require_extent(program)
    require_ties(program)
    require_table(program)
    require_first_row(program)
    network, runs = program.network, find_runs(program)
    sums = find_sums(program, point)
    if len(sums) != len(network.layers):
        fail(f"{len(sums)} sums are closed for {len(network.layers)} layers")
    held = {network.input.name: _input(network, runs)}
    factors = []
    for layer, found in zip(network.layers, sums, strict=True):
        common, held[layer.name] = _own(program, layer, found, runs, point)
        factors.append(common)
        _require_weights(layer, found, held, common, point)
    if program.form.weights == "hidden":
        _require_hidden(program, sums, held, factors, point)
    _require_each_once(runs, held)
    _require_outputs(program, held[network.output])
    _require_ranks(program)
    require_hashing(program)


def _require_hidden(
    program: Program, sums: list[Sum], held: dict[str, Held], factors: list[int], point: Point
) -> None:
    """Whatever an owner hides, the circuit computes a network of this architecture."""
    require_places(program)
    other = with_other_weights(program)
    others, layers = find_sums(other, point), other.network.layers
    require_apart(program, sums, others, [_ends(layer, held) for layer in layers])
    for layer, found, common in zip(layers, others, factors, strict=True):
        _require_weights(layer, found, held, common, point)
    require_one_bias(program, [runs for layer in layers for runs in held[layer.name].channels()])


def _ends(layer: Layer, held: dict[str, Held]) -> set[int]:
    """Where the runs of a layer's sources end."""
    sources = {source for term in layer.terms for source in term.sources}
    return {run.last for source in sources for run in held[source].runs.values()}


def _input(network: Network, runs: dict[int, Run]) -> Held:
    found = [run for _, run in sorted(runs.items()) if run.input]
    tensor = network.input
    phases, rest = divmod(len(found), tensor.channels)
    stride = {1: 1, 4: 2}.get(phases, 0)
    if rest or not stride:
        fail(f"{len(found)} runs hold an input of {tensor.channels} channels")
    held = _held(found, tensor.channels, stride)
    for key, run in held.runs.items():
        _require_cells(run, INPUT, (tensor.height, tensor.width), key, stride, network.input.name)
    return held


def _held(runs: list[Run], channels: int, stride: int) -> Held:
    keys = [(c, p, q) for c in range(channels) for p in range(stride) for q in range(stride)]
    return Held(stride, dict(zip(keys, runs, strict=True)))


def _require_cells(
    run: Run, tag: int, plane: tuple[int, int], key: tuple[int, int, int], stride: int, name: str
) -> None:
    """The live cells are the phase's part of the plane, with the tensor's tag; others are dead."""
    if set(np.unique(run.tags)) - {DEAD, tag}:
        fail(f"a cell of {name} has another tensor's tag")
    wanted = [-(-(size - phase) // stride) for size, phase in zip(plane, key[1:], strict=True)]
    if 0 in wanted:
        wanted = [0, 0]
    if list(run.rectangle()[2:]) != wanted:
        fail(f"channel {key[0]} of {name} has other outputs than its plane")


def _own(
    program: Program, layer: Layer, found: Sum, runs: dict[int, Run], point: Point
) -> tuple[int, Held]:
    """The runs of a layer's own cells, and the common factor of their coefficients."""
    if set(found.own) - set(runs):
        fail(f"layer {layer.name} takes an accumulator in the middle of a run")
    own = [runs[end] for end in sorted(found.own)]
    stride = 2 if own and own[0].doubled else 1
    if len(own) != layer.channels * stride**2 or any(r.doubled != (stride == 2) for r in own):
        fail(f"layer {layer.name} has {len(own)} runs for {layer.channels} channels")
    held = _held(own, layer.channels, stride)
    factors = set()
    for key, run in held.runs.items():
        _require_cells(
            run, program.table.tag(layer), (layer.height, layer.width), key, stride, layer.name
        )
        if run.bias != program.table.zero + int(layer.bias[key[0]]):
            fail(f"channel {key[0]} of {layer.name} has another bias")
        coefficient = found.own[run.last]
        if (
            coefficient
            != found.own[held.runs[(0, *key[1:])].last] * point.power(0, 0, key[0]) % PRIME
        ):
            fail(f"channel {key[0]} of {layer.name} stands for another channel")
        if run.live.any():
            top, left = run.rectangle()[:2]
            move = point.power(stride * top - key[1], stride * left - key[2], -key[0])
            factors.add(coefficient * move % PRIME)
    if len(factors) != 1 or 0 in factors:
        fail(f"the outputs of layer {layer.name} are not at their places")
    _require_distinct(layer, found, held, point)
    return factors.pop(), held


def _require_distinct(layer: Layer, found: Sum, held: Held, point: Point) -> None:
    """No two cells of the product share a power: one could then make up for the other."""
    values: list[int] = []
    _require_phases(layer, found, held, point)
    for key, run in held.runs.items():
        first = held.runs[(0, *key[1:])]
        if not (np.array_equal(run.u, first.u) and np.array_equal(run.v, first.v)):
            fail(f"channel {key[0]} of layer {layer.name} has another extent than channel 0")
        if key[0] < 2:
            a = [pow(point.a, int(held.stride * u), PRIME) for u in run.u]
            b = {int(v): pow(point.b, int(held.stride * v), PRIME) for v in np.unique(run.v)}
            factor = found.own[run.last]
            values += [
                factor * a[i] * b[int(v)] % PRIME for i, row in enumerate(run.v) for v in row
            ]
    if len(set(values)) != len(values):
        fail(f"two cells of layer {layer.name} can make up for each other")


def _require_phases(layer: Layer, found: Sum, held: Held, point: Point) -> None:
    """Phase (i, j) stands a^i b^j behind phase (0, 0), even where it has no live cell.

    With powers of g between phases, a dead cell could make up for another channel's live one.
    """
    origin = found.own[held.runs[(0, 0, 0)].last]
    for (channel, i, j), run in held.runs.items():
        if channel == 0 and found.own[run.last] != origin * point.power(i, j) % PRIME:
            fail(f"phase ({i}, {j}) of layer {layer.name} is not at its place")


def _require_weights(
    layer: Layer, found: Sum, held: dict[str, Held], common: int, point: Point
) -> None:
    expected: defaultdict[int, int] = defaultdict(int)
    silent: set[int] = set()
    for term in layer.terms:
        for source in term.sources:
            if source not in held:
                fail(f"layer {layer.name} reads {source} before it is computed")
            _require_form(layer, term, source, held[source])
            for key, run in held[source].runs.items():
                if not run.live.any():
                    silent.add(run.last)
                    continue
                top, left = (0, 0) if term.pooled else run.rectangle()[:2]
                kernel = _kernel(layer, term, key, point)
                expected[run.last] -= common * kernel * point.power(-top, -left)
    wanted = {end: value % PRIME for end, value in expected.items() if value % PRIME}
    have = {end: value for end, value in found.read.items() if value and end not in silent}
    if wanted != have:
        fail(f"the weights of layer {layer.name} are not the network's")


def _require_form(layer: Layer, term: Term, source: str, held: Held) -> None:
    stride = 1 if term.pooled else term.stride
    if held.stride != stride or any(run.summed != term.pooled for run in held.runs.values()):
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


def _require_each_once(runs: dict[int, Run], held: dict[str, Held]) -> None:
    used = [run.last for tensor in held.values() for run in tensor.runs.values()]
    if len(used) != len(set(used)) or set(used) != set(runs):
        fail("a run belongs to no tensor, or to two")


def _require_outputs(program: Program, held: Held) -> None:
    ends = {key[0]: run.last for key, run in held.runs.items()}
    ranks = rank_rows(program)
    public = [copy for copy in program.copies.tolist() if _public(copy, ranks)]
    copies = [tuple(copy) for copy in public]
    wanted = _wanted_copies(program, ends)
    if len(copies) != len(wanted) or set(copies) != wanted or held.stride != 1:
        fail("the public outputs are not the network's")
    if any(not run.summed or run.live.sum() != 1 for run in held.runs.values()):
        fail("an output's accumulator is not its value")


def _public(copy: list[int], ranks: set[int]) -> bool:
    """Whether a copy has to do with public outputs: instances, and X of rank rows; no digests."""
    hashed = WORD in (copy[0], copy[2])
    public = INSTANCE in (copy[0], copy[2]) and not hashed
    return public or (copy[0] == X and copy[1] in ranks)


def _wanted_copies(program: Program, ends: dict[int, int]) -> set[tuple[int, int, int, int]]:
    """Scores to instances; or labels to instances and scores to class rows."""
    context = program.form.context + program.digests
    first, labels = program.ranked, program.form.labels
    if not labels:
        return {(INSTANCE, context + channel, B2, end) for channel, end in ends.items()}
    public = {(X, first + i, INSTANCE, context + i) for i in range(labels)}
    return public | {(X, first + labels + channel, B2, end) for channel, end in ends.items()}


def _require_ranks(program: Program) -> None:
    """Label rows, then a row to each class, below all tensors and sums; differences in lane 0."""
    tags, tensors = program.columns["tag"], len(program.columns["c"])
    wanted = np.zeros_like(tags[:, tensors:])
    if program.ranking is not None:
        first = program.ranked
        if first < max(tensors, len(program.columns["me"])):
            fail("a rank row is a row of a tensor or of the fold machine")
        for name, column in program.ranking.columns(first).items():
            if not np.array_equal(program.columns[name], column):
                fail(f"column {name} of the rank rows is not that of its labels and classes")
        wanted[0, program.ranking.compared(first) - tensors] = program.table.rank_tag
    if not np.array_equal(tags[:, tensors:], wanted):
        fail("a row of no tensor has another tag than its difference's")
