"""Decides whether a circuit leaves its prover a choice (docs/SECURITY.md, rule 7).

A result is determined if only one value satisfies the constraints. Read in ezkl 23.0.5:

- sums, products, convolutions, einsums (Freivalds off: `rules.check_settings`) are polynomial
  identities, and moving values around is copying;
- `RESCALED INPUT` multiplies by a constant power of two;
- ReLU multiplies by a mask taken from the sign of a decomposition in base^legs < r/2: a non-zero
  value has one sign, and zero gives zero under any;
- Sigmoid and Tanh are looked up in a fixed table with one output per input.

Everything else is taken to be open: `REBASED` and `DIV` bound a quotient from both sides only,
ArgMax and TopK leave ties to the prover, sorting rests on an argument that was not read.
"""

import re
from dataclasses import dataclass
from typing import Any

import onnx

from prover.base.errors import ModelRefused
from prover.systems.ezkl.planner.wrap import check_context_isolated

DETERMINED = (
    r"Input",
    r"CONST \(scale=-?\d+\)",
    r"CONV \(.*\)",
    r"EINSUM [A-Za-z]+(,[A-Za-z]+)*->[A-Za-z]*",
    r"ADD",
    r"SUB",
    r"MULT",
    r"LEAKYRELU \(slope=0\)",
    r"SIGMOID\(scale=\d+\)",
    r"TANH\(scale=\d+\)",
    r"IDENTITY \(out_scale=.*\)|IDENTITY",
    r"RESHAPE \(shape=\[.*\]\)|FLATTEN|FLATTEN \(.*\)",
    r"(MOVEAXIS|SLICE|DOWNSAMPLE|PAD|CONCAT)( \(.*\))?",
)
_DETERMINED = re.compile("|".join(f"(?:{pattern})" for pattern in DETERMINED))
_RESCALED = re.compile(r"RESCALED INPUT \((.*)\)")


@dataclass(frozen=True)
class Exactness:
    """Whether the prover has no choice, and every reason why it has one."""

    exact: bool
    reasons: tuple[str, ...]


def judge(rows: list[dict[str, Any]], network: onnx.ModelProto) -> Exactness:
    """Judge a circuit by the rows of its graph's table and the ONNX graph that it was made from.

    A row holds "index" and "operator" as the library prints them.
    """
    reasons = [
        f"operator {row['operator']} at {row['index']} leaves its result open"
        for row in rows
        if not is_determined(str(row["operator"]))
    ]
    if not rows:
        reasons.append("the circuit has no operators")
    try:
        check_context_isolated(network)
    except ModelRefused as error:
        reasons.append(str(error))
    return Exactness(not reasons, tuple(reasons))


def is_determined(operator: str) -> bool:
    """True if an operator, as the library prints it, leaves its prover no choice."""
    inner = _RESCALED.fullmatch(operator)
    return _DETERMINED.fullmatch(inner[1] if inner else operator) is not None
