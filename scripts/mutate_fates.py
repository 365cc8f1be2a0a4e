"""What became of each mutant that scripts/mutate has tried: kept as it goes, so that a run resumes.

A mutant is known by its contract's source (sha256) and its key. Its fate is written down twice:
into out/mutants.jsonl, which is this machine's and has the seconds and the killer too, and into
snapshots/mutants.json, from which a fresh clone resumes. One that was tried on the very same source
is not tried again.
"""

import hashlib
import json
import math
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mutate_operators import Mutant

SEED, FIRST = 7, 10
KILLED, TIMED_OUT, STILLBORN, SURVIVED = "killed", "timed out", "stillborn", "survived"
FORGOTTEN = "forgotten"
FATES = (KILLED, TIMED_OUT, STILLBORN, SURVIVED)


@dataclass(frozen=True)
class Trial:
    """One mutant's trial; `seconds` is what each command took, `killer` the tests that failed."""

    source: str
    mutant: str
    fate: str
    seconds: Mapping[str, float]
    killer: str = ""


def required(possible: int, share: int) -> int:
    """How many of the possible mutants must be tried: `share` percent, rounded up."""
    return -(-possible * share // 100)


def in_order(possible: Sequence[Mutant]) -> list[Mutant]:
    """All mutants in the order in which they are tried: a larger share keeps those of a smaller.

    The first ten are those of the time when ten were all that was tried.
    """
    draw = random.Random(SEED)  # noqa: S311
    first = draw.sample(range(len(possible)), min(FIRST, len(possible)))
    rest = sorted(set(range(len(possible))) - set(first))
    draw.shuffle(rest)
    return [possible[at] for at in [*first, *rest]]


def name_of(key: str) -> str:
    """A mutant's short name in the snapshot."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def is_tried(fate: str) -> bool:
    """A mutant that does not compile was not tried."""
    return fate != STILLBORN


class Journal:
    """out/mutants.jsonl: a line a trial, and a line for each command that passed unchanged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        found = [read for line in lines if (read := _read(line)) is not None]
        self.trials = [Trial(**one) for one in found if "fate" in one]
        self._passed = {(one["tree"], one["passed"]) for one in found if "passed" in one}

    def add(self, trial: Trial) -> None:
        """Kept when this returns."""
        self._write(asdict(trial))
        self.trials.append(trial)

    def forget(self, source: str, mutant: str) -> None:
        """Have a mutant tried again."""
        self.add(Trial(source, mutant, FORGOTTEN, {}))

    def passes(self, tree: str, command: str) -> None:
        """The command succeeds on the files whose digest is `tree`."""
        self._write({"tree": tree, "passed": command})
        self._passed.add((tree, command))

    def has_passed(self, tree: str, command: str) -> bool:
        return (tree, command) in self._passed

    def killers(self) -> Counter[str]:
        """How often tests were what killed."""
        return Counter(trial.killer for trial in self.trials if trial.killer)

    def pace(self, command: str) -> float:
        """Seconds of a command for each of its kills; endless if it has not been run yet."""
        tried = [trial for trial in self.trials if command in trial.seconds]
        if not tried:
            return math.inf  # what has killed in the order of the suite is not put behind a guess
        kills = sum(trial.fate == KILLED and command == _last(trial) for trial in tried)
        return sum(trial.seconds[command] for trial in tried) / (kills + 1)

    def _write(self, line: Mapping[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write("\n" + json.dumps(line))  # first the end of the last, which may be cut off
            file.flush()
            os.fsync(file.fileno())


def _read(line: str) -> dict[str, Any] | None:
    """None of a line that was cut off when the machine stopped: its mutant is tried again."""
    try:
        read: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return None
    return read


def _last(trial: Trial) -> str:
    """The command that decided: none is run after the one that kills."""
    return list(trial.seconds)[-1]


def known_fates(
    score: Mapping[str, Any], trials: Iterable[Trial], sha256: str, possible: Iterable[str]
) -> dict[str, str]:
    """Key -> fate of the mutants that were tried on this very source, by snapshot and journal."""
    fates: dict[str, str] = {}
    if score.get("sha256") == sha256:
        names = {name_of(key): key for key in possible}
        fates |= {names[name]: fate for name, fate in _fates_in(score) if name in names}
    fates |= {trial.mutant: trial.fate for trial in trials if trial.source == sha256}
    return {key: fate for key, fate in fates.items() if fate != FORGOTTEN}


def _fates_in(score: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and fates in a snapshot; those from before names were kept are not known."""
    for fate, names in score.get("mutants", {}).items():
        yield from ((name, fate) for name in names)


def score_of(
    sha256: str, keys: Sequence[str], fates: Mapping[str, str], reasons: Mapping[str, str]
) -> dict[str, Any]:
    """What the snapshot says of one contract. A survivor without a reason gets an empty one."""
    by_fate = {fate: [key for key in keys if fates.get(key) == fate] for fate in FATES}
    survivors = by_fate[SURVIVED]
    return {
        "sha256": sha256,
        "possible": len(keys),
        "tried": sum(len(found) for fate, found in by_fate.items() if is_tried(fate)),
        "killed": len(by_fate[KILLED]),
        "timed_out": len(by_fate[TIMED_OUT]),
        "stillborn": len(by_fate[STILLBORN]),
        "survivors": [{"mutant": key, "reason": reasons.get(key, "")} for key in survivors],
        "mutants": {fate: [name_of(key) for key in found] for fate, found in by_fate.items()},
    }
