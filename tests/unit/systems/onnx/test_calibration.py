"""Calibration data: what is taken, and one clear sentence for each way to be wrong."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from prover.base.errors import ModelRefused, UsageError
from prover.systems.onnx import calibration
from prover.systems.onnx.calibration import Calibration, read, read_arrays

SHAPE, CLASSES = (1, 2, 3), 4
GOOD = np.arange(30, dtype=np.float64).reshape(5, 2, 3)


def saved(tmp_path: Path, **arrays: object) -> Path:
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("shape", [(5, 2, 3), (5, 1, 2, 3), (5, 6)])
def test_inputs_take_the_models_shape(shape: tuple[int, ...], tmp_path: Path) -> None:
    data = read(saved(tmp_path, inputs=GOOD.reshape(shape)), SHAPE, CLASSES)
    assert data.inputs.shape == (5, 1, 2, 3)
    assert data.inputs.dtype == np.float32
    assert data.labels is None
    assert (data.inputs.ravel() == np.arange(30)).all()


def test_labels_are_read(tmp_path: Path) -> None:
    data = read(saved(tmp_path, inputs=GOOD, labels=np.array([0, 1, 2, 3, 3])), SHAPE, CLASSES)
    assert data.labels is not None
    assert data.labels.tolist() == [0, 1, 2, 3, 3]


def test_head_is_spread_evenly() -> None:
    data = Calibration(np.arange(10, dtype=np.float32), np.arange(10))
    assert data.head(4).inputs.tolist() == [0, 3, 6, 9]
    assert data.head(20) is data


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"other": GOOD}, r"no array `inputs` \(found other\)"),
        ({"labels": GOOD}, r"no array `inputs` \(found labels\)"),
        ({"inputs": GOOD.astype(str)}, "expected only numbers"),
        ({"inputs": GOOD, "labels": np.zeros(5)}, r"expected integers \[5\]"),
        ({"inputs": GOOD, "labels": np.zeros(4, int)}, r"expected integers \[5\]"),
        ({"inputs": np.array([object()])}, "not an .npz archive of plain arrays"),
    ],
)
def test_wrong_archives_are_usage_errors(
    arrays: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        read(saved(tmp_path, **arrays), SHAPE, CLASSES)


def damaged(path: Path, kind: str) -> Path:
    """An archive that numpy or zipfile stumble over, each in another way."""
    if kind == "a pipe":
        path.unlink()
        os.mkfifo(path)
        return path
    members: dict[str, tuple[bytes, int]] = {
        "no array": (b"hello", zipfile.ZIP_STORED),
        "too many elements": (header("(1000000000000, 1000000)"), zipfile.ZIP_STORED),
        "an odd shape": (header("(True, 64)"), zipfile.ZIP_STORED),
        "too deep": (header("-" * 9000 + "1"), zipfile.ZIP_STORED),
        "a bad stream": (b"x" * 1000, zipfile.ZIP_DEFLATED),
        "a bad lzma stream": (b"x" * 1000, zipfile.ZIP_LZMA),
    }
    content, method = members[kind]
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("inputs.npy" if kind != "no array" else "inputs", content)
    if "stream" in kind:
        raw = bytearray(path.read_bytes())
        raw[40:60] = bytes(20)
        path.write_bytes(raw)
    return path


def header(shape: str) -> bytes:
    told = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(told).to_bytes(2, "little") + told


@pytest.mark.parametrize(
    "kind",
    [
        *("no array", "an odd shape", "too deep", "a bad stream"),
        *("a bad lzma stream", "a pipe"),
    ],
)
def test_a_damaged_archive_is_said_to_be_one(kind: str, tmp_path: Path) -> None:
    path = damaged(saved(tmp_path, inputs=GOOD), kind)
    with pytest.raises(UsageError, match="plain"):
        read(path, SHAPE, CLASSES)


@pytest.mark.parametrize("name", ["inputs", "labels"])
def test_an_archive_that_takes_too_much_memory_is_refused_before_it_is_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zeros of many megabytes are a few kilobytes of an archive; its directory may lie of them."""
    path, large = tmp_path / "data.npz", np.zeros((5, 2, 3, 100))
    np.savez_compressed(path, **{"inputs": GOOD, "other": np.zeros(99_999), name: large})
    monkeypatch.setattr(calibration, "MAX_ARRAY_BYTES", large.nbytes - 1)
    refusal = r"take \d+ bytes of memory: expected at most 23999; take fewer samples"
    with pytest.raises(UsageError, match=refusal):
        read_arrays(path, ("inputs", "labels"))
    path.write_bytes(path.read_bytes().replace(*understated(path, name)))
    with pytest.raises(UsageError, match="damaged"):
        read_arrays(path, ("inputs", "labels"))
    monkeypatch.setattr(calibration, "MAX_ARRAY_BYTES", 30_000)
    np.savez_compressed(path, **{"inputs": GOOD, name: large})
    assert read_arrays(path, ("inputs", "labels"))[name].shape == large.shape


def test_small_numbers_are_reckoned_as_those_that_they_become(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "MAX_ARRAY_BYTES", 2000)
    with pytest.raises(UsageError, match="take 2400 bytes of memory"):
        read_arrays(saved(tmp_path, inputs=np.zeros(600, np.uint8)), ("inputs",))


def test_an_array_that_says_it_is_larger_than_any_memory_is_refused(tmp_path: Path) -> None:
    path = damaged(tmp_path / "data.npz", "too many elements")
    with pytest.raises(UsageError, match=f"take {8 * 10**18} bytes of memory"):
        read(path, SHAPE, CLASSES)


def understated(path: Path, name: str) -> tuple[bytes, bytes]:
    """The size of an array in the archive's directory, and a smaller one."""
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(f"{name}.npy").file_size
    return size.to_bytes(4, "little"), (200).to_bytes(4, "little")


def with_value(value: float) -> np.ndarray:
    wrong = GOOD.copy()
    wrong[3, 1, 1] = value
    return wrong


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"inputs": GOOD.reshape(5, 3, 2)}, r"shape \[5, 3, 2\]: expected \[n, 2, 3\]"),
        ({"inputs": GOOD[:0]}, "is empty"),
        ({"inputs": with_value(np.nan)}, "NaN or infinity, first in sample 3"),
        ({"inputs": with_value(np.inf)}, "NaN or infinity, first in sample 3"),
        ({"inputs": with_value(1e300)}, "values that 32 bits can hold"),
        ({"inputs": GOOD, "labels": np.array([0, 1, 2, 3, 4])}, "run from 0 to 4"),
        ({"inputs": GOOD, "labels": np.array([0, 1, 2, 3, -1])}, "run from -1 to 3"),
    ],
)
def test_values_that_do_not_fit_the_model_are_refused(
    arrays: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelRefused, match=message):
        read(saved(tmp_path, **arrays), SHAPE, CLASSES)


def test_missing_and_broken_files_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the data"):
        read(tmp_path / "none.npz", SHAPE, CLASSES)
    whole = saved(tmp_path, inputs=GOOD).read_bytes()
    for content in (b"", b"text", whole[:60], whole[:-30]):
        path = tmp_path / "broken.npz"
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"broken\.npz"):
            read(path, SHAPE, CLASSES)
    np.save(tmp_path / "single.npy", GOOD)
    with pytest.raises(UsageError, match="single array"):
        read(tmp_path / "single.npy", SHAPE, CLASSES)
