"""Lowering rules of operators that only move values."""

from collections.abc import Sequence

import numpy as np
import onnx

from prover.systems.onnx.graph import Array, Builder, attribute, refuse


def alias(builder: Builder, node: onnx.NodeProto) -> str:
    """The tensor itself."""
    return builder.resolve(node.input[0])


def dropout(builder: Builder, node: onnx.NodeProto) -> str:
    """Inference leaves the tensor as it is; a graph exported for training is refused."""
    training = constant_input(builder, node, 2)
    if training is not None and bool(training):
        raise refuse(node, "it is exported in training mode: export the model for inference")
    return builder.resolve(node.input[0])


def cast(builder: Builder, node: onnx.NodeProto) -> str:
    """Only float32 to float32."""
    if attribute(node, "to", 0) != onnx.TensorProto.FLOAT:
        raise refuse(node, "it casts to another type: expected only FLOAT")
    return builder.resolve(node.input[0])


def flatten(builder: Builder, node: onnx.NodeProto) -> str:
    """To a matrix, cut at `axis`."""
    shape = builder.shapes[builder.resolve(node.input[0])]
    axis = attribute(node, "axis", 1) % max(len(shape), 1)
    return reshaped(builder, node, (int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))))


def reshape(builder: Builder, node: onnx.NodeProto) -> str:
    """To a constant shape; 0 keeps a dimension, -1 is computed."""
    target = constant_input(builder, node, 1)
    if target is None:
        raise refuse(node, "its shape is computed from the input: expected only constant shapes")
    old = builder.shapes[builder.resolve(node.input[0])]
    keep = not attribute(node, "allowzero", 0)
    sizes = [
        old[i] if size == 0 and keep and i < len(old) else int(size)
        for i, size in enumerate(target)
    ]
    known = int(np.prod([size for size in sizes if size != -1]))
    total = int(np.prod(old))
    return reshaped(builder, node, [total // max(known, 1) if s == -1 else s for s in sizes])


def squeeze(builder: Builder, node: onnx.NodeProto) -> str:
    """Without dimensions of size 1."""
    shape = builder.shapes[builder.resolve(node.input[0])]
    axes = _axes(builder, node, len(shape)) or [i for i, size in enumerate(shape) if size == 1]
    return reshaped(builder, node, [size for i, size in enumerate(shape) if i not in axes])


def unsqueeze(builder: Builder, node: onnx.NodeProto) -> str:
    """With new dimensions of size 1."""
    shape = list(builder.shapes[builder.resolve(node.input[0])])
    raw = attribute(node, "axes", None)
    given = raw if raw is not None else constant_input(builder, node, 1)
    if given is None:
        raise refuse(node, "its axes are computed from the input: expected only constant axes")
    for axis in sorted(int(a) % (len(shape) + len(given)) for a in given):
        shape.insert(axis, 1)
    return reshaped(builder, node, shape)


def transpose(builder: Builder, node: onnx.NodeProto) -> str:
    """With permuted dimensions."""
    source = builder.resolve(node.input[0])
    shape = builder.shapes[source]
    order = [int(a) for a in attribute(node, "perm", list(range(len(shape)))[::-1])]
    return builder.node("Transpose", [source], [shape[a] for a in order], perm=order)


def slices(builder: Builder, node: onnx.NodeProto) -> str:
    """A part with constant bounds and positive steps."""
    source = builder.resolve(node.input[0])
    shape = builder.shapes[source]
    starts, ends = (constant_input(builder, node, i) for i in (1, 2))
    axes, steps = (constant_input(builder, node, i) for i in (3, 4))
    if starts is None or ends is None:
        raise refuse(node, "its bounds are computed: expected only constant bounds")
    axes = np.arange(len(starts)) if axes is None else axes
    steps = np.ones(len(starts), dtype=np.int64) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 1:
            raise refuse(node, f"step {step}: expected only positive steps")
        size = shape[int(axis)]
        begin, stop, _ = slice(int(start), int(end), int(step)).indices(size)
        source = cut(builder, source, int(axis) % len(shape), begin, stop, int(step))
        shape = builder.shapes[source]
    return source


def pad(builder: Builder, node: onnx.NodeProto) -> str:
    """With zeros around."""
    source = builder.resolve(node.input[0])
    pads, value = constant_input(builder, node, 1), constant_input(builder, node, 2)
    mode = attribute(node, "mode", "constant")
    if (
        pads is None
        or len(node.input) > 3
        or mode != "constant"
        or (value is not None and value.any())
    ):
        raise refuse(node, f"mode {mode!r}: expected only constant padding with zeros on all axes")
    return padded(builder, source, [int(p) for p in pads])


def concat(builder: Builder, node: onnx.NodeProto) -> str:
    """Tensors side by side."""
    sources = [builder.resolve(name) for name in node.input]
    shapes = [builder.shapes[name] for name in sources]
    axis = attribute(node, "axis", 0) % len(shapes[0])
    shape = list(shapes[0])
    shape[axis] = sum(s[axis] for s in shapes)
    return builder.node("Concat", sources, shape, axis=axis)


def reshaped(builder: Builder, node: onnx.NodeProto, shape: Sequence[int]) -> str:
    """Add a Reshape of the node's first input unless the shape stays."""
    source = builder.resolve(node.input[0])
    if int(np.prod(shape)) != int(np.prod(builder.shapes[source])):
        raise refuse(
            node,
            f"it reshapes {list(builder.shapes[source])} to {list(shape)}: expected as many values",
        )
    return view(builder, source, shape)


def view(builder: Builder, source: str, shape: Sequence[int]) -> str:
    """Add a Reshape unless the shape stays."""
    if tuple(shape) == builder.shapes[source]:
        return source
    target = builder.constant(np.array(shape, dtype=np.int64), "shape")
    return builder.node("Reshape", [source, target], shape)


def cut(builder: Builder, source: str, axis: int, start: int, stop: int, step: int = 1) -> str:
    """Add a Slice of one axis."""
    shape = list(builder.shapes[source])
    if (start, stop, step) == (0, shape[axis], 1):
        return source
    shape[axis] = len(range(start, stop, step))
    bounds = [builder.constant(np.array([v]), "bound") for v in (start, stop, axis, step)]
    return builder.node("Slice", [source, *bounds], shape)


def padded(builder: Builder, source: str, pads: Sequence[int]) -> str:
    """Add a Pad with zeros; `pads` as in ONNX: all beginnings, then all ends."""
    if not any(pads):
        return source
    old = builder.shapes[source]
    shape = [size + pads[i] + pads[i + len(old)] for i, size in enumerate(old)]
    amounts = builder.constant(np.array(pads, dtype=np.int64), "pads")
    return builder.node("Pad", [source, amounts], shape, mode="constant")


def constant_input(builder: Builder, node: onnx.NodeProto, index: int) -> Array | None:
    """The constant at an input; None where it is absent or computed."""
    if index >= len(node.input) or not node.input[index]:
        return None
    return builder.constants.get(builder.resolve(node.input[index]))


def _axes(builder: Builder, node: onnx.NodeProto, rank: int) -> list[int]:
    raw = attribute(node, "axes", None)
    given = raw if raw is not None else constant_input(builder, node, 1)
    return [] if given is None else [int(axis) % rank for axis in given]
