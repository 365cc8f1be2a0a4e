"""The runtime code that a contract of this version has, once its constructor has filled it in.

Whoever hands a deployment file over, or a node that answered while it was written, may name any
contract: one that answers like ours, and lets its author take the money out. So the code at each
address is compared with this one, word by word.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from prover.protocol.limits import limits_of, self_test_gas

WORD = 32
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
    "MAX_CLASSES": "max_classes",
}


@dataclass(frozen=True)
class Template:
    """Runtime code with zeros where immutables go, and where that is, by the immutable's name."""

    runtime: bytes
    immutables: Mapping[str, tuple[int, ...]]

    def filled(self, values: Mapping[str, int]) -> bytes:
        """The code of a contract whose immutables have these values."""
        code = bytearray(self.runtime)
        for name, starts in self.immutables.items():
            for start in starts:
                code[start : start + WORD] = values[name].to_bytes(WORD, "big")
        return bytes(code)


@cache
def template(name: str) -> Template:
    """The template of a contract, as scripts/abi.py wrote it from the sources."""
    text = files("prover.chain").joinpath("abi", "code", f"{name}.json").read_text()
    found = json.loads(text)
    starts = {one: tuple(places) for one, places in found["immutables"].items()}
    return Template(bytes.fromhex(found["runtime"]), starts)


def expected_code(name: str, chain_id: int, registry: str, poseidon: str) -> bytes:
    """The code of a contract of this version on a chain, beside the two that it names."""
    limits = limits_of(chain_id)
    values = {one: int(getattr(limits, field)) for one, field in _LIMITS.items()} | {
        "DEPLOYMENT_CHAIN": chain_id,
        "SELF_TEST_GAS": self_test_gas(limits),
        "registry": int(registry, 16),
        "poseidon": int(poseidon, 16),
    }
    return template(name).filled(values)
