"""Records of a dataset as a circuit takes them: their format, and those that a file of data gives.

A value outside the circuit's domain is refused, never clipped.
"""

from pathlib import Path

import numpy as np

from prover.base.errors import StatementInvalid
from prover.statement.documents.dataset import Format
from prover.statement.sealing import check_sealable
from prover.systems.circuits import quantised, read_data
from prover.systems.interface import Artifacts
from prover.systems.onnx.calibration import Floats

Rows = tuple[tuple[int, ...], ...]
_SHOWN = 5


def format_of(artifacts: Artifacts) -> Format:
    """The format of the records that a circuit can prove."""
    facts = artifacts.facts
    return Format.of(check_sealable(facts.sealed), facts.shape.values, facts.input_unit)


def read_rows(artifacts: Artifacts, path: Path) -> Rows:
    """The quantised values of every sample of an NPZ archive.

    Raises UsageError or ModelRefused where the file is wrong, StatementInvalid naming the records
    outside the circuit's domain.
    """
    form = format_of(artifacts)
    samples = read_data(artifacts, path).inputs.reshape(-1, form.values)
    rows = tuple(item.values for item in quantised(artifacts, samples))
    _check_domain(path, samples, rows, form)
    return rows


def _check_domain(path: Path, samples: Floats, rows: Rows, form: Format) -> None:
    values = np.array(rows, dtype=object)
    outside = (values < form.input_min) | (values > form.input_max)
    wrong = [int(record) for record in np.flatnonzero(outside.any(axis=1))]
    if not wrong:
        return
    first = wrong[0]
    place = int(np.flatnonzero(outside[first])[0])
    unit = form.input_unit
    named = ", ".join(map(str, wrong[:_SHOWN])) + (", ..." if len(wrong) > _SHOWN else "")
    raise StatementInvalid(
        f"{len(wrong)} of {len(rows)} records of {path} ({named}) lie outside the model's domain: "
        f"record {first} has {samples[first][place]:g} at place {place}, expected "
        f"{form.input_min * unit:g} to {form.input_max * unit:g}; scale the data as the "
        "model expects, leave these rows out, or have the model added with calibration data that "
        "spans them: no value is ever clipped"
    )
