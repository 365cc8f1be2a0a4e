"""The code of this version's contracts: what creates each, and what then stands at its address.

Whoever hands a deployment file over, or a node that answered while it was written, may name any
contract: one that answers like ours, and lets its author take the money out. So the code at each
address is compared with this one, word by word.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from prover.protocol.limits import limits_of, self_test_gas
from prover.solidity.template import Template as Template

COMPILED = "compiled"  # the file that says from what
# Immutables that are fields of the chain's row.
_LIMITS = {
    "MIN_SECONDS": "min_window",
    "MAX_SECONDS": "max_window",
    "TRANSACTION_GAS": "transaction_gas",
    "TRANSACTION_BYTES": "transaction_bytes",
    "MAX_ITEMS": "max_items",
    "MAX_ROUND_ITEMS": "max_round_items",
    "MAX_OUTPUT_BYTES": "max_output_bytes",
    "MAX_CONTESTS": "max_contests",
    "MAX_ELEMENTS": "max_elements",
    "MAX_CHUNKS": "max_chunks",
}


@dataclass(frozen=True)
class Creation:
    """Code that creates a contract, before its arguments, and where it comes from.

    `input_hash` is that of all sources and settings which `compiler`, a version of solc, was given.
    """

    name: str
    code: bytes
    compiler: str
    input_hash: str


@cache
def creation(name: str) -> Creation:
    """The creation code of a contract, as scripts/abi.py wrote it from the sources."""
    origin = _read(COMPILED)
    code = bytes.fromhex(_read(name)["creation"])
    return Creation(name, code, origin["compiler"], origin["inputHash"])


@cache
def template(name: str) -> Template:
    """The template of a contract, as scripts/abi.py wrote it from the sources."""
    found = _read(name)
    starts = {one: tuple(places) for one, places in found["immutables"].items()}
    return Template(bytes.fromhex(found["runtime"]), starts)


def _read(name: str) -> dict[str, Any]:
    text = files("prover.chain").joinpath("abi", "code", f"{name}.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def expected_code(name: str, chain_id: int, registry: str, poseidon: str) -> bytes:
    """The code of a contract of this version on a chain, beside the two that it names."""
    limits = limits_of(chain_id)
    values = {one: int(getattr(limits, field)) for one, field in _LIMITS.items()} | {
        "DEPLOYMENT_CHAIN": chain_id,
        "SELF_TEST_GAS": self_test_gas(limits),
        "registry": int(registry, 16),
        "poseidon": int(poseidon, 16),
    }
    return template(name).with_immutables(values)
