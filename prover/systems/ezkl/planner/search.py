"""Chooses the parameters of a circuit: the cheapest that hold, exact ones first.

Scales are judged in numpy alone (accuracy on the calibration data, bounds over the input domain).
The proving library is asked for the rows of each number of digits, and for witnesses of the plan
that is chosen, which must equal the numpy results.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prover.base.errors import ModelRefused, UsageError
from prover.base.text import counted
from prover.systems.ezkl.arithmetic.ranges import domain, evaluate
from prover.systems.ezkl.arithmetic.scales import Quantisation
from prover.systems.ezkl.arithmetic.tensors import OutOfRange, quantise
from prover.systems.ezkl.planner.circuit_engine import CircuitEngine, Settings
from prover.systems.ezkl.planner.draft import Scales, costs_of, draft, too_much
from prover.systems.ezkl.planner.measure import measure, multiplications
from prover.systems.ezkl.planner.plan import Accuracy, Constraints, Plan
from prover.systems.ezkl.planner.report import CHOSEN, Candidate, PlanReport, reasons_of
from prover.systems.ezkl.planner.trial import Mismatch, confirm
from prover.systems.ezkl.planner.wrap import wrap
from prover.systems.onnx.calibration import Calibration
from prover.systems.onnx.floating import Floats, outputs_of
from prover.systems.onnx.onnx_file import ImportedModel

EXACT_SCALES = range(3, 9)
INEXACT_SCALES = range(5, 11)
NO_REBASE, REBASE = 10, 1
LEGS = range(1, 7)
INNER_COLUMNS = (2, 3)
MIN_EVALUATED, MAX_EVALUATED = 16, 256
EVALUATED_WORK = 50_000_000
MAX_CONFIRMED = 4
NO_BETTER = "costs more, or is less accurate, than the chosen one"
UNTRIED = f"not tried, as {MAX_CONFIRMED} that are cheaper are not what was predicted"
MAX_SLOTS = 1024

Ranked = tuple[tuple[float, ...], Plan, Scales]


@dataclass(frozen=True, eq=False)
class _Search:
    """The question, the candidates judged so far, and how circuits differed from predictions."""

    model: ImportedModel
    calibration: Calibration
    constraints: Constraints
    engine: CircuitEngine
    expected: Floats
    low: float
    high: float
    judged: list[Candidate] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    rows: dict[tuple[int, int], int] = field(default_factory=dict)

    def settings(self, plan: Plan) -> Settings:
        content = wrap(self.model, plan).SerializeToString()
        return self.engine.gen_settings(content, plan.run_args())

    def fell(self, settings: Quantisation, verdict: str) -> None:
        scales = settings.input_scale, settings.param_scale, settings.rebase_multiplier
        self.judged.append(Candidate(*scales, verdict))


def find_plan(
    model: ImportedModel,
    calibration: Calibration,
    constraints: Constraints,
    engine: CircuitEngine,
) -> PlanReport:
    """The cheapest plan that keeps to the constraints; deterministic.

    Raises ModelRefused with the most frequent reasons if there is none, UsageError if the
    constraints contradict each other or the calibration data lies outside the domain.
    """
    search = _prepared(model, calibration, constraints, engine)
    families: list[tuple[int, Sequence[int]]] = [(NO_REBASE, EXACT_SCALES)]
    if not constraints.must_be_exact:
        families.append((REBASE, INEXACT_SCALES))
    for multiplier, scales in families:
        plan = _cheapest(search, list(_accurate(search, multiplier, scales)))
        if plan is not None:
            return PlanReport(plan, tuple(search.judged))
    frequent = [reason for reason, _ in reasons_of(search.judged) if reason != UNTRIED]
    reasons = "; ".join(list(dict.fromkeys([*search.differing[:1], *frequent]))[:3])
    raise ModelRefused(
        f"no circuit was found for {model.path.name} in {len(search.judged)} tries: {reasons}; use "
        "a smaller network, a narrower input domain or more rows"
    )


def _prepared(
    model: ImportedModel,
    calibration: Calibration,
    constraints: Constraints,
    engine: CircuitEngine,
) -> _Search:
    if not 1 <= constraints.slots <= MAX_SLOTS:
        raise UsageError(f"{constraints.items} items a proof: expected 1 to {MAX_SLOTS}")
    if constraints.must_be_exact and constraints.exact_required is False:
        raise UsageError("hidden weights and batches need an exact plan: do not waive it")
    least, most = float(calibration.inputs.min()), float(calibration.inputs.max())
    low, high = constraints.domain or (min(_outward(least), 0.0), max(_outward(most), 0.0))
    if not low <= least <= most <= high:
        raise UsageError(
            f"calibration inputs run from {least:g} to {most:g}: expected all in the domain, "
            f"{low:g} to {high:g}"
        )
    affordable = max(MIN_EVALUATED, EVALUATED_WORK // multiplications(model))
    sample = calibration.head(min(MAX_EVALUATED, affordable))
    expected = outputs_of(model.proto, sample.inputs)
    return _Search(model, sample, constraints, engine, expected, low, high)


def _outward(limit: float) -> float:
    """The next power of two away from zero, so that new data fits a domain taken from old data."""
    return math.copysign(2.0 ** math.ceil(math.log2(abs(limit))), limit) if limit else 0.0


def _accurate(search: _Search, multiplier: int, scales: Sequence[int]) -> Iterator[Scales]:
    """Every pair of scales that agrees with the float model and whose values can be bounded."""
    for input_scale in scales:
        for param_scale in scales:
            shared = search.constraints.slots > 1
            settings = Quantisation(input_scale, param_scale, multiplier, shared)
            try:
                yield _judged(search, settings)
            except (OutOfRange, Mismatch) as error:
                search.fell(settings, str(error))


def _judged(search: _Search, settings: Quantisation) -> Scales:
    scale = settings.input_scale
    inputs = quantise(search.calibration.inputs, scale)
    labels = search.calibration.labels
    measurement = measure(search.model, inputs, settings, search.expected, labels)
    _check_accuracy(measurement.accuracy, search)
    low, high = (int(limit) for limit in quantise([search.low, search.high], scale))
    region = domain(search.model.input_shape, low, high, scale)
    outputs, ranges = evaluate(search.model.proto, region, settings)
    if ranges.rebased and (search.constraints.must_be_exact or settings.rebase_multiplier != 1):
        raise Mismatch("too deep for an exact circuit: values would be rescaled")
    tolerance = int(outputs.error.max())
    return Scales(settings, measurement, ranges, tolerance, outputs.scale, low, high)


def _check_accuracy(accuracy: Accuracy, search: _Search) -> None:
    limits = search.constraints
    if accuracy.label_agreement < limits.min_agreement:
        raise Mismatch(f"labels agree with the float model on under {limits.min_agreement:.0%}")
    exact, found = accuracy.labelled_accuracy_float, accuracy.labelled_accuracy_quantised
    if exact is not None and found is not None and exact - found > limits.max_accuracy_loss:
        raise Mismatch(f"accuracy falls by more than {limits.max_accuracy_loss:.1%}")
    spread = float(np.ptp(search.expected))
    if accuracy.worst_error > limits.max_relative_error * spread:
        raise Mismatch(
            f"scores differ by more than {limits.max_relative_error:.0%} of their spread"
        )


def _cheapest(search: _Search, accurate: list[Scales]) -> Plan | None:
    """Confirm candidates in order of predicted key size, then error; None if none holds."""
    ranked = [
        entry for columns in INNER_COLUMNS for entry in _worthwhile(search, accurate, columns)
    ]
    ranked.sort(key=lambda entry: entry[0])
    chosen = None
    for place, (order, plan, scales) in enumerate(ranked):
        verdict = UNTRIED if chosen is None else NO_BETTER
        if chosen is None and place < MAX_CONFIRMED:
            try:
                plan = chosen = _confirmed(search, plan, scales)
                verdict = CHOSEN
            except Mismatch as error:
                verdict = str(error)
                search.differing.append(verdict)
        search.judged.append(Candidate.of(plan, int(order[0]), verdict))
    return chosen


def _worthwhile(search: _Search, accurate: list[Scales], columns: int) -> list[Ranked]:
    """Candidates of each number of digits, until more, which need more rows, cannot be cheaper."""
    ranked: list[Ranked] = []
    for legs in LEGS:
        found = list(_with_digits(search, accurate, legs, columns))
        least = min((order[0] for order, _, _ in found), default=math.inf)
        if ranked and least > min(order[0] for order, _, _ in ranked):
            break
        if not found and search.rows.get((legs, columns), 0) > 1 << search.constraints.max_logrows:
            break
        ranked += found
    return ranked


def _with_digits(
    search: _Search, accurate: list[Scales], legs: int, columns: int
) -> Iterator[Ranked]:
    """Candidates of one number of digits; rows are asked for once, at the finest scales."""
    drafts = []
    for scales in accurate:
        plan = draft(scales, search.constraints, legs, columns)
        if plan is None:
            search.fell(scales.quantisation, f"values do not fit {counted(legs, 'digit')}")
        else:
            drafts.append((plan, scales))
    if not drafts:
        return
    settings = search.settings(drafts[-1][0])
    search.rows[legs, columns] = settings["num_rows"]
    for plan, scales in drafts:
        costs = costs_of(plan, scales, settings)
        plan = replace(plan, rows=settings["num_rows"], logrows=costs.logrows)
        reason = too_much(costs, search.constraints)
        if reason:
            search.judged.append(Candidate.of(plan, costs.key_bytes, reason))
            continue
        accuracy = plan.accuracy
        order = (costs.key_bytes, -accuracy.label_agreement, accuracy.worst_error, columns, legs)
        yield order, plan, scales


def _confirmed(search: _Search, plan: Plan, scales: Scales) -> Plan:
    """The plan with its own rows, after its circuit was compared with what was computed."""
    settings = search.settings(plan)
    costs = costs_of(plan, scales, settings)
    reason = too_much(costs, search.constraints)
    if reason:
        raise Mismatch(reason)
    plan = replace(plan, rows=settings["num_rows"], logrows=costs.logrows)
    count = min(search.constraints.samples, len(search.calibration))
    outputs = scales.measurement.outputs
    confirm(search.model, plan, search.engine, search.calibration, outputs, count)
    return plan
