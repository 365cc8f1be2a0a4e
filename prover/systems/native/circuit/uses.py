"""How each tensor is read: by steps of one or two, or only summed.

A tensor that is read in two ways gets a copy, by a layer of its own, for each further way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from prover.systems.native.network.network import Layer, Network, Term


@dataclass(frozen=True)
class Use:
    """A tensor is stored in stride^2 phases, or its plane is only summed."""

    stride: int = 1
    pooled: bool = False


PLAIN = Use()
SUMMED = Use(pooled=True)


def uses_of(network: Network) -> dict[str, Use]:
    """The one use of each tensor of a prepared network.

    The output is a plane of one cell: its sum is the cell itself, wherever it is stored.
    """
    uses = dict.fromkeys(_names(network), PLAIN)
    for layer in network.layers:
        for term in layer.terms:
            uses.update(dict.fromkeys(term.sources, _use(term)))
    return {**uses, network.output: SUMMED}


def prepare(network: Network) -> Network:
    """The same network in which every tensor has one use: copies serve the other uses."""
    layers: list[Layer] = []
    wanted = {name: _wanted(network, name) for name in _names(network)}
    layers += _copies(network, network.input.name, wanted[network.input.name])
    for layer in network.layers:
        terms = tuple(_redirect(term, wanted) for term in layer.terms)
        layers.append(replace(layer, terms=terms))
        layers += _copies(network, layer.name, wanted[layer.name])
    output = _redirected(network.output, SUMMED, wanted)
    return replace(network, layers=tuple(layers), output=output)


def _use(term: Term) -> Use:
    return SUMMED if term.pooled else Use(term.stride)


def _names(network: Network) -> list[str]:
    return [network.input.name, *(layer.name for layer in network.layers)]


def _wanted(network: Network, name: str) -> list[Use]:
    found = {_use(t): None for layer in network.layers for t in layer.terms if name in t.sources}
    if name == network.output:
        found[SUMMED] = None
    return list(found)


def _others(uses: Sequence[Use]) -> list[Use]:
    """The uses that copies serve: none if there is but one."""
    return [use for use in uses if use != PLAIN] if len(uses) > 1 else []


def _redirect(term: Term, wanted: dict[str, list[Use]]) -> Term:
    use = _use(term)
    return replace(term, sources=tuple(_redirected(name, use, wanted) for name in term.sources))


def _redirected(name: str, use: Use, wanted: dict[str, list[Use]]) -> str:
    return _copy_name(name, use) if use in _others(wanted[name]) else name


def _copy_name(name: str, use: Use) -> str:
    return f"{name}/pooled" if use.pooled else f"{name}/stride{use.stride}"


def _copies(network: Network, name: str, uses: Sequence[Use]) -> list[Layer]:
    return [_copy(network, name, use) for use in _others(uses)]


def _copy(network: Network, name: str, use: Use) -> Layer:
    """y = x exactly: weight 2^shift on its own channel, no bias, the source's own bounds."""
    found = {layer.name: layer for layer in network.layers}.get(name, network.input)
    weight = np.full((found.channels, 1, 1, 1), 1 << network.shift, dtype=np.int64)
    term = Term((name,), weight, 1, (0, 0, 0, 0), found.channels, False)
    low, high = min(found.low, 0), max(found.high, 0)
    return Layer(
        name=_copy_name(name, use),
        terms=(term,),
        bias=np.zeros(found.channels, dtype=np.int64),
        low=low,
        high=high,
        q_low=low,
        q_high=high,
        channels=found.channels,
        height=found.height,
        width=found.width,
    )
