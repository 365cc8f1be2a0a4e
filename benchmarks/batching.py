"""Gas and proving time of digits by the number of items that share a proof.

Usage: python -m benchmarks.batching [--rows 8:hashed,16:public] [--rounds 3] [--again] [--render]

For each row a circuit with that many item slots is set up (kept in .zkescrow/benchmarks), a job of
as many items is posted, locked, proven and delivered on a fresh Anvil node, and the receipts say
what it took. A row that benchmarks/results/batching_runs.json has already is left alone, unless
--again is given. batching.json and docs/PERFORMANCE.md are made from that file; --render does only
this.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import performance
from benchmarks.bounty import opened
from benchmarks.circuits import (
    DIGITS,
    ROOT,
    Wanted,
    artifacts_of,
    items_of,
    labels_of,
    use_own_home,
)
from benchmarks.machine import machine
from benchmarks.scene import CONSUMER, PROVIDER, Scene, running
from prover.chain.abi.contract import VERIFIER, Call, encode_call
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import Item
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.planner.plan import InputMode
from prover.systems.ezkl.system import Ezkl
from prover.systems.proof import Proof

RUNS = ROOT / "benchmarks" / "results" / "batching_runs.json"
RESULT = ROOT / "benchmarks" / "results" / "batching.json"
Row = tuple[int, InputMode]
BATCHES: dict[InputMode, tuple[int, ...]] = {
    "hashed": (1, 2, 4, 8, 16, 32, 64),
    "public": (1, 8, 16),
}
ROWS: tuple[Row, ...] = tuple((batch, mode) for mode in BATCHES for batch in BATCHES[mode])


@dataclass(frozen=True)
class Run:
    """One row as it was measured; gas as the receipts say, seconds of each round.

    `prove_seconds` is what a provider waits for: witness, proof, and its own verification, in a new
    process; `proof_seconds` is the proof alone. `verify_gas` is that of a transaction which calls
    the verifier and nothing else, `submit_gas` that of an accuracy bounty's submission of the same
    items (0 with public inputs, which no bounty takes).
    """

    batch: int
    input_mode: InputMode
    logrows: int
    instances: int
    proof_bytes: int
    verifier_bytes: int
    post_gas: int
    lock_gas: int
    deliver_gas: int
    deliver_bytes: int
    verify_gas: int
    prove_seconds: list[float]
    proof_seconds: list[float]
    load_average: float
    submit_gas: int = 0
    submit_bytes: int = 0

    def row(self) -> dict[str, Any]:
        """The row of batching.json."""
        return {
            "batch": self.batch,
            "input_mode": self.input_mode,
            "gas_per_item": round(self.deliver_gas / self.batch),
            "prove_seconds_per_item": round(statistics.median(self.prove_seconds) / self.batch, 3),
            "verifier_bytes": self.verifier_bytes,
        }


class Stopwatch:
    """Proves, and notes how long that and its stage `proof` took."""

    def __init__(self) -> None:
        self.whole: list[float] = []
        self.proof: list[float] = []

    def prove(self, artifacts: Artifacts, items: Sequence[Item], context: JobContext) -> Proof:
        """As a provider does it, from the items to a proof that it verified."""
        reached: dict[str, float] = {}

        def note(stage: str) -> None:
            reached[stage] = time.perf_counter()

        witness = Ezkl().witness(artifacts, items, context)
        started = time.perf_counter()
        proof = Ezkl().prove(artifacts, witness, note)
        self.whole.append(round(time.perf_counter() - started, 3))
        self.proof.append(round(reached["verification"] - reached["proof"], 3))
        return proof


def main() -> None:
    """Measure what is missing, then write the results and the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=_rows, default=ROWS, help="e.g. 8:hashed,16:public [all]")
    parser.add_argument("--rounds", type=int, default=3, help="proofs of each circuit [3]")
    parser.add_argument("--again", action="store_true", help="measure rows that are there, too")
    parser.add_argument("--render", action="store_true", help="only make the page from the results")
    arguments = parser.parse_args()
    if not arguments.render:
        measure(arguments.rows, arguments.rounds, again=arguments.again)
    performance.write()


def measure(rows: Sequence[Row], rounds: int, *, again: bool) -> None:
    """Measure rows one by one; each is written down at once."""
    use_own_home()
    runs = read_runs()
    with running() as scene:
        for batch, mode in rows:
            if again or (batch, mode) not in runs:
                runs[batch, mode] = measured(scene, Wanted(DIGITS, batch, mode), rounds)
                save(runs)
                print(json.dumps(runs[batch, mode].row()), flush=True)


def measured(scene: Scene, wanted: Wanted, rounds: int) -> Run:
    """One row, measured now; the proof of the second round is an accuracy bounty's."""
    artifacts = artifacts_of(wanted)
    model, items = scene.register(artifacts), items_of(wanted, artifacts)
    scene.give_credits(model, items)
    payee = scene.sender(PROVIDER).address
    job, post_gas = scene.post(model, items, CONSUMER)
    lock_gas = scene.send(PROVIDER, scene.prediction.lock(job, payee))
    watch = Stopwatch()
    made = watch.prove(artifacts, items, scene.context(job, payee))
    proof, instances = made.proof, list(made.instances)
    deliver = scene.prediction.deliver(job, wanted.items, proof, instances)
    verify = encode_call(VERIFIER, "verifyProof", proof, instances)
    submit_gas = submit_bytes = 0
    if wanted.input_mode == "hashed":
        bounty = opened(scene, model, artifacts, items, labels_of(wanted))
        proven = watch.prove(artifacts, items, bounty.context)
        submit_gas, submit_bytes = bounty.submitted(proven, wanted.items)
    while len(watch.whole) < rounds:
        watch.prove(artifacts, items, scene.context(job, payee))
    return Run(
        batch=wanted.items,
        input_mode=wanted.input_mode,
        logrows=artifacts.manifest.plan.logrows,
        instances=len(instances),
        proof_bytes=len(proof),
        verifier_bytes=artifacts.manifest.verifier.code_bytes,
        post_gas=post_gas,
        lock_gas=lock_gas,
        deliver_gas=scene.send(PROVIDER, deliver),
        deliver_bytes=len(deliver.data),
        verify_gas=scene.send(PROVIDER, Call("verifying", model.verifier, verify)),
        submit_gas=submit_gas,
        submit_bytes=submit_bytes,
        prove_seconds=watch.whole,
        proof_seconds=watch.proof,
        load_average=machine()["load_average"],
    )


def read_runs() -> dict[Row, Run]:
    """What was measured so far."""
    if not RUNS.exists():
        return {}
    runs = [Run(**fields) for fields in json.loads(RUNS.read_text())["runs"]]
    return {(run.batch, run.input_mode): run for run in runs}


def save(runs: dict[Row, Run]) -> None:
    """Both result files, rows in the order of `ROWS`."""
    ordered = [runs[row] for row in ROWS if row in runs]
    where = machine()
    _write(RUNS, {"machine": where, "runs": [asdict(run) for run in ordered]})
    _write(RESULT, {"machine": where, "rows": [run.row() for run in ordered]})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


def _rows(text: str) -> tuple[Row, ...]:
    wanted = set(text.split(","))
    found = tuple(row for row in ROWS if f"{row[0]}:{row[1]}" in wanted)
    if len(found) != len(wanted):
        known = ", ".join(f"{batch}:{mode}" for batch, mode in ROWS)
        raise argparse.ArgumentTypeError(f"rows {text}: expected some of {known}")
    return found


if __name__ == "__main__":
    main()
