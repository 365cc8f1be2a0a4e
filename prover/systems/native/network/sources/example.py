"""A model to try native circuits with: EfficientNet-Lite0 and photographs, from packages."""

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prover.base.errors import EnvironmentMissing
from prover.base.files import new_directory, publish
from prover.systems.class_names import CLASSES
from prover.systems.native.network.sources import efficientnet
from prover.systems.native.network.sources.images import read_photo

PHOTOGRAPHS = (
    *("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "motorcycle_right.png"),
    *("rocket.jpg", "hubble_deep_field.jpg", "retina.jpg", "camera.png", "page.png", "coins.png"),
)
PHOTOGRAPH = "chelsea.png"
NAMES = "imagenet-classes.txt"  # the first of each class's names, as in MobileNet's npm package


@dataclass(frozen=True)
class Example:
    """Files of a folder: the model, calibration inputs (.npz), a photograph, names of classes."""

    model: Path
    data: Path
    photograph: Path
    classes: Path


def write_efficientnet(folder: Path, cache: Path) -> Example:
    """Make `folder` with EfficientNet-Lite0, the middles of photographs, and one photograph.

    Raises EnvironmentMissing without the packages of the extra `imagenet`.
    """
    example = Example(
        folder / "model.onnx", folder / "photographs.npz", folder / PHOTOGRAPH, folder / CLASSES
    )
    source = _photographs()
    with new_directory(folder.absolute().parent) as made:
        shutil.copyfile(efficientnet.cached(cache), made / example.model.name)
        images = [
            read_photo(source / name, efficientnet.SIZE, efficientnet.MEAN) for name in PHOTOGRAPHS
        ]
        inputs = np.concatenate(images) / np.float32(efficientnet.DEVIATION)
        np.savez_compressed(made / example.data.name, inputs=inputs.astype(np.float32))
        shutil.copyfile(source / PHOTOGRAPH, made / PHOTOGRAPH)
        shutil.copyfile(Path(__file__).with_name(NAMES), made / CLASSES)
        publish(made, folder.absolute())
    return example


def _photographs() -> Path:
    spec = importlib.util.find_spec("skimage.data")
    if spec is None or spec.origin is None:
        raise EnvironmentMissing("scikit-image is missing: install zkescrow[imagenet]")
    return Path(spec.origin).parent
