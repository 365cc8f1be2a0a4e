"""Checkpoints are read without PyTorch; a pickle that asks for anything else is refused."""

import io
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.base.errors import ModelRefused, UsageError
from prover.systems.native.network.sources.torch_file import MAGIC, PROTOCOL, read_tensors


class _Type:
    """A global of PyTorch, by name."""

    def __init__(self, module: str, name: str) -> None:
        self.__module__, self.__qualname__, self.__name__ = module, name, name


class _Writer(pickle._Pickler):  # the pure Python one: its save_global can be told names
    """Writes tensors as torch.save did before version 1.6."""

    def persistent_id(self, value: Any) -> Any:
        if not isinstance(value, _Storage):
            return None
        return "storage", _Type("torch", value.kind), value.key, "cpu", value.count, None

    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if isinstance(value, _Type):
            self.write(pickle.GLOBAL + f"{value.__module__}\n{value.__name__}\n".encode())
        elif isinstance(value, _Tensor):
            self.save(_Type("torch._utils", "_rebuild_tensor_v2"))
            self.save((value.storage, value.offset, value.shape, value.strides, False, {}))
            self.write(pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)


class _Storage:
    def __init__(self, key: str, kind: str, data: Any) -> None:
        self.key, self.kind, self.data = key, kind, np.asarray(data)
        self.count = self.data.size


class _Tensor:
    def __init__(
        self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides


FLOATS = _Storage("7", "FloatStorage", np.arange(8, dtype="<f4"))
COUNT = _Storage("8", "LongStorage", np.array([5], dtype="<i8"))


def checkpoint(
    tensors: Any, storages: tuple[_Storage, ...] = (FLOATS, COUNT), little: bool = True
) -> bytes:
    file = io.BytesIO()
    for value in (MAGIC, PROTOCOL, {"little_endian": little}):
        pickle.dump(value, file, 2)
    _Writer(file, 2).dump(tensors)
    pickle.dump([storage.key for storage in storages], file, 2)
    for storage in storages:
        file.write(storage.count.to_bytes(8, "little") + storage.data.tobytes())
    return file.getvalue()


def tensors() -> OrderedDict[str, _Tensor]:
    return OrderedDict(
        matrix=_Tensor(FLOATS, 2, (2, 3), (3, 1)),
        transposed=_Tensor(FLOATS, 0, (3, 2), (1, 3)),
        count=_Tensor(COUNT, 0, (), ()),
    )


def written(folder: Path, content: bytes) -> Path:
    path = folder / "weights.pth"
    path.write_bytes(content)
    return path


def test_tensors_are_views_of_storages(tmp_path: Path) -> None:
    found = read_tensors(written(tmp_path, checkpoint(tensors())))
    assert found["matrix"].tolist() == [[2, 3, 4], [5, 6, 7]]
    assert found["transposed"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found["count"].tolist() == 5
    assert found["matrix"].dtype == np.float32


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the checkpoint"):
        read_tensors(tmp_path / "weights.pth")


class _Command:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = checkpoint(OrderedDict(bad=_Command()))
    with pytest.raises(ModelRefused, match=r"it asks for posix\.mkdir"):
        read_tensors(written(tmp_path, content))
    assert not (tmp_path / "ran").exists()


def outside() -> bytes:
    return checkpoint(OrderedDict(bad=_Tensor(FLOATS, 3, (2, 3), (3, 1))), (FLOATS,))


def backwards() -> bytes:
    return checkpoint(OrderedDict(bad=_Tensor(FLOATS, 7, (2,), (-1,))), (FLOATS,))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged"),
        (checkpoint(OrderedDict(good=tensors()["matrix"])), "storage '8' belongs to no tensor"),
        (pickle.dumps(1, 2) * 2, "first words"),
        (checkpoint(tensors(), little=False), "big-endian"),
        (checkpoint(tensors())[:-1], "a storage has 1 elements|announced"),
        (checkpoint(tensors(), (FLOATS,)), "outside its storage"),
        (checkpoint([1, 2]), "damaged"),
        (checkpoint(OrderedDict(bad=3), ()), "expected only tensors"),
        (outside(), "outside its storage"),
        (backwards(), "outside its storage"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_a_damaged_checkpoint_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=reason):
        read_tensors(written(tmp_path, content))
