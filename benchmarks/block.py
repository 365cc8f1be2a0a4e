"""Proves one inverted residual of EfficientNet-Lite0, beside what the cost model predicts.

Usage: python -m benchmarks.block [--block 6] [--photograph chelsea.png]

Block 6 has 80 channels, 480 hidden ones and planes of 14x14; weights and scales are those of the
whole network, the input is what a photograph gives there. A circuit's public outputs are planes of
one cell: a last layer takes the mean of each channel of the block's sum. The proof is verified by
the engine and by prover/verify.

Writes benchmarks/results/block.json: seconds by stage, the peak of resident memory while proving,
and both as predicted: those of benchmarks/results/imagenet.json in proportion to rows and columns.
"""

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data

from benchmarks.imagenet import GIB, Watch, prove_once
from benchmarks.imagenet import RESULT as WHOLE
from benchmarks.machine import machine
from benchmarks.networks import ROOT, development_set_up
from prover.base.settings import get_settings
from prover.systems.native import engine
from prover.systems.native.artifacts import CONTEXT_LIMBS
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout, choose_layout
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.network import reference
from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.consistency import check
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import Integers, Layer, Network, Tensor, Term
from prover.systems.native.network.sources import efficientnet
from prover.systems.native.network.sources.images import read_photo
from prover.systems.native.static_checks.replay import check_program
from prover.verify import parse_description
from prover.verify import verify as verify_in_python

RESULT = ROOT / "benchmarks" / "results" / "block.json"
PARTS = ("expanded", "filtered", "_project_conv")
MEANS = "means"
USED = ("layout", "prove_seconds", "peak_gib")


def main() -> None:
    """Cut the block out, prove it, write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--block", type=int, default=6, help="one with a residual sum")
    parser.add_argument("--photograph", default="chelsea.png", help="of scikit-image's data")
    arguments = parser.parse_args()
    whole = efficientnet.quantised(load(efficientnet.cached(get_settings().cache)))
    network = block_of(whole, arguments.block)
    photograph = Path(skimage.data.__file__).parent / arguments.photograph
    image = read_photo(photograph, efficientnet.SIZE, efficientnet.MEAN)
    found, layout = measure(network, value_of(whole, network.input.name, image)[0])
    known = {name: value for name, value in json.loads(WHOLE.read_text()).items() if name in USED}
    prediction = {"predicted": predicted(layout, known), "predicted_from": known}
    facts = {"machine": machine(), "photograph": arguments.photograph}
    result = {**facts, **found, **prediction}
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def block_of(whole: Network, number: int) -> Network:
    """An inverted residual whose input is one tensor, and the mean of each channel of its sum."""
    expanded, filtered, projected = (whole.layer(f"_blocks.{number}.{part}") for part in PARTS)
    (source,) = expanded.terms[0].sources
    before = whole.layer(source)
    tensor = Tensor(source, before.channels, before.height, before.width, before.low, before.high)
    layers = (expanded, filtered, projected, means_of(before, projected, whole.shift))
    found = Network(f"block {number}", tensor, layers, whole.shift, MEANS, before.scale)
    found = bounded(found)
    check(found)
    return found


def means_of(before: Layer, projected: Layer, shift: int) -> Layer:
    """The mean of each channel of the sum of both."""
    channels, area = projected.channels, projected.height * projected.width
    weight = np.full((channels, 1, 1, 1), round(2**shift / area), dtype=np.int64)
    sources = (projected.name, before.name)
    term = Term(sources, weight, 1, (0, 0, 0, 0), channels, pooled=True)
    bias = np.zeros(channels, dtype=np.int64)
    low, high = before.low + projected.low, before.high + projected.high
    return Layer(MEANS, (term,), bias, low, high, 0, 0, channels, 1, 1, projected.scale)


def value_of(whole: Network, name: str, images: Integers) -> Integers:
    """[n, channels, height, width]: what a layer of the whole network gives."""
    for found in reference.run(whole, images):
        if found.layer.name == name:
            return found.y
    raise KeyError(name)


def measure(network: Network, image: Integers) -> tuple[dict[str, Any], CircuitLayout]:
    """Keys, proof, both verifications."""
    watch, native, layout = Watch(), engine.engine(), choose_layout(network)
    form = Form(context=CONTEXT_LIMBS)
    program = compile_network(network, layout.lanes, layout.weight_lanes, form)
    check_program(program)
    reference_string = development_set_up(layout)
    loaded = engine.load_program(program, layout)
    keys = native.keygen(loaded, reference_string)
    watch.ended("before")
    before = watch.stages
    made = prove_once(program, layout, image, (loaded, keys, reference_string), watch)
    found, instances, proof, seconds = made
    stages, peak = watch.stages, watch.peak
    expected = reference.scores(network, image[None]).ravel()
    figures = {
        "network": network.name,
        "shape": [network.input.channels, network.layers[0].channels, network.input.height],
        "layout": {"k": layout.k, "lanes": layout.lanes, "weight_lanes": layout.weight_lanes},
        "prove_seconds": round(seconds, 1),
        "peak_gib": round(peak / GIB, 2),
        "proof_bytes": len(proof),
        "verify_seconds": verified(keys.verifying_key(), proof, instances),
        "stages": stages,
        "before": before,
        "equal_to_the_reference": bool((found.outputs == expected).all()),
    }
    return figures, layout


def verified(vk: Any, proof: bytes, instances: list[int]) -> dict[str, float]:
    """Seconds of the engine and of prover/verify; ProofRejected if either rejects."""
    started = time.perf_counter()
    engine.verify(vk, proof, instances)
    between = time.perf_counter()
    verify_in_python(parse_description(vk.description()), proof, instances)
    ended = time.perf_counter()
    return {"engine": round(between - started, 4), "python": round(ended - between, 2)}


def predicted(layout: CircuitLayout, whole: Mapping[str, Any]) -> dict[str, float]:
    """Seconds and GiB of a layout, in proportion to those of the whole network's proof."""
    known = CircuitLayout(**whole["layout"])
    share = layout.cost / known.cost
    cells = [(1 << each.k) * each.columns for each in (layout, known)]
    return {
        "seconds": round(whole["prove_seconds"] * share, 1),
        "gib": round(whole["peak_gib"] * cells[0] / cells[1], 2),
    }


if __name__ == "__main__":
    main()
