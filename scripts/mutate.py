"""Mutation tests of the core contracts: see scripts/mutate.

Each mutant is built and tested in a copy of the checkout. It is killed if a command of its
contract's suite fails, stillborn if it does not compile. A survivor keeps the reason that
snapshots/mutants.json gives for it; one without a reason makes this script fail.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutate_operators import Mutant, mutants

ROOT = Path(__file__).parents[1]
SCORES = ROOT / "snapshots" / "mutants.json"
SHARED = ("node_modules", ".venv", ".toolchain")
SEED, SAMPLE, SECONDS = 7, 10, 400
NOT_COMPILED = ("Compiler run failed", "the Solidity compiler refuses")


@dataclass(frozen=True)
class Command:
    """A program with its options, and the test files that it is given."""

    words: tuple[str, ...]
    pattern: str


@dataclass(frozen=True)
class Suite:
    """A source, and the commands that test it, the quickest first."""

    source: str
    commands: tuple[Command, ...]


def contract_tests(pattern: str) -> Command:
    return Command(("pytest", "-x", "-q", "-p", "no:cacheprovider"), f"tests/contracts/{pattern}")


def forge_tests(pattern: str) -> Command:
    return Command(("forge", "test", "--match-path"), f"tests/forge/{pattern}")


PREDICTION = (
    forge_tests("prediction/Prediction.invariants.t.sol"),
    contract_tests("prediction/test_*.py"),
)
SERVING = (forge_tests("serving/Serving.invariants.t.sol"), contract_tests("serving/test_*.py"))
ACCURACY = (forge_tests("accuracy/Accuracy.invariants.t.sol"), contract_tests("accuracy/test_*.py"))
RETRIEVAL = (
    forge_tests("retrieval/Retrieval.invariants.t.sol"),
    contract_tests("retrieval/test_*.py"),
)
SUITES = {
    "Escrow": Suite(
        "Escrow.sol",
        (
            contract_tests("prediction/test_post.py"),
            contract_tests("common/test_escrow.py"),
            contract_tests("common/test_weird*.py"),
            *PREDICTION[:1],
        ),
    ),
    "Jobs": Suite(
        "Jobs.sol",
        (
            forge_tests("prediction/Windows.t.sol"),
            *PREDICTION,
            contract_tests("serving/test_post.py"),
        ),
    ),
    "ProofAcceptance": Suite(
        "ProofAcceptance.sol",
        (
            contract_tests("common/test_proof_acceptance.py"),
            contract_tests("common/test_vanished_verifier.py"),
            contract_tests("prediction/test_deliver.py"),
            contract_tests("*/test_attacks.py"),
            *ACCURACY[1:],
        ),
    ),
    "PredictionMarket": Suite("PredictionMarket.sol", PREDICTION),
    "ServingRound": Suite("ServingRound.sol", SERVING),
    "AccuracyBounty": Suite("AccuracyBounty.sol", ACCURACY),
    "RetrievalBounty": Suite("RetrievalBounty.sol", RETRIEVAL),
    "Statement": Suite(
        "libraries/Statement.sol",
        (
            forge_tests("libraries/Statement.t.sol"),
            contract_tests("libraries/test_statement.py"),
            contract_tests("prediction/test_deliver.py"),
            *ACCURACY[1:],
        ),
    ),
    "PositionalTree": Suite(
        "libraries/PositionalTree.sol",
        (
            forge_tests("libraries/PositionalTree.t.sol"),
            contract_tests("libraries/test_positional_tree.py"),
        ),
    ),
    "SealedItem": Suite(
        "libraries/SealedItem.sol",
        (contract_tests("libraries/test_sealed*.py"), *ACCURACY[1:]),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__.splitlines()[0])
    parser.add_argument("contracts", nargs="*", metavar="CONTRACT", help=f"of {', '.join(SUITES)}")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"mutants each [{SAMPLE}]")
    parser.add_argument(
        "--passed", action="store_true", help="the suites have passed: do not run them unchanged"
    )
    options = parser.parse_args()
    unknown = sorted(set(options.contracts) - set(SUITES))
    if unknown:
        parser.error(f"{', '.join(unknown)}: {', '.join(SUITES)} are allowed")
    scores: dict[str, Any] = json.loads(SCORES.read_text()) if SCORES.exists() else {}
    with copied() as copy:
        for name in options.contracts or SUITES:
            if not options.passed:
                require_passing(copy, SUITES[name])
            scores[name] = score(copy, SUITES[name], options.sample, reasons_in(scores, name))
            ordered = {known: scores[known] for known in SUITES if known in scores}
            SCORES.write_text(json.dumps(ordered, indent=2) + "\n")
    unexplained = [name for name in scores if "" in reasons_in(scores, name).values()]
    if unexplained:
        sys.exit(f"mutate: survivors without a reason: {', '.join(unexplained)}; test or explain")


def reasons_in(scores: dict[str, Any], name: str) -> dict[str, str]:
    """Why each known survivor is no defect of the tests."""
    return {one["mutant"]: one["reason"] for one in scores.get(name, {}).get("survivors", [])}


def require_passing(copy: Path, suite: Suite) -> None:
    """A suite that fails anyway would kill every mutant."""
    if (failed := failing(copy, suite)) is not None:
        sys.exit(f"mutate: the tests of {suite.source} fail as they are:\n{failed[-2000:]}")


def score(copy: Path, suite: Suite, sample: int, reasons: dict[str, str]) -> dict[str, Any]:
    """What became of the mutants of one contract."""
    path = copy / "contracts" / suite.source
    source = path.read_text()
    possible = mutants(source)
    fates: dict[str, list[str]] = {"killed": [], "stillborn": [], "survived": []}
    for mutant in drawn(possible, sample):
        path.write_text(mutant.apply(source))
        fate = fate_of(failing(copy, suite))
        fates[fate].append(mutant.key(source))
        print(f"{suite.source}:{mutant.line}: {fate}: {mutant.key(source)}", flush=True)
    path.write_text(source)
    return {
        "sha256": hashlib.sha256(source.encode()).hexdigest(),
        "possible": len(possible),
        "tried": sum(map(len, fates.values())) - len(fates["stillborn"]),
        "stillborn": len(fates["stillborn"]),
        "killed": len(fates["killed"]),
        "survivors": [{"mutant": key, "reason": reasons.get(key, "")} for key in fates["survived"]],
    }


def drawn(possible: Sequence[Mutant], sample: int) -> list[Mutant]:
    """The same mutants for the same source, spread over all of it."""
    if not 0 < sample < len(possible):
        return list(possible)
    chosen = random.Random(SEED).sample(range(len(possible)), sample)  # noqa: S311
    return [possible[at] for at in sorted(chosen)]


def fate_of(output: str | None) -> str:
    if output is None:
        return "survived"
    return "stillborn" if any(words in output for words in NOT_COMPILED) else "killed"


def failing(copy: Path, suite: Suite) -> str | None:
    """The output of the first command that fails or takes too long; None if all succeed."""
    for command in suite.commands:
        output = run(copy, [*command.words, *paths_of(copy, command)])
        if output is not None:
            return output
    return None


def paths_of(copy: Path, command: Command) -> list[str]:
    """pytest wants the files themselves, forge the pattern."""
    found = sorted(str(path.relative_to(copy)) for path in copy.glob(command.pattern))
    if not found:
        sys.exit(f"mutate: no file is {command.pattern}: correct the suites of scripts/mutate.py")
    return found if command.words[0] == "pytest" else [command.pattern]


def run(copy: Path, words: list[str]) -> str | None:
    paths = {"PYTHONPATH": str(copy), "ZKESCROW_CACHE": str(copy / ".cache")}
    profile = {"FOUNDRY_PROFILE": "mutants"}
    try:
        done = subprocess.run(
            words,
            cwd=copy,
            env=os.environ | paths | profile,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    return done.stdout if done.returncode else None


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the checkout, whose installed tools are shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)
        for name in SHARED:
            (copy / name).symlink_to(ROOT / name)
        yield copy


if __name__ == "__main__":
    main()
