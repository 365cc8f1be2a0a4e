"""Gas of verification and work of proving by how many fixed columns share a commitment.

Usage: python -m benchmarks.packing [--k 17] [--rounds 3] [--gas-only]

Writes benchmarks/results/packing.json. `gas`: a transaction verifies a proof of the digits network
in the layout of EfficientNet-Lite0 (9 cells and 5 weights to a row, one limb of context, 5 labels),
which has the same points; more rows add some hundreds of gas, each further public word about 1,200.
`processor_seconds`: keys and a proof of a circuit of 2^k rows in that layout, all of them in use,
in one process; of the keys and of each stage of the proof the least of some rounds, which take
turns. All threads together, so that other work on the machine counts little. The set-up is not in
them.
"""

import argparse
import json
import time
from functools import cache
from typing import Any

import numpy as np
import zkescrow_native as native

from benchmarks.busy_circuit import Size, busy_cells, busy_program
from benchmarks.machine import machine
from benchmarks.native_gas import on_chain
from benchmarks.networks import DIGITS, ROOT
from prover.systems.native import engine
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hidden import Salt, salt_cells
from prover.systems.native.circuit.layout import CircuitLayout, usable_rows
from prover.systems.native.circuit.program import compile_network, tensor_rows
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import Network
from prover.systems.native.network.quantise import to_integers
from prover.systems.native.network.search import find
from prover.systems.native.witness import execute
from prover.verify import parse_description
from prover.verify.digest import circuit_key

RESULT = ROOT / "benchmarks" / "results" / "packing.json"
PACKINGS = (1, 2, 4, 8)
K, LANES, WEIGHT_LANES = 13, 9, 5
FORMS = {
    "labels": Form(1, labels=5),
    "labels, hashed": Form(1, "hashed", 5),
    "labels, hidden": Form(1, labels=5, weights="hidden"),
}
SEED = bytes(32)


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--k", type=int, default=17, help="of the circuits that are timed")
    parser.add_argument("--rounds", type=int, default=3, help="of the circuits that are timed")
    parser.add_argument("--gas-only", action="store_true")
    arguments = parser.parse_args()
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    layout = {"lanes": LANES, "weight_lanes": WEIGHT_LANES}
    found |= {"machine": machine(), "layout": layout}
    found["gas"] = {
        name: {str(packing): gas(form, packing) for packing in PACKINGS}
        for name, form in FORMS.items()
    }
    if not arguments.gas_only:
        found["k"] = arguments.k
        found["processor_seconds"] = seconds(arguments.k, arguments.rounds)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def gas(form: Form, packing: int) -> dict[str, int]:
    """What the chain takes for a proof in this form, packed so."""
    network, image = digits()
    layout = CircuitLayout(K, LANES, WEIGHT_LANES, packing)
    program = compile_network(network, LANES, WEIGHT_LANES, form)
    salt = None
    if form.weights == "hidden":
        rows = tensor_rows(program.stored), program.columns["weight"].shape[1]
        salt = Salt.random(1 + WEIGHT_LANES, salt_cells(usable_rows(K), *rows))
    loaded = engine.load_program(program, layout, salt)
    srs = native.Srs.development(K, SEED, packing)
    keys = native.keygen(loaded, srs)
    found, secrets = execute(program, image, usable_rows(K)), engine.Secrets.random(program.digests)
    instances = engine.instances_of(program, found, [1], secrets.chunks)
    cells = engine.load_witness(program, found, secrets, instances)
    proof = engine.prove(loaded, keys, srs, cells, secrets)
    description = parse_description(keys.verifying_key().description().encode())
    return on_chain(circuit_key(description), proof, instances)


@cache
def digits() -> tuple[Network, Any]:
    """The integer network, and one image of its calibration."""
    samples = np.load(ROOT / "examples" / "digits-calibration.npz")["inputs"]
    integers = to_integers(samples, DIGITS.scale)
    network = find(load(ROOT / "examples" / "digits-cnn.onnx"), integers, DIGITS).network
    return network, integers[0]


def seconds(k: int, rounds: int) -> dict[str, dict[str, float]]:
    """Processor seconds by packing: of keys, of each stage of a proof; `prove` is all stages."""
    found: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for packing in PACKINGS:
            known, least = timed(k, packing), found.get(str(packing), {})
            found[str(packing)] = {
                name: min(took, least.get(name, took)) for name, took in known.items()
            }
    for one in found.values():
        one["prove"] = round(sum(took for name, took in one.items() if name != "keygen"), 2)
    return found


def timed(k: int, packing: int) -> dict[str, float]:
    """Of making keys, and of each stage of a proof."""
    size = Size(k, LANES, WEIGHT_LANES, packing)
    srs = native.Srs.development(k, SEED, packing)
    program, cells = busy_program(size), busy_cells(size)
    took: dict[str, float] = {}
    since = time.process_time()

    def ended(stage: str) -> None:
        nonlocal since
        if "/" not in stage:
            now = time.process_time()
            took[stage], since = round(now - since, 2), now

    keys = native.keygen(program, srs)
    ended("keygen")
    proof = native.prove(program, keys, srs, cells, SEED, SEED, ended)
    keys.verifying_key().verify(proof, [])
    return took


if __name__ == "__main__":
    main()
