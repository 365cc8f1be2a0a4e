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
                f"layer {stated.name!r} states q from {stated.q_low} to {stated.q_high}: "
                f"{right.q_low} to {right.q_high} is proven; quantise the model again"
            )


def check_shapes(network: Network) -> None:
    """Raise ModelRefused, naming the layer, unless layers fit each other."""
    for problem in _problems(network):
        raise ModelRefused(f"network {network.name!r}: {problem}; quantise the model again")


def _problems(network: Network) -> Iterator[str]:
    if not 1 <= network.shift <= MAX_SHIFT:
        yield f"its shift is {network.shift}: expected 1 to {MAX_SHIFT}"
    if not network.input.low <= network.input.high:
        yield f"its input runs from {network.input.low} to {network.input.high}"
    known: dict[str, Tensor | Layer] = {network.input.name: network.input}
    for layer in network.layers:
        for problem in (*_layer_problems(layer, known), *_name_problems(layer, known)):
            yield f"layer {layer.name!r} {problem}"
        known[layer.name] = layer
    output = known.get(network.output)
    if not isinstance(output, Layer) or (output.height, output.width) != (1, 1):
        yield f"its output {network.output!r} is not a layer of planes 1x1"


def _name_problems(layer: Layer, known: dict[str, Tensor | Layer]) -> Iterator[str]:
    if layer.name in known:
        yield "has the name of another tensor"


def _layer_problems(layer: Layer, known: dict[str, Tensor | Layer]) -> Iterator[str]:
    if layer.bias.shape != (layer.channels,) or not layer.low <= layer.high:
        yield f"has {layer.bias.shape} biases, and is clamped to {layer.low} .. {layer.high}"
    if not layer.terms:
        yield "has no terms"
    for term in layer.terms:
        sources = [known.get(name) for name in term.sources]
        shapes = {(s.channels, s.height, s.width) for s in sources if s is not None}
        if None in sources or len(shapes) != 1:
            yield f"reads {list(term.sources)}, which are not earlier tensors of one shape"
            return
        yield from _term_problems(layer, term, shapes.pop())


def _term_problems(layer: Layer, term: Term, shape: tuple[int, int, int]) -> Iterator[str]:
    channels, height, width = (shape[0], 1, 1) if term.pooled else shape
    rows, columns = term.weight.shape[2:]
    groups = max(term.groups, 1)
    if term.groups < 1 or channels % groups or layer.channels % groups:
        yield f"has {term.groups} groups for {channels} and {layer.channels} channels"
    if term.weight.shape[:2] != (layer.channels, channels // groups):
        yield f"has weights {list(term.weight.shape)} for {channels} channels"
    top, left, bottom, right = term.pads
    if min(term.pads) < 0 or max(top, bottom) >= rows or max(left, right) >= columns:
        yield f"has padding {list(term.pads)} for a {rows}x{columns} kernel"
    if term.stride not in (1, 2):
        yield f"has stride {term.stride}"
        return
    size = (
        output_size(height, rows, term.stride, top, bottom),
        output_size(width, columns, term.stride, left, right),
    )
    if size != (layer.height, layer.width):
        yield f"has planes {layer.height}x{layer.width}, its term gives {size[0]}x{size[1]}"
