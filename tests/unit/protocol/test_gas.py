"""Each figure of gas is what was measured, rounded up."""

import json
from pathlib import Path

import pytest

from prover.protocol.accuracy.gas import DIGEST_ELEMENT
from prover.protocol.gas import END, ITEM, POST, PROVE, TAKE, WITHDRAW, verification_gas
from prover.protocol.serving.gas import OUTPUT_BYTE

ROOT = Path(__file__).parents[3]
RESULTS, SNAPSHOTS = ROOT / "benchmarks" / "results", ROOT / "snapshots"


@pytest.mark.parametrize(
    ("figure", "moves"),
    [
        (POST, ("post eth",)),
        (TAKE, ("lock eth", "join eth", "accept eth")),
        (PROVE, ("deliver eth", "answer first item", "submit first item", "submit first record")),
        (END, ("refund expired eth", "settle")),
        (WITHDRAW, ("withdraw eth",)),
        (ITEM, ("deliver extra", "answer extra", "submit extra")),
        (OUTPUT_BYTE, ("commitOutputs per byte",)),
        (DIGEST_ELEMENT, ("dispute per packed element",)),
    ],
)
def test_gas_is_that_of_the_snapshots(figure: int, moves: tuple[str, ...]) -> None:
    measured = [
        gas
        for name, gas in json.loads((SNAPSHOTS / "gas.json").read_text()).items()
        if name.partition(" ")[2].startswith(moves) and not name.endswith("erc20")
    ]
    assert max(measured) <= figure <= 1.05 * max(measured)


def test_verification_gas_is_what_was_measured() -> None:
    for run in json.loads((RESULTS / "batching_runs.json").read_text())["runs"]:
        predicted = verification_gas(run["instances"])
        assert run["verify_gas"] <= predicted <= 1.3 * run["verify_gas"]
