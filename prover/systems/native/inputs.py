"""What a native circuit takes, from files: images, photographs, salts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prover.base.errors import StatementInvalid, UsageError
from prover.systems.interface import InputFiles
from prover.systems.native.artifacts import NativeArtifacts
from prover.systems.native.hiding.salts import read_salts
from prover.systems.native.network.network import Integers
from prover.systems.native.network.quantise import InputRange, to_integers
from prover.systems.native.network.real import Reals
from prover.systems.native.network.search import grid_of
from prover.systems.native.network.sources.images import read_photo
from prover.systems.onnx.calibration import read_arrays


@dataclass(frozen=True)
class Input:
    """An image [channels, height, width] of integers, and the salts of its digests.

    `salts` are None where the prover may draw them, or there are no digests.
    """

    image: Integers
    salts: Sequence[int] | None = None


def read_input(made: NativeArtifacts, files: InputFiles) -> Input:
    """One input of an .npz file, or a photograph. Raises UsageError or StatementInvalid."""
    if files.inputs is not None and files.image is not None:
        raise UsageError("give one of --inputs and --image")
    image = (
        read_image(files.inputs, files.index, made)
        if files.inputs is not None
        else read_photograph(files.image, made)
    )
    return Input(image, None if files.salts is None else read_salts(files.salts))


def take_values(made: NativeArtifacts, values: Reals) -> Input:
    """One image [1, channels, height, width]. Raises StatementInvalid if there are more."""
    if len(values) != 1:
        raise StatementInvalid(f"a native circuit proves 1 item: expected 1, found {len(values)}")
    return Input(_integers(values[0], made))


def read_image(path: Path, index: int, made: NativeArtifacts) -> Integers:
    """Integers [channels, height, width] of one input of an .npz file."""
    inputs = read_samples(path)
    if not 0 <= index < len(inputs):
        raise UsageError(f"--index {index}: expected 0 to {len(inputs) - 1}, the inputs of {path}")
    return _integers(inputs[index], made)


def _integers(image: Reals, made: NativeArtifacts) -> Integers:
    return to_integers(image, made.manifest.input_scale)


def read_photograph(path: Path | None, made: NativeArtifacts) -> Integers:
    """Integers [3, size, size] of the middle of a photograph, for a model of square RGB images."""
    if path is None:
        raise UsageError("give one of --inputs and --image")
    source = made.network.input
    if source.channels != 3 or source.height != source.width or source.high - source.low != 255:
        raise UsageError(
            f"--image: the model takes {source.channels} planes of {source.height}x{source.width} "
            f"integers {source.low} to {source.high}; expected square RGB images of 256 levels: "
            "give --inputs"
        )
    image: Integers = read_photo(path, source.height, -source.low)[0]
    return image


def read_samples(path: Path) -> Reals:
    """`inputs` [n, channels, height, width] of an .npz file. Raises UsageError."""
    found = read_arrays(path, ("inputs",))["inputs"]
    if found.dtype.kind not in "fiub":
        raise UsageError(f"`inputs` of {path} holds {found.dtype}: expected only numbers")
    inputs = found.astype(np.float64)
    if inputs.ndim != 4 or not len(inputs):
        raise UsageError(
            f"`inputs` of {path} has shape {list(inputs.shape)}: "
            "expected [n, channels, height, width] with at least one input"
        )
    return inputs


def input_range(samples: Reals, scale: float | None) -> InputRange:
    """The integers that stand for inputs, `scale` apart; None finds the data's own grid."""
    if scale is None:
        return grid_of(samples)
    if scale <= 0:
        raise UsageError(f"--scale {scale}: expected a positive number")
    integers = np.rint(samples / scale)
    return InputRange(int(integers.min()), int(integers.max()), scale)
