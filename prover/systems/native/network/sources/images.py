"""Photographs as the integers of a network."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prover.base.errors import EnvironmentMissing, UsageError
from prover.systems.native.network.network import Integers

if TYPE_CHECKING:
    from PIL.Image import Image

CROP = 0.875
MAX_PIXELS = 100_000_000


def read_photo(path: Path, size: int, mean: int) -> Integers:
    """A photograph as integers [1, 3, size, size]: its RGB pixels less `mean`.

    The middle square, 7/8 of the short side, is resized bicubically. Raises UsageError if the file
    is not an image, EnvironmentMissing without the package pillow.
    """
    try:
        import PIL.Image
    except ImportError as error:
        raise EnvironmentMissing("pillow is missing: install zkescrow[imagenet]") from error
    try:
        with PIL.Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UsageError(
                    f"{path} has {image.width}x{image.height} pixels: expected at most "
                    f"{MAX_PIXELS}; make it smaller"
                )
            return integers(central(image.convert("RGB"), size), mean)
    except (OSError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise UsageError(f"{path} cannot be read as an image: {error}") from error


def central(image: "Image", size: int) -> "Image":
    """The middle square, resized to `size` x `size`."""
    side = CROP * min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return cropped(image, left, top, side, size)


def cropped(image: "Image", left: float, top: float, side: float, size: int) -> "Image":
    """A square of `side` pixels, resized to `size` x `size`."""
    from PIL.Image import Resampling

    box = (left, top, left + side, top + side)
    return image.resize((size, size), Resampling.BICUBIC, box=box)


def integers(image: "Image", mean: int) -> Integers:
    """The pixels [1, 3, height, width] less `mean`."""
    pixels = np.asarray(image, dtype=np.int64)
    return pixels.transpose(2, 0, 1)[None] - mean
