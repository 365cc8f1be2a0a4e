"""How far integer networks agree with their float models on onnxruntime.

Usage: python -m benchmarks.integer_models [--crops 10] [--calibrate]

EfficientNet-Lite0 with ImageNet weights on crops, flips and scales of the photographs that come
with scikit-image and scikit-learn; the shipped digits CNN on held-out digits. Writes
benchmarks/results/integer_models.json. `--calibrate` prints the ranges for `efficientnet.LARGEST`
instead, from the middle squares and other random crops of the same photographs.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.machine import machine
from benchmarks.networks import DIGITS, ROOT
from prover.base.settings import get_settings
from prover.systems.native.network.bounds import table_entries
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import Integers, Network
from prover.systems.native.network.quantise import measure
from prover.systems.native.network.reference import scores
from prover.systems.native.network.search import find
from prover.systems.native.network.serialise import sha256
from prover.systems.native.network.sources import efficientnet
from prover.systems.native.network.sources.images import cropped, integers
from prover.systems.onnx.calibration import read
from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import read_original

RESULT = ROOT / "benchmarks" / "results" / "integer_models.json"
SKIMAGE = (
    *("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"),
    *("motorcycle_right.png", "hubble_deep_field.jpg", "camera.png", "coins.png"),
    *("clock_motion.png", "horse.png", "retina.jpg", "ihc.png", "grass.png", "gravel.png"),
    *("brick.png", "moon.png", "page.png", "text.png", "cell.png"),
)
SKLEARN = ("china.jpg", "flower.jpg")
CONFIDENT = 0.3
CALIBRATION_SEED, TEST_SEED = 1, 0
CALIBRATION_CROPS = 2
Floats = npt.NDArray[np.float32]


def main() -> None:
    """Compare, write the result, print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crops", type=int, default=10, help="of each photograph")
    parser.add_argument("--calibrate", action="store_true", help="print ranges instead")
    arguments = parser.parse_args()
    if arguments.calibrate:
        print(json.dumps(calibrated(), indent=2))
        return
    result = {
        "machine": machine(),
        "efficientnet-lite0": lite0(arguments.crops),
        "digits-cnn": digits(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def lite0(crops: int) -> dict[str, Any]:
    """EfficientNet-Lite0 on `crops` crops of each photograph."""
    path = efficientnet.cached(get_settings().cache)
    network = efficientnet.quantised(load(path))
    names, images = photographs(crops, TEST_SEED)
    real = outputs_of(
        read_original(path).proto, (images[:, None] * efficientnet.INPUT.scale).astype(np.float32)
    )
    started = time.perf_counter()
    ours = np.concatenate([scores(network, image[None]) for image in images])
    seconds = (time.perf_counter() - started) / len(images)
    found = agreement(network, real, ours)
    different = real.argmax(axis=1) != ours.argmax(axis=1)
    return found | {
        "photographs": len(set(names)),
        "disagreements": [
            {"photograph": names[i], "confidence": round(float(confidence(real)[i]), 3)}
            for i in np.flatnonzero(different)
        ],
        "reference_seconds": round(seconds, 2),
        "tables": tables(network),
        "sha256": sha256(network),
    }


def digits() -> dict[str, Any]:
    """The digits CNN on held-out digits, quantised with its calibration data."""
    original = read_original(ROOT / "examples" / "digits-cnn.onnx")
    calibration, test = (
        read(ROOT / "examples" / f"digits-{part}.npz", original.input_shape, 10)
        for part in ("calibration", "test")
    )
    images = [np.rint(data.inputs[:, 0] / DIGITS.scale) for data in (calibration, test)]
    network = find(load(original.path), images[0].astype(np.int64), DIGITS).network
    ours = scores(network, images[1].astype(np.int64))
    found = agreement(network, outputs_of(original.proto, test.inputs), ours)
    right = float((ours.argmax(axis=1) == test.labels).mean())
    return found | {"accuracy": round(right, 4), "tables": tables(network)}


def agreement(network: Network, real: Floats, ours: Integers) -> dict[str, Any]:
    """Labels, five highest and scores of the two; the smaller label wins a tie."""
    same = real.argmax(axis=1) == ours.argmax(axis=1)
    sure = confidence(real) >= CONFIDENT
    five = [len(set(_five(a)) & set(_five(b))) / 5 for a, b in zip(real, ours, strict=True)]
    error = np.abs(real - ours * network.layer(network.output).scale)
    return {
        "inputs": len(real),
        "top1_agreement": round(float(same.mean()), 4),
        "confident_inputs": int(sure.sum()),
        "top1_agreement_confident": round(float(same[sure].mean()), 4),
        "top5_overlap": round(float(np.mean(five)), 4),
        "score_error_mean": round(float(error.mean()), 4),
        "score_error_largest": round(float(error.max()), 4),
        "score_largest": round(float(np.abs(real).max()), 4),
    }


def confidence(real: Floats) -> Floats:
    """The highest probability of each row of scores."""
    shifted = np.exp(real - real.max(axis=1, keepdims=True))
    highest: Floats = (shifted / shifted.sum(axis=1, keepdims=True)).max(axis=1)
    return highest


def _five(row: npt.NDArray[Any]) -> list[int]:
    best: list[int] = np.argsort(-row, kind="stable")[:5].tolist()
    return best


def tables(network: Network) -> dict[str, Any]:
    """What sizes the circuit's lookup table."""
    ranges: dict[str, list[int]] = {}
    for layer in network.layers:
        low, high = ranges.get(f"{layer.low}..{layer.high}", [0, 0])
        ranges[f"{layer.low}..{layer.high}"] = [min(low, layer.q_low), max(high, layer.q_high)]
    return {"shift": network.shift, "entries": table_entries(network), "q": ranges}


def photographs(crops: int, seed: int) -> tuple[list[str], Integers]:
    """Names and integers [n, 3, 224, 224]: the middle square, then random squares, every second
    one flipped.
    """
    random = np.random.default_rng(seed)
    names, images = [], []
    for path in _files():
        with Image.open(path) as image:
            for found in _crops(image.convert("RGB"), crops, random):
                names.append(path.name)
                images.append(integers(found, efficientnet.MEAN))
    return names, np.concatenate(images)


def _files() -> list[Path]:
    import skimage.data
    import sklearn.datasets

    ours = Path(skimage.data.__file__).parent
    theirs = Path(sklearn.datasets.__file__).parent / "images"
    return [ours / name for name in SKIMAGE] + [theirs / name for name in SKLEARN]


def _crops(image: Image.Image, count: int, random: np.random.Generator) -> Iterator[Image.Image]:
    short = min(image.size)
    for number in range(count):
        side = short if number == 0 else int(short * random.uniform(0.5, 1))
        left, top = (
            ((size - side) // 2) if number == 0 else int(random.integers(0, size - side + 1))
            for size in image.size
        )
        found = cropped(image, left, top, side, efficientnet.SIZE)
        yield found.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if number % 2 else found


def calibrated() -> dict[str, float]:
    """The largest magnitude of each layer that ReLU6 does not bound."""
    network = load(efficientnet.cached(get_settings().cache))
    _, images = photographs(CALIBRATION_CROPS, CALIBRATION_SEED)
    spread = measure(network, images * efficientnet.INPUT.scale)
    bounded = {layer.name for layer in network.layers if layer.high == efficientnet.HIGHEST}
    return {name: value for name, value in spread.largest.items() if name not in bounded}


if __name__ == "__main__":
    main()
