"""The planner: exact plans for networks it has not seen, or a clear refusal."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.base.errors import ModelRefused, UsageError
from prover.systems.ezkl.arithmetic.scales import Quantisation
from prover.systems.ezkl.arithmetic.tensors import quantise
from prover.systems.ezkl.planner.check import check_plan
from prover.systems.ezkl.planner.cost import predict
from prover.systems.ezkl.planner.measure import measure
from prover.systems.ezkl.planner.plan import Constraints
from prover.systems.ezkl.planner.report import CHOSEN
from prover.systems.ezkl.planner.search import find_plan
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.onnx.calibration import Calibration, read
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import ImportedModel, load
from tests.unit.systems.ezkl.zoo import NETS, Net, mlp

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
PLANNED = ("conv_relu6", "sigmoid", "max_pool", "batch_norm")


def taken(net: Net, tmp_path: Path) -> ImportedModel:
    return load(net.save(tmp_path / "net.onnx", 14))


def samples(model: ImportedModel, count: int = 24, low: float = 0.0) -> Calibration:
    random = np.random.default_rng(4)
    values = random.uniform(low, 1, (count, *model.input_shape)).astype(np.float32)
    return Calibration(values, None)


class OfRows:
    """An engine whose circuits all have so many rows; it evaluates nothing."""

    def __init__(self, rows: int) -> None:
        self.rows, self.asked = rows, 0

    def gen_settings(self, model: bytes, run_args: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        return {"num_rows": self.rows, "total_const_size": 10}

    def table(self, model: bytes, run_args: dict[str, Any]) -> list[dict[str, Any]]:
        raise AssertionError("no candidate should be confirmed")

    def witnesses(
        self, model: bytes, settings: dict[str, Any], inputs: list[list[list[int]]]
    ) -> list[dict[str, Any]]:
        raise AssertionError("no candidate should be confirmed")


@pytest.mark.parametrize("name", PLANNED)
def test_unseen_networks_get_an_exact_plan_that_holds(name: str, tmp_path: Path) -> None:
    model = taken(NETS[name](), tmp_path)
    report = find_plan(model, samples(model), Constraints(), EzklCircuits())
    plan = report.plan
    assert plan.exact
    assert plan.tolerance == 0
    assert plan.accuracy.label_agreement >= 0.98
    check_plan(model, plan)
    assert [c.verdict for c in report.candidates].count(CHOSEN) == 1
    assert report.shortlist()[0].verdict == CHOSEN


@pytest.mark.parametrize(
    ("model_name", "data", "logrows", "least"),
    [("digits-cnn", "digits", 12, 0.96), ("breast-cancer-mlp", "breast-cancer", 10, 0.95)],
)
def test_shipped_models_get_small_exact_plans_and_stay_accurate(
    model_name: str, data: str, logrows: int, least: float
) -> None:
    model = load(EXAMPLES / f"{model_name}.onnx")
    calibration = read(EXAMPLES / f"{data}-calibration.npz", model.input_shape, model.classes)
    report = find_plan(model, calibration, Constraints(), EzklCircuits())
    reasons = {why for why, _ in report.reasons()}
    assert {"costs more, or is less accurate, than the chosen one"} < reasons
    assert "values do not fit 1 digit" in reasons
    plan = report.plan
    assert plan.exact
    assert plan.logrows <= logrows
    test = read(EXAMPLES / f"{data}-test.npz", model.input_shape, model.classes)
    expected = outputs_of(model.proto, test.inputs)
    scales = Quantisation(plan.input_scale, plan.param_scale, plan.scale_rebase_multiplier, False)
    inputs = quantise(test.inputs, plan.input_scale)
    assert plan.input_min <= inputs.min()
    assert inputs.max() <= plan.input_max
    accuracy = measure(model, inputs, scales, expected, test.labels).accuracy
    assert accuracy.labelled_accuracy_float is not None
    assert accuracy.labelled_accuracy_quantised is not None
    assert accuracy.labelled_accuracy_float >= least
    assert accuracy.labelled_accuracy_float - accuracy.labelled_accuracy_quantised <= 0.005


@pytest.mark.parametrize("data", ["digits", "breast-cancer"])
def test_held_out_samples_are_not_calibration_samples(data: str) -> None:
    shown, held = (np.load(EXAMPLES / f"{data}-{part}.npz") for part in ("calibration", "test"))
    assert not set(shown["indices"].tolist()) & set(held["indices"].tolist())


def test_hashed_batches_are_salted_and_hidden_weights_exact(tmp_path: Path) -> None:
    model = taken(mlp(), tmp_path)
    wanted = Constraints(input_mode="hashed", weights="hashed", items=3)
    plan = find_plan(model, samples(model), wanted, EzklCircuits()).plan
    assert plan.exact
    assert plan.items == 3
    assert plan.salt_elements * plan.salt_bits >= 120
    assert plan.context_limbs * plan.context_bits >= 120
    check_plan(model, plan)


def test_planning_is_deterministic(tmp_path: Path) -> None:
    model = taken(mlp(), tmp_path)
    data, engine = samples(model), EzklCircuits()
    first, second = (find_plan(model, data, Constraints(), engine) for _ in range(2))
    assert first == second


def test_default_domain_is_the_datas_range_outwards_to_powers_of_two(tmp_path: Path) -> None:
    model = taken(mlp(), tmp_path)
    plan = find_plan(model, samples(model, low=-0.3), Constraints(), EzklCircuits()).plan
    assert (plan.input_min, plan.input_max) == (-(2 ** (plan.input_scale - 1)), 2**plan.input_scale)


def deep() -> Net:
    """Too deep to go without rescaling."""
    net = Net((1, 6))
    for _ in range(20):
        net.dense(6, 6).then("Relu")
    return net.dense(6, 2)


def test_deep_network_is_inexact_with_a_proven_tolerance_or_refused(tmp_path: Path) -> None:
    model = taken(deep(), tmp_path)
    free = Constraints(min_agreement=0.0, max_relative_error=10.0)
    plan = find_plan(model, samples(model), free, EzklCircuits()).plan
    assert not plan.exact
    assert plan.tolerance > 0
    check_plan(model, plan)
    for strict in (
        Constraints(exact_required=True, min_agreement=0.0, max_relative_error=10.0),
        Constraints(items=2, min_agreement=0.0, max_relative_error=10.0),
    ):
        with pytest.raises(ModelRefused, match=r"no circuit was found for net\.onnx"):
            find_plan(model, samples(model), strict, EzklCircuits())


def test_too_large_a_network_is_refused_with_the_rows(tmp_path: Path) -> None:
    model = taken(mlp(), tmp_path)
    engine = OfRows(5000)
    with pytest.raises(ModelRefused, match=r"needs 2\^13 rows, expected at most 2\^12"):
        find_plan(model, samples(model), Constraints(max_logrows=12), engine)
    assert engine.asked <= 4  # more digits need more rows: not asked for again


def test_too_little_memory_is_refused(tmp_path: Path) -> None:
    model = taken(mlp(), tmp_path)
    with pytest.raises(ModelRefused, match="MiB to prove, expected at most 1"):
        find_plan(model, samples(model), Constraints(memory_bytes=1 << 20), OfRows(500))


def test_data_outside_the_domain_is_a_usage_error(tmp_path: Path) -> None:
    model = taken(mlp(), tmp_path)
    with pytest.raises(UsageError, match=r"expected all in the domain, 0 to 0\.5"):
        find_plan(model, samples(model), Constraints(domain=(0, 0.5)), OfRows(500))


def test_contradicting_constraints_are_usage_errors(tmp_path: Path) -> None:
    model = taken(mlp(), tmp_path)
    for wrong in (Constraints(items=0), Constraints(weights="hashed", exact_required=False)):
        with pytest.raises(UsageError):
            find_plan(model, samples(model), wrong, OfRows(500))


@pytest.mark.parametrize(
    ("columns", "tables", "hashed", "elements"),
    [(2, 0, False, 132), (3, 0, False, 168), (2, 1, False, 156), (2, 0, True, 314)],
)
def test_key_size_is_what_was_measured(
    columns: int, tables: int, hashed: bool, elements: int
) -> None:
    """Field elements of a proving key a row, measured on keys of ezkl 23.0.5."""
    costs = predict(1000, 64, 0, 10, columns, tables, hashed=hashed)
    assert costs.logrows == 11
    assert costs.key_bytes == elements * 32 * 2**11
