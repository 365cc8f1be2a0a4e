"""Whether a network, from wherever it comes, is one that all others here may rely on."""

from collections.abc import Iterator

from prover.base.errors import ModelRefused
from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.convolution import output_size
from prover.systems.native.network.network import Layer, Network, Tensor, Term

MAX_SHIFT = 24


def check(network: Network) -> None:
    """Raise ModelRefused, naming the layer, unless layers fit each other and bounds are exact."""
    check_shapes(network)
    try:
        proven = bounded(network)
    except OverflowError as error:
        raise ModelRefused(f"network {network.name!r}: {error}") from error
    for stated, right in zip(network.layers, proven.layers, strict=True):
        if (stated.q_low, stated.q_high) != (right.q_low, right.q_high):
            raise ModelRefused(
                f"layer {stated.name!r} states q from {stated.q_low} to {stated.q_high}: expected "
                f"{right.q_low} to {right.q_high}, as proven; quantise the model again"
            )


def check_shapes(network: Network) -> None:
    """Raise ModelRefused, naming the layer, unless layers fit each other."""
    for problem in _problems(network):
        raise ModelRefused(f"network {network.name!r}: {problem}; quantise the model again")


def _problems(network: Network) -> Iterator[str]:
    if not 1 <= network.shift <= MAX_SHIFT:
        yield f"its shift is {network.shift}: expected 1 to {MAX_SHIFT}"
    if not network.input.low <= network.input.high:
        yield (
            f"its input runs from {network.input.low} to {network.input.high}: expected a range "
            "that is not empty"
        )
    known: dict[str, Tensor | Layer] = {network.input.name: network.input}
    for layer in network.layers:
        for problem in (*_layer_problems(layer, known), *_name_problems(layer, known)):
            yield f"layer {layer.name!r} {problem}"
        known[layer.name] = layer
    output = known.get(network.output)
    if not isinstance(output, Layer) or (output.height, output.width) != (1, 1):
        yield f"its output {network.output!r}: expected a layer of planes 1x1"


def _name_problems(layer: Layer, known: dict[str, Tensor | Layer]) -> Iterator[str]:
    if layer.name in known:
        yield "has the name of another tensor"


def _layer_problems(layer: Layer, known: dict[str, Tensor | Layer]) -> Iterator[str]:
    if layer.bias.shape != (layer.channels,) or not layer.low <= layer.high:
        yield (
            f"has {list(layer.bias.shape)} biases, clamped to {layer.low} .. {layer.high}: "
            f"expected {layer.channels} biases and a clamp that is not empty"
        )
    if not layer.terms:
        yield "has no terms: expected one or more"
    for term in layer.terms:
        sources = [known.get(name) for name in term.sources]
        shapes = {(s.channels, s.height, s.width) for s in sources if s is not None}
        if None in sources or len(shapes) != 1:
            yield f"reads {list(term.sources)}: expected earlier tensors of one shape"
            return
        yield from _term_problems(layer, term, shapes.pop())


def _term_problems(layer: Layer, term: Term, shape: tuple[int, int, int]) -> Iterator[str]:
    channels, height, width = (shape[0], 1, 1) if term.pooled else shape
    rows, columns = term.weight.shape[2:]
    groups = max(term.groups, 1)
    if term.groups < 1 or channels % groups or layer.channels % groups:
        yield (
            f"has {term.groups} groups: expected a divisor of {channels} and {layer.channels} "
            "channels"
        )
    if term.weight.shape[:2] != (layer.channels, channels // groups):
        yield (
            f"has weights {list(term.weight.shape)}: expected [{layer.channels}, "
            f"{channels // groups}, ...]"
        )
    top, left, bottom, right = term.pads
    if min(term.pads) < 0 or max(top, bottom) >= rows or max(left, right) >= columns:
        yield (
            f"has padding {list(term.pads)}: expected 0 or more, less than its {rows}x{columns} "
            "kernel"
        )
    if term.stride not in (1, 2):
        yield f"has stride {term.stride}: expected 1 or 2"
        return
    size = (
        output_size(height, rows, term.stride, top, bottom),
        output_size(width, columns, term.stride, left, right),
    )
    if size != (layer.height, layer.width):
        yield f"has planes {layer.height}x{layer.width}: expected {size[0]}x{size[1]} by its term"
