"""Writes prover/chain/abi/ from the contracts: ABIs and code; a test compares them."""

import json
from pathlib import Path

from prover.chain.abi.contract import NAMES
from prover.chain.codes import COMPILED
from prover.chain.deployments import PLAN
from prover.solidity.compile import SOLC_VERSION, compile_contracts, compile_templates

ABI = Path(__file__).parents[1] / "prover/chain/abi"


def rendered() -> dict[str, str]:
    """File name -> content."""
    compiled = compile_contracts(NAMES)
    abis = {
        f"{name}.json": json.dumps(contract.abi, indent=1, sort_keys=True) + "\n"
        for name, contract in compiled.items()
    }
    created = compile_contracts(PLAN)
    codes = {
        name: {
            "creation": created[name].bytecode.hex(),
            "immutables": places,
            "runtime": code.hex(),
        }
        for name, (code, places) in compile_templates(PLAN).items()
    }
    (input_hash,) = {one.input_hash for one in created.values()}
    origin = {"compiler": SOLC_VERSION, "inputHash": input_hash}
    files = {
        f"code/{name}.json": json.dumps(found, sort_keys=True) + "\n"
        for name, found in (codes | {COMPILED: origin}).items()
    }
    return abis | files


if __name__ == "__main__":
    (ABI / "code").mkdir(exist_ok=True)
    for name, content in rendered().items():
        (ABI / name).write_text(content)
