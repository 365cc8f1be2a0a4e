"""Which operators leave their prover no choice."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from onnx import helper

from prover.systems.ezkl.planner.exactness import is_determined, judge
from prover.systems.ezkl.planner.wrap import wrap
from prover.systems.onnx.onnx_file import load
from tests.unit.systems.ezkl.zoo import NETS


@dataclass(frozen=True)
class Shape:
    items: int = 1
    salt_elements: int = 0
    context_limbs: int = 4


@pytest.mark.parametrize(
    "operator",
    [
        "Input",
        "CONST (scale=5)",
        "EINSUM mk,kn->mn",
        "EINSUM NIHW,OI->NOHW",
        "CONV (stride=[2, 2], padding=[(1, 1), (1, 1)], group=1)",
        "ADD",
        "RESCALED INPUT (ADD)",
        "LEAKYRELU (slope=0)",
        "SIGMOID(scale=128)",
    ],
)
def test_determined_operators(operator: str) -> None:
    assert is_determined(operator)


@pytest.mark.parametrize(
    "operator",
    [
        "REBASED (div=64.0, rebasing_op=DIV (denom=64)) (ADD)",
        "RESCALED INPUT (DIV (denom=3))",
        "LEAKYRELU (slope=0.1)",
        "DIV (denom=64)",
        "MaxPool (padding=[(0, 0)], stride=[2], pool_dims=[2], data_format=NCHW)",
        "REDUCEARGMAX (dim=1)",
        "TOPK (k=1, dim=1, largest=true)",
        "SOFTMAX (input_scale=1, output_scale=1, axes=[1])",
        "RECIP (input_scale=1, output_scale=1, eps=0)",
        "ADD, DIV (denom=2)",
        "Unknown",
        "",
    ],
)
def test_open_and_unknown_operators(operator: str) -> None:
    assert not is_determined(operator)


def rows(*operators: str) -> list[dict[str, object]]:
    return [{"index": i, "operator": operator} for i, operator in enumerate(operators)]


def test_one_open_operator_makes_a_circuit_inexact(tmp_path: Path) -> None:
    network = wrap(load(NETS["mlp"]().save(tmp_path / "net.onnx")), Shape())
    assert judge(rows("Input", "ADD"), network).exact
    verdict = judge(rows("Input", "DIV (denom=2)", "ADD"), network)
    assert verdict.reasons == ("operator DIV (denom=2) at 1 leaves its result open",)
    assert not verdict.exact


def test_context_in_use_makes_a_circuit_inexact(tmp_path: Path) -> None:
    network = wrap(load(NETS["mlp"]().save(tmp_path / "net.onnx")), Shape())
    network.graph.node.append(helper.make_node("Neg", ["context"], ["used"], "used"))
    verdict = judge(rows("Input"), network)
    assert not verdict.exact
    assert "the context feeds" in verdict.reasons[0]


def test_empty_graph_is_not_exact(tmp_path: Path) -> None:
    network = wrap(load(NETS["mlp"]().save(tmp_path / "net.onnx")), Shape())
    assert not judge([], network).exact
