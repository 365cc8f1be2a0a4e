"""Writes prover/chain/abi/*.json from the contracts; a test compares them."""

import json
from pathlib import Path

from prover.chain.contracts import NAMES
from prover.solidity.compile import compile_contracts

ABI = Path(__file__).parents[1] / "prover/chain/abi"


def rendered() -> dict[str, str]:
    """File name -> content."""
    compiled = compile_contracts(NAMES)
    return {
        f"{name}.json": json.dumps(contract.abi, indent=1, sort_keys=True) + "\n"
        for name, contract in compiled.items()
    }


if __name__ == "__main__":
    for name, content in rendered().items():
        (ABI / name).write_text(content)
