"""Checks that a plan holds for a model over its whole input domain, without the planner."""

from collections.abc import Iterator

from prover.base.errors import ModelRefused
from prover.statement.context import MAX_CONTEXT_BITS, MIN_CONTEXT_BITS
from prover.statement.documents.inputs_file import MIN_SALT_BITS
from prover.systems.ezkl.arithmetic.ranges import Ranges, domain, evaluate
from prover.systems.ezkl.arithmetic.tensors import Bounds
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.onnx.onnx_file import ImportedModel


def check_plan(model: ImportedModel, plan: Plan) -> None:
    """Raise ModelRefused unless every input of the domain has a witness and the plan is true.

    By interval bounds with the model's weights: every value that is written in digits fits
    them, every lookup its table; output scale, exactness and tolerance are what the plan states;
    context and salt are long enough and fit the digits.
    """
    region = domain(model.input_shape, plan.input_min, plan.input_max, plan.input_scale)
    outputs, ranges = evaluate(model.proto, region, plan.quantisation)
    for problem in (*_limits(plan, ranges), *_statements(plan, outputs, ranges), *_bits(plan)):
        raise ModelRefused(
            f"the plan does not hold for {model.path.name}: {problem}; plan it again"
        )


def _limits(plan: Plan, ranges: Ranges) -> Iterator[str]:
    capacity = plan.decomp_base**plan.decomp_legs
    if ranges.decomposed >= capacity:
        yield (
            f"values reach {ranges.decomposed:.0f}, expected less than {capacity}, which its "
            "digits hold"
        )
    if ranges.functions and (
        ranges.lookup_low < plan.lookup_min or ranges.lookup_high > plan.lookup_max
    ):
        yield (
            f"tables are read from {ranges.lookup_low:.0f} to {ranges.lookup_high:.0f}, expected "
            f"within {plan.lookup_min} to {plan.lookup_max}, which they hold"
        )
    if ranges.functions and plan.lookup_max - plan.lookup_min >= 1 << plan.logrows:
        yield f"its tables do not fit one column of 2^{plan.logrows} rows"
    if plan.input_min > plan.input_max:
        yield f"its input domain, {plan.input_min} to {plan.input_max}, is empty"


def _statements(plan: Plan, outputs: Bounds, ranges: Ranges) -> Iterator[str]:
    proven = int(outputs.error.max())
    if plan.exact != (ranges.rebased == 0):
        yield f"it says exact = {plan.exact}, but {ranges.rebased} results are rescaled"
    if plan.tolerance < proven or (plan.exact and plan.tolerance):
        yield (
            f"it states a tolerance of {plan.tolerance} units, expected {proven}, which can be "
            "proven"
        )
    if plan.output_scale != outputs.scale:
        yield f"it states output scale {plan.output_scale}, expected {outputs.scale}"
    if not plan.exact and (plan.items > 1 or plan.weights == "hashed"):
        yield "it is not exact: expected single predictions with fixed weights"


def _bits(plan: Plan) -> Iterator[str]:
    capacity = plan.decomp_base**plan.decomp_legs
    context = plan.context_limbs * plan.context_bits
    if not MIN_CONTEXT_BITS <= context <= MAX_CONTEXT_BITS:
        yield (f"its context has {context} bits, expected {MIN_CONTEXT_BITS} to {MAX_CONTEXT_BITS}")
    if max(plan.context_bits, plan.salt_bits) > capacity.bit_length() - 1:
        yield f"context limbs or salt elements do not fit digits of less than {capacity}"
    salt = plan.salt_elements * plan.salt_bits
    if (salt < MIN_SALT_BITS) if plan.input_mode == "hashed" else salt > 0:
        wanted = f"at least {MIN_SALT_BITS}" if plan.input_mode == "hashed" else "none"
        yield f"its salt has {salt} bits, expected {wanted} for {plan.input_mode} inputs"
