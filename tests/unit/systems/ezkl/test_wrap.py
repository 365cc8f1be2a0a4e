"""The graph to prove: the network per item, and a context that nothing depends on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from prover.base.errors import ModelRefused
from prover.systems.ezkl.planner.wrap import CONTEXT, check_context_isolated, wrap
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import ImportedModel, load
from tests.unit.systems.ezkl.zoo import NETS


@dataclass(frozen=True)
class Shape:
    items: int = 2
    salt_elements: int = 3
    context_limbs: int = 4


@pytest.fixture
def model(tmp_path: Path) -> ImportedModel:
    return load(NETS["conv_relu6"]().save(tmp_path / "net.onnx"))


@pytest.mark.parametrize("items", [1, 3])
@pytest.mark.parametrize("salt", [0, 5])
def test_items_give_the_networks_outputs_and_the_context_itself(
    model: ImportedModel, items: int, salt: int
) -> None:
    random = np.random.default_rng(2)
    samples = random.uniform(0, 1, (items, *model.input_shape)).astype(np.float32)
    feed = {
        f"item_{i}": np.concatenate([samples[i].ravel(), random.uniform(0, 99, salt)])[
            np.newaxis
        ].astype(np.float32)
        for i in range(items)
    }
    context = np.array([[5, 0, 2**29, 1]], dtype=np.int64)
    wrapped = wrap(model, Shape(items, salt))
    session = onnxruntime.InferenceSession(wrapped.SerializeToString())
    *outputs, echoed = session.run(None, feed | {CONTEXT: context})
    assert (echoed == context).all()
    expected = outputs_of(model.proto, samples)
    np.testing.assert_allclose(np.concatenate(outputs), expected, atol=1e-5)
    assert [output.shape for output in outputs] == [(1, model.classes)] * items


def test_copies_share_the_weights(model: ImportedModel) -> None:
    one, many = wrap(model, Shape(1)), wrap(model, Shape(8))
    assert len(one.graph.initializer) == len(many.graph.initializer)


def test_wrapping_is_deterministic(model: ImportedModel) -> None:
    assert wrap(model, Shape()).SerializeToString() == wrap(model, Shape()).SerializeToString()


def test_wrapped_graph_is_isolated(model: ImportedModel) -> None:
    check_context_isolated(wrap(model, Shape()))


def test_context_that_feeds_the_network_is_refused(model: ImportedModel) -> None:
    wrapped = wrap(model, Shape())
    cast = helper.make_node("Cast", [CONTEXT], ["leak"], "leak", to=onnx.TensorProto.FLOAT)
    wrapped.graph.node.insert(0, cast)
    with pytest.raises(ModelRefused, match=r"the context feeds \['leak \(Cast\)'"):
        check_context_isolated(wrapped)


def test_context_output_that_is_used_again_is_refused(model: ImportedModel) -> None:
    wrapped = wrap(model, Shape())
    wrapped.graph.node.append(helper.make_node("Identity", ["context_out"], ["again"], "again"))
    with pytest.raises(ModelRefused, match="feeds other nodes"):
        check_context_isolated(wrapped)


def test_context_that_is_computed_is_refused(model: ImportedModel) -> None:
    wrapped = wrap(model, Shape())
    wrapped.graph.node[-1].op_type = "Neg"
    with pytest.raises(ModelRefused, match="only its Identity output"):
        check_context_isolated(wrapped)


def test_input_that_is_neither_item_nor_context_is_refused(model: ImportedModel) -> None:
    wrapped = wrap(model, Shape())
    extra = helper.make_tensor_value_info("free", onnx.TensorProto.FLOAT, [1])
    wrapped.graph.input.insert(0, extra)
    with pytest.raises(ModelRefused, match="only items, then the context"):
        check_context_isolated(wrapped)


def test_context_that_is_not_the_last_output_is_refused(model: ImportedModel) -> None:
    wrapped = wrap(model, Shape())
    outputs = list(wrapped.graph.output)
    del wrapped.graph.output[:]
    wrapped.graph.output.extend(outputs[::-1])
    with pytest.raises(ModelRefused, match="last graph output"):
        check_context_isolated(wrapped)
