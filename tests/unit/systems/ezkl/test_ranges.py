"""The quantised network in numpy: equal to ezkl's witnesses, and inside its bounds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prover.base.errors import ModelRefused
from prover.statement import quantise as statement
from prover.systems.ezkl.arithmetic.ranges import domain, evaluate
from prover.systems.ezkl.arithmetic.scales import Quantisation
from prover.systems.ezkl.arithmetic.tensors import Bounds, OutOfRange, quantise, round_half_away
from prover.systems.ezkl.planner.check import check_plan
from prover.systems.ezkl.planner.exactness import judge
from prover.systems.ezkl.planner.plan import Accuracy, Plan
from prover.systems.ezkl.planner.wrap import wrap
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import ImportedModel, load
from tests.unit.systems.ezkl.zoo import NETS, Net, mlp

FINITE = st.floats(-(2.0**40), 2.0**40)
PLAN = Plan(
    system="ezkl",
    items=1,
    input_mode="public",
    weights="fixed",
    input_scale=5,
    param_scale=6,
    decomp_base=1 << 14,
    decomp_legs=3,
    num_inner_cols=2,
    logrows=17,
    scale_rebase_multiplier=10,
    context_limbs=4,
    context_bits=30,
    salt_elements=0,
    salt_bits=0,
    input_min=0,
    input_max=32,
    lookup_min=-(1 << 14),
    lookup_max=1 << 14,
    exact=True,
    tolerance=0,
    output_scale=0,
    rows=0,
    accuracy=Accuracy(1.0, 0.0, 0, None, None),
)
WITNESSED = ("conv_relu6", "depthwise", "sigmoid", "tanh", "max_pool", "residual", "concat")


@given(st.lists(FINITE | st.integers(-999, 999).map(lambda halves: halves / 2), min_size=1))
def test_inputs_are_quantised_as_statements_do(values: list[float]) -> None:
    for scale in (0, 3, 12):
        assert quantise(values, scale).tolist() == statement.quantise(values, scale)


def taken(net: Net, tmp_path: Path) -> ImportedModel:
    return load(net.save(tmp_path / "net.onnx", 14))


def of_plan(plan: Plan) -> Quantisation:
    scales = plan.input_scale, plan.param_scale, plan.scale_rebase_multiplier
    return Quantisation(*scales, shared=plan.items > 1)


@pytest.mark.parametrize("name", WITNESSED)
@pytest.mark.parametrize("items", [1, 2])
def test_values_equal_ezkls_witnesses(name: str, items: int, tmp_path: Path) -> None:
    model = taken(NETS[name](), tmp_path)
    plan = replace(PLAN, items=items)
    network = wrap(model, plan)
    content, engine = network.SerializeToString(), EzklCircuits()
    inputs = np.random.default_rng(1).integers(0, 33, (3, *model.input_shape)).astype(float)
    expected, _ = evaluate(model.proto, Bounds.point(inputs, 5), of_plan(plan))
    rows = [row.ravel().astype(int).tolist() for row in inputs]
    made = engine.gen_settings(content, plan.run_args())
    context = [2**30 - 1] * 4
    witnesses = engine.witnesses(content, made, [[row] * items + [context] for row in rows])
    for witness, values in zip(witnesses, expected.low, strict=True):
        assert witness["outputs"] == [values.astype(int).tolist()] * items + [context]
    assert made["model_output_scales"][0] == expected.scale
    assert judge(engine.table(content, plan.run_args()), network).exact


def test_rescaled_circuits_are_not_exact_and_witnesses_stay_within_the_tolerance(
    tmp_path: Path,
) -> None:
    model = taken(mlp(), tmp_path)
    plan = replace(PLAN, scale_rebase_multiplier=1, input_scale=6, input_max=64)
    network = wrap(model, plan)
    content, engine = network.SerializeToString(), EzklCircuits()
    verdict = judge(engine.table(content, plan.run_args()), network)
    assert not verdict.exact
    assert "REBASED" in verdict.reasons[0]
    inputs = np.random.default_rng(1).integers(0, 65, (4, *model.input_shape)).astype(float)
    honest, _ = evaluate(model.proto, Bounds.point(inputs, 6), of_plan(plan))
    bounds, seen = evaluate(model.proto, domain(model.input_shape, 0, 64, 6), of_plan(plan))
    assert seen.rebased == 3
    assert bounds.error.max() > 0
    made = engine.gen_settings(content, plan.run_args())
    rows = [[row.ravel().astype(int).tolist(), [1] * 4] for row in inputs]
    found = np.array([w["outputs"][0] for w in engine.witnesses(content, made, rows)])
    assert (np.abs(found - honest.low) <= bounds.error.max()).all()


@pytest.mark.parametrize("name", sorted(NETS))
def test_values_are_near_the_float_model(name: str, tmp_path: Path) -> None:
    model = taken(NETS[name](), tmp_path)
    samples = np.random.default_rng(3).uniform(0, 1, (4, *model.input_shape)).astype(np.float32)
    exact = quantise(samples, 8)
    found, _ = evaluate(model.proto, Bounds.point(exact, 8), Quantisation(8, 8, 10, False))
    expected = outputs_of(model.proto, samples)
    assert np.abs(found.low / 2.0**found.scale - expected).max() < 0.1


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(NETS)),
    seed=st.integers(0, 2**32 - 1),
    low=st.integers(-64, 32),
    width=st.integers(0, 64),
    rebase=st.sampled_from([1, 10]),
)
def test_bounds_hold_for_every_sampled_input(
    name: str, seed: int, low: int, width: int, rebase: int, tmp_path: Path
) -> None:
    model = taken(NETS[name](), tmp_path)
    scales = Quantisation(5, 6, rebase, False)
    bounds, over_all = evaluate(model.proto, domain(model.input_shape, low, low + width, 5), scales)
    random = np.random.default_rng(seed)
    values = random.integers(low, low + width + 1, (8, *model.input_shape)).astype(float)
    values[0], values[1] = low, low + width
    points, seen = evaluate(model.proto, Bounds.point(values, 5), scales)
    assert (bounds.low <= points.low).all()
    assert (points.low <= bounds.high).all()
    assert seen.decomposed <= over_all.decomposed
    assert over_all.lookup_low <= seen.lookup_low
    assert seen.lookup_high <= over_all.lookup_high


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_choice_of_rescales_leaves_the_tolerance(seed: int) -> None:
    """A prover that takes floor or ceiling at random, against the proven error."""
    random = np.random.default_rng(seed)
    first, second = random.integers(-80, 81, (2, 6, 6)).astype(float)
    inputs = random.integers(-64, 65, 6).astype(float)
    divisor, bound = 64.0, 0.0
    honest = cheat = inputs
    for weights in (first, second):
        drift = np.abs(weights).sum(axis=0) * bound
        bound = float(np.ceil(drift.max() / divisor + 1.5) - 1)
        honest = round_half_away(honest @ weights / divisor)
        quotient = cheat @ weights / divisor
        cheat = np.where(random.random(6) < 0.5, np.floor(quotient), np.ceil(quotient))
        assert np.abs(honest - cheat).max() <= bound


def test_halves_round_away_from_zero() -> None:
    values = np.array([0.5, -0.5, 1.5, -1.5, 2.4, -2.4, 0.0])
    assert round_half_away(values).tolist() == [1, -1, 2, -2, 2, -2, 0]


def test_values_beyond_exact_floats_are_refused(tmp_path: Path) -> None:
    net = Net((1, 2))
    for _ in range(4):
        net.then("MatMul", net.constant(np.full((2, 2), 500.0)))
    model = taken(net, tmp_path)
    with pytest.raises(OutOfRange, match=r"expected less than 2\^52"):
        evaluate(model.proto, domain((1, 2), 0, 256, 8), Quantisation(8, 8, 10, False))


@pytest.fixture
def planned(tmp_path: Path) -> tuple[ImportedModel, Plan]:
    model = taken(mlp(), tmp_path)
    outputs, _ = evaluate(model.proto, domain(model.input_shape, 0, 32, 5), of_plan(PLAN))
    return model, replace(PLAN, output_scale=outputs.scale)


def test_true_plan_passes(planned: tuple[ImportedModel, Plan]) -> None:
    check_plan(*planned)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"decomp_base": 1 << 8, "context_bits": 24, "context_limbs": 5}, "expected less than"),
        ({"input_max": 1 << 30}, "expected less than"),
        ({"input_max": -1}, "is empty"),
        ({"exact": False}, "it says exact = False"),
        ({"tolerance": 1}, "states a tolerance of 1 units, expected 0"),
        ({"output_scale": 7}, "states output scale 7"),
        ({"context_limbs": 3}, "context has 90 bits"),
        ({"context_limbs": 9}, "context has 270 bits"),
        ({"context_bits": 43}, "do not fit digits"),
        ({"input_mode": "hashed"}, "salt has 0 bits, expected at least 120 for hashed inputs"),
        (
            {"salt_elements": 4, "salt_bits": 30},
            "salt has 120 bits, expected none for public inputs",
        ),
        ({"scale_rebase_multiplier": 1}, "results are rescaled"),
        (
            {"scale_rebase_multiplier": 1, "exact": False, "output_scale": 6},
            "a tolerance of 0 units",
        ),
    ],
)
def test_false_plan_is_refused(
    change: dict[str, object], problem: str, planned: tuple[ImportedModel, Plan]
) -> None:
    model, plan = planned
    with pytest.raises(ModelRefused, match=problem):
        check_plan(model, replace(plan, **change))


def test_tables_that_are_too_short_are_refused(tmp_path: Path) -> None:
    model = taken(NETS["sigmoid"](), tmp_path)
    outputs, _ = evaluate(model.proto, domain(model.input_shape, 0, 32, 5), of_plan(PLAN))
    plan = replace(PLAN, output_scale=outputs.scale)
    check_plan(model, plan)
    with pytest.raises(ModelRefused, match="tables are read from"):
        check_plan(model, replace(plan, lookup_max=100))
    with pytest.raises(ModelRefused, match="one column of 2\\^12 rows"):
        check_plan(model, replace(plan, logrows=12))
