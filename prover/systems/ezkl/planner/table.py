"""Compares every scale of a circuit's graph with the one that was assumed for it.

The library's importer moves slices and splits sums, so that nodes are found by what they compute: a
linear map, sum, difference, product or function of what was computed before, however the values are
arranged. Constants are alike in this, and a tensor put together from equal parts is such a part.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx

from prover.systems.ezkl.arithmetic.scales import Quantisation, scales_of
from prover.systems.ezkl.planner.wrap import CONTEXT

LINEAR = "Linear"
COMMUTATIVE = frozenset({"Add", "Mul"})
MOVED = frozenset({"Reshape", "Transpose", "Slice", "Pad", "Identity"})
MOVING = frozenset({"RESHAPE", "FLATTEN", "MOVEAXIS", "SLICE", "DOWNSAMPLE", "PAD", "IDENTITY"})
KINDS = {
    "CONV": LINEAR,
    "EINSUM": LINEAR,
    "ADD": "Add",
    "SUB": "Sub",
    "MULT": "Mul",
    "LEAKYRELU": "Relu",
    "SIGMOID": "Sigmoid",
    "TANH": "Tanh",
    "CONCAT": "Concat",
}
_WRAPPED = re.compile(r"(?:RESCALED INPUT|REBASED \(div=.*?, rebasing_op=.*?\)\)) \((.*)\)")
_UNBATCHED = re.compile(r"CONV \(.*data_format=(CHW|HWC)\b")

Row = dict[str, Any]
Scaled = tuple[int, int | None]  # of a result, and of the constant among its operands


class _Unknown(Exception):
    """A row that no network of ours gives; the message says which."""


def scale_differences(
    rows: Sequence[Row], network: onnx.ModelProto, settings: Quantisation
) -> tuple[str, ...]:
    """What ezkl's own table says otherwise than `scales_of`; empty if nothing.

    Rows hold "index", "operator", "scale" and "inputs", as `engine.CircuitEngine.table` gives them;
    `network` is the wrapped one that the circuit was made of. Each difference names the node, the
    scale assumed and the one found.
    """
    numbers: dict[tuple[Any, ...], int] = {}
    ours, theirs = _Terms(numbers), _Terms(numbers)
    sources = _read_network(ours, network.graph, settings)
    try:
        found = _read_rows(theirs, rows)
    except _Unknown as error:
        return (str(error),)
    return (*_inputs(sources, found), *_compare(ours, theirs))


@dataclass
class _Terms:
    """What one side computes, numbered alike on both sides.

    `scales` holds every pair of scales at which a term occurs, `names` one node that computes it,
    `parts` the terms that a concatenation consists of. The term of all constants is 0, that of all
    inputs 1.
    """

    numbers: dict[tuple[Any, ...], int]
    scales: dict[int, set[Scaled]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def apply(self, kind: str, operands: Sequence[int], scaled: Scaled, name: str) -> int:
        """The term of a node over terms; what is done to a concatenation is done to its parts."""
        if kind == "Concat":
            return self.joined(operands)
        wide = [at for at, operand in enumerate(operands) if operand in self.parts]
        if kind == LINEAR and wide:
            return self._summed(self.parts[operands[0]], scaled, name)
        if len(wide) == 1:
            [at] = wide
            spread = [
                [*operands[:at], part, *operands[at + 1 :]] for part in self.parts[operands[at]]
            ]
            return self.joined([self.apply(kind, one, scaled, name) for one in spread])
        ordered = sorted(operands) if kind in COMMUTATIVE else operands
        return self._noted((kind, *ordered), scaled, name)

    def joined(self, operands: Iterable[int]) -> int:
        """The term of a concatenation; equal parts are one."""
        flat = [part for operand in operands for part in self.parts.get(operand, (operand,))]
        kept = tuple(dict.fromkeys(flat))
        if len(kept) == 1:
            return kept[0]
        number = self._number(("Concat", *kept))
        self.parts[number] = kept
        return number

    def scale(self, term: int, otherwise: int) -> int:
        """The scale of a computed term."""
        return max((scale for scale, _ in self.scales.get(term, ())), default=otherwise)

    def _summed(self, parts: tuple[int, ...], scaled: Scaled, name: str) -> int:
        """A linear map of a concatenation is the sum of maps of its parts."""
        weights = scaled[1] or 0
        scales = [self.scale(part, scaled[0] - weights) + weights for part in parts]
        total, reached = -1, 0
        for part, scale in zip(parts, scales, strict=True):
            made = self._noted((LINEAR, part), (scale, scaled[1]), name)
            reached = max(reached, scale)
            total = made if total < 0 else self.apply("Add", [total, made], (reached, None), name)
        return total

    def _noted(self, term: tuple[Any, ...], scaled: Scaled, name: str) -> int:
        number = self._number(term)
        self.scales.setdefault(number, set()).add(scaled)
        self.names.setdefault(number, name)
        return number

    def _number(self, term: tuple[Any, ...]) -> int:
        return self.numbers.setdefault(term, len(self.numbers) + 2)


def _read_network(terms: _Terms, graph: onnx.GraphProto, settings: Quantisation) -> Counter[int]:
    """Terms of all nodes; the scales of the inputs, how often each."""
    inputs = {v.name: 0 if v.name == CONTEXT else settings.input_scale for v in graph.input}
    assumed = scales_of(graph, settings, inputs)
    known = dict.fromkeys(inputs, 1) | dict.fromkeys((t.name for t in graph.initializer), 0)
    for node in graph.node:
        name, result = node.name, node.output[0]
        operands = [known[one] for one in node.input]
        constants = [assumed.constants.get((result, at)) for at in range(len(operands))]
        if node.op_type in MOVED:
            known[result] = operands[0]
            continue
        kind = LINEAR if node.op_type in ("Conv", "MatMul") else node.op_type
        known[result] = _applied(terms, kind, operands, constants, assumed.tensors[result], name)
    return Counter(inputs.values())


def _applied(
    terms: _Terms,
    kind: str,
    operands: Sequence[int],
    constants: Sequence[int | None],
    scale: int,
    name: str,
) -> int:
    """A linear map has one operand besides its constants, and a bias is a sum."""
    if kind != LINEAR:
        beside = next((constant for constant in constants if constant is not None), None)
        return terms.apply(kind, operands, (scale, beside), name)
    made = terms.apply(LINEAR, [operands[0]], (scale, constants[1]), name)
    if len(operands) < 3:
        return made
    return terms.apply("Add", [made, 0], (scale, constants[2]), name)


def _read_rows(terms: _Terms, rows: Sequence[Row]) -> Counter[int]:
    """The same of the library's table."""
    known: dict[int, tuple[int, int]] = {}
    inputs: Counter[int] = Counter()
    for row in rows:
        index, scale, operator = int(row["index"]), int(row["scale"]), _operator(row)
        sources = [known[int(source)] for source in row["inputs"]]
        if operator == "Input":
            inputs[scale] += 1
            known[index] = 1, scale
        elif operator == "CONST":
            known[index] = 0, scale
        elif operator in MOVING:
            _require_same_scale(row, sources, scale)
            known[index] = sources[0][0], scale
        else:
            known[index] = _term(terms, row, operator, sources, scale), scale
    return inputs


def _term(
    terms: _Terms, row: Row, operator: str, sources: Sequence[tuple[int, int]], scale: int
) -> int:
    kind, name = KINDS.get(operator), _described(row)
    if kind is None:
        raise _Unknown(f"{name} of the circuit is of a kind that no network has")
    if _UNBATCHED.search(str(row["operator"])):
        raise _Unknown(f"{name} of the circuit has no batch axis: ezkl takes wrong windows there")
    if kind == LINEAR:
        computed = [term for term, _ in sources if term]
        if len(computed) != 1:
            raise _Unknown(f"{name} of the circuit maps {len(computed)} computed tensors, not 1")
        sources = sorted(sources, key=lambda source: source[0] == 0)
    constants = [scale if term == 0 else None for term, scale in sources]
    return _applied(terms, kind, [term for term, _ in sources], constants, scale, name)


def _operator(row: Row) -> str:
    """The bare name of the operator that a row rescales or rebases, or is."""
    text = str(row["operator"])
    while inner := _WRAPPED.fullmatch(text):
        text = inner[1]
    return re.split(r"[ (]", text, maxsplit=1)[0]


def _require_same_scale(row: Row, sources: Sequence[tuple[int, int]], scale: int) -> None:
    if len(sources) != 1 or sources[0][1] != scale:
        before = [found for _, found in sources]
        raise _Unknown(
            f"{_described(row)} of the circuit turns scale {before} into {scale}, expected one "
            "that stays"
        )


def _described(row: Row) -> str:
    return f"node {row['index']} ({row['operator']})"


def _inputs(assumed: Counter[int], found: Counter[int]) -> Iterator[str]:
    if assumed != found:
        wrong, right = sorted(found.elements()), sorted(assumed.elements())
        yield f"the circuit's inputs have the scales {wrong}, expected {right}"


def _compare(ours: _Terms, theirs: _Terms) -> Iterator[str]:
    for term, found in theirs.scales.items():
        assumed = ours.scales.get(term)
        if assumed is None:
            yield f"{theirs.names[term]} of the circuit computes what no node of the network does"
        elif not found <= assumed:
            yield (
                f"node {ours.names[term]!r} was assumed at {_text(assumed)}, the circuit's "
                f"{theirs.names[term]} is at {_text(found - assumed)}"
            )
    for term in ours.scales.keys() - theirs.scales.keys():
        yield f"node {ours.names[term]!r} is not in the circuit as the network has it"


def _text(pairs: set[Scaled]) -> str:
    return " and ".join(
        f"scale {scale}" + ("" if constant is None else f" with a constant at scale {constant}")
        for scale, constant in sorted(pairs, key=str)
    )
