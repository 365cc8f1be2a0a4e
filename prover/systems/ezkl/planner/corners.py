"""Inputs at the corners of a domain, where a network's limits are reached if anywhere.

Calibration data may never reach a cap or a dead unit, so that an evaluation that is wrong there
looks right. These inputs are chosen for it: extremes, and corners that drive every ReLU to both
sides as far as interval bounds say that it can be, found by climbing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from prover.systems.ezkl.arithmetic.ranges import domain, evaluate
from prover.systems.ezkl.arithmetic.tensors import Bounds, Floats
from prover.systems.ezkl.planner.measure import multiplications
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.onnx.onnx_file import ImportedModel

COUNT, LEAST = 48, 12
SEED = 20_260_929
WORK, WITNESS_WORK = 400_000_000, 50_000_000  # multiplications
POPULATION, MUTANTS, ROUNDS, TARGETS = 96, 24, 16, 24
MAX_UNITS = 2048

Flags = npt.NDArray[np.bool_]


def predicted(model: ImportedModel, plan: Plan, inputs: Floats) -> Floats:
    """Our evaluation of integer inputs [samples, 1, ...]: output words [samples, classes]."""
    point = Bounds.point(inputs, plan.input_scale)
    return evaluate(model.proto, point, plan.quantisation)[0].low


def corners(model: ImportedModel, plan: Plan, count: int | None = None) -> Floats:
    """At most `count` integer inputs [samples, 1, ...] of the plan's domain; deterministic.

    48 unless said otherwise, fewer of a large model, at least 12.
    """
    if count is None:
        count = max(LEAST, min(COUNT, WITNESS_WORK // multiplications(model)))
    search = _Search(model, plan, np.random.default_rng(SEED))
    plain = search.plain()
    population = np.concatenate([plain, search.random(max(search.affordable(), count))])
    reached = search.reached(population)
    for climbed, flags in search.climbed(population, reached):
        population = np.concatenate([population, climbed[np.newaxis]])
        reached = np.concatenate([reached, flags[np.newaxis]])
    kept = _covering(reached, list(range(len(plain))), count)
    chosen: Floats = population[kept].reshape(len(kept), *model.input_shape)
    return chosen


@dataclass(frozen=True, eq=False)
class _Search:
    """Inputs are rows of integers here; units are elements of ReLU inputs, a sample of them."""

    model: ImportedModel
    plan: Plan
    random_state: np.random.Generator

    def affordable(self) -> int:
        """Random corners that are evaluated before climbing."""
        return min(POPULATION, WORK // (4 * multiplications(self.model)))

    def plain(self) -> Floats:
        """All lowest, all highest, all nearest zero, alternating, halves, single extremes."""
        low, high = float(self.plan.input_min), float(self.plan.input_max)
        places = np.arange(self.model.elements)
        patterns = [places < 0, places >= 0, places % 2 == 0, places % 2 == 1]
        patterns += [2 * places < len(places), 2 * places >= len(places)]
        rows = [np.where(pattern, high, low) for pattern in patterns]
        zero = np.full(len(places), min(max(0.0, low), high))
        rows.append(zero)
        for place in self.random_state.permutation(places)[:4]:
            for value in (low, high):
                rows.append(np.where(places == place, value, zero))
        distinct: Floats = np.unique(np.array(rows), axis=0)
        return distinct

    def random(self, count: int) -> Floats:
        """Random corners, from sparse to dense."""
        shares = self.random_state.uniform(0, 1, (count, 1))
        drawn = self.random_state.random((count, self.model.elements)) < shares
        return np.where(drawn, float(self.plan.input_max), float(self.plan.input_min))

    def units(self, rows: Floats) -> Floats:
        """What enters the ReLUs [samples, units], the same units each time."""
        return self._units(Bounds.point(rows.reshape(-1, *self.model.input_shape), 0)).low

    def reached(self, rows: Floats) -> Flags:
        """Which units are above zero, then which are below [samples, 2 * units]."""
        found = self.units(rows)
        return np.concatenate([found > 0, found < 0], axis=1)

    def climbed(self, population: Floats, reached: Flags) -> Iterator[tuple[Floats, Flags]]:
        """Inputs for the sides that no member reaches though the bounds allow it."""
        if multiplications(self.model) * MUTANTS * ROUNDS * TARGETS > WORK * 8:
            return
        possible = self._possible()
        missing = np.flatnonzero(possible & ~reached.any(axis=0))
        signs = np.repeat([1.0, -1.0], len(possible) // 2)
        for target in self.random_state.permutation(missing)[:TARGETS]:
            row = self._climb(population, int(target) % (len(possible) // 2), signs[target])
            yield row, self.reached(row[np.newaxis])[0]

    def _climb(self, population: Floats, unit: int, sign: float) -> Floats:
        """Flip random elements of the best input as long as the unit moves to its other side."""
        values = sign * self.units(population)[:, unit]
        best: Floats = population[values.argmax()]
        value = float(values.max())
        total = float(self.plan.input_min + self.plan.input_max)
        for _ in range(ROUNDS):
            share = self.random_state.choice([0.5, 0.2, 0.05])
            flips = self.random_state.random((MUTANTS, len(best))) < share
            mutants = np.where(flips, np.where(best == total / 2, total / 2, total - best), best)
            found = sign * self.units(mutants)[:, unit]
            if found.max() > value:
                best, value = mutants[found.argmax()], float(found.max())
            if value > 0:
                break
        return best

    def _possible(self) -> Flags:
        low, high = self.plan.input_min, self.plan.input_max
        bounds = self._units(domain(self.model.input_shape, low, high, 0))
        return np.concatenate([bounds.high[0] > 0, bounds.low[0] < 0])

    def _units(self, inputs: Bounds) -> Bounds:
        watched: dict[str, Bounds] = {}
        scaled = inputs.mapped(lambda values: values, self.plan.input_scale)
        evaluate(self.model.proto, scaled, self.plan.quantisation, watched)
        count = len(inputs.low)
        if not watched:
            return Bounds.point(np.zeros((count, 0)), 0)
        each = max(MAX_UNITS // len(watched), 1)
        lows, highs = (
            [_sampled(getattr(value, side), count, each) for value in watched.values()]
            for side in ("low", "high")
        )
        low = np.concatenate(lows, axis=1)
        return Bounds(low, np.concatenate(highs, axis=1), np.zeros_like(low), 0)


def _sampled(values: Floats, count: int, most: int) -> Floats:
    """At most so many elements of each sample, evenly spread."""
    flat = np.broadcast_to(values, (count, *values.shape[1:])).reshape(count, -1)
    places = np.unique(np.linspace(0, flat.shape[1] - 1, most).round().astype(int))
    return flat[:, places]


def _covering(reached: Flags, kept: list[int], count: int) -> list[int]:
    """Members that together reach most: greedily, after those that are kept anyway."""
    kept = kept[:count]
    covered = reached[kept].any(axis=0)
    while len(kept) < min(count, len(reached)):
        gains = (reached & ~covered).sum(axis=1)
        gains[kept] = -1
        best = int(gains.argmax())
        kept.append(best)
        covered |= reached[best]
    return kept
