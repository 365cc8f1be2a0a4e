"""Reads tensors of a PyTorch checkpoint without PyTorch, and without running what is in it.

The format of torch.save before version 1.6: pickles of a magic number, the protocol, the writer's
sizes, the object and the storage keys, then each storage as its element count (int64) and data.
"""

import collections
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from prover.base.errors import ModelRefused, UsageError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}

# What a damaged or hostile pickle makes the unpickler raise.
DAMAGED = (
    *(pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, AttributeError),
    *(IndexError, OverflowError, MemoryError),
)

Array = npt.NDArray[Any]


@dataclass(eq=False)
class Storage:
    """A flat array, empty until its data is read."""

    kind: np.dtype[Any]
    count: int
    data: Array | None = None


@dataclass(frozen=True, eq=False)
class Strided:
    """A tensor: part of a storage. The arguments are those that PyTorch saves."""

    storage: Storage
    offset: int
    shape: Sequence[int]
    strides: Sequence[int]

    def array(self) -> Array:
        """A copy of its values; ValueError if they are not inside the storage."""
        data = self.storage.data
        sizes = [*self.shape, *self.strides, self.offset]
        last = self.offset + sum(
            (n - 1) * step for n, step in zip(self.shape, self.strides, strict=True)
        )
        if data is None or min(sizes, default=0) < 0 or last >= len(data):
            raise ValueError("a tensor reaches outside its storage")
        steps = [step * data.itemsize for step in self.strides]
        view = np.lib.stride_tricks.as_strided(data[self.offset :], tuple(self.shape), steps)
        return view.copy()


def read_tensors(path: Path) -> dict[str, Array]:
    """The tensors of a state dictionary by name.

    Raises UsageError if the file cannot be read, ModelRefused if it is anything but such a
    dictionary of float and integer tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise UsageError(f"cannot read the checkpoint {path}: {error.strerror}") from error
    except DAMAGED as error:
        raise ModelRefused(
            f"{path} is not a checkpoint of plain tensors, or is damaged: {error}"
        ) from error


def _read(file: BinaryIO) -> dict[str, Array]:
    storages: dict[str, Storage] = {}
    if (_Reader(file, storages).load(), _Reader(file, storages).load()) != (MAGIC, PROTOCOL):
        raise ValueError("its first words are not those of a checkpoint")
    if not _Reader(file, storages).load().get("little_endian"):
        raise ValueError("it is big-endian: expected little-endian")
    tensors = _Reader(file, storages).load()
    if not all(isinstance(tensor, Strided) for tensor in dict(tensors).values()):
        raise ValueError("it holds something else: expected only tensors")
    for key in _Reader(file, storages).load():
        if key not in storages:
            raise ValueError(f"storage {key!r} belongs to no tensor")
        _fill(storages[key], file)
    return {name: tensor.array() for name, tensor in tensors.items()}


def _fill(storage: Storage, file: BinaryIO) -> None:
    count = int.from_bytes(file.read(8), "little")
    data = file.read(count * storage.kind.itemsize) if count == storage.count else b""
    if len(data) != storage.count * storage.kind.itemsize:
        raise ValueError(f"a storage has {count} elements: expected {storage.count}, as announced")
    storage.data = np.frombuffer(data, dtype=storage.kind)


class _Reader(pickle.Unpickler):
    """Knows ordered dictionaries and tensors, nothing else."""

    def __init__(self, file: BinaryIO, storages: dict[str, Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _strided
        if module == "torch" and name in TYPES:
            return TYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}: expected only tensors")

    def persistent_load(self, pid: Any) -> Storage:
        kind, key, count = pid[1], pid[2], pid[4]
        if pid[0] != "storage" or not isinstance(kind, np.dtype) or pid[5] is not None:
            raise pickle.UnpicklingError(
                f"it holds a storage of kind {pid[0]}: expected only plain ones"
            )
        return self._storages.setdefault(key, Storage(kind, count))


def _strided(
    storage: Storage, offset: int, shape: Sequence[int], strides: Sequence[int], *_: Any
) -> Strided:
    return Strided(storage, offset, shape, strides)
