"""The verifier of native circuits, which has no state, and the contracts that hold their keys."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from eth_utils.crypto import keccak

from prover.base.errors import UsageError
from prover.protocol.limits import CODE_SIZE_LIMIT
from prover.solidity.compile import CompiledContract, compile_contracts
from prover.solidity.template import Template

NATIVE_VERIFIER = "NativeVerifier"
# It is created once for each set-up and called for every proof.
RUNS = 1_000_000
STOP = b"\x00"
# PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE (0), CODECOPY, RETURNDATASIZE, RETURN
_COPY_CODE = "61{:04x}80600a3d393df3"
_SET_UP = slice(32 * 23, 32 * 31)  # g2 and s_g2 among the words of a key (docs/native/FORMAT.md)


def compile_native_verifier() -> CompiledContract:
    """The verifier of all native circuits, without its set-up. Raises as `compile_contracts`."""
    return compile_contracts([NATIVE_VERIFIER], runs=RUNS)[NATIVE_VERIFIER]


@cache
def _written() -> dict[str, Any]:
    """What scripts/abi.py compiled; a test compares it with the sources."""
    path = files("prover.solidity").joinpath("code", f"{NATIVE_VERIFIER}.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def verifier_creation(key: bytes) -> bytes:
    """Creation code of the verifier for the set-up of a key, as `circuit_key` makes one."""
    return bytes.fromhex(_written()["creation"]) + _set_up_hash(key)


def verifier_code(key: bytes) -> bytes:
    """Its code, once it is created."""
    places = {name: tuple(starts) for name, starts in _written()["immutables"].items()}
    template = Template(bytes.fromhex(_written()["runtime"]), places)
    return template.with_immutables({"SET_UP": int.from_bytes(_set_up_hash(key), "big")})


def _set_up_hash(key: bytes) -> bytes:
    return bytes(keccak(key[_SET_UP]))


def key_code(key: bytes) -> bytes:
    """Code of a contract that holds a key: STOP, which ends every call, then the key.

    Raises UsageError if a contract cannot be as long.
    """
    code = STOP + key
    if len(code) > CODE_SIZE_LIMIT:
        raise UsageError(
            f"the key has {len(key)} bytes: expected at most {CODE_SIZE_LIMIT - 1}, as it lies in "
            "the code of a contract; choose a circuit of fewer columns"
        )
    return code


def key_creation(key: bytes) -> bytes:
    """Creation code of that contract. Raises as `key_code`."""
    code = key_code(key)
    return bytes.fromhex(_COPY_CODE.format(len(code))) + code
