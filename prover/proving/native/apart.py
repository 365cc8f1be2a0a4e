"""Whether a circuit with hidden weights says the same of every weight that its owner may hide."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from prover.proving.native.program import Program
from prover.proving.native.trace import PRIME, Point, Sum, fail, find_sums


def require_apart(
    program: Program, sums: Sequence[Sum], sources: Sequence[set[int]], point: Point
) -> None:
    """Raise UnsoundCircuit unless each layer is a function of its sources under any weights.

    No factor of an own accumulator may depend on weights, or 0 hidden there would free that
    output. And a layer multiplies nothing but its own `sources` (ends of runs), not even by 0, or
    its outputs could depend on themselves.
    """
    others = _with_other_weights(program, point)
    for layer, found, other, ends in zip(
        program.network.layers, sums, others, sources, strict=True
    ):
        if found.own != other.own:
            fail(f"a factor of the outputs of layer {layer.name} is among the hidden weights")
        if not set(found.read) <= ends:
            fail(f"layer {layer.name} multiplies hidden weights by what is not its source")


def _with_other_weights(program: Program, point: Point) -> list[Sum]:
    """The sums under random weights in every place.

    Factors are sums of weights times constants: if one of these is not 0, the factor differs but
    with chance 1 / r.
    """
    shape = program.columns["w"].shape
    drawn = [secrets.randbelow(PRIME) for _ in range(int(np.prod(shape)))]
    columns = {**program.columns, "w": np.array(drawn, dtype=object).reshape(shape)}
    return find_sums(replace(program, columns=columns), point)
