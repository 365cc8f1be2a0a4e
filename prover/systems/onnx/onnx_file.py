"""Reads an ONNX file, checks it and rewrites it to the few operators a circuit is made of."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from onnx import numpy_helper, shape_inference
from onnx.inliner import inline_local_functions

from prover.base.errors import ModelRefused, UsageError
from prover.base.units import MIB
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.graph import refuse, static_shape
from prover.systems.onnx.lowering.graph import CONTROL_FLOW, lower
from prover.systems.onnx.opset import converted

MAX_OPSET = 17
MAX_BYTES = 256 * MIB
CANONICAL_OPSET = 13
CANONICAL_IR = 8
SEED = 20_221_015
REWRITE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ImportedModel:
    """A checked model in canonical form.

    `proto` computes the same function as the file, in operators of `lowering.CANONICAL`;
    `content` is the file and `sha256` its hash. Shapes include the batch dimension,
    which is 1; `classes` counts the outputs.
    """

    path: Path
    content: bytes
    proto: onnx.ModelProto
    sha256: str
    input_name: str
    input_shape: tuple[int, ...]
    output_name: str
    output_shape: tuple[int, ...]
    opset: int
    operators: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def elements(self) -> int:
        """Values of one input item."""
        return int(np.prod(self.input_shape))

    @property
    def classes(self) -> int:
        """Values of one output."""
        return int(np.prod(self.output_shape))


@dataclass(frozen=True)
class Original:
    """A checked model as its file has it: inlined, of a known opset, batch 1, shapes inferred.

    `input_shape` includes the batch dimension, which is 1.
    """

    path: Path
    content: bytes
    proto: onnx.ModelProto
    opset: int
    notes: tuple[str, ...]
    input_name: str
    input_shape: tuple[int, ...]
    output_name: str

    @property
    def sha256(self) -> str:
        """Hash of the file, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def read_original(path: Path) -> Original:
    """Read and check an ONNX file of one input and one output, without rewriting it.

    Raises UsageError if there is no such file, ModelRefused if it is not a valid model.
    """
    data = _read(path)
    proto, opset, notes = _prepared(_parse(data, path), path)
    source, result = _single_input(proto), _single_output(proto)
    return Original(path, data, proto, opset, notes, source.name, _known(source), result.name)


def load(path: Path) -> ImportedModel:
    """Read, check and rewrite an ONNX file.

    Raises UsageError if there is no such file, ModelRefused (naming the node where there is one)
    if it is not a model that can be put in a circuit.
    """
    original = read_original(path)
    lowered, extra = lower(original.proto, original.input_name, original.output_name)
    proto = onnx.helper.make_model(
        lowered,
        opset_imports=[onnx.helper.make_opsetid("", CANONICAL_OPSET)],
        ir_version=CANONICAL_IR,
        producer_name="zkescrow",
    )
    onnx.checker.check_model(proto, full_check=True)
    _check_same(original.proto, proto, original.input_shape)
    output = proto.graph.output[0]
    return ImportedModel(
        path,
        original.content,
        proto,
        original.sha256,
        proto.graph.input[0].name,
        original.input_shape,
        output.name,
        _known(output),
        original.opset,
        tuple(node.op_type for node in proto.graph.node),
        (*original.notes, *extra),
    )


def check_self_contained(path: Path) -> onnx.ModelProto:
    """The ONNX file, parsed, if all of it is in it. Raises UsageError or ModelRefused.

    For files that another program reads as well: a tensor kept elsewhere would be read from there.
    """
    model = _parse(_read(path), path)
    _refuse_external(model, path)
    return model


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UsageError(f"cannot read the model {path}: {error.strerror}") from error
    if not path.is_file() or size > MAX_BYTES:
        raise UsageError(f"{path} has {size} bytes: expected a plain file of at most {MAX_BYTES}")
    return path.read_bytes()


def _parse(data: bytes, path: Path) -> onnx.ModelProto:
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelRefused(
            f"{path} is not an ONNX model, or is cut short ({len(data)} bytes): export it again"
        ) from error
    if not model.graph.node:
        raise ModelRefused(f"{path} holds no ONNX graph with nodes: export it again")
    return model


def _prepared(model: onnx.ModelProto, path: Path) -> tuple[onnx.ModelProto, int, tuple[str, ...]]:
    """The model inlined, of a known opset and batch 1; the opset of the file; notes."""
    _refuse_external(model, path)
    _check_supported(model, path)
    opset = _opset(model)
    notes = []
    try:
        model = inline_local_functions(model) if model.functions else model
        if opset > MAX_OPSET:
            model = converted(model, MAX_OPSET)
            notes.append(f"converted from opset {opset} to {MAX_OPSET}")
        if _fix_batch(model):
            notes.append("batch dimension fixed to 1")
        model = shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True, data_prop=True
        )
        onnx.checker.check_model(model)
    except ModelRefused:
        raise
    except Exception as error:  # the onnx library raises many kinds, C++ ones among them
        raise ModelRefused(f"{path} is not a valid ONNX model: {_first_line(error)}") from error
    return model, opset, tuple(notes)


def _check_supported(model: onnx.ModelProto, path: Path) -> None:
    for node in model.graph.node:
        if node.op_type in CONTROL_FLOW:
            raise refuse(node, "control flow cannot be put in a circuit: export without it")
    if model.graph.sparse_initializer:
        raise ModelRefused(f"{path} has sparse weights: export them as dense tensors")
    for tensor in model.graph.initializer:
        _check_finite(tensor)


def _refuse_external(model: onnx.ModelProto, path: Path) -> None:
    """Wherever a tensor may stand: weights, constants, attributes of any node, subgraphs."""
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise ModelRefused(
                f"weight {tensor.name!r} is stored outside {path.name}: export all in one file"
            )


def _tensors(message: Message) -> Iterator[onnx.TensorProto]:
    """Every tensor in a message, however deep, without recursion: a stranger chose the depth."""
    waiting = [message]
    while waiting:
        one = waiting.pop()
        if isinstance(one, onnx.TensorProto):
            yield one
            continue
        for field, value in one.ListFields():
            if field.message_type is not None:
                waiting.extend([value] if isinstance(value, Message) else value)


def _check_finite(tensor: onnx.TensorProto) -> None:
    try:
        values = numpy_helper.to_array(tensor)
    except (ValueError, TypeError) as error:
        raise ModelRefused(
            f"weight {tensor.name!r} cannot be read: {_first_line(error)}"
        ) from error
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ModelRefused(
            f"weight {tensor.name!r} holds NaN or infinity: train or export it again"
        )


def _opset(model: onnx.ModelProto) -> int:
    domains = {item.domain: item.version for item in model.opset_import}
    foreign = sorted({n.domain for n in model.graph.node} - {"", "ai.onnx"} - _local(model))
    if foreign:
        raise ModelRefused(
            f"operators of domain {foreign[0]!r} are not supported: expected only standard ONNX"
        )
    version = domains.get("", domains.get("ai.onnx"))
    if version is None:
        raise ModelRefused(
            "the model names no opset: expected one of standard ONNX operators; export it again"
        )
    return int(version)


def _local(model: onnx.ModelProto) -> set[str]:
    return {function.domain for function in model.functions}


def _fix_batch(model: onnx.ModelProto) -> bool:
    """Set a symbolic first dimension of the input and outputs to 1; True if there was one."""
    source = _single_input(model)
    dims = source.type.tensor_type.shape.dim
    if not dims or (dims[0].HasField("dim_value") and dims[0].dim_value > 0):
        return False
    dims[0].dim_value = 1
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    return True


def _single_input(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs: list[onnx.ValueInfoProto] = [
        value for value in model.graph.input if value.name not in weights
    ]
    if len(inputs) != 1:
        names = [value.name for value in inputs]
        raise ModelRefused(f"the model has {len(inputs)} inputs {names}: expected exactly 1")
    if inputs[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        kind = onnx.TensorProto.DataType.Name(inputs[0].type.tensor_type.elem_type)
        raise ModelRefused(f"input {inputs[0].name!r} is {kind}: expected only FLOAT")
    return inputs[0]


def _single_output(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    outputs: list[onnx.ValueInfoProto] = list(model.graph.output)
    if len(outputs) != 1:
        names = [value.name for value in outputs]
        raise ModelRefused(f"the model has {len(outputs)} outputs {names}: expected exactly 1")
    return outputs[0]


def _known(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    shape = static_shape(value)
    known = tuple(size for size in shape if size is not None)
    if len(known) != len(shape) or not shape or known[0] != 1:
        found = ["?" if size is None else size for size in shape]
        raise ModelRefused(
            f"tensor {value.name!r} has shape {found}: expected fixed dimensions, the first "
            "(batch) 1; export with a static batch of 1"
        )
    return known


def _check_same(original: onnx.ModelProto, proto: onnx.ModelProto, shape: Sequence[int]) -> None:
    """Compare the rewritten model with the original on random inputs in [-1, 1]."""
    samples = np.random.default_rng(SEED).uniform(-1, 1, (4, *shape)).astype(np.float32)
    expected, found = outputs_of(original, samples), outputs_of(proto, samples)
    if not np.isfinite(expected).all():
        raise ModelRefused("the model gives NaN or infinity on inputs between -1 and 1")
    allowed = REWRITE_TOLERANCE * max(1.0, float(np.abs(expected).max()))
    worst = float(np.abs(expected - found).max())
    if worst > allowed:
        raise ModelRefused(
            f"the model rewritten for a circuit differs by {worst:.3g} from the original: expected "
            f"at most {allowed:.3g}; an operator is used in a way that is not supported"
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
