"""The tests that take long, part by part: see scripts/test.

What each part did is kept in snapshots/deep.json with the commit, the seconds and the machine.
Parts that did not run this time keep what is known of them, with the commit that it is known of.
"""

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SNAPSHOTS = ROOT / "snapshots"
RESULT = SNAPSHOTS / "deep.json"


@dataclass(frozen=True)
class Part:
    """A command that takes long, and what it shows."""

    shows: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


PARTS = {
    "pytest": Part(
        "tests that are marked deep: large histories, long random walks",
        ("python", "-m", "pytest", "-q", "--timeout=0", "-m", "deep"),
        {"ZKESCROW_DEEP": "1"},
    ),
    "pythons": Part(
        "the wheels and the tests of exact arithmetic under Python 3.12 and 3.13 with NumPy 2",
        ("scripts/pythons",),
    ),
    "machines": Part(
        "state machines of Hypothesis against the contracts, many and long",
        ("python", "-m", "pytest", "-q", "--timeout=0", "tests/contracts/common/test_machines.py"),
        {"ZKESCROW_DEEP": "1"},
    ),
    "forge": Part(
        "invariants of the four contracts, ten times as many calls, from another seed each time",
        ("forge", "test", "--fuzz-seed", f"0x{secrets.token_hex(8)}"),
        {"FOUNDRY_PROFILE": "deep"},
    ),
    "halmos": Part("conservation of money in Escrow, symbolically", ("scripts/halmos",)),
    "imagenet": Part(
        "EfficientNet-Lite0 at 224x224 in one proof, verified twice",
        ("python", "-m", "benchmarks.imagenet"),
    ),
    "mutants": Part("mutants of the core contracts", ("scripts/mutate",)),
    "python-mutants": Part(
        "mutants of the Python that sends, decides and verifies", ("scripts/mutate", "--python")
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/test --deep", description="Tests that take long."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"{', '.join(unknown)}: expected {', '.join(PARTS)}")
    failed = [name for name in options.parts or PARTS if not run(name)]
    if failed:
        sys.exit(f"deep: {', '.join(failed)} failed")
    print("deep: ok")


def run(name: str) -> bool:
    """Run a part and write down what became of it; whether it succeeded."""
    part, started, began_at = PARTS[name], time.monotonic(), commit()
    print(f"deep: {name}: {part.shows}", flush=True)
    done = subprocess.run(part.command, cwd=ROOT, env=os.environ | part.environment, check=False)
    known: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    known[name] = {
        "shows": part.shows + sample(name),
        "commit": began_at,
        "seconds": round(time.monotonic() - started),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "passed": done.returncode == 0,
    }
    ordered = {one: known[one] for one in PARTS if one in known}
    RESULT.write_text(json.dumps(ordered, indent=2) + "\n")
    return done.returncode == 0


def sample(name: str) -> str:
    """How many of the possible mutants were tried: no score says anything without it."""
    if name == "mutants":
        scores = json.loads((SNAPSHOTS / "mutants.json").read_text()).values()
        tried, possible = (sum(score[key] for score in scores) for key in ("tried", "possible"))
    elif name == "python-mutants":
        scores = json.loads((SNAPSHOTS / "python_mutants.json").read_text())
        tried, possible = scores["tried"], scores["places"]
    else:
        return ""
    return f": {tried:,} of {possible:,} tried"


def commit() -> str:
    """The commit that is checked out, marked where files other than the results differ from it."""
    head = ["git", "rev-parse", "--short=12", "HEAD"]
    found = subprocess.run(head, cwd=ROOT, capture_output=True, text=True, check=True)
    same = ["git", "diff", "--quiet", "HEAD", "--", ".", ":!snapshots", ":!benchmarks/results"]
    changed = subprocess.run(same, cwd=ROOT, check=False).returncode != 0
    return found.stdout.strip() + ("-dirty" if changed else "")


if __name__ == "__main__":
    main()
