"""Compiling Solidity with solc through py-solc-x, cached by the hash of the whole input."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
import solcx
from eth_utils.crypto import keccak
from solcx.exceptions import SolcError

from prover.base.errors import UsageError
from prover.base.files import locked, write_atomically
from prover.base.redaction import bare_environment
from prover.base.settings import get_settings
from prover.solidity.compiler import SOLC_VERSION as SOLC_VERSION
from prover.solidity.compiler import get_compiler
from prover.solidity.sources import close_over_imports, find_contracts, root_of_sources

OPTIMIZER_RUNS = 200  # how often a contract is taken to be called, against its creation
EVM_VERSION = "cancun"
_IMMUTABLES = "evm.deployedBytecode.immutableReferences"


@dataclass(frozen=True)
class CompiledContract:
    """ABI, creation bytecode and runtime code; immutable slots of the runtime code are zero."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    runtime: bytes
    input_hash: str

    @property
    def code_hash(self) -> bytes:
        """keccak256 of the runtime code: EXTCODEHASH once deployed, if it has no immutables."""
        return keccak(self.runtime)


def compile_contracts(
    names: Iterable[str], project: Path | None = None, runs: int = OPTIMIZER_RUNS
) -> dict[str, CompiledContract]:
    """Compile contracts by name from contracts/**/<name>.sol, OpenZeppelin from node_modules.

    `project` is where these lie, by default the checkout or, where there is none, the package;
    `runs` how often a contract is called, for the optimiser.
    Raises UsageError on an unknown name or a compiler error, EnvironmentMissing without compiler or
    packages.
    """
    root = project or root_of_sources()
    units = find_contracts(root, list(names))
    output, input_hash = _compile(close_over_imports(root, units.values()), runs)
    return {name: _contract(name, output[unit][name], input_hash) for name, unit in units.items()}


def compile_templates(
    names: Iterable[str], runs: int = OPTIMIZER_RUNS
) -> dict[str, tuple[bytes, dict[str, list[int]]]]:
    """Runtime code by contract, with the places of each immutable's words by its name.

    Raises as `compile_contracts`.
    """
    root = root_of_sources()
    units = find_contracts(root, list(names))
    request = _request(close_over_imports(root, units.values()), runs)
    request["settings"]["outputSelection"] = {
        "*": {"": ["ast"], "*": ["evm.deployedBytecode.object", _IMMUTABLES]}
    }
    output = _run_solc(request)
    declared = _immutables(source["ast"] for source in output["sources"].values())
    found = {}
    for name, unit in units.items():
        code = output["contracts"][unit][name]["evm"]["deployedBytecode"]
        places = {
            declared[number]: [place["start"] for place in places]
            for number, places in code["immutableReferences"].items()
        }
        found[name] = (bytes.fromhex(code["object"]), places)
    return found


def _immutables(trees: Iterable[Any]) -> dict[str, str]:
    """Names of immutables by the compiler's numbers, written as text."""
    found: dict[str, str] = {}
    for tree in trees:
        for contract in tree["nodes"]:
            for node in contract.get("nodes", ()):
                if node.get("mutability") == "immutable":
                    found[str(node["id"])] = node["name"]
    return found


def compile_source(unit: str, source: str, name: str) -> CompiledContract:
    """Compile one self-contained source; `unit` is its name in messages and in the input hash."""
    output, input_hash = _compile({unit: source}, OPTIMIZER_RUNS)
    return _contract(name, output[unit][name], input_hash)


def _compile(sources: Mapping[str, str], runs: int) -> tuple[dict[str, Any], str]:
    request = _request(sources, runs)
    input_hash = hashlib.sha256(rfc8785.dumps([SOLC_VERSION, request])).hexdigest()
    cached = get_settings().cache / "solidity" / f"{input_hash}.json"
    with locked(cached.with_suffix(".lock")):  # it takes a core for seconds: once is enough
        if not cached.exists():
            contracts = _run_solc(request)["contracts"]
            write_atomically(cached, json.dumps(contracts).encode(), private=False)
    output: dict[str, Any] = json.loads(cached.read_text())
    return output, input_hash


def _request(sources: Mapping[str, str], runs: int) -> dict[str, Any]:
    """Standard JSON; no metadata in the code, so that it depends on no path and no comment."""
    return {
        "language": "Solidity",
        "sources": {unit: {"content": text} for unit, text in sources.items()},
        "settings": {
            "optimizer": {"enabled": True, "runs": runs},
            "evmVersion": EVM_VERSION,
            "metadata": {"bytecodeHash": "none", "appendCBOR": False},
            "outputSelection": {
                "*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}
            },
        },
    }


def _run_solc(request: dict[str, Any]) -> dict[str, Any]:
    try:
        with bare_environment():
            return dict(solcx.compile_standard(request, solc_binary=get_compiler()))
    except SolcError as error:
        raise UsageError(f"the Solidity compiler refuses: {error.message}") from error


def _contract(name: str, output: Mapping[str, Any], input_hash: str) -> CompiledContract:
    code = output["evm"]
    return CompiledContract(
        name=name,
        abi=output["abi"],
        bytecode=bytes.fromhex(code["bytecode"]["object"]),
        runtime=bytes.fromhex(code["deployedBytecode"]["object"]),
        input_hash=input_hash,
    )
