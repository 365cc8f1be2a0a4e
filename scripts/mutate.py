"""Mutation tests of the core contracts: see scripts/mutate.

A mutant is killed if a command of its contract's suite fails, timed out if none does but one takes
too long, stillborn if it does not compile. A survivor keeps the reason that snapshots/mutants.json
gives for it; one without a reason makes this script fail. A run that was stopped goes on where it
was: see mutate_fates.py.
"""

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Queue
from threading import Lock
from typing import Any

from mutate_bench import Bench, Flag, Habits, StoppedError, copied, tree_of
from mutate_fates import (
    SURVIVED,
    TIMED_OUT,
    Journal,
    digest,
    in_order,
    is_tried,
    known_fates,
    required,
    score_of,
)
from mutate_operators import Mutant, mutants
from mutate_suites import SUITES, Command

ROOT = Path(__file__).parents[1]
SCORES = ROOT / "snapshots" / "mutants.json"
JOURNAL = ROOT / "out" / "mutants.jsonl"
SHARE = 25  # percent of each contract's possible mutants, rounded up
WORKERS = 2


class Run:
    """The fates so far, and the copies of the checkout that the workers share."""

    def __init__(
        self, journal: Journal, scores: dict[str, Any], copies: Sequence[Path], stopped: Flag
    ) -> None:
        self.journal, self.scores = journal, scores
        # As they were: whoever survives again after it was forgotten, does so for the same reason.
        self._reasons = {name: reasons_in(scores, name) for name in scores}
        self.stopped = stopped
        self._tree = tree_of(copies[0])
        self._lock = Lock()
        self._benches: Queue[Bench] = Queue()
        for copy in copies:
            self._benches.put(Bench(copy, self.stopped))

    @contextmanager
    def _bench(self) -> Iterator[Bench]:
        """A copy that nobody else works in."""
        bench = self._benches.get()
        try:
            yield bench
        finally:
            self._benches.put(bench)

    def require_passing(self, command: Command) -> None:
        """A suite that fails anyway would kill every mutant."""
        if self.journal.has_passed(self._tree, command.pattern):
            return
        with self._bench() as bench:
            ended = bench.run(command)
        if ended.failed or ended.late:
            sys.exit(f"mutate: {command.pattern} fails as it is:\n{ended.output[-2000:]}")
        with self._lock:
            self.journal.passes(self._tree, command.pattern)

    def attempt(self, name: str, mutant: Mutant) -> None:
        """Try one mutant, and write down what became of it."""
        if self.stopped.is_set():
            raise StoppedError
        with self._lock:
            habits = Habits(self.journal.pace, self.journal.killers())
        with self._bench() as bench:
            trial = bench.attempt(SUITES[name], source_of(name), mutant, habits)
        with self._lock:
            self.journal.add(trial)
            self.note(name)
        print(f"{SUITES[name].source}:{mutant.line}: {trial.fate}: {trial.mutant}", flush=True)

    def note(self, name: str) -> None:
        """Bring the snapshot up to date."""
        source, keys = source_of(name), keys_of(name)
        reasons = self._reasons.get(name, {})
        self.scores[name] = score_of(digest(source), keys, self.fates(name), reasons)
        write(self.scores)

    def fates(self, name: str) -> dict[str, str]:
        """What is known of the mutants of a contract as it is now."""
        score = self.scores.get(name, {})
        return known_fates(score, self.journal.trials, digest(source_of(name)), keys_of(name))

    def missing(self, name: str, share: int) -> list[Mutant]:
        """The next mutants to try: as many as there are too few of."""
        source, fates = source_of(name), self.fates(name)
        possible = in_order(mutants(source))
        known = sum(is_tried(fate) for fate in fates.values())
        unknown = [mutant for mutant in possible if mutant.key(source) not in fates]
        return unknown[: max(0, required(len(possible), share) - known)]

    def forget(self, name: str) -> None:
        """Have what survived or timed out tried once more, as when there are new tests."""
        for key, fate in self.fates(name).items():
            if fate in (SURVIVED, TIMED_OUT):
                self.journal.forget(digest(source_of(name)), key)


def main() -> None:
    options = arguments()
    names = options.contracts or list(SUITES)
    scores: dict[str, Any] = json.loads(SCORES.read_text()) if SCORES.exists() else {}
    with ExitStack() as stack:
        stopped = stack.enter_context(termination())
        copies = [stack.enter_context(copied()) for _ in range(options.workers)]
        state = Run(Journal(JOURNAL), scores, copies, stopped)
        for name in names if options.again else ():
            state.forget(name)
        complete(state, names, options)
    for name in names:
        state.note(name)
    unexplained = [name for name in scores if "" in reasons_in(scores, name).values()]
    if unexplained:
        sys.exit(f"mutate: survivors without a reason: {', '.join(unexplained)}; test or explain")


@contextmanager
def termination() -> Iterator[Flag]:
    """Set once a signal asks for the end. What runs is ended then, and the copies are deleted.

    A signal does no more than that, however often it comes: an exception could leave a lock of the
    pool held, or a copy half deleted.
    """
    stopped = Flag()
    before = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if stopped.is_set():
        sys.exit("mutate: ended; the next run goes on here")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description="Mutants of the contracts.")
    parser.add_argument("contracts", nargs="*", metavar="CONTRACT", help=f"of {', '.join(SUITES)}")
    share = f"percent of the mutants of each [{SHARE}]; what was tried before is not tried again"
    parser.add_argument("--share", type=int, default=SHARE, metavar="PERCENT", help=share)
    again = "try what survived or timed out once more"
    parser.add_argument("--again", action="store_true", help=again)
    workers = f"how many mutants at a time [{WORKERS}]"
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N", help=workers)
    passed = "the suites have passed: do not run them unchanged"
    parser.add_argument("--passed", action="store_true", help=passed)
    options = parser.parse_args()
    unknown = sorted(set(options.contracts) - set(SUITES))
    if unknown:
        parser.error(f"expected contracts of {', '.join(SUITES)}, found {', '.join(unknown)}")
    if not 0 < options.share <= 100 or options.workers < 1:
        parser.error("expected a share of 1 to 100 percent and at least one worker")
    return options


def complete(state: Run, names: Sequence[str], options: argparse.Namespace) -> None:
    """Try mutants until each contract's share is reached; further ones where some are stillborn."""
    with ThreadPoolExecutor(options.workers) as pool:
        try:
            if not options.passed:
                list(pool.map(state.require_passing, commands_of(names)))
            while work := [
                (one, name) for name in names for one in state.missing(name, options.share)
            ]:
                list(pool.map(lambda pair: state.attempt(pair[1], pair[0]), work))
        except BaseException as error:  # what runs is ended and gets no fate
            asked = state.stopped.is_set()
            state.stopped.set()
            pool.shutdown(cancel_futures=True)
            if not (asked and isinstance(error, StoppedError)):
                raise


def commands_of(names: Sequence[str]) -> list[Command]:
    """Each once, though suites share them."""
    found = {command for name in names for command in SUITES[name].commands}
    return sorted(found, key=lambda command: command.pattern)


def source_of(name: str) -> str:
    return (ROOT / "contracts" / SUITES[name].source).read_text()


def keys_of(name: str) -> list[str]:
    source = source_of(name)
    return [mutant.key(source) for mutant in mutants(source)]


def reasons_in(scores: Mapping[str, Any], name: str) -> dict[str, str]:
    """Why each known survivor is no defect of the tests."""
    return {one["mutant"]: one["reason"] for one in scores.get(name, {}).get("survivors", [])}


def write(scores: Mapping[str, Any]) -> None:
    """In one step: a run that is stopped leaves the old snapshot or the new one."""
    ordered = {known: scores[known] for known in SUITES if known in scores}
    fresh = SCORES.with_suffix(".new")
    fresh.write_text(json.dumps(ordered, indent=2) + "\n")
    fresh.replace(SCORES)


if __name__ == "__main__":
    main()
