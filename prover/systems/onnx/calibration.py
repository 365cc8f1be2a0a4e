"""Reads calibration and test data: an NPZ archive of `inputs` and, optionally, `labels`."""

import io
import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy
from numpy.lib.npyio import NpzFile

from prover.base.errors import ModelRefused, UsageError
from prover.base.files import NotPlain, TooLarge, read_plain
from prover.base.text import shown
from prover.base.units import GIB

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

MAX_BYTES = MAX_ARRAY_BYTES = GIB
_MAX_HEADER_BYTES = 1 << 16
_FLOAT_BYTES = 4


@dataclass(frozen=True, eq=False)
class Calibration:
    """Samples [n, 1, ...] float32 in the model's input shape, and labels [n] int64 if there are."""

    inputs: Floats
    labels: Integers | None

    def __len__(self) -> int:
        return len(self.inputs)

    def head(self, count: int) -> "Calibration":
        """Every sample, or `count` of them, evenly spread."""
        if len(self) <= count:
            return self
        chosen = np.linspace(0, len(self) - 1, count).round().astype(int)
        return Calibration(
            self.inputs[chosen], None if self.labels is None else self.labels[chosen]
        )


def read(
    path: Path, input_shape: tuple[int, ...], classes: int, *, any_shape: bool = False
) -> Calibration:
    """Read an NPZ archive for a model of `input_shape` (batch dimension 1 first).

    `inputs` is [n, ...] or [n, 1, ...], or flat [n, elements]; with `any_shape` rows of as many
    elements in whatever shape. Raises UsageError where the file or its keys are wrong, ModelRefused
    where its values do not fit the model.
    """
    arrays = read_arrays(path, ("inputs", "labels"))
    values = arrays["inputs"]
    if any_shape and values.ndim > 1 and values.size:
        values = values.reshape(len(values), -1)
    inputs = _inputs(values, input_shape, path)
    labels = _labels(arrays["labels"], len(inputs), classes, path) if "labels" in arrays else None
    return Calibration(inputs, labels)


def read_arrays(path: Path, names: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an NPZ archive that have one of the names. Raises UsageError."""
    try:
        return _arrays(path, read_plain(path, MAX_BYTES), names)
    except OSError as error:
        raise UsageError(f"cannot read the data {path}: {error.strerror or error}") from error
    except NotPlain:
        raise UsageError(f"the data {path} is no plain file: expected an .npz archive") from None
    except TooLarge:
        raise UsageError(
            f"the data {path} is too large: expected at most {MAX_BYTES} bytes"
        ) from None
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"{path} is not an .npz archive of plain arrays, or is damaged or cut short "
            f"({type(error).__name__}): use numpy.savez"
        ) from error


def _arrays(path: Path, content: bytes, names: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    archive = np.load(io.BytesIO(content), allow_pickle=False)
    if not isinstance(archive, NpzFile):
        raise UsageError(
            f"{path} is a single array: expected an .npz archive; save one with `inputs`"
        )
    with archive:
        _check_names(path, archive.files)
        chosen = [name for name in archive.files if name in names]
        _check_memory(path, archive, chosen)
        found = {name: archive[name] for name in chosen}
    if not all(isinstance(one, np.ndarray) for one in found.values()):
        raise UsageError(
            f"{path} holds something else: expected only plain arrays; use numpy.savez"
        )
    return found


def _check_names(path: Path, names: list[str]) -> None:
    if "inputs" not in names:
        found = shown(", ".join(sorted(names))) or "nothing"
        raise UsageError(f"{path} has no array `inputs` (found {found}): save it under that name")


def _check_memory(path: Path, archive: NpzFile, names: list[str]) -> None:
    """Raise UsageError before anything is unpacked: zeros of a gigabyte are a small archive."""
    members = [name if name in archive.zip.namelist() else f"{name}.npy" for name in names]
    _require_room(path, sum(archive.zip.getinfo(member).file_size for member in members))
    _require_room(path, sum(_array_bytes(archive, member) for member in members))


def _require_room(path: Path, found: int) -> None:
    if found > MAX_ARRAY_BYTES:
        raise UsageError(
            f"the arrays of {path} take {found} bytes of memory: expected at most "
            f"{MAX_ARRAY_BYTES}; take fewer samples"
        )


def _array_bytes(archive: NpzFile, member: str) -> int:
    """What an array takes by its header, at least once its values are numbers of 32 bits."""
    with archive.zip.open(member) as file:
        start = io.BytesIO(file.read(_MAX_HEADER_BYTES))
    version = npy.read_magic(start)  # type: ignore[no-untyped-call]
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(start)  # type: ignore[no-untyped-call]
    return math.prod(map(int, shape)) * max(int(dtype.itemsize), _FLOAT_BYTES)


def _inputs(values: npt.NDArray[Any], shape: tuple[int, ...], path: Path) -> Floats:
    if values.dtype.kind not in "fiub":
        raise UsageError(f"`inputs` of {path} holds {values.dtype}: expected only numbers")
    flat = (int(np.prod(shape)),)
    if values.ndim < 1 or values.shape[1:] not in (shape, shape[1:], flat):
        raise ModelRefused(
            f"`inputs` of {path} has shape {list(values.shape)}: expected [n, "
            f"{', '.join(map(str, shape[1:]))}] by the model"
        )
    if len(values) == 0:
        raise ModelRefused(f"`inputs` of {path} is empty: expected at least 1 sample")
    with np.errstate(over="ignore"):
        found = values.astype(np.float32)
    if not np.isfinite(found).all():
        where = int(np.argwhere(~np.isfinite(found))[0][0])
        raise ModelRefused(
            f"`inputs` of {path} holds NaN or infinity, first in sample {where}: expected only "
            "finite values that 32 bits can hold"
        )
    return found.reshape(len(values), *shape)


def _labels(values: npt.NDArray[Any], count: int, classes: int, path: Path) -> Integers:
    if values.dtype.kind not in "iu" or values.shape != (count,):
        raise UsageError(
            f"`labels` of {path} is {values.dtype} {list(values.shape)}: expected integers "
            f"[{count}]"
        )
    limit = max(classes, 2)  # a single score tells two classes apart by its sign
    if values.size and not 0 <= int(values.min()) <= int(values.max()) < limit:
        raise ModelRefused(
            f"`labels` of {path} run from {values.min()} to {values.max()}: expected 0 to "
            f"{limit - 1}, the classes of the model"
        )
    return values.astype(np.int64)
