"""How each tensor of a network is stored, and on which rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from prover.base.errors import ModelRefused
from prover.systems.native.circuit.fold import POST_OUTER, PRE_OUTER, End
from prover.systems.native.circuit.geometry import ReceptiveExtent, plain_axis, product_axis
from prover.systems.native.circuit.grid import Axis, Grid
from prover.systems.native.circuit.uses import Use, uses_of
from prover.systems.native.network.network import Layer, Network, Term


@dataclass(frozen=True)
class Stored:
    """A tensor's grid, its first circuit row and what its readers take from it."""

    name: str
    grid: Grid
    start: int
    use: Use

    def produced(self, channel: int, phase: tuple[int, int]) -> End:
        """The accumulator over the products of one segment."""
        return End(PRE_OUTER, self.start + self.grid.last_row(channel, *phase))

    def read(self, channel: int, phase: tuple[int, int]) -> End:
        """The accumulator over the outputs of one segment."""
        return End(POST_OUTER, self.start + self.grid.last_row(channel, *phase))

    @property
    def stop(self) -> int:
        """The row after its last."""
        return self.start + self.grid.circuit_rows


def lay_out(network: Network, lanes: int) -> dict[str, Stored]:
    """Every tensor of a prepared network, the input first, one below the other."""
    uses = uses_of(network)
    stored: dict[str, Stored] = {}
    grid = _input_grid(network, uses[network.input.name], lanes)
    stored[network.input.name] = Stored(network.input.name, grid, 0, uses[network.input.name])
    for layer in network.layers:
        start = max(tensor.stop for tensor in stored.values())
        grid = _layer_grid(network, layer, uses[layer.name], lanes)
        stored[layer.name] = Stored(layer.name, grid, start, uses[layer.name])
    return stored


def _input_grid(network: Network, use: Use, lanes: int) -> Grid:
    tensor = network.input
    rows, columns = (plain_axis(size, use.stride) for size in (tensor.height, tensor.width))
    return Grid(tensor.channels, rows, columns, lanes)


def _layer_grid(network: Network, layer: Layer, use: Use, lanes: int) -> Grid:
    rows, columns = layer_axes(network, layer, use.stride)
    return Grid(layer.channels, rows, columns, lanes)


def layer_axes(network: Network, layer: Layer, phases: int) -> tuple[Axis, Axis]:
    """The product grid of a layer."""
    extents = [term_extents(network, term) for term in layer.terms]
    rows = product_axis([extent[0] for extent in extents], layer.height, phases)
    columns = product_axis([extent[1] for extent in extents], layer.width, phases)
    for axis in (rows, columns):
        if axis.offset < 0:
            raise ModelRefused(
                f"layer {layer.name} is padded by more than its kernel reaches; "
                "pad by less than the kernel's size"
            )
    return rows, columns


def term_extents(network: Network, term: Term) -> tuple[ReceptiveExtent, ReceptiveExtent]:
    """How a term lies along rows and columns; a pooled source is a single cell."""
    height, width = _plane(network, term)
    kernel = term.weight.shape[2:]
    return (
        ReceptiveExtent(height, kernel[0], term.stride, term.pads[0]),
        ReceptiveExtent(width, kernel[1], term.stride, term.pads[1]),
    )


def _plane(network: Network, term: Term) -> tuple[int, int]:
    if term.pooled:
        return 1, 1
    shapes: Mapping[str, tuple[int, int]] = {
        network.input.name: (network.input.height, network.input.width),
        **{layer.name: (layer.height, layer.width) for layer in network.layers},
    }
    return shapes[term.sources[0]]
