"""Rows of a data file as items of a circuit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prover.base.errors import ModelRefused
from prover.statement.documents.inputs_file import InputsFile
from prover.systems.ezkl.artifacts import MODEL
from prover.systems.ezkl.inputs import quantised, read_data, shape_of
from tests.conftest import Proven

ROWS = np.array([[-8, 0.5, 8, 1], [0.031, 0.032, -0.032, 0]], dtype=np.float32)


def test_rows_are_quantised_and_salted(proven: Callable[[str], Proven], tmp_path: Path) -> None:
    artifacts = proven("salted").artifacts
    np.savez(tmp_path / "data.npz", inputs=ROWS)
    data = read_data(artifacts, tmp_path / "data.npz")
    items = quantised(artifacts.manifest, data.inputs)
    assert [item.values for item in items] == [(-128, 8, 128, 16), (0, 1, -1, 0)]
    assert items[0].salt != items[1].salt
    InputsFile(bytes(32), tuple(items)).check_round(shape_of(artifacts.manifest), 2)


def test_flat_rows_are_read_without_the_model(
    proven: Callable[[str], Proven], tmp_path: Path
) -> None:
    artifacts = replace(proven("hidden").artifacts, directory=tmp_path)
    assert not (tmp_path / MODEL).exists()
    np.savez(tmp_path / "data.npz", inputs=ROWS)
    assert len(read_data(artifacts, tmp_path / "data.npz")) == 2
    np.savez(tmp_path / "data.npz", inputs=ROWS.reshape(2, 1, 2, 2))
    assert np.array_equal(read_data(artifacts, tmp_path / "data.npz").inputs[:, 0], ROWS)
    for wrong in (ROWS[:, :3], ROWS[:, 0], np.zeros((0, 4), np.float32)):
        np.savez(tmp_path / "data.npz", inputs=wrong)
        with pytest.raises(ModelRefused, match=r"by the model|is empty"):
            read_data(artifacts, tmp_path / "data.npz")
