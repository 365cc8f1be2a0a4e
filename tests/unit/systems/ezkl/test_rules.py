"""Settings that break a rule are refused, each for its own reason."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from prover.base.errors import ModelRefused, UnsoundCircuit
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.ezkl.rules import canonical_settings, check_settings
from tests.conftest import PLAIN, PLANS, Proven

Get = Callable[[str], Proven]


@pytest.fixture
def settings(proven: Get) -> dict[str, Any]:
    return dict(json.loads(Path(proven("plain").artifacts.path("settings.json")).read_text()))


@pytest.mark.parametrize("name", PLANS)
def test_settings_that_we_make_keep_every_rule(proven: Get, name: str) -> None:
    check_settings(json.loads(Path(proven(name).artifacts.path("settings.json")).read_text()))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("version", "23.0.4", "ezkl version"),
        ("run_args.disable_freivalds", False, "disable_freivalds"),
        ("run_args.disable_freivalds", 1, "disable_freivalds"),
        ("einsum_params.total_einsum_col_size", 12, "total_einsum_col_size"),
        ("run_args.param_visibility", "Private", "param_visibility"),
        ("run_args.param_visibility", "Public", "param_visibility"),
        (
            "run_args.param_visibility",
            {"Hashed": {"hash_is_public": False, "outlets": []}},
            "param_visibility",
        ),
        (
            "run_args.param_visibility",
            {"Hashed": {"hash_is_public": True, "outlets": [0]}},
            "param_visibility",
        ),
        ("run_args.param_visibility", "KZGCommit", "param_visibility"),
        ("run_args.input_visibility", "Private", "input_visibility"),
        ("run_args.input_visibility", "Fixed", "input_visibility"),
        ("run_args.output_visibility", "Private", "output_visibility"),
        ("run_args.ignore_range_check_inputs_outputs", True, "ignore_range_check"),
        ("module_sizes.polycommit", [4], "polycommit"),
        ("required_range_checks", [[0, 255], [-1, 1]], "required_range_checks"),
        ("required_lookups", [{"Tanh": 2}, {"Sigmoid": 1}], "required_lookups"),
    ],
)
def test_a_broken_rule_is_named(
    settings: dict[str, Any], path: str, value: object, named: str
) -> None:
    check_settings(settings)
    broken = copy.deepcopy(settings)
    *parents, last = path.split(".")
    place = broken
    for parent in parents:
        place = place[parent]
    assert place[last] != value or type(place[last]) is not type(value)
    place[last] = value
    with pytest.raises(UnsoundCircuit, match=named):
        check_settings(broken)


def test_the_order_that_ezkl_chose_does_not_matter(settings: dict[str, Any]) -> None:
    shuffled = copy.deepcopy(settings)
    shuffled["required_range_checks"].reverse()
    shuffled["einsum_params"]["equations"].reverse()
    shuffled["timestamp"] = 1_700_000_000
    assert canonical_settings(shuffled) == canonical_settings(settings) == settings
    lookups = [{"Sigmoid": 1}, {"Tanh": 2}]
    for order in (lookups, lookups[::-1]):
        given = settings | {"required_lookups": order}
        assert canonical_settings(given)["required_lookups"] == lookups


def test_a_product_that_ezkl_would_only_spot_check_is_recognised(tmp_path: Path) -> None:
    """A MatMul with two free axes gets Freivalds columns by default; our run arguments stop it."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [8, 8])],
        [numpy_helper.from_array(np.eye(8, dtype=np.float32), "weights")],
    )
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    ours = PLAIN.run_args()
    check_settings(EzklCircuits().gen_settings(model, ours))
    checked = EzklCircuits().gen_settings(model, ours | {"disable_freivalds": False})
    assert checked["einsum_params"]["total_einsum_col_size"] > 0
    checked["run_args"]["disable_freivalds"] = True
    with pytest.raises(UnsoundCircuit, match="total_einsum_col_size"):
        check_settings(checked)


def test_a_model_that_ezkl_does_not_take_is_refused() -> None:
    with pytest.raises(ModelRefused, match="ezkl makes no circuit"):
        EzklCircuits().gen_settings(b"not an ONNX model", PLAIN.run_args())
