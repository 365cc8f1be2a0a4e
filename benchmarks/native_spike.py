"""Speed and memory of the native prover by rows and lanes, for its cost model.

Usage: python -m benchmarks.native_spike [--k 13:20] [--lanes 2,7] [--operations-only]

First commitments by width of the scalars, and Fourier transforms, alone. Then whole proofs of
circuits whose every row is in use, with the native prover's mix of phases and lookups: each size in
processes of its own (one makes and writes the keys, one reads them, proves and verifies), so that
peak memory is that of the work named. A row that the result file has already is measured anew.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import zkescrow_native as native
from numpy.typing import NDArray

from benchmarks.machine import machine

RESULT = Path(__file__).parent / "results" / "native_spike.json"
SEED = bytes(32)
WIDTHS = (1, 8, 12, 17, 32, 64)  # 64 stands for all 254 bits
RUN_ROWS, IMAGE_ROWS = 256, 16  # a stored image, and a row of it
FLAGS = (
    *("nrs", "re", "c", "dbl", "sm", "im", "v1c", "wb"),
    *("u1", "ub", "ua", "ve", "h1", "hg", "me", "le"),
)
Columns = dict[str, NDArray[np.int64]]
T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """A circuit of 2^k rows with so many cells and weights to a row."""

    k: int
    lanes: int
    weight_lanes: int

    @property
    def rows(self) -> int:
        """Rows that cells may fill."""
        return int(native.Program.usable_rows(self.k))

    @property
    def shift(self) -> int:
        """Bits of the remainders: 12 as in a real network, fewer where the table is small."""
        return min(12, self.k - 3)

    @property
    def quotients(self) -> int:
        """Values of q, each twice in the table: dead and clamped."""
        return int(2 ** min(17, self.k - 2))


@dataclass(frozen=True)
class Stage:
    """Seconds of a call and the peak of its process's memory until then."""

    seconds: float
    peak_gib: float


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--k", default="13:20", help="first and last k")
    parser.add_argument("--lanes", default="2,7", help="cells to a row")
    parser.add_argument("--operations-only", action="store_true")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        step, folder, *numbers = arguments.child
        print(json.dumps(STEPS[step](Size(*map(int, numbers)), Path(folder))))
        return
    first, last = map(int, arguments.k.split(":"))
    exponents = range(first, last + 1)
    save({"machine": machine(), "operations": [operations(k) for k in exponents]})
    if arguments.operations_only:
        return
    for k in exponents:
        for lanes in map(int, arguments.lanes.split(",")):
            proof = measured(Size(k, lanes, lanes))
            print(json.dumps(proof), flush=True)
            save({"proofs": [*others(k, lanes), proof]})


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
    proof, proving = timed(lambda: native.prove_run(program, keys, srs, cells, SEED, SEED))
    verifying_key = native.VerifyingKey.read(folder / "keys")
    _, verifying = timed(lambda: verifying_key.verify(proof, []))
    return {
        "prove": asdict(proving),
        "verify_seconds": verifying.seconds,
        "proof_bytes": len(proof),
    }


STEPS: dict[str, Callable[[Size, Path], dict[str, Any]]] = {"keys": make_keys, "proof": make_proof}


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


def table(size: Size) -> NDArray[np.int64]:
    """Entries [3, rows] (tag, q, y): dead cells, remainders, a clamp to 0..255."""
    q, r = np.arange(size.quotients), np.arange(2**size.shift)
    entries = np.concatenate(
        [
            np.stack([np.zeros_like(q), q, np.zeros_like(q)]),
            np.stack([np.ones_like(r), r, np.zeros_like(r)]),
            np.stack([np.full_like(q, 3), q, clamp(q, size)]),
        ],
        axis=1,
    )
    rest = np.repeat(entries[:, -1:], size.rows - entries.shape[1], axis=1)
    return np.concatenate([entries, rest], axis=1)


def clamp(q: NDArray[np.int64], size: Size) -> NDArray[np.int64]:
    """The output of a stored quotient."""
    return np.clip(q - size.quotients // 2, 0, 255)


def tags(size: Size) -> NDArray[np.int64]:
    """[lanes, rows]: two rows of three are live."""
    live = np.where(np.arange(size.rows) % 3 == 0, 0, 3)
    return np.repeat(live[None, :], size.lanes, axis=0)


def busy_program(size: Size) -> Any:
    """A program whose every row holds cells and weights; it has no identity to close."""
    place = np.arange(size.rows)
    draw = np.random.default_rng(1)
    columns: Columns = {name: np.zeros((1, 1), np.int64) for name in FLAGS}
    columns["nrs"] = flag(place % IMAGE_ROWS != 0)
    columns["re"] = flag(place % IMAGE_ROWS == IMAGE_ROWS - 1)
    columns["c"] = columns["h1"] = flag(place % RUN_ROWS != 0)
    columns["v1c"], columns["ve"] = columns["nrs"], columns["re"]
    ends = np.flatnonzero(place % RUN_ROWS == RUN_ROWS - 1)
    columns["me"] = flag(place % RUN_ROWS == RUN_ROWS - 1)
    columns |= dict(zip(("t_tag", "t_q", "t_y"), table(size)[:, None], strict=True))
    columns["tag"] = tags(size)
    columns["bias"] = draw.integers(0, 2**20, (1, size.rows))
    columns["w"] = draw.integers(-(2**11), 2**11, (size.weight_lanes, size.rows))
    copies = np.stack([np.full_like(ends, 2), ends, np.zeros_like(ends), ends], axis=1)
    return native.Program(shape(size), columns, copies, 0)


def flag(rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A flag column [1, rows]."""
    return rows.astype(np.int64)[None, :]


def shape(size: Size) -> dict[str, int]:
    """The engine's parameters."""
    fixed = {"y_offset": 0, "input_bits": 8, "input_low": 0}
    return asdict(size) | {"shift": size.shift} | fixed


def busy_cells(size: Size) -> Any:
    """Cells that the table holds, everywhere."""
    draw = np.random.default_rng(2)
    q = draw.integers(0, size.quotients, (size.lanes, size.rows))
    r = draw.integers(0, 2**size.shift, (size.lanes, size.rows))
    live = tags(size) == 3
    y = np.where(live, clamp(q, size), 0)
    counts = np.concatenate(
        [
            np.bincount(q[~live], minlength=size.quotients),
            np.bincount(r.ravel(), minlength=2**size.shift),
            np.bincount(q[live], minlength=size.quotients),
        ]
    )
    m = np.zeros(size.rows, np.int64)
    m[: counts.size] = counts
    return native.Cells(q, r, y, m, list(words(size)), [])


def words(size: Size) -> Iterator[bytes]:
    """Packed pixels: as many as a photograph of 224 x 224 has."""
    draw = np.random.default_rng(3)
    for _ in range(min(size.rows, 5376)):
        yield draw.bytes(28) + bytes(4)


if __name__ == "__main__":
    main()
