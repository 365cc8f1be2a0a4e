"""Writes ABIs and code of the contracts, to prover/chain/abi/ and prover/solidity/code/.

A test compares them with the sources.
"""

import json
from pathlib import Path

from prover.chain.abi.contract import NAMES
from prover.chain.codes import COMPILED
from prover.chain.deployments import PLAN
from prover.solidity.compile import SOLC_VERSION, compile_contracts, compile_templates
from prover.solidity.native import NATIVE_VERIFIER, RUNS, compile_native_verifier

ROOT = Path(__file__).parents[1]
ABI, NATIVE = ROOT / "prover/chain/abi", ROOT / "prover/solidity/code"


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


def native() -> dict[str, str]:
    """The same of the verifier of native circuits, which is compiled for many calls."""
    code, places = compile_templates([NATIVE_VERIFIER], RUNS)[NATIVE_VERIFIER]
    found = {
        "creation": compile_native_verifier().bytecode.hex(),
        "immutables": places,
        "runtime": code.hex(),
    }
    return {f"{NATIVE_VERIFIER}.json": json.dumps(found, sort_keys=True) + "\n"}


if __name__ == "__main__":
    for folder, written in ((ABI, rendered()), (NATIVE, native())):
        for name, content in written.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
