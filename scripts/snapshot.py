"""Measures gas of each move and size of each contract; writes snapshots/*.json."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from prover.base.files import locked

ROOT = Path(__file__).parents[1]
SNAPSHOTS = ROOT / "snapshots"
BUILD = ROOT / "cache" / "build.lock"  # forge's, which tests/forge/test_forge.py uses beside this
CONTRACTS = (
    "ModelRegistry",
    "PredictionMarket",
    "ServingRound",
    "AccuracyBounty",
    "RetrievalBounty",
    "Poseidon",
)


def gas() -> dict[str, int]:
    """Move -> gas, as the gas tests of tests/forge measure it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "FOUNDRY_SNAPSHOTS": folder,
            "FOUNDRY_GAS_SNAPSHOT_EMIT": "true",
        }
        with locked(BUILD):
            subprocess.run(
                ["forge", "test", "--isolate", "--match-contract", "GasTest"],
                cwd=ROOT,
                env=os.environ | settings,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        values = json.loads((Path(folder) / "gas.json").read_text())
    return {name: int(value) for name, value in values.items()}


def sizes() -> dict[str, int]:
    """Contract -> bytes of runtime code, as forge built them in `gas`."""
    return {name: _runtime_size(name) for name in CONTRACTS}


def _runtime_size(name: str) -> int:
    artifact = json.loads((ROOT / f"out/{name}.sol/{name}.json").read_text())
    return len(artifact["deployedBytecode"]["object"].removeprefix("0x")) // 2


def main() -> None:
    SNAPSHOTS.mkdir(exist_ok=True)
    for name, values in {"gas": gas(), "sizes": sizes()}.items():
        (SNAPSHOTS / f"{name}.json").write_text(json.dumps(values, indent=2) + "\n")


if __name__ == "__main__":
    main()
