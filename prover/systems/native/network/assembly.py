"""The layers of a model while its ONNX nodes are walked: tensors, their readers, new layers."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, prod

import numpy as np
import onnx

from prover.base.errors import ModelRefused
from prover.systems.native.network.expressions import Affine, Expression, View, identity
from prover.systems.native.network.real import RealLayer, RealNetwork, Reals, Shape
from prover.systems.onnx.graph import Builder, refuse
from prover.systems.onnx.lowering.shape import constant_input


@dataclass
class Assembly:
    """Tensors of the ONNX graph as expressions, and the layers made so far.

    `builder` holds constants and aliases; `readers` the nodes that read each tensor's values.
    """

    builder: Builder
    readers: Mapping[str, list[onnx.NodeProto]]
    input_name: str
    input_shape: Shape
    output: str
    tensors: dict[str, Expression] = field(default_factory=dict)
    layers: list[RealLayer] = field(default_factory=list)
    lowest: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, model: onnx.ModelProto, builder: Builder, source: str, result: str) -> "Assembly":
        """Nothing but the input [1, c, h, w], or any other shape as a flat vector."""
        readers: dict[str, list[onnx.NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input if node.op_type != "Shape" else ():
                readers.setdefault(name, []).append(node)
        shape = builder.shapes[source][1:]
        planes = len(shape) == 3
        size: Shape = (shape[0], shape[1], shape[2]) if planes else (prod(shape), 1, 1)
        assembly = cls(builder, readers, source, size, result)
        assembly.tensors[source] = View((source,), size, flat=not planes)
        assembly.lowest[source] = -inf
        return assembly

    def expression(self, node: onnx.NodeProto, index: int = 0) -> Expression:
        """The input of a node at `index`; refuses a constant."""
        name = node.input[index] if index < len(node.input) else ""
        if name not in self.tensors:
            raise refuse(node, f"its input {name!r} is not computed from the model's input")
        return self.tensors[name]

    def view(self, node: onnx.NodeProto, index: int = 0) -> View:
        """The same as stored tensors: an affine expression becomes a layer without activation."""
        found = self.expression(node, index)
        if isinstance(found, Affine):
            found = self.store(node.input[index], found)
            self.tensors[node.input[index]] = found
        return found

    def affine(self, node: onnx.NodeProto, index: int = 0) -> Affine:
        """The same as an affine expression: stored tensors are taken times 1."""
        found = self.expression(node, index)
        return found if isinstance(found, Affine) else attempt(node, lambda: identity(found))

    def store(
        self,
        name: str,
        affine: Affine,
        low: float = -inf,
        high: float = inf,
        of: tuple[str, ...] = (),
    ) -> View:
        """Add a layer, named after an ONNX tensor."""
        while name in self.lowest:
            name += "'"
        layer = RealLayer(name, affine.terms, affine.bias, low, high, affine.shape, of)
        self.layers.append(layer)
        self.lowest[name] = low
        return View((name,), affine.shape, flat=affine.flat)

    def set(self, node: onnx.NodeProto, value: Expression) -> None:
        """Make `value` the output of a node; one that is read more than once is stored."""
        name = node.output[0]
        if isinstance(value, Affine) and len(self.readers.get(name, [])) > 1:
            value = self.store(name, value)
        self.tensors[name] = value

    def nonnegative(self, view: View) -> bool:
        """Whether no stored value of it is below 0."""
        return all(self.lowest[name] >= 0 for name in view.sources)

    def network(self, name: str) -> RealNetwork:
        """The finished network: its output a layer of planes 1x1, only what it needs.

        Raises ModelRefused if the output is not a vector of scores.
        """
        found = self.tensors.get(self.output)
        if found is None:
            raise ModelRefused(f"output {self.output!r} is not computed from the input")
        if isinstance(found, Affine) or not self._is_layer(found):
            affine = found if isinstance(found, Affine) else identity(found)
            found = self.store(self.output, affine)
        if found.shape[1:] != (1, 1):
            raise ModelRefused(
                f"output {self.output!r} has shape {list(found.shape)}: expected one vector of "
                "scores; end the model with a dense layer or a global average"
            )
        layers = _needed(self.layers, found.sources[0])
        return RealNetwork(name, self.input_name, self.input_shape, layers, found.sources[0])

    def _is_layer(self, view: View) -> bool:
        return view.plain and len(view.sources) == 1 and view.sources[0] != self.input_name


Rule = Callable[[Assembly, onnx.NodeProto], Expression]


def _needed(layers: list[RealLayer], output: str) -> tuple[RealLayer, ...]:
    wanted, kept = Counter([output]), []
    for layer in reversed(layers):
        if wanted[layer.name]:
            kept.append(layer)
            wanted.update(name for term in layer.terms for name in term.sources)
    return tuple(kept[::-1])


def attempt(node: onnx.NodeProto, make: Callable[[], Affine]) -> Affine:
    """What `make` gives; its ValueError becomes the refusal of the node."""
    try:
        return make()
    except ValueError as error:
        raise refuse(node, str(error)) from error


def constant(assembly: Assembly, node: onnx.NodeProto, index: int) -> Reals | None:
    """The constant at an input as float64; None where it is absent or computed."""
    found = constant_input(assembly.builder, node, index)
    return None if found is None else np.asarray(found, dtype=np.float64)


def absent(node: onnx.NodeProto, index: int) -> bool:
    """Whether the node has no input at `index`."""
    return index >= len(node.input) or not node.input[index]
