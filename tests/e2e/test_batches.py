"""Several predictions in one proof, through the command line: m of b slots named."""

from pathlib import Path

import numpy as np
import pytest

from prover.systems.onnx.floating import outputs_of
from prover.systems.onnx.onnx_file import ImportedModel
from tests.conftest import ELEMENTS
from tests.e2e.conftest import World
from tests.e2e.test_predictions import PROVIDE
from tests.localchain import CONSUMER, PROVIDER


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.npz"
    draw = np.random.default_rng(7)
    np.savez(path, inputs=draw.uniform(0, 1, (32, ELEMENTS)).astype(np.float32))
    return path


def test_fewer_items_than_slots_are_posted_and_proven(
    world: World, tiny: ImportedModel, records: Path
) -> None:
    """Three items in a circuit of four slots; the fourth is padding, which nobody reads."""
    cli, rows = world.cli, (5, 0, 31)
    cli.run(
        *("model", "add", tiny.path, "--data", records, "--name", "four", "--items", 4),
        *("--account", PROVIDER),
    )
    post = (
        *("prediction", "post", "--model", "four", "--inputs", records, "--reward", "0.01"),
        *("--stake", "0.005", "--account", CONSUMER),
    )
    named = [word for row in rows for word in ("--index", row)]
    posted = cli.json(*post, *named)
    assert cli.json(*PROVIDE)["jobs"][0]["result"] == "delivered"
    proven = cli.json("prediction", "status", posted["job"])["predictions"]
    inputs = np.load(records)["inputs"][list(rows)]
    floats = outputs_of(tiny.proto, inputs[:, None])
    assert len(proven) == len(rows)
    assert np.allclose([one["scores"] for one in proven], floats, atol=0.1)
    audit = cli.json("audit", "replay")
    assert (audit["proofs_reverified"], audit["mismatches"]) == (1, [])
    five = [word for row in range(5) for word in ("--index", row)]
    refused = cli.run(*post, *five, status=1).message()
    assert "5 items: expected 1 to 4 by this circuit" in refused
