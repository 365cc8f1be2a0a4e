"""Speed and memory of the native prover by rows and lanes, for its cost model.

Usage: python -m benchmarks.native_spike [--k 13:21] [--lanes 1,2,4,9] [--operations-only] [--again]

First commitments by width of the scalars, and Fourier transforms, alone. Then whole proofs of
circuits whose every row is in use, with the native prover's mix of phases and lookups: each size in
processes of its own (one makes and writes the keys, one reads them, proves and verifies), so that
peak memory is that of the work named. A size that the result file has already, with its stages, is
left out unless --again is given; one whose memory would not fit what is free is skipped, and said.
At the end the layout's cost constants are printed beside the stages measured (native_calibration).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import zkescrow_native as native

from benchmarks.busy_circuit import Size, busy_cells, busy_program
from benchmarks.machine import machine
from benchmarks.native_calibration import calibration
from prover.systems.native.circuit.layout import CircuitLayout

RESULT = Path(__file__).parent / "results" / "native_spike.json"
SEED = bytes(32)
WIDTHS = (1, 8, 12, 17, 32, 64)  # 64 stands for all 254 bits
BASE_GIB, BYTES_A_CELL = 0.2, 105
T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """Seconds of a call and the peak of its process's memory until then."""

    seconds: float
    peak_gib: float


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--k", default="13:21", help="first and last k")
    parser.add_argument("--lanes", default="1,2,4,9", help="cells to a row")
    parser.add_argument("--operations-only", action="store_true")
    parser.add_argument("--again", action="store_true", help="measure known sizes too")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        step, folder, *numbers = arguments.child
        print(json.dumps(STEPS[step](Size(*map(int, numbers)), Path(folder))))
        return
    first, last = map(int, arguments.k.split(":"))
    exponents = range(first, last + 1)
    alone = {row["k"]: row for row in stored().get("operations", [])}
    alone |= {k: operations(k) for k in exponents if arguments.again or k not in alone}
    save({"machine": machine(), "operations": [alone[k] for k in sorted(alone)]})
    if arguments.operations_only:
        return
    for k in exponents:
        for lanes in map(int, arguments.lanes.split(",")):
            if arguments.again or not known(k, lanes):
                add(Size(k, lanes, lanes))
    print(json.dumps(calibration(stored()["proofs"]), indent=1))


def add(size: Size) -> None:
    """Measure a size and keep it, if its memory fits what is free."""
    free: float = psutil.virtual_memory().available / 2**30
    if predicted_gib(size) > free:
        print(f"skipped {size}: about {predicted_gib(size):.1f} GiB; {free:.1f} are free")
        return
    proof = measured(size)
    print(json.dumps(proof), flush=True)
    save({"proofs": [*others(size.k, size.lanes), proof]})


def predicted_gib(size: Size) -> float:
    """Peak memory: what EfficientNet-Lite0's proof took for a cell of its columns, and a tenth."""
    cells: int = CircuitLayout(size.k, size.lanes, size.weight_lanes).columns * 2**size.k
    return BASE_GIB + cells * BYTES_A_CELL / 2**30


def known(k: int, lanes: int) -> bool:
    """Whether the result file has this size, with the seconds of its stages."""
    rows = stored().get("proofs", [])
    return any((row["k"], row["lanes"]) == (k, lanes) and "stages" in row for row in rows)


def save(changes: dict[str, Any]) -> None:
    """Put the changed parts into the result file."""
    result = stored() | changes
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


def stored() -> dict[str, Any]:
    """The result file, empty if there is none."""
    return json.loads(RESULT.read_text()) if RESULT.exists() else {}


def others(k: int, lanes: int) -> list[dict[str, Any]]:
    """The proofs measured before, less that of this size."""
    kept = stored().get("proofs", [])
    return [row for row in kept if (row["k"], row["lanes"]) != (k, lanes)]


def operations(k: int) -> dict[str, Any]:
    """Least seconds of a commitment by width of its scalars, and of a transform."""
    srs = native.Srs.development(k, SEED)
    repeats = 3 if k < 19 else 2
    widths = {str(bits): min(native.msm_seconds(srs, bits, repeats)) for bits in WIDTHS}
    return {"k": k, "commit_seconds": widths, "fft_seconds": min(native.fft_seconds(k, repeats))}


def measured(size: Size) -> dict[str, Any]:
    """Keys and a proof of a full circuit, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        parts = [child(step, folder, size) for step in STEPS]
    row = asdict(size)
    for part in parts:
        row |= part
    return row


def child(step: str, folder: str, size: Size) -> dict[str, Any]:
    """The figures that a process prints which only takes this step."""
    numbers = [str(number) for number in asdict(size).values()]
    command = [sys.executable, "-m", "benchmarks.native_spike", "--child", step, folder, *numbers]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def make_keys(size: Size, folder: Path) -> dict[str, Any]:
    """Set-up and keys, into the folder."""
    srs = native.Srs.development(size.k, SEED)
    srs.write(folder / "srs")
    program = busy_program(size)
    keys, stage = timed(lambda: native.keygen(program, srs))
    keys.write(folder / "keys")
    stored_bytes = (folder / "keys" / "proving.key").stat().st_size
    return {"keygen": asdict(stage), "proving_key_bytes": stored_bytes}


def make_proof(size: Size, folder: Path) -> dict[str, Any]:
    """A proof with the folder's keys, and its verification."""
    srs, keys = native.Srs.read(folder / "srs"), native.Keys.read(folder / "keys")
    program, cells = busy_program(size), busy_cells(size)
    stages = Stages()
    proof, proving = timed(
        lambda: native.prove(program, keys, srs, cells, SEED, SEED, stages.ended)
    )
    verifying_key = native.VerifyingKey.read(folder / "keys")
    _, verifying = timed(lambda: verifying_key.verify(proof, []))
    return {
        "prove": asdict(proving),
        "stages": stages.seconds,
        "verify_seconds": verifying.seconds,
        "proof_bytes": len(proof),
    }


STEPS: dict[str, Callable[[Size, Path], dict[str, Any]]] = {"keys": make_keys, "proof": make_proof}


class Stages:
    """Seconds of a proof's stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def ended(self, name: str) -> None:
        """A stage ends; parts of one ("quotient 3/12") are not told apart."""
        if "/" not in name:
            now = time.perf_counter()
            self.seconds[name], self._since = round(now - self._since, 4), now


def timed(work: Callable[[], T]) -> tuple[T, Stage]:
    """Its result, and what it took."""
    start = time.perf_counter()
    result = work()
    return result, Stage(round(time.perf_counter() - start, 4), round(peak_gib(), 3))


def peak_gib() -> float:
    """The most memory that this process has had resident."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**20


if __name__ == "__main__":
    main()
