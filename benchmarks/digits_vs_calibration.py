"""Proves one shipped digit with our plan and with ezkl's own calibration, in one run.

Usage: python -m benchmarks.digits_vs_calibration [--rounds 3] [--samples 360]

Writes benchmarks/results/digits_vs_calibration.json: rows, seconds of set-up and proof (median),
and the labels of the held-out images as the two circuits compute them. ezkl's side is what its
documentation does: public input and output, fixed parameters, `gen_settings`, `calibrate_settings`
for resources on the calibration images. Its proof carries no job context; ours does.
"""

import argparse
import contextlib
import json
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from prover.systems.ezkl.arithmetic.tensors import quantise
from prover.systems.ezkl.planner.measure import label_of
from prover.systems.ezkl.planner.plan import Constraints
from prover.systems.ezkl.planner.search import find_plan
from prover.systems.ezkl.planner.wrap import wrap
from prover.systems.ezkl.planning import EzklCircuits
from prover.systems.onnx.calibration import Calibration, read
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import ImportedModel, load
from prover.systems.worker import Limits, run

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "digits_vs_calibration.json"
SELF = "benchmarks.digits_vs_calibration"
BAR = 3.0
CALIBRATED = 16


def main() -> None:
    """Measure both, write the result, say whether the bar is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="proofs of each circuit")
    parser.add_argument("--samples", type=int, default=360, help="held-out images to label")
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)  # the children import this module
    model = load(ROOT / "examples" / "digits-cnn.onnx")
    calibration, test = (
        read(ROOT / "examples" / f"digits-{part}.npz", model.input_shape, model.classes)
        for part in ("calibration", "test")
    )
    test = test.head(arguments.samples)
    ours, plan = our_side(model, calibration, test)
    sides = {"ours": ours, "ezkl_calibration": their_side(calibration, test)}
    task = {"sides": sides, "rounds": arguments.rounds}
    measured = run(f"{SELF}:prove_both", task, Limits(seconds=1800))
    measured["ours"] = plan | measured["ours"]
    result = compare(model, test, measured, arguments.rounds)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def compare(
    model: ImportedModel, test: Calibration, measured: dict[str, Any], rounds: int
) -> dict[str, Any]:
    """The result file: both sides without their label lists, shares of right and equal labels."""
    expected = label_of(outputs_of(model.proto, test.inputs))
    for side in measured.values():
        labels = np.array(side.pop("labels"))
        side["label_agreement"] = float((labels == expected).mean())
        side["accuracy"] = float((labels == test.labels).mean())
    ratio = measured["ezkl_calibration"]["prove_seconds"] / measured["ours"]["prove_seconds"]
    return {
        "machine": machine(),
        "rounds": rounds,
        "samples": len(test),
        "accuracy_float": float((expected == test.labels).mean()),
        **measured,
        "prove_ratio": round(ratio, 2),
        "bar": BAR,
        "met": bool(ratio >= BAR),
    }


def our_side(
    model: ImportedModel, calibration: Calibration, test: Calibration
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of the child for our plan, and what is known of the plan."""
    started = time.perf_counter()
    plan = find_plan(model, calibration, Constraints(), EzklCircuits()).plan
    seconds = round(time.perf_counter() - started, 2)
    inputs = quantise(test.inputs, plan.input_scale).astype(int).reshape(len(test), -1).tolist()
    arguments = {
        "model": wrap(model, plan).SerializeToString().hex(),
        "run_args": plan.run_args(),
        "inputs": [[row, [1] * plan.context_limbs] for row in inputs],
        "calibration": None,
    }
    return arguments, {"plan_seconds": seconds, "plan": asdict(plan)}


def their_side(calibration: Calibration, test: Calibration) -> dict[str, Any]:
    """Arguments of the child for ezkl's defaults and calibration on the ONNX file as it is."""
    return {
        "model": (ROOT / "examples" / "digits-cnn.onnx").read_bytes().hex(),
        "run_args": {
            "input_visibility": "public",
            "output_visibility": "public",
            "param_visibility": "fixed",
            "disable_freivalds": True,
        },
        "inputs": [[row] for row in test.inputs.reshape(len(test), -1).tolist()],
        "calibration": calibration.head(CALIBRATED).inputs.reshape(CALIBRATED, -1).tolist(),
    }


async def prove_both(sides: dict[str, dict[str, Any]], rounds: int) -> dict[str, Any]:
    """In a child: prepare each side, then prove in turn, so that both meet the same machine."""
    import ezkl

    measured: dict[str, Any] = {}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for name, arguments in sides.items():
        with _inside(name):
            measured[name] = await _prepared(ezkl, **arguments)
    for _ in range(rounds):
        for name in sides:
            with _inside(name):
                seconds[name].append(_proof_seconds(ezkl))
    for name, each in seconds.items():
        measured[name]["prove_seconds"] = round(statistics.median(each), 3)
        measured[name]["prove_seconds_each"] = [round(second, 3) for second in each]
    return measured


@contextlib.contextmanager
def _inside(name: str) -> Iterator[None]:
    Path(name).mkdir(exist_ok=True)
    before = Path.cwd()
    os.chdir(name)
    try:
        yield
    finally:
        os.chdir(before)


async def _prepared(
    ezkl: Any,
    model: str,
    run_args: dict[str, Any],
    inputs: list[list[list[Any]]],
    calibration: list[list[float]] | None,
) -> dict[str, Any]:
    """Settings, set-up, labels of all inputs; leaves the witness of the first."""
    from prover.systems.ezkl import engine

    Path("network.onnx").write_bytes(bytes.fromhex(model))
    settings = engine.gen_settings("network.onnx", run_args)
    started = time.perf_counter()
    if calibration is not None:
        settings = await _calibrated(ezkl, settings, calibration)
    else:
        settings["run_args"]["logrows"] = run_args["logrows"]
    calibrated = time.perf_counter() - started
    logrows = settings["run_args"]["logrows"]
    ezkl.gen_srs("kzg.srs", logrows)
    engine.compile_circuit("network.onnx", settings, "circuit")
    started = time.perf_counter()
    ezkl.setup("circuit", "vk", "pk", "kzg.srs")
    setup = time.perf_counter() - started
    witnesses = engine.witnesses("circuit", [*inputs, inputs[0]])["witnesses"]
    return {
        "scales": [settings["run_args"]["input_scale"], settings["run_args"]["param_scale"]],
        "rows": settings["num_rows"],
        "logrows": logrows,
        "calibrate_seconds": round(calibrated, 2),
        "setup_seconds": round(setup, 2),
        "key_bytes": Path("pk").stat().st_size,
        "labels": [int(np.argmax(w["outputs"][0])) for w in witnesses[:-1]],
    }


async def _calibrated(
    ezkl: Any, settings: dict[str, Any], calibration: list[list[float]]
) -> dict[str, Any]:
    rows = [value for row in calibration for value in row]
    Path("calibration.json").write_text(json.dumps({"input_data": [rows]}))
    Path("settings.json").write_text(json.dumps(settings))
    answer = ezkl.calibrate_settings(
        "calibration.json", "network.onnx", "settings.json", "resources"
    )
    if hasattr(answer, "__await__"):
        await answer
    calibrated: dict[str, Any] = json.loads(Path("settings.json").read_text())
    return calibrated


def _proof_seconds(ezkl: Any) -> float:
    started = time.perf_counter()
    ezkl.prove("witness.json", "circuit", "pk", "proof.json", "kzg.srs")
    seconds = time.perf_counter() - started
    ezkl.verify("proof.json", "settings.json", "vk", "kzg.srs")  # raises if it does not hold
    return seconds


if __name__ == "__main__":
    main()
