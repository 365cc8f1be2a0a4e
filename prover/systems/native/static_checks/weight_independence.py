"""Whether a circuit with hidden weights is of its architecture under any that its owner may hide.

Public columns say where no weight stands, and which rows share a bias. What is left to an owner are
the weights of the network, each in one place, and a bias for each channel: no other tap, no output
of another group, no second copy of a weight.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from prover.systems.native.circuit.columns import NO_WEIGHT, SAME_BIAS
from prover.systems.native.circuit.program import Program
from prover.systems.native.network.network import Integers, Network
from prover.systems.native.static_checks.trace import ClosedLayer, Segment, fail

RANDOM_BITS = 62


def require_places(program: Program) -> None:
    """Raise UnsoundCircuit unless each weight has one place, and no other place holds anything."""
    none, weights, numbers = program.columns[NO_WEIGHT], program.columns["weight"], program.numbers
    if none.shape != weights.shape or not np.isin(none, (0, 1)).all():
        fail(f"column {NO_WEIGHT} is not a flag of each place of a weight")
    if (weights * none).any():
        fail(f"a weight stands where column {NO_WEIGHT} says that there is none")
    if numbers is None or numbers.shape != weights.shape or (numbers * none).any():
        fail("it is not said which hidden weight stands where")
    found = np.sort(numbers[none == 0])
    if not np.array_equal(found, np.arange(1, _count(program.network) + 1)):
        fail("a hidden weight has no place, or two")


def _count(network: Network) -> int:
    return sum(term.weight.size for layer in network.layers for term in layer.terms)


def with_other_weights(program: Program) -> Program:
    """Random weights, in the circuit and in its network alike: another owner's.

    Every coefficient of a closed layer is linear in the weights: what holds of these holds of any,
    but with a chance of some 2^-62.
    """
    count = _count(program.network)
    drawn = np.frombuffer(secrets.token_bytes(8 * count), dtype=np.int64)
    values = np.concatenate([[0], drawn % (1 << RANDOM_BITS) + 1])
    columns = {**program.columns, "weight": values[program.numbers]}
    return replace(program, columns=columns, network=_with_weights(program.network, values))


def _with_weights(network: Network, values: Integers) -> Network:
    layers, first = [], 1
    for layer in network.layers:
        terms = []
        for term in layer.terms:
            part = values[first : first + term.weight.size]
            terms.append(replace(term, weight=part.reshape(term.weight.shape)))
            first += term.weight.size
        layers.append(replace(layer, terms=tuple(terms)))
    return replace(network, layers=tuple(layers))


def require_weight_independence(
    program: Program,
    closed: Sequence[ClosedLayer],
    others: Sequence[ClosedLayer],
    sources: Sequence[set[int]],
) -> None:
    """Raise UnsoundCircuit unless each layer is a function of its sources under other weights.

    The coefficient of an output may not depend on weights, or 0 hidden there would free that
    output. And a layer multiplies nothing but its `sources` (ends of segments), not even by
    0, or its outputs could depend on themselves.
    """
    for layer, found, other, ends in zip(
        program.network.layers, closed, others, sources, strict=True
    ):
        if found.produced != other.produced:
            fail(f"the coefficient of an output of layer {layer.name} is among the hidden weights")
        if not set(found.read) <= ends:
            fail(f"layer {layer.name} multiplies hidden weights by what is not its source")


def require_one_bias(program: Program, channels: Sequence[Collection[Segment]]) -> None:
    """Raise UnsoundCircuit unless the rows of each channel share their bias, and no others.

    `channels` are the segments of each channel of each layer.
    """
    wanted = np.zeros_like(program.columns["continues_segment"])
    for segments in channels:
        first, last = (
            min(segment.first for segment in segments),
            max(segment.last for segment in segments),
        )
        if last - first + 1 != sum(len(segment.u) for segment in segments):
            fail(f"the segments of the channel on row {first} are not together")
        wanted[first + 1 : last + 1] = 1
    if not np.array_equal(program.columns[SAME_BIAS], wanted):
        fail(f"column {SAME_BIAS} leaves a channel more than one bias, or two channels one")
