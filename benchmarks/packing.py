"""Gas of verification and work of proving by how many fixed columns share a commitment.

Usage: python -m benchmarks.packing [--k 17] [--rounds 3] [--gas-only]

Writes benchmarks/results/packing.json. `gas`: a transaction verifies a proof in the layout of
EfficientNet-Lite0 (2^20 rows of 9 cells and 5 weights, one limb of context, 5 labels, 6 digests
where inputs are hashed). The proof is forged with the secret of a set-up made for it, as the chain
does the same for any that holds; no column is zero, which would save a point.
`processor_seconds`: keys and a proof of a circuit of 2^k rows in that layout, all of them in use,
in one process; of the keys and of each stage of the proof the least of some rounds, which take
turns. All threads together, so that other work on the machine counts little. The set-up is not in
them.
"""

import argparse
import json
import random
import time
from functools import cache

import numpy as np
import zkescrow_native as native

from benchmarks.busy_circuit import Size, busy_cells, busy_program
from benchmarks.machine import machine
from benchmarks.native_gas import on_chain
from benchmarks.networks import DIGITS, ROOT
from prover.systems.native import engine
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.network.importer import load
from prover.systems.native.network.quantise import to_integers
from prover.systems.native.network.search import find
from prover.systems.srs.curve import root_of_unity
from prover.verify import Description, parse_description
from prover.verify.algebra.field import R
from prover.verify.digest import circuit_digest, circuit_key
from tests.unit.solidity.native.forger import Forgery, with_known_points

RESULT = ROOT / "benchmarks" / "results" / "packing.json"
PACKINGS = (1, 2, 4, 8)
K, LANES, WEIGHT_LANES, ITEM_DIGESTS = 20, 9, 5, 6
SMALL_K = 13
FORMS = {
    "labels": Form(1, labels=5),
    "labels, hashed": Form(1, "hashed", 5),
    "labels, hidden": Form(1, labels=5, weights="hidden"),
    "labels, hashed, hidden": Form(1, "hashed", 5, "hidden"),
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
    found = with_known_points(form_of(form), packing, zeros=False)
    digests = ITEM_DIGESTS if form.inputs == "hashed" else 0
    changed = found.model_copy(
        update={
            "k": K,
            "omega": root_of_unity(K),
            "instances": found.instances.model_copy(update={"digests": digests}),
        }
    )
    sized = changed.model_copy(update={"digest": circuit_digest(changed)})
    draw = random.Random(packing)  # noqa: S311 - words, no secrets
    words = [draw.randrange(R) for _ in range(form.context + digests)]
    instances = (*words, *(draw.randrange(1000) for _ in range(form.labels)))
    return on_chain(circuit_key(sized), Forgery(sized, instances).proof(), instances)


@cache
def form_of(form: Form) -> Description:
    """The columns and gates of the layout: those of any network."""
    samples = np.load(ROOT / "examples" / "digits-calibration.npz")["inputs"]
    integers = to_integers(samples, DIGITS.scale)
    network = find(load(ROOT / "examples" / "digits-cnn.onnx"), integers, DIGITS).network
    placed = compile_network(network, LANES, WEIGHT_LANES, form)
    layout = CircuitLayout(SMALL_K, LANES, WEIGHT_LANES, 1)
    program = engine.load_program(placed, layout)
    keys = native.keygen(program, native.Srs.development(SMALL_K, SEED))
    return parse_description(keys.verifying_key().description().encode())


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
