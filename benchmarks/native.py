"""Proves the same CNNs natively and with ezkl (guarded, its best plan), in one run.

Usage: python -m benchmarks.native [--models digits,mobilenet] [--rounds 3] [--curve]

Writes benchmarks/results/native.json: per model and system the median seconds from an input to a
verified proof by the client's own call (a child process that loads its keys each time), the largest
resident memory of that child in GiB, the rows, and the size of the proof. A system that refuses a
model is recorded with its reason. --curve measures smaller networks of the two larger families
instead, those that ezkl proves (its limits of rows, labels and error lifted), and writes
benchmarks/results/native_curve.json.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from benchmarks.machine import machine
from benchmarks.networks import DIGITS, NETWORKS, PIXELS, ROOT, samples
from prover.base.errors import ZkescrowError
from prover.statement.context import JobContext

RESULT = ROOT / "benchmarks" / "results" / "native.json"
CURVE_RESULT = RESULT.with_name("native_curve.json")
SYSTEMS = ("native", "ezkl")
MODELS = ("digits", "mobilenet", "resnet")
# Family, size and width; the labels of networks with random weights are close to each other.
CURVE = ("mobilenet:8:2", "mobilenet:8:4", "mobilenet:16:2", "resnet:8:4", "resnet:16:2")
LIFTED_LOGROWS, LIFTED_AGREEMENT, LIFTED_ERROR = 18, 0.6, 0.3
CONTEXT = JobContext.of(31337, "0x" + "11" * 20, bytes(32), "0x" + "22" * 20, bytes(32))
GIB_OF_KIB = 1 << 20


def main() -> None:
    """Measure every model with both systems, each in a process of its own, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", help="names, with commas")
    parser.add_argument("--rounds", type=int, default=3, help="proofs of each circuit")
    parser.add_argument("--curve", action="store_true", help="smaller networks instead")
    parser.add_argument("--side", help="for the processes that this one starts")
    parser.add_argument("--circuit", type=Path, help="likewise: only prove")
    arguments = parser.parse_args()
    if arguments.side:
        answer = one_side(arguments.side, arguments.models, arguments.rounds, arguments.circuit)
        print(json.dumps(answer))
        return
    names = (
        arguments.models.split(",") if arguments.models else CURVE if arguments.curve else MODELS
    )
    target = CURVE_RESULT if arguments.curve else RESULT
    result: dict[str, Any] = {"machine": machine(), "rounds": arguments.rounds, "models": {}}
    for name in names:
        result["models"][name] = both(name, arguments.rounds)
        target.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def both(name: str, rounds: int) -> dict[str, Any]:
    """Both systems on one model, and the ratios where both proved it."""
    found = {system: _started(system, name, rounds) for system in SYSTEMS}
    ours, theirs = found["native"], found["ezkl"]
    if "refused" in ours or "refused" in theirs:
        return found
    ratios = {
        "times_faster": round(theirs["prove_seconds"] / ours["prove_seconds"], 2),
        "times_less_memory": round(theirs["peak_gib"] / ours["peak_gib"], 2),
    }
    return {**found, **ratios}


def _started(system: str, name: str, rounds: int, circuit: Path | None = None) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.native", "--side", system, "--models", name]
    command += ["--rounds", str(rounds), *(["--circuit", str(circuit)] if circuit else [])]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def one_side(system: str, name: str, rounds: int, circuit: Path | None) -> dict[str, Any]:
    """Set a model up; its proofs are made from another process, so that memory is theirs alone."""
    with tempfile.TemporaryDirectory() as folder:
        path, inputs, scale = _model(name, Path(folder))
        native = system == "native"
        if circuit:
            prove = prove_native if native else prove_ezkl
            return prove(circuit, inputs[:rounds], scale)
        started = time.perf_counter()
        try:
            make = set_up_native if native else partial(set_up_ezkl, lifted=":" in name)
            facts, made = make(path, inputs, scale, Path(folder))
        except ZkescrowError as error:
            return {"refused": f"{type(error).__name__}: {error}"}
        facts["setup_seconds"] = round(time.perf_counter() - started, 2)
        return facts | _started(system, name, rounds, made)


def _model(name: str, folder: Path) -> tuple[Path, Any, float]:
    """An ONNX file, inputs [n, c, h, w] as the model takes them, and what integer 1 stands for.

    FAMILY:SIZE:WIDTH is a smaller or larger network of a family: "resnet" is "resnet:32:8".
    """
    if name == "digits":
        archive = np.load(ROOT / "examples" / "digits-calibration.npz")
        return ROOT / "examples" / "digits-cnn.onnx", archive["inputs"], DIGITS.scale
    family, *sizes = name.split(":")
    model, path = NETWORKS[family](*map(int, sizes)), folder / f"{family}.onnx"
    onnx.save(model, path)
    return path, (samples(model) * PIXELS.scale).astype(np.float32), PIXELS.scale


Made = tuple[dict[str, Any], Path]


def set_up_native(path: Path, inputs: Any, scale: float, folder: Path) -> Made:
    """Our circuit."""
    from prover.systems.native import setup
    from prover.systems.native.network.quantise import InputRange

    integers = np.rint(inputs / scale)
    source = InputRange(int(integers.min()), int(integers.max()), scale)
    made = setup.setup(path, setup.plan(path, inputs, source), folder / "circuit")
    facts = {"k": made.layout.k, "lanes": made.layout.lanes, "agreement": made.manifest.agreement}
    return facts, made.directory


def set_up_ezkl(path: Path, inputs: Any, scale: float, folder: Path, lifted: bool) -> Made:
    """ezkl's best plan under our guards: public inputs, fixed weights, one item."""
    from prover.systems.ezkl.planner import search
    from prover.systems.ezkl.planner.plan import Constraints
    from prover.systems.ezkl.planning import EzklCircuits
    from prover.systems.ezkl.system import Ezkl, Planned
    from prover.systems.onnx import calibration, onnx_file

    data = folder / "data.npz"
    np.savez(data, inputs=inputs)
    model = onnx_file.load(path)
    images = calibration.read(data, model.input_shape, model.classes)
    constraints = Constraints(items=1)
    if lifted:
        constraints = replace(
            constraints,
            max_logrows=LIFTED_LOGROWS,
            min_agreement=LIFTED_AGREEMENT,
            max_relative_error=LIFTED_ERROR,
        )
    report = search.find_plan(model, images, constraints, EzklCircuits())
    agreement = report.plan.accuracy.label_agreement
    made = Ezkl().setup(Planned(model, report.plan))
    return {"k": report.plan.logrows, "agreement": agreement}, made.directory


def prove_native(circuit: Path, inputs: Any, scale: float) -> dict[str, Any]:
    """Proofs of some inputs."""
    from prover.systems.native import artifacts, prover

    made = artifacts.load(circuit)
    images = np.rint(inputs / scale).astype(np.int64)
    return _timed([partial(prover.prove, made, image, CONTEXT) for image in images])


def prove_ezkl(circuit: Path, inputs: Any, _: float) -> dict[str, Any]:
    """Proofs of some inputs."""
    from prover.statement.documents.inputs_file import Item
    from prover.systems.ezkl.arithmetic.tensors import quantise
    from prover.systems.ezkl.artifacts import load_artifacts
    from prover.systems.ezkl.system import Ezkl

    made, system = load_artifacts(circuit), Ezkl()

    def prove(image: Any) -> Any:
        values = np.ravel(quantise(image, made.manifest.plan.input_scale))
        item = Item(tuple(int(value) for value in values))
        return system.prove(made, system.witness(made, [item], CONTEXT))

    return _timed([partial(prove, image) for image in inputs])


def _timed(proofs: list[Callable[[], Any]]) -> dict[str, Any]:
    seconds, size = [], 0
    for prove in proofs:
        started = time.perf_counter()
        size = len(prove().proof)
        seconds.append(round(time.perf_counter() - started, 3))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / GIB_OF_KIB
    return {
        "prove_seconds": statistics.median(seconds),
        "prove_seconds_all": seconds,
        "peak_gib": round(peak, 3),
        "proof_bytes": size,
    }


if __name__ == "__main__":
    main()
