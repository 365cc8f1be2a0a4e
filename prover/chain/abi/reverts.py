"""Revert data as text: which rule refused, with its values, and what to do."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import abi_to_signature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from prover.base.text import moment, shown
from prover.chain.abi.advice import ADVICE
from prover.chain.abi.contract import NAMES, abi
from prover.protocol.accuracy import state as accuracy
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.protocol.table import title

ERROR_STRING = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")

_OPENZEPPELIN = (
    ("ReentrancyGuardReentrantCall", ()),
    ("SafeERC20FailedOperation", (("token", "address"),)),
    ("AddressEmptyCode", (("target", "address"),)),
    ("FailedCall", ()),
    (
        "ERC20InsufficientBalance",
        (("sender", "address"), ("balance", "uint256"), ("needed", "uint256")),
    ),
    (
        "ERC20InsufficientAllowance",
        (("spender", "address"), ("allowance", "uint256"), ("needed", "uint256")),
    ),
)
_PANICS = {
    0x01: "an assertion is false",
    0x11: "arithmetic overflows",
    0x12: "a division by zero",
    0x21: "a value outside its enum",
    0x32: "an index outside its array",
    0x41: "too much memory is asked for",
}
_TIMED = frozenset({"Jobs_Late", "Jobs_Early", "Jobs_BadWindow"})
_LONGEST = 10**9  # windows are shorter, and Unix times later than this
_STATES: dict[str, type[IntEnum]] = {
    "PredictionMarket.State": prediction.State,
    "ServingRound.State": serving.State,
    "AccuracyBounty.State": accuracy.State,
    "RetrievalBounty.State": retrieval.State,
}


@dataclass(frozen=True)
class Revert:
    """A decoded revert: error name, arguments by name, and what to do about it."""

    name: str
    arguments: dict[str, Any]
    advice: str

    def message(self) -> str:
        """For example: Jobs_NotConsumer (actual 0x12, allowed 0x34): use the account that posted.

        Times are shown as dates; `arguments` has them as numbers.
        """
        shown = ", ".join(
            f"{name} {_show_time(value) if self.name in _TIMED else _show(value)}"
            for name, value in self.arguments.items()
        )
        return f"{self.name}{f' ({shown})' if shown else ''}: {self.advice}"


def decode_revert(data: bytes) -> Revert:
    """What revert data says; unknown data is shown by its selector, never refused."""
    if not data:
        return Revert("no reason", {}, "the code reverted without data: check address and gas")
    selector, body = data[:4], data[4:]
    try:
        return _decode(selector, body)
    except (DecodingError, OverflowError, ValueError):
        return Revert("malformed error", {"data": data[:68]}, "check the contract's address")


def _decode(selector: bytes, body: bytes) -> Revert:
    if selector == ERROR_STRING:
        return Revert("Error", {"reason": decode(["string"], body)[0]}, "see the reason given")
    if selector == PANIC:
        code = decode(["uint256"], body)[0]
        return Revert("Panic", {"code": code}, _PANICS.get(code, "the code panicked"))
    if selector not in _known():
        return Revert(
            "unknown error", {"selector": selector}, "no contract of this project says it"
        )
    name, inputs = _known()[selector]
    values = decode([_type(entry) for entry in inputs], body)
    arguments = {
        entry["name"].rstrip("_"): _value(entry, value)
        for entry, value in zip(inputs, values, strict=True)
    }
    return Revert(name, arguments, ADVICE.get(name, "see docs/SPEC.md for the rule"))


@cache
def _known() -> dict[bytes, tuple[str, list[dict[str, Any]]]]:
    entries = [entry for name in NAMES for entry in abi(name) if entry["type"] == "error"]
    for name, inputs in _OPENZEPPELIN:
        fields = [{"name": field, "type": kind} for field, kind in inputs]
        entries.append({"type": "error", "name": name, "inputs": fields})
    return {
        keccak(text=abi_to_signature(entry))[:4]: (entry["name"], entry["inputs"])  # type: ignore[arg-type]
        for entry in entries
    }


def _type(entry: dict[str, Any]) -> str:
    kind: str = entry["type"]
    return kind


def _value(entry: dict[str, Any], value: Any) -> Any:
    if entry["type"] == "address":
        return to_checksum_address(value)
    kind = entry.get("internalType", "").rpartition(" I")[2]
    return title(_STATES[kind](value)) if kind in _STATES else value


def _show_time(value: int) -> str:
    return moment(value) if value > _LONGEST else f"{value} s"


def _show(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else shown(str(value))
