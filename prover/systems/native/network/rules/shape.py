"""Views of tensors: what changes a shape alone, or nothing."""

from dataclasses import replace
from math import prod

import onnx

from prover.systems.native.network.assembly import Assembly, absent, constant
from prover.systems.native.network.expressions import Expression, View
from prover.systems.onnx.graph import attribute, refuse
from prover.systems.onnx.lowering.shape import constant_input


def alias(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """The tensor itself."""
    return assembly.expression(node)


def dropout(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Inference leaves the tensor as it is; a graph exported for training is refused."""
    training = constant(assembly, node, 2)
    if training is not None and training.any():
        raise refuse(node, "it is exported in training mode: export the model for inference")
    return assembly.expression(node)


def cast(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Only float32 to float32."""
    if attribute(node, "to", 0) != onnx.TensorProto.FLOAT:
        raise refuse(node, "it casts to another type: expected only FLOAT")
    return assembly.expression(node)


def reshape(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Flatten, Reshape, Squeeze, Unsqueeze: planes to a vector, and a vector to its planes.

    The model's input may be given any shape [1, c, h, w].
    """
    found = assembly.expression(node)
    shape = _target(assembly, node, (1, prod(found.shape)) if found.flat else (1, *found.shape))
    if prod(shape) != prod(found.shape):
        raise refuse(
            node, f"its shape is {list(shape)}: expected a fixed one of {prod(found.shape)} values"
        )
    if isinstance(found, View) and any(found.pads):
        raise refuse(node, "its input is padded: expected a convolution or pooling after padding")
    if len(shape) == 2 and shape[0] == 1:
        return replace(found, flat=True)
    if shape == (1, *found.shape):
        return replace(found, flat=False)
    if isinstance(found, View) and found.sources == (assembly.input_name,) and len(shape) == 4:
        return _input_planes(assembly, node, (shape[1], shape[2], shape[3]))
    raise refuse(
        node,
        f"{list(found.shape)} to {list(shape)}: expected only flattening to [1, n], and back",
    )


def _target(assembly: Assembly, node: onnx.NodeProto, old: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that the node gives; () if it is not known."""
    if node.op_type == "Flatten":
        axis = int(attribute(node, "axis", 1))
        axis += len(old) if axis < 0 else 0
        return prod(old[:axis]), prod(old[axis:])
    asked = constant_input(assembly.builder, node, 1)
    if node.op_type != "Reshape" or asked is None:
        return assembly.builder.shapes.get(node.output[0], ())
    keep = not attribute(node, "allowzero", 0)
    sizes = [
        old[i] if size == 0 and keep and i < len(old) else int(size) for i, size in enumerate(asked)
    ]
    rest = prod(old) // max(1, prod(size for size in sizes if size != -1))
    return tuple(rest if size == -1 else size for size in sizes)


def _input_planes(
    assembly: Assembly, node: onnx.NodeProto, shape: tuple[int, int, int]
) -> Expression:
    if len(assembly.readers[assembly.input_name]) > 1:
        raise refuse(
            node,
            "the input is read in two shapes: expected one; reshape it before its first reader",
        )
    assembly.input_shape = shape
    return View((assembly.input_name,), shape)


def pad(assembly: Assembly, node: onnx.NodeProto) -> Expression:
    """Zeros around planes, taken over by the convolution or pooling that follows."""
    view, amounts = assembly.view(node), constant(assembly, node, 1)
    value = constant(assembly, node, 2)
    zeros = absent(node, 3) and (value is None or not value.any())
    mode = attribute(node, "mode", "constant")
    if amounts is None or mode != "constant" or not zeros:
        raise refuse(node, f"mode {mode!r}: expected only constant zeros on all axes")
    pads = [int(amount) for amount in amounts]
    if len(pads) != 8 or min(pads) < 0 or any(pads[i] for i in (0, 1, 4, 5)) or view.pooled:
        raise refuse(
            node, f"padding {pads}: expected 0 or more, of height and width of planes only"
        )
    top, left, bottom, right = view.pads
    return replace(view, pads=(top + pads[2], left + pads[3], bottom + pads[6], right + pads[7]))
