"""Proves EfficientNet-Lite0 at 224x224 on a bundled photograph: one proof, on this machine.

Usage: python -m benchmarks.imagenet [--photograph chelsea.png] [--keep FOLDER]
       python -m benchmarks.imagenet --on-chain

Writes benchmarks/results/imagenet.json. `--on-chain` plays `scripts/demo imagenet` and writes what
it came to beside the rest, as `on_chain`: five labels, proven for a job, delivered and audited.
`prove_seconds` is wall clock from the image's integers to the finished proof, witness included;
keys are made before, in the same process. `peak_gib` is the largest resident memory while proving.
`stages` are seconds of each stage, in order. The proof is verified, and its outputs are compared
with the integer reference and with onnxruntime.
"""

import argparse
import json
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import skimage.data

from benchmarks.machine import machine
from benchmarks.networks import ROOT, development_set_up
from prover.base.settings import get_settings
from prover.systems.native import engine
from prover.systems.native.artifacts import CONTEXT_LIMBS
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.circuit.program import Program, compile_network
from prover.systems.native.network import reference
from prover.systems.native.network.importer import load
from prover.systems.native.network.sources import efficientnet
from prover.systems.native.network.sources.images import read_photo
from prover.systems.native.static_checks.replay import check_program
from prover.systems.native.witness import Execution, execute
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import read_original

RESULT = ROOT / "benchmarks" / "results" / "imagenet.json"
GIB = 1 << 30
POLL_SECONDS = 0.25
SMALL_BITS, FULL_BITS, REPEATS = 16, 254, 3
# Points that open everything; polynomials of the first, the last and the usable rows.
OPENINGS, ENDS = 2, 3


class Watch:
    """Seconds of each stage, and the largest resident memory since `reset`."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        self._since = time.perf_counter()
        self._process, self.peak = psutil.Process(), 0
        threading.Thread(target=self._poll, daemon=True).start()

    def _poll(self) -> None:
        while True:
            with suppress(psutil.NoSuchProcess):
                self.peak = max(self.peak, self._process.memory_info().rss)
            time.sleep(POLL_SECONDS)

    def ended(self, name: str) -> None:
        """A stage ends; the next begins. Parts of a stage ("quotient 3/12") are not told apart."""
        if "/" in name:
            return
        now = time.perf_counter()
        self.stages[name] = round(now - self._since, 2)
        print(f"{name}: {now - self._since:.1f} s", flush=True)
        self._since = now

    def reset(self) -> None:
        """Forget stages and memory so far."""
        self.stages, self.peak = {}, 0


def main() -> None:
    """Make keys, prove, verify, compare, write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photograph", default="chelsea.png", help="of scikit-image's data")
    parser.add_argument("--keep", type=Path, help="folder for proof, instances, description")
    parser.add_argument("--on-chain", action="store_true", help="play the demo instead")
    arguments = parser.parse_args()
    if arguments.on_chain:
        return play()
    path = efficientnet.cached(get_settings().cache)
    photograph = Path(skimage.data.__file__).parent / arguments.photograph
    image = read_photo(photograph, efficientnet.SIZE, efficientnet.MEAN)[0].astype(np.int64)
    result, proof = measure(path, image)
    samples = image[None, None].astype(np.float32) / efficientnet.DEVIATION
    real = outputs_of(read_original(path).proto, samples)
    result["photograph"] = arguments.photograph
    result["float_label"] = int(np.ravel(real).argmax())
    result = {"machine": machine(), **result, "on_chain": known().get("on_chain")}
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    if arguments.keep:
        keep(arguments.keep, proof)


def known() -> dict[str, Any]:
    """What was measured before."""
    found: dict[str, Any] = json.loads(RESULT.read_text())
    return found


def play() -> None:
    """The demo, and what it came to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.json"
        subprocess.run([ROOT / "scripts" / "demo", "imagenet", "--json", path], check=True)
        played = {"machine": machine(), **json.loads(path.read_text())}
    RESULT.write_text(json.dumps(known() | {"on_chain": played}, indent=2) + "\n")


def measure(path: Path, image: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures, and what a verifier needs."""
    watch, native = Watch(), engine.engine()
    network = efficientnet.quantised(load(path))
    layout = choose_layout(network)
    program = compile_network(
        network, layout.lanes, layout.weight_lanes, Form(context=CONTEXT_LIMBS)
    )
    watch.ended("placing")
    check_program(program)
    watch.ended("checking")
    reference_string = development_set_up(layout)
    watch.ended("set-up")
    loaded = engine.load_program(program, layout)
    keys = native.keygen(loaded, reference_string)
    watch.ended("keys")
    before, setup_peak = watch.stages, watch.peak
    made = prove_once(program, layout, image, (loaded, keys, reference_string), watch)
    found, instances, proof, seconds = made
    stages = watch.stages
    vk = keys.verifying_key()
    checked = time.perf_counter()
    engine.verify(vk, proof, instances)
    verify_seconds = time.perf_counter() - checked
    expected = reference.scores(network, image[None]).ravel()
    alone = kernels(json.loads(vk.description()), reference_string)
    figures = {
        "prove_seconds": round(seconds, 1),
        "peak_gib": round(watch.peak / GIB, 2),
        "proof_bytes": len(proof),
        "verify_seconds": round(verify_seconds, 4),
        "stages": stages,
        "kernels": alone,
        "kernel_share": round(alone["seconds"] / seconds, 3),
        "before": before,
        "before_peak_gib": round(setup_peak / GIB, 2),
        "layout": {"k": layout.k, "lanes": layout.lanes, "weight_lanes": layout.weight_lanes},
        "label": int(found.outputs.argmax()),
        "equal_to_the_reference": bool((found.outputs == expected).all()),
    }
    return figures, {"proof": proof, "instances": instances, "description": vk.description()}


def prove_once(
    program: Program, layout: CircuitLayout, image: Any, engines: tuple[Any, Any, Any], watch: Watch
) -> tuple[Execution, list[int], bytes, float]:
    """The run, its instances, the proof, and seconds from the image's integers to the proof.

    `engines` are the engine's program, keys and set-up; `watch` forgets what was before.
    """
    loaded, keys, reference_string = engines
    watch.reset()
    started = time.perf_counter()
    found = execute(program, image, layout.usable_rows)
    instances = engine.instances_of(program, found, [1] * CONTEXT_LIMBS)
    hidden = engine.Secrets.random()
    cells = engine.load_witness(program, found, hidden, instances)
    watch.ended("witness")
    proof = engine.prove(loaded, keys, reference_string, cells, hidden, watch.ended)
    seconds = time.perf_counter() - started
    return found, instances, proof, seconds


def kernels(description: dict[str, Any], reference_string: Any) -> dict[str, Any]:
    """What commitments and transforms of the proof take by themselves, measured one by one.

    Columns of the first phase hold integers (q, r, y of some 20, 16 and 12 bits: 16 are measured);
    everything else is as long as the field. Each column is transformed once to coefficients, and
    once to each coset of the quotient.
    """
    native, k = engine.engine(), description["k"]
    cells, sums = description["proof"]["advice_points"]
    products, pieces = (description["proof"][n] for n in ("grand_products", "quotient_pieces"))
    fixed = len(description["columns"]["fixed"]) + len(description["permutation"]["columns"])
    advice = cells + sums + products + 1  # the instance column
    counts = {
        "small_commitments": cells,
        "full_commitments": sums + products + 1 + pieces + OPENINGS,
        "transforms": advice + ENDS + pieces + pieces * (advice + fixed + ENDS),
    }
    seconds = {
        "small_commitments": min(native.msm_seconds(reference_string, SMALL_BITS, REPEATS)),
        "full_commitments": min(native.msm_seconds(reference_string, FULL_BITS, REPEATS)),
        "transforms": min(native.fft_seconds(k, REPEATS)),
    }
    total = sum(counts[name] * seconds[name] for name in counts)
    each = {name: round(value, 4) for name, value in seconds.items()}
    return {"counts": counts, "seconds_each": each, "seconds": round(total, 1)}


def keep(folder: Path, proof: dict[str, Any]) -> None:
    """Write what the Python verifier reads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "proof.bin").write_bytes(proof["proof"])
    (folder / "instances.json").write_text(json.dumps([hex(word) for word in proof["instances"]]))
    (folder / "description.json").write_text(proof["description"])


if __name__ == "__main__":
    main()
