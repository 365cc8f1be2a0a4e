"""The committed proof, and ways to change it."""

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from prover.verify import Description, parse_description
from prover.verify.digest import circuit_digest

VECTORS = Path(__file__).parents[2] / "vectors" / "native"
PROOF = (VECTORS / "proof.bin").read_bytes()
INSTANCES = tuple(int(word, 16) for word in json.loads((VECTORS / "instances.json").read_text()))
DESCRIPTION = (VECTORS / "description.json").read_bytes()
WORDS = len(PROOF) // 32


@cache
def description() -> Description:
    return parse_description(DESCRIPTION)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The description after a change of its JSON."""
    found = copy.deepcopy(json.loads(DESCRIPTION))
    change(found)
    return json.dumps(found).encode()


def restated(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The description after a change, with the digest of what it then describes."""
    found = json.loads(changed(change))
    digest = circuit_digest(Description.model_validate_json(json.dumps(found)))
    return json.dumps(found | {"digest": f"0x{digest:064x}"}).encode()


def word(index: int) -> int:
    return int.from_bytes(PROOF[32 * index : 32 * index + 32], "big")


def with_word(index: int, *values: int) -> bytes:
    """The proof with other words from `index` on."""
    new = b"".join(value.to_bytes(32, "big") for value in values)
    return PROOF[: 32 * index] + new + PROOF[32 * index + len(new) :]
