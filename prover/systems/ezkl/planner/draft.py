"""From a pair of scales to plans: digits, context, salt, and whether the circuit fits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prover.statement.context import MAX_CONTEXT_BITS, MIN_CONTEXT_BITS
from prover.statement.sealing import VALUE_BYTES
from prover.systems.ezkl.arithmetic.ranges import Ranges
from prover.systems.ezkl.arithmetic.scales import Quantisation
from prover.systems.ezkl.planner import cost
from prover.systems.ezkl.planner.measure import Measurement
from prover.systems.ezkl.planner.plan import Constraints, Plan

SALT_TOTAL_BITS = 128
MAX_LIMB_BITS = 60
MAX_SALT_BITS = 8 * VALUE_BYTES - 1  # a sealed item's elements are signed


@dataclass(frozen=True, eq=False)
class Scales:
    """A pair of scales that is accurate enough, with the bounds of its values over the domain."""

    quantisation: Quantisation
    measurement: Measurement
    ranges: Ranges
    tolerance: int
    output_scale: int
    input_min: int
    input_max: int


def draft(scales: Scales, constraints: Constraints, legs: int, columns: int) -> Plan | None:
    """A plan with `legs` digits a value, not yet with rows.

    None if no base that fits a table holds every value: an input of the domain might then have
    no witness.
    """
    base = 1 << max(3, math.ceil(math.log2(scales.ranges.decomposed + 2) / legs))
    bits = min((base.bit_length() - 1) * legs, MAX_LIMB_BITS)
    salt_bits = min(bits, MAX_SALT_BITS)
    limbs = math.ceil(MIN_CONTEXT_BITS / bits)
    if base + cost.TABLE_MARGIN > 1 << constraints.max_logrows or limbs * bits > MAX_CONTEXT_BITS:
        return None
    hashed = constraints.input_mode == "hashed"
    return Plan(
        system="ezkl",
        items=constraints.slots,
        input_mode=constraints.input_mode,
        weights=constraints.weights,
        input_scale=scales.quantisation.input_scale,
        param_scale=scales.quantisation.param_scale,
        decomp_base=base,
        decomp_legs=legs,
        num_inner_cols=columns,
        logrows=constraints.max_logrows,
        scale_rebase_multiplier=scales.quantisation.rebase_multiplier,
        context_limbs=limbs,
        context_bits=bits,
        salt_elements=math.ceil(SALT_TOTAL_BITS / salt_bits) if hashed else 0,
        salt_bits=salt_bits if hashed else 0,
        input_min=scales.input_min,
        input_max=scales.input_max,
        lookup_min=math.floor(min(scales.ranges.lookup_low, -1)),
        lookup_max=math.ceil(max(scales.ranges.lookup_high, 1)),
        exact=scales.ranges.rebased == 0,
        tolerance=scales.tolerance,
        output_scale=scales.output_scale,
        rows=0,
        accuracy=scales.measurement.accuracy,
    )


def costs_of(plan: Plan, scales: Scales, settings: Mapping[str, Any]) -> cost.Cost:
    """Predicted cost of a plan whose circuit has these settings, or almost these."""
    return cost.predict(
        settings["num_rows"],
        plan.decomp_base,
        plan.lookup_max - plan.lookup_min + 1 if scales.ranges.functions else 0,
        settings["total_const_size"],
        plan.num_inner_cols,
        len(scales.ranges.functions),
        hashed="hashed" in (plan.input_mode, plan.weights),
    )


def too_much(costs: cost.Cost, constraints: Constraints) -> str:
    """Why a circuit is too large; empty if it is not."""
    memory = constraints.memory_bytes or cost.usable_memory()
    if costs.logrows > constraints.max_logrows:
        return f"needs 2^{costs.logrows} rows, expected at most 2^{constraints.max_logrows}"
    if costs.memory_bytes > memory:
        return f"needs {costs.memory_bytes >> 20} MiB to prove, expected at most {memory >> 20}"
    if costs.verifier_bytes > constraints.max_verifier_bytes:
        return (
            f"its verifier has about {costs.verifier_bytes} bytes, "
            f"expected at most {constraints.max_verifier_bytes}"
        )
    return ""
