"""How far a long task is, and how long the rest may take.

A task tells which stage begins. The time left follows from the time taken so far and the stages'
shares of a measured run: nothing is said before the first stage is over.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Estimate:
    """Progress through `shares`: stages in order, and what each takes in proportion."""

    shares: Mapping[str, float]
    clock: Callable[[], float] = time.monotonic
    done: float = 0.0
    _started: float = field(init=False)
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self._since = self.clock()

    def begins(self, stage: str) -> None:
        """A stage begins, or "STAGE i/n": i of its n parts are over. Others are ignored."""
        name, _, part = stage.partition(" ") if "/" in stage else (stage, "", "")
        if name not in self.shares:
            return
        before = sum(share for other, share in self._before(name))
        done, parts = (int(word) for word in part.split("/")) if part else (0, 1)
        reached = (before + self.shares[name] * done / parts) / sum(self.shares.values())
        if reached > self.done:
            self.done, self._since = reached, self.clock()

    def _before(self, name: str) -> list[tuple[str, float]]:
        names = list(self.shares)
        return [(other, self.shares[other]) for other in names[: names.index(name)]]

    def left(self) -> float | None:
        """Seconds that the rest may take; None before any stage is over."""
        if not self.done:
            return None
        whole = (self._since - self._started) / self.done
        return max(0.0, whole - (self.clock() - self._started))


def as_text(seconds: float | None) -> str:
    """Rounded as far as an estimate goes."""
    if seconds is None:
        return "time left unknown yet"
    if seconds < 5:
        return "a few seconds left"
    if seconds < 90:
        return f"about {5 * round(seconds / 5):.0f} s left"
    return f"about {seconds / 60:.0f} min left"
