"""Mutation tests of the Python that sends, decides and verifies: see scripts/mutate.

Cosmic Ray finds the mutants. A seeded sample of their places is drawn, one mutant a place; each is
put into a copy of the checkout, and those of the unit tests that run its line are run there (see
scripts/mutate_tests.py). A survivor keeps the reason that snapshots/python_mutants.json gives for
it; one without a reason makes this script fail, and so does any in a module that sends, waits for
finality, stakes or accepts proofs, unless it is the same program in other words ("Equivalent: ").

A run that was stopped goes on where it was: a mutant that tests have killed is not tried again
while its module is the same, nor is a file of tests run again to learn which lines it runs while
nothing but other files of tests has changed, unless with --afresh.
"""

import argparse
import ast
import contextlib
import hashlib
import json
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from queue import Queue
from typing import Any

from mutate_bench import ROOT, copied
from mutate_tests import Runs, passes, preload, recorded, test_files, together

SCORES = ROOT / "snapshots" / "python_mutants.json"
KILLED = ROOT / "out" / "python_mutants.json"  # the hash of its module by killed mutant
LINES = ROOT / "out" / "python_lines.json"  # what each file of tests runs
SEED, SAMPLE, PROCESSES = 24, 400, 2
# The static checks of native circuits. Any other module has the tests of its package.
NATIVE = tuple(
    f"tests/unit/systems/native/test_{name}.py"
    for name in ("replay", "uses", "hidden", "hashing", "labels", "layout")
)
CHECKS = (
    *(
        f"static_checks/{name}"
        for name in ("replay", "extent", "trace", "weight_independence", "hash_check")
    ),
    *(f"circuit/{name}" for name in ("uses", "hidden", "ranking")),
)
TESTS = dict.fromkeys((f"prover/systems/native/{name}.py" for name in CHECKS), NATIVE)
# Where a module's own tests do not run a line, those of the commands may, or whole games.
OTHERS = (
    "tests/unit/cli",
    *(f"tests/e2e/test_{name}.py" for name in ("predictions", "serving", "accuracy", "retrieval")),
)
PROGRAM, ROOMS = (".py", ".sol", ".rs", ".toml"), ("prover", "contracts", "native", "tests")
PACKAGES = ("prover/chain", "prover/clients", "prover/verify")
EQUIVALENT = "Equivalent: "  # how the reason begins of a mutant that no test could tell
# Sending, finality, staking, acceptance: here no other survivor is explained away.
MONEY = (
    *(
        f"prover/chain/sending/{name}.py"
        for name in (
            *("transactions", "journal", "pool", "waiting", "fees", "answers", "receipts"),
            *("retry", "trial", "intents", "wallet", "drafter"),
        )
    ),
    "prover/chain/events/finality.py",
    "prover/chain/state/deeds.py",
    "prover/chain/contracts/tokens.py",
    "prover/chain/contracts/withdrawals.py",
    *(
        f"prover/clients/common/{name}.py"
        for name in ("money", "posting", "readiness", "jobs/resending")
    ),
    *(
        f"prover/clients/prediction/{name}.py"
        for name in ("policy", "provider", "examine", "steps", "views")
    ),
    *(f"prover/clients/serving/{name}.py" for name in ("checks", "provider", "answer", "contest")),
    *(f"prover/clients/accuracy/{name}.py" for name in ("checks", "provider", "submit", "reveal")),
    *(f"prover/clients/retrieval/{name}.py" for name in ("checks", "owner", "prove")),
    *(
        f"prover/verify/{name}.py"
        for name in (
            *("verifier", "proof", "opening", "permutation", "transcript", "consistency"),
            *("description", "digest", "words", "parsing", "expressions", "vanishing"),
            *("algebra/domain", "algebra/field", "algebra/group"),
        )
    ),
)


@dataclass(frozen=True)
class Change:
    """One mutant: `line` (from 1) of a module, what stands there, and what is put in its place.

    `digest` is the sha256 of the module without it.
    """

    module: str
    line: int
    operator: str
    occurrence: int
    key: str
    digest: str

    @property
    def name(self) -> str:
        return f"{self.key} ({self.operator})"


def modules() -> list[str]:
    """Every module that is mutated."""
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    named = [str(path.relative_to(ROOT)) for path in found if path.name != "__init__.py"]
    return [*named, *(module for module in TESTS if module not in named)]


def tests_of(module: str) -> list[str]:
    """Files or folders of the unit tests of a module: by default the nearest room of its name."""
    if module in TESTS:
        return list(TESTS[module])
    room = Path("tests/unit", *Path(module).parts[1:-1])
    while not (ROOT / room).is_dir():
        room = room.parent
    return [str(room)]


def places(module: str) -> list[list[Any]]:
    """Cosmic Ray's specifications of a module's mutants, those of one place together."""
    from cosmic_ray.commands.init import init
    from cosmic_ray.work_db import WorkDB

    with contextlib.closing(WorkDB(":memory:", WorkDB.Mode.create)) as database:
        init([ROOT / module], database, {})
        specs = [item.mutations[0] for item in database.work_items]
    found: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for spec in sorted(specs, key=lambda one: (one.operator_name, one.occurrence)):
        found[tuple(spec.start_pos)].append(spec)
    return [found[place] for place in sorted(found)]


def change_of(module: str, spec: Any) -> Change | None:
    """The mutant of a specification; None if it does nothing, as in an annotation, or is none."""
    source = (ROOT / module).read_text()
    mutated = mutate(source, spec.operator_name, spec.occurrence)
    if mutated is None or without_words(mutated) in (without_words(source), None):
        return None
    key = key_of(module, spec.definition_name, source, mutated)
    digest = hashlib.sha256(source.encode()).hexdigest()
    return Change(module, int(spec.start_pos[0]), spec.operator_name, spec.occurrence, key, digest)


def mutate(source: str, operator: str, occurrence: int) -> str | None:
    """The source with one mutant in it; None if Cosmic Ray can make none there."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    try:
        mutated: str | None = mutate_code(source, get_operator(operator)(), occurrence)
    except AttributeError:  # its ExceptionReplacer takes no exception with a dotted name
        return None
    return mutated


def without_words(source: str) -> str | None:
    """The program without docstrings and annotations, which do nothing; None if it is none."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            if getattr(node, field, None) is not None:
                setattr(node, field, ast.Constant(0))
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            body[0] = ast.Pass()
    return ast.dump(tree)


def key_of(module: str, inside: str | None, source: str, mutated: str) -> str:
    """What a mutant is called in the snapshot: it must not change with the lines above it."""
    pairs = zip(source.splitlines(), mutated.splitlines(), strict=False)
    before, after = next((pair for pair in pairs if pair[0] != pair[1]), ("", "(a line less)"))
    return f"{module} {inside or 'module'}: {before.strip()} -> {after.strip()}"


def drawn(sample: int) -> tuple[list[Change], int]:
    """A sample, one mutant a place; and how many places there are.

    It is drawn by the hash of what stands there, so that a change elsewhere leaves it as it is.
    """
    everywhere = {}
    for module in modules():
        source = (ROOT / module).read_text().splitlines()
        for at, specs in enumerate(places(module)):
            line, column = specs[0].start_pos
            place = f"{module} {specs[0].definition_name} {source[line - 1].strip()} {column}"
            everywhere[rank(place), module, at] = specs
    chosen: list[Change] = []
    for (lot, module, _), specs in sorted(everywhere.items()):
        if len(chosen) == sample:
            break
        change = change_of(module, specs[lot % len(specs)])
        if change is not None:
            chosen.append(change)
    return chosen, len(everywhere)


def rank(place: str) -> int:
    """A number that looks like chance and is the same for the same place."""
    return int.from_bytes(hashlib.sha256(f"{SEED} {place}".encode()).digest())


def fates(changes: Sequence[Change]) -> Iterator[tuple[Change, bool]]:
    """Each mutant, and whether it survived; several at a time, each in a copy of its own."""
    known, why = killed(), reasons()
    for change in changes:
        if known.get(change.name) == change.digest:
            yield change, False
    changes = [change for change in changes if known.get(change.name) != change.digest]
    if not changes:
        return
    with contextlib.ExitStack() as stack:
        copies: Queue[Path] = Queue()
        for _ in range(PROCESSES):
            copies.put(stack.enter_context(copied()))
        runs = runs_for(changes, list(copies.queue))
        print(f"{len(runs.seconds)} tests pass, in {sum(runs.seconds.values()):.0f} s", flush=True)

        def one(change: Change) -> tuple[Change, bool]:
            copy = copies.get()
            path = copy / change.module
            source = path.read_text()
            folders = tests_of(change.module)
            tests = runs.tests_of(change.module, source, change.line, folders)
            try:
                path.write_text(str(mutate(source, change.operator, change.occurrence)))
                survived = not tests or passes(copy, tests, runs)
                # What is cached, as a table is, ran in whichever test was the first to ask for it.
                others = sorted({*runs.all_of(change.module, folders)} - {*tests})
                if survived and others and not why.get(change.key):
                    survived = passes(copy, others, runs)
                return change, survived
            finally:
                path.write_text(source)
                copies.put(copy)

        with ThreadPoolExecutor(PROCESSES) as pool:
            for change, survived in pool.map(one, changes):
                if not survived:
                    remember(change)
                yield change, survived


def killed() -> dict[str, str]:
    """The mutants that were killed before, with the hash of their modules."""
    known: dict[str, str] = json.loads(KILLED.read_text()) if KILLED.exists() else {}
    return known


def remember(change: Change) -> None:
    KILLED.parent.mkdir(exist_ok=True)
    KILLED.write_text(json.dumps(killed() | {change.name: change.digest}, indent=1))


def runs_for(changes: Sequence[Change], copies: Sequence[Path]) -> Runs:
    """Which tests run the lines of the mutants; `OTHERS` only if no own test runs one of them."""
    own = {tests for change in changes for tests in tests_of(change.module)}
    runs = recorded_in(copies, modules(), sorted(own))
    for change in changes:
        source = (copies[0] / change.module).read_text()
        if not runs.tests_of(change.module, source, change.line, tests_of(change.module)):
            return recorded_in(copies, modules(), sorted({*own, *OTHERS}))
    return runs


def recorded_in(copies: Sequence[Path], modules: Sequence[str], folders: Sequence[str]) -> Runs:
    """Which tests run which lines. Tests that fail anyway would kill every mutant."""
    files = test_files(copies[0], folders)
    known = lines_known(copies[0], modules)
    stamps = {
        file: hashlib.sha256((copies[0] / file).read_bytes()).hexdigest()
        for file in {*files, *known["files"]}
        if (copies[0] / file).exists()
    }
    same = {file for file, stamp in known["files"].items() if stamps.get(file) == stamp}
    fresh = [file for file in files if file not in same]
    kept = Runs.parse(known["runs"]).without({*known["files"]} - same)
    with ThreadPoolExecutor(len(copies)) as pool:
        shares = [fresh[at :: len(copies)] for at in range(len(copies))]
        found = list(pool.map(lambda copy, share: recorded(copy, share, modules), copies, shares))
    for copy, runs in zip(copies, found, strict=True):
        if runs is None:
            said = (copy / ".pytest.log").read_text()[-3000:]
            sys.exit(f"mutate: the tests fail as they are\n{said}")
    runs = together([kept, *(runs for runs in found if runs is not None)])
    LINES.parent.mkdir(exist_ok=True)
    read = {file: stamps[file] for file in sorted({*files, *same})}
    told = {"program": known["program"], "files": read, "runs": asdict(runs)}
    LINES.write_text(json.dumps(told))
    for copy in copies:
        (copy / ".cache").mkdir(exist_ok=True)
    for copy in copies:  # what the tests of one made, those of the others may need now
        for other in copies:
            if other != copy:
                shutil.copytree(other / ".cache", copy / ".cache", dirs_exist_ok=True)
    return runs


def lines_known(copy: Path, modules: Sequence[str]) -> dict[str, Any]:
    """What an earlier run has left in LINES, if the program is still the same."""
    program = hashlib.sha256("\n".join(modules).encode())
    for path in sorted(path for path in copy.rglob("*") if path.suffix in PROGRAM):
        name = path.relative_to(copy)
        if name.parts[0] in ROOMS and not path.name.startswith("test_"):
            program.update(str(name).encode() + path.read_bytes())
    digest = program.hexdigest()
    known: dict[str, Any] = json.loads(LINES.read_text()) if LINES.exists() else {}
    if known.get("program") == digest:
        return known
    return {"program": digest, "files": {}, "runs": {"seconds": {}, "lines": {}}}


def reasons() -> dict[str, str]:
    """Why each known survivor is no defect of the tests."""
    if not SCORES.exists():
        return {}
    return {one["mutant"]: one["reason"] for one in json.loads(SCORES.read_text())["survivors"]}


def summary(results: Sequence[tuple[Change, bool]], possible: int) -> dict[str, Any]:
    """What snapshots/python_mutants.json holds."""
    why = reasons()
    lived = sorted(change.key for change, survived in results if survived)
    by_module: dict[str, dict[str, int]] = defaultdict(lambda: {"tried": 0, "killed": 0})
    for change, survived in results:
        by_module[change.module]["tried"] += 1
        by_module[change.module]["killed"] += not survived
    return {
        "tool": f"cosmic-ray {version('cosmic-ray')}",
        "seed": SEED,
        "places": possible,
        "tried": len(results),
        "killed": len(results) - len(lived),
        "modules": dict(sorted(by_module.items())),
        "sample": sorted(change.key for change, _ in results),
        "survivors": [{"mutant": key, "reason": why.get(key, "")} for key in lived],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/mutate --python", description="See the file.")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"mutants [{SAMPLE}]")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="START",
        help="those of the sample whose name starts so; nothing is written down",
    )
    parser.add_argument("--list", action="store_true", help="print the sample and stop")
    parser.add_argument("--afresh", action="store_true", help="those too that were killed before")
    options = parser.parse_args()
    changes, possible = drawn(options.sample)
    if options.only:
        changes = [change for change in changes if change.key.startswith(tuple(options.only))]
    if options.list:
        print(json.dumps([asdict(change) for change in changes], indent=1))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("mutate: stopped"))
    if options.afresh:
        for known in (KILLED, LINES):
            known.unlink(missing_ok=True)
    preload()
    results = []
    for change, survived in fates(changes):
        results.append((change, survived))
        print(f"{'survived' if survived else 'killed'}: {change.key}", flush=True)
    told = summary(results, possible)
    print(f"{told['killed']} of {told['tried']} killed, of {possible} places")
    if not options.only:
        SCORES.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    open_ends = [one["mutant"] for one in told["survivors"] if not one["reason"]]
    grave = [
        one["mutant"]
        for one in told["survivors"]
        if one["mutant"].split()[0] in MONEY and not one["reason"].startswith(EQUIVALENT)
    ]
    if open_ends or grave:
        sys.exit("mutate: test these, or explain them:\n" + "\n".join({*open_ends, *grave}))


if __name__ == "__main__":
    main()
