"""What the planner tried, and what became of it."""

from collections import Counter
from dataclasses import dataclass

from prover.systems.ezkl.planner.plan import Accuracy, Plan

CHOSEN = "chosen"


@dataclass(frozen=True)
class Candidate:
    """One set of parameters and its verdict.

    What was not computed before it fell is None; `key_bytes` is the predicted proving key.
    """

    input_scale: int
    param_scale: int
    rebase_multiplier: int
    verdict: str
    decomp_base: int | None = None
    decomp_legs: int | None = None
    num_inner_cols: int | None = None
    rows: int | None = None
    logrows: int | None = None
    key_bytes: int | None = None
    accuracy: Accuracy | None = None

    @classmethod
    def of(cls, plan: Plan, key_bytes: int, verdict: str) -> "Candidate":
        """A candidate that came as far as a plan."""
        return cls(
            plan.input_scale,
            plan.param_scale,
            plan.scale_rebase_multiplier,
            verdict,
            plan.decomp_base,
            plan.decomp_legs,
            plan.num_inner_cols,
            plan.rows,
            plan.logrows,
            key_bytes,
            plan.accuracy,
        )


@dataclass(frozen=True)
class PlanReport:
    """The chosen plan and every candidate, the chosen one among them."""

    plan: Plan
    candidates: tuple[Candidate, ...]

    def shortlist(self, count: int = 8) -> tuple[Candidate, ...]:
        """The chosen candidate, then the cheapest others of each size, up to `count`."""
        sized = [c for c in self.candidates if c.key_bytes is not None]
        sized.sort(key=lambda c: (c.verdict != CHOSEN, c.key_bytes))
        shapes = {(c.decomp_legs, c.num_inner_cols, c.logrows): c for c in reversed(sized)}
        best = sorted(shapes.values(), key=sized.index)
        return tuple(best[:count])

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Why candidates fell, with how many did, the most frequent first."""
        return tuple(reasons_of(self.candidates))


def reasons_of(candidates: tuple[Candidate, ...] | list[Candidate]) -> list[tuple[str, int]]:
    """Verdicts other than the choice, with their counts, the most frequent first."""
    return Counter(c.verdict for c in candidates if c.verdict != CHOSEN).most_common()
