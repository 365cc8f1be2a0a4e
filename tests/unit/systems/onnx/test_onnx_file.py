"""Import: what is refused, and that what is taken computes the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from prover.base.errors import ModelRefused, UsageError
from prover.systems.onnx import onnx_file
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.lowering.graph import CANONICAL
from prover.systems.onnx.onnx_file import check_self_contained, load
from tests.unit.systems.ezkl.zoo import NETS, Net, mlp

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


def refusal(net: Net, tmp_path: Path, opset: int = 13) -> str:
    with pytest.raises(ModelRefused) as error:
        load(net.save(tmp_path / "net.onnx", opset))
    return str(error.value)


@pytest.mark.parametrize("name", sorted(NETS))
def test_taken_model_is_canonical_and_computes_the_same(name: str, tmp_path: Path) -> None:
    path = NETS[name]().save(tmp_path / "net.onnx", 14 if name == "hard_swish" else 13)
    model = load(path)
    assert set(model.operators) <= CANONICAL
    samples = np.random.default_rng(5).uniform(-2, 2, (5, *model.input_shape)).astype(np.float32)
    expected = outputs_of(onnx.load(path), samples)
    np.testing.assert_allclose(outputs_of(model.proto, samples), expected, atol=1e-4, rtol=1e-3)


def test_import_is_deterministic(tmp_path: Path) -> None:
    path = NETS["batch_norm"]().save(tmp_path / "net.onnx")
    first, second = load(path), load(path)
    assert first.proto.SerializeToString() == second.proto.SerializeToString()
    assert first.sha256 == second.sha256
    assert first.content == path.read_bytes()


@pytest.mark.parametrize("file", ["digits-cnn.onnx", "breast-cancer-mlp.onnx"])
def test_shipped_models_are_taken_and_small(file: str) -> None:
    model = load(EXAMPLES / file)
    assert model.input_shape[0] == 1
    assert len(model.content) < 10_000
    assert model.opset <= 17


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the model"):
        load(tmp_path / "none.onnx")
    with pytest.raises(UsageError, match="expected a plain file"):
        load(tmp_path)


@pytest.mark.parametrize("keep", [0, 1, 40, 300, -1])
def test_truncated_file_is_refused(keep: int, tmp_path: Path) -> None:
    data = (EXAMPLES / "digits-cnn.onnx").read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(data[:keep])
    with pytest.raises(ModelRefused, match=r"cut\.onnx"):
        load(path)


def test_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("not a model, just text\n" * 20)
    with pytest.raises(ModelRefused, match="ONNX"):
        load(path)


def test_external_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "external.onnx"
    onnx.save(mlp().model(), path, save_as_external_data=True, size_threshold=0)
    with pytest.raises(ModelRefused, match=r"weight 'w\d' is stored outside external\.onnx"):
        load(path)


def external(name: str = "c") -> onnx.TensorProto:
    """A tensor of one float that stands in c.bin, of which only this much is needed."""
    tensor = onnx.TensorProto(name=name, data_type=onnx.TensorProto.FLOAT, dims=[1])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="c.bin")
    return tensor


def in_a_constant(model: onnx.ModelProto) -> None:
    made = helper.make_node("Constant", [], ["unused"], value=external())
    model.graph.node.insert(0, made)


def in_a_list(model: onnx.ModelProto) -> None:
    made = helper.make_node("Constant", [], ["unused"])
    made.attribute.add(name="value", type=onnx.AttributeProto.TENSORS).tensors.append(external())
    model.graph.node.insert(0, made)


def in_a_sparse_constant(model: onnx.ModelProto) -> None:
    made = helper.make_node("Constant", [], ["unused"])
    sparse = onnx.SparseTensorProto(values=external(), indices=external("i"), dims=[4])
    made.attribute.add(
        name="sparse_value", type=onnx.AttributeProto.SPARSE_TENSOR
    ).sparse_tensor.CopyFrom(sparse)
    model.graph.node.insert(0, made)


def in_a_subgraph(model: onnx.ModelProto) -> None:
    inner = helper.make_node("Constant", [], ["inner"], value=external())
    graph = helper.make_graph([inner], "g", [], [helper.make_empty_tensor_value_info("inner")])
    model.graph.node.insert(0, helper.make_node("Loop", ["", ""], ["unused"], body=graph))


def in_a_function(model: onnx.ModelProto) -> None:
    inner = helper.make_node("Constant", [], ["y"], value=external())
    opsets = [helper.make_opsetid("", 13)]
    model.functions.append(helper.make_function("own", "f", [], ["y"], [inner], opsets))


def half_said(model: onnx.ModelProto) -> None:
    """The place without the mark: some readers go by the one, some by the other."""
    tensor = model.graph.initializer[0]
    tensor.external_data.add(key="location", value="c.bin")


@pytest.mark.parametrize(
    "place",
    [in_a_constant, in_a_list, in_a_sparse_constant, in_a_subgraph, in_a_function, half_said],
)
def test_external_data_is_refused_wherever_it_stands(
    place: Callable[[onnx.ModelProto], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where a fitting file is in the current folder, from where readers would take it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.bin").write_bytes(b"\0\0\x80?")
    path = tmp_path / "model.onnx"
    model = mlp().model()
    place(model)
    path.write_bytes(model.SerializeToString())
    for reader in (load, check_self_contained):
        with pytest.raises(ModelRefused, match=r"is stored outside model\.onnx"):
            reader(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(value: float, tmp_path: Path) -> None:
    net = mlp()
    net.weights[0] = onnx.numpy_helper.from_array(np.full((12, 8), value, np.float32), "w0")
    assert "weight 'w0' holds NaN or infinity" in refusal(net, tmp_path)


def test_symbolic_batch_is_fixed_to_one_and_said(tmp_path: Path) -> None:
    model = mlp().model()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(model, tmp_path / "net.onnx")
    taken = load(tmp_path / "net.onnx")
    assert taken.input_shape == (1, 12)
    assert "batch dimension fixed to 1" in taken.notes


def test_other_symbolic_dimensions_are_refused(tmp_path: Path) -> None:
    model = NETS["conv_relu6"]().model()
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelRefused, match=r"\[1, 1, '\?', 8\]|shape|[Ii]nfer"):
        load(tmp_path / "net.onnx")


def test_batch_other_than_one_is_refused(tmp_path: Path) -> None:
    net = Net((4, 6)).dense(6, 2)
    assert "the first (batch) 1" in refusal(net, tmp_path)


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    model = mlp().model()
    model.graph.input.append(helper.make_tensor_value_info("second", TensorProto.FLOAT, [1]))
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelRefused, match=r"2 inputs \['input', 'second'\]: expected exactly 1"):
        load(tmp_path / "net.onnx")


def test_two_outputs_are_refused(tmp_path: Path) -> None:
    model = mlp().model()
    model.graph.output.append(helper.make_tensor_value_info("relu1", TensorProto.FLOAT, [1, 8]))
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelRefused, match="2 outputs"):
        load(tmp_path / "net.onnx")


def test_integer_input_is_refused(tmp_path: Path) -> None:
    model = mlp().model()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelRefused, match="is DOUBLE: expected only FLOAT"):
        load(tmp_path / "net.onnx")


def test_newer_opset_is_converted_and_said(tmp_path: Path) -> None:
    model = load(mlp().save(tmp_path / "net.onnx", 18))
    assert model.opset == 18
    assert "converted from opset 18 to 17" in model.notes


def test_foreign_operators_are_refused(tmp_path: Path) -> None:
    model = mlp().model()
    model.graph.node[1].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelRefused, match=r"domain 'com\.example'"):
        load(tmp_path / "net.onnx")


def test_control_flow_is_refused_by_name(tmp_path: Path) -> None:
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value_float=1.0)],
        "branch",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, None)],
    )
    net = Net((1, 4))
    net.apply("If", [net.constant(True, bool)], then_branch=branch, else_branch=branch)
    assert "node 'if0' (If): control flow" in refusal(net, tmp_path)


def two_by_two(**attributes: object) -> Net:
    return Net((1, 1, 6, 6)).then("MaxPool", kernel_shape=[2, 2], **attributes)


REFUSED = {
    "dilated": (lambda: Net((1, 1, 9, 9)).conv(1, 2, dilations=[2, 2]), "conv0", "dilations"),
    "softmax": (lambda: mlp().then("Softmax", axis=1), "softmax5", "leave it out"),
    "argmax": (lambda: mlp().then("ArgMax", axis=1), "argmax5", "the proof gives the scores"),
    "unknown": (lambda: mlp().then("Exp"), "exp5", "not supported"),
    "product": (
        lambda: Net((1, 4)).apply("MatMul", ["input", "input"]),
        "matmul0",
        "constant matrix",
    ),
    "padded maximum": (lambda: two_by_two(pads=[1, 1, 1, 1]), "maxpool0", "padding"),
    "ceiling": (lambda: two_by_two(strides=[3, 3], ceil_mode=1), "maxpool0", "ceil_mode"),
    "padded mean": (
        lambda: Net((1, 1, 6, 6)).then("AveragePool", kernel_shape=[2, 2], pads=[1, 1, 1, 1]),
        "averagepool0",
        "left out of the mean",
    ),
    "mean of channels": (
        lambda: Net((1, 3, 4, 4)).then("ReduceMean", axes=[1]),
        "reducemean0",
        "spatial axes",
    ),
    "computed divisor": (
        lambda: mlp().apply("Div", ["relu1", "relu1"]),
        "div5",
        "division by a constant",
    ),
    "reflection": (
        lambda: Net((1, 1, 4, 4)).then("Pad", mode="reflect"),
        "pad0",
        "padding with zeros",
    ),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_refusal_names_the_node_and_the_reason(case: str, tmp_path: Path) -> None:
    make, node, reason = REFUSED[case]
    net = make()
    if case == "reflection":
        net = Net((1, 1, 4, 4))
        net.then("Pad", net.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64), mode="reflect")
    if case == "product":
        net = Net((1, 4))
        net.then("Transpose", perm=[1, 0]).apply("MatMul", ["input", net.last])
        node = "matmul1"
    message = refusal(net, tmp_path)
    assert f"node '{node}'" in message
    assert reason in message


def test_division_by_zero_is_refused(tmp_path: Path) -> None:
    net = mlp()
    net.then("Div", net.constant([1.0, 0.0, 1.0]))
    assert "divides by zero" in refusal(net, tmp_path)


def test_padded_maximum_after_relu_is_taken(tmp_path: Path) -> None:
    net = Net((1, 1, 6, 6)).then("Relu")
    net.then("MaxPool", kernel_shape=[2, 2], pads=[1, 1, 1, 1], strides=[2, 2])
    assert load(net.save(tmp_path / "net.onnx")).output_shape == (1, 1, 4, 4)


def test_convolution_without_strides_gets_explicit_ones(tmp_path: Path) -> None:
    net = Net((1, 1, 6, 6))
    net.then("Conv", net.weight(2, 1, 3, 3), auto_pad="SAME_UPPER")
    node = load(net.save(tmp_path / "net.onnx")).proto.graph.node[0]
    attributes = {a.name: list(a.ints) for a in node.attribute if a.ints}
    assert attributes["strides"] == [1, 1]
    assert attributes["pads"] == [1, 1, 1, 1]


def test_no_factor_of_a_single_element_is_left(tmp_path: Path) -> None:
    """A single power of two would change the circuit's scales with the weights (hidden weights)."""
    model = load(NETS["scaled_input"]().save(tmp_path / "net.onnx"))
    factors = {n.input[1] for n in model.proto.graph.node if n.op_type == "Mul"}
    sizes = [np.prod(t.dims) for t in model.proto.graph.initializer if t.name in factors]
    assert sizes
    assert min(sizes) > 1


def test_a_rewritten_model_that_differs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "outputs_of", lambda model, _: np.float32(len(model.graph.node)))
    said = refusal(NETS["scaled_input"](), tmp_path)
    assert "differs by 2 from the original: expected at most 0.005; an operator" in said
