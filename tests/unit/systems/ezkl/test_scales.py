"""What is assumed of ezkl's scales, against its own table and its witnesses at the corners."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prover.base.errors import ModelRefused
from prover.systems.ezkl.arithmetic.ranges import evaluate
from prover.systems.ezkl.arithmetic.scales import scales_of
from prover.systems.ezkl.arithmetic.tensors import Bounds, quantise
from prover.systems.ezkl.planner import trial
from prover.systems.ezkl.planner.check import check_plan
from prover.systems.ezkl.planner.corners import corners, predicted
from prover.systems.ezkl.planner.exactness import judge
from prover.systems.ezkl.planner.plan import Constraints, Plan
from prover.systems.ezkl.planner.search import find_plan
from prover.systems.ezkl.planner.skeleton import skeleton
from prover.systems.ezkl.planner.table import scale_differences
from prover.systems.ezkl.planner.wrap import wrap
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.onnx.calibration import Calibration
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.lowering import graph as lowering
from prover.systems.onnx.onnx_file import ImportedModel, load
from tests.unit.systems.ezkl.test_ranges import PLAN
from tests.unit.systems.ezkl.ties import TIES, capped
from tests.unit.systems.ezkl.zoo import NETS, Net

ALL = NETS | TIES
NAMED = ("clip", "same_offset_twice", "different_offsets", "tied_layers", "relu_cap_difference")


def taken(net: Net, tmp_path: Path) -> ImportedModel:
    return load(net.save(tmp_path / "net.onnx", 14))


def plan_for(items: int) -> Plan:
    return replace(PLAN, items=items, input_min=-32, input_max=32, decomp_base=1 << 17)


def table(network: onnx.ModelProto, plan: Plan) -> list[dict[str, Any]]:
    return EzklCircuits().table(network.SerializeToString(), plan.run_args())


def require_alike(model: ImportedModel, plan: Plan) -> None:
    """Every scale is the table's, and every witness at a corner is what was predicted."""
    network = wrap(model, plan)
    content, engine = network.SerializeToString(), EzklCircuits()
    rows = engine.table(content, plan.run_args())
    assert scale_differences(rows, network, plan.quantisation) == ()
    assert judge(rows, network).exact or plan.scale_rebase_multiplier == 1
    inputs = corners(model, plan, 12)
    lines = inputs.reshape(len(inputs), -1).astype(int).tolist()
    batches = [[line] * plan.items + [[1] * plan.context_limbs] for line in lines]
    made = engine.gen_settings(content, plan.run_args())
    found = [witness["outputs"] for witness in engine.witnesses(content, made, batches)]
    expected = predicted(model, plan, inputs).astype(int).tolist()
    assert [rows[:-1] for rows in found] == [[row] * plan.items for row in expected]


@pytest.mark.parametrize("name", sorted(ALL))
def test_scales_are_the_tables_and_corners_are_predicted(name: str, tmp_path: Path) -> None:
    require_alike(taken(ALL[name](), tmp_path), plan_for(1))


@pytest.mark.parametrize("name", [*NAMED, "tied_convolutions", "strided_pointwise", "max_pool"])
def test_batches_are_predicted_too(name: str, tmp_path: Path) -> None:
    require_alike(taken(ALL[name](), tmp_path), plan_for(2))


@pytest.mark.parametrize(
    "name",
    ["concat", "pointwise_after_concat", "joined_twice", "joined_means", "clip", "hard_swish"],
)
def test_rescaled_circuits_are_predicted_too(name: str, tmp_path: Path) -> None:
    """A map of what was joined is rounded part by part."""
    model = taken(ALL[name](), tmp_path)
    for scales in ((8, 5), (5, 8)):
        plan = replace(plan_for(1), input_scale=scales[0], param_scale=scales[1])
        require_alike(model, replace(plan, scale_rebase_multiplier=1))


@pytest.mark.parametrize("name", sorted(TIES))
def test_hidden_weights_leave_the_circuit_as_it_is(name: str, tmp_path: Path) -> None:
    """Values that meet or fold away must not show in the graph that others rebuild."""
    plan = replace(plan_for(1), weights="hashed")
    network = wrap(taken(TIES[name](), tmp_path), plan)
    ours, public = table(network, plan), table(skeleton(network), plan)
    assert ours == public


@pytest.mark.parametrize("name", NAMED)
def test_constants_that_meet_do_not_cost_exactness(name: str, tmp_path: Path) -> None:
    model = taken(TIES[name](), tmp_path)
    values = np.random.default_rng(4).uniform(-1, 1, (24, *model.input_shape)).astype(np.float32)
    plan = find_plan(model, Calibration(values, None), Constraints(), EzklCircuits()).plan
    assert plan.exact
    check_plan(model, plan)
    require_alike(model, plan)


@settings(max_examples=40)
@given(name=st.sampled_from(sorted(ALL)), rebase=st.sampled_from([1, 10]), items=st.integers(1, 2))
def test_evaluation_has_the_scales_that_are_compared(
    name: str, rebase: int, items: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = taken(ALL[name](), tmp_path_factory.mktemp("net"))
    plan = replace(plan_for(items), scale_rebase_multiplier=rebase)
    network = wrap(model, plan)
    inputs = {value.name: 5 for value in network.graph.input}
    wrapped = scales_of(network.graph, plan.quantisation, inputs).tensors
    point = Bounds.point(np.zeros((1, *model.input_shape)), 5)
    outputs, _ = evaluate(model.proto, point, plan.quantisation)
    assert {wrapped[f"output_{item}"] for item in range(items)} == {outputs.scale}


@st.composite
def nets_of_few_constants(draw: st.DrawFn) -> Net:
    """Random nets that take every constant from a pool of two or three values."""
    net = Net((1, 4), seed=draw(st.integers(0, 2**32 - 1)))
    pool = draw(st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0, -0.3]), min_size=1, max_size=3))
    value = st.sampled_from(pool)
    shape = st.sampled_from([(), (1,), (4,), (1, 4)])
    weight, bias = net.weight(4, 4), net.weight(4, spread=0.3)
    shared = [net.constant(np.full(draw(shape), draw(value))) for _ in range(2)]
    for _ in range(draw(st.integers(2, 5))):
        constant = draw(st.sampled_from([*shared, ""]))
        constant = constant or net.constant(np.full(draw(shape), draw(value)))
        step = draw(st.sampled_from(["Add", "Sub", "Mul", "Max", "Min", "Cap", "Gemm", "Less"]))
        if step == "Cap":
            net.then("Clip", net.constant(0.0), net.constant(abs(draw(value)) + 0.1))
        elif step == "Gemm":
            net.then("Gemm", weight, bias).then("Relu")
        elif step == "Less":
            net.apply("Sub", [constant, net.last])
        else:
            net.then(step, constant)
    return net.then("Gemm", weight, bias)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    net=nets_of_few_constants(),
    items=st.sampled_from([1, 1, 2]),
    scales=st.tuples(st.integers(3, 7), st.integers(3, 7)),
)
def test_random_nets_of_few_constants_are_predicted(
    net: Net, items: int, scales: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan = replace(plan_for(items), input_scale=scales[0], param_scale=scales[1])
    plan = replace(plan, scale_rebase_multiplier=20)
    require_alike(taken(net, tmp_path_factory.mktemp("net")), plan)


def unsettled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower as before constants were kept apart."""
    monkeypatch.setattr(lowering, "settle", lambda _, output: output)


def low_calibration(model: ImportedModel) -> Calibration:
    """Samples that never reach a cap of 0.7 behind a domain that does."""
    values = np.random.default_rng(4).uniform(0, 0.05, (24, *model.input_shape))
    return Calibration(values.astype(np.float32), None)


def planned(model: ImportedModel) -> Plan:
    wanted = Constraints(domain=(-1.0, 1.0), exact_required=True)
    return find_plan(model, low_calibration(model), wanted, EzklCircuits()).plan


def confirmed(model: ImportedModel, plan: Plan) -> None:
    calibration = low_calibration(model)
    expected = predicted(model, plan, quantise(calibration.inputs, plan.input_scale))
    trial.confirm(model, plan, EzklCircuits(), calibration, expected, 8)


def test_a_scale_that_is_not_the_tables_refuses_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(taken(capped(0.7), tmp_path))
    unsettled(monkeypatch)
    named = r"node 'sub_\d+@0' was assumed at scale \d+ with a constant at scale \d+, the circuit's"
    with pytest.raises(trial.Mismatch, match=f"other scales than assumed: {named}"):
        confirmed(taken(capped(0.7), tmp_path), plan)
    with pytest.raises(ModelRefused, match=rf"tries: other scales than assumed: {named}"):
        planned(taken(capped(0.7), tmp_path))


def test_a_corner_that_is_not_predicted_refuses_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table aside, witnesses tell: but only at inputs that reach the cap."""
    plan = planned(taken(capped(0.7), tmp_path))
    unsettled(monkeypatch)
    monkeypatch.setattr(trial, "scale_differences", lambda *_: ())
    model = taken(capped(0.7), tmp_path)
    with pytest.raises(trial.Mismatch, match="at a corner of the domain"):
        confirmed(model, plan)
    monkeypatch.setattr(trial, "corners", lambda model, _: np.zeros((1, *model.input_shape)))
    confirmed(model, plan)


def test_calibration_that_never_reaches_the_cap_plans_what_is_proven_beyond(
    tmp_path: Path,
) -> None:
    model = taken(capped(0.7), tmp_path)
    plan = planned(model)
    assert plan.exact
    require_alike(model, plan)
    beyond = predicted(model, plan, corners(model, plan)) / 2.0**plan.output_scale
    inputs = (corners(model, plan) / 2.0**plan.input_scale).astype(np.float32)
    assert np.abs(beyond - outputs_of(model.proto, inputs)).max() < 0.1


@pytest.mark.parametrize("name", ["clip", "relu_cap_difference", "tied_layers", "max_pool"])
def test_corners_drive_every_unit_to_both_sides(name: str, tmp_path: Path) -> None:
    model, plan = taken(ALL[name](), tmp_path), plan_for(1)
    watched: dict[str, Bounds] = {}
    reach: dict[str, Bounds] = {}
    inputs = corners(model, plan)
    evaluate(model.proto, Bounds.point(inputs, plan.input_scale), plan.quantisation, watched)
    low, high = (np.full((1, *model.input_shape), float(v)) for v in (-32, 32))
    whole = Bounds(low, high, np.zeros_like(low), plan.input_scale)
    evaluate(model.proto, whole, plan.quantisation, reach)
    assert len(inputs) <= 48
    assert watched
    for unit, values in watched.items():
        assert ((values.low > 0).any(axis=0) >= (reach[unit].high[0] > 0)).mean() > 0.9
        assert ((values.low < 0).any(axis=0) >= (reach[unit].low[0] < 0)).mean() > 0.9


def rows_of_clip(tmp_path: Path) -> tuple[list[dict[str, Any]], onnx.ModelProto]:
    network = wrap(taken(capped(0.7), tmp_path), plan_for(1))
    return table(network, plan_for(1)), network


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"CONST": {"scale": "3"}}, "with a constant at scale 3"),
        ({"LEAKYRELU": {"scale": "3"}}, "is at scale 3"),
        ({"Input": {"scale": "3"}}, "inputs have the scales"),
        ({"SUB": {"operator": "ADD"}}, "computes what no node of the network does"),
        ({"SUB": {"operator": "SQRT"}}, "is of a kind that no network has"),
        ({"EINSUM": {"inputs": [0, 0]}}, "maps 2 computed tensors"),
        ({"EINSUM": {"operator": "CONV (group=1, data_format=CHW)"}}, "has no batch axis"),
        ({"LEAKYRELU": {"operator": "IDENTITY (out_scale=Some(3))", "scale": "3"}}, "turns scale"),
    ],
)
def test_each_difference_of_a_table_is_said(
    change: dict[str, dict[str, Any]], said: str, tmp_path: Path
) -> None:
    rows, network = rows_of_clip(tmp_path)
    assert scale_differences(rows, network, plan_for(1).quantisation) == ()
    for row in rows:
        for operator, fields in change.items():
            if str(row["operator"]).startswith(operator):
                row.update(fields)
    found = scale_differences(rows, network, plan_for(1).quantisation)
    assert any(said in difference for difference in found)


def test_a_node_that_the_circuit_lacks_is_said(tmp_path: Path) -> None:
    rows, network = rows_of_clip(tmp_path)
    last = max(at for at, row in enumerate(rows) if row["operator"] == "ADD")
    found = scale_differences(
        [row for at, row in enumerate(rows) if at != last], network, plan_for(1).quantisation
    )
    assert any("is not in the circuit as the network has it" in one for one in found)
