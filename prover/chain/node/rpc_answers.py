"""Answers of JSON-RPC as they must be: what a node says is checked here, before it is used.

A number is "0x" and hex digits, a block the one that was asked for, a receipt that of the very
transaction. Anything else is the node's fault, or a portal's before it, and one sentence.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_utils.crypto import keccak
from web3.exceptions import BadResponseFormat

from prover.base.errors import ChainError
from prover.base.redaction import redacted
from prover.base.strict_json import check_depth
from prover.base.text import shown

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}", re.ASCII)
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)
_WORD = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_SHOWN_CHARACTERS = 80
_COUNT_BITS = 63  # heights, times, nonces and gas: what the stores can hold
_AMOUNT_BITS = 256
_DEPTH = 250  # of JSON: traces of calls nest, two levels a call


def decoded(body: bytes) -> Any:
    """The body of an answer: one to a request, or a list of those to several, each with its id.

    Raises BadResponseFormat. A refusal of several requests as such comes without an id, alone.
    """
    try:
        check_depth(body, _DEPTH)
        found = json.loads(body)
    except ValueError as error:
        raise BadResponseFormat(f"expected JSON ({type(error).__name__})") from error
    many = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in many):
        raise BadResponseFormat("expected an object for each request")
    if found is not many:
        return found
    if len(many) == 1 and "error" in many[0] and many[0].get("id") is None:
        return many[0]
    names = [one.get("id") for one in many]
    if not all(type(name) is int for name in names) or len(set(names)) < len(names):
        raise BadResponseFormat("expected answers with the ids of their requests, each once")
    return many


def checked(method: str, parameters: Sequence[Any], answer: Any) -> Any:
    """The answer to a request, its result checked. Raises ChainError.

    Refusals, and methods that are not known here, go through as they are.
    """
    check = _CHECKS.get(method)
    if check is None or not isinstance(answer, dict) or "result" not in answer:
        return answer
    result = answer["result"]
    why_not = check(parameters, result)
    if why_not:
        found = shown(redacted(repr(result)), _SHOWN_CHARACTERS)
        raise ChainError(
            f"the node answers {method} with {found}: {why_not}; nothing is concluded from that, "
            "use another node"
        )
    return answer | {"result": None} if _is_not_mined(method, result) else answer


def _number(found: Any, bits: int) -> bool:
    return (
        isinstance(found, str)
        and _QUANTITY.fullmatch(found) is not None
        and int(found, 16) < 1 << bits
    )


def _matches(found: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(found, str) and pattern.fullmatch(found) is not None


def _quantity(bits: int) -> Callable[[Sequence[Any], Any], str]:
    def check(_parameters: Sequence[Any], result: Any) -> str:
        fits = _number(result, bits)
        return "" if fits else f"expected a number of at most {bits} bits, 0x and hex digits"

    return check


def _data(_parameters: Sequence[Any], result: Any) -> str:
    return "" if _matches(result, _DATA) else "expected bytes, 0x and hex digits"


def _block(parameters: Sequence[Any], result: Any) -> str:
    if result is None:
        return ""
    asked = parameters[0]
    counts = ["timestamp"] if asked == "pending" else ["timestamp", "number"]
    if not isinstance(result, Mapping) or not _has(result, counts, _COUNT_BITS):
        return "expected a block with its number and time"
    if asked != "pending" and not _matches(result.get("hash"), _WORD):
        return "expected a block with its hash"
    if not _number(result.get("baseFeePerGas", "0x0"), _AMOUNT_BITS):
        return "expected a block whose base fee is a number"
    return _of_that_block(str(asked), result)


def _of_that_block(asked: str, result: Mapping[str, Any]) -> str:
    if _WORD.fullmatch(asked):
        return "" if result["hash"].lower() == asked.lower() else f"block {asked} was asked for"
    if _QUANTITY.fullmatch(asked) and int(result["number"], 16) != int(asked, 16):
        return f"block {int(asked, 16)} was asked for"
    return ""


def _receipt(parameters: Sequence[Any], result: Any) -> str:
    if result is None or _is_not_mined("eth_getTransactionReceipt", result):
        return ""
    if not isinstance(result, Mapping) or not _has(result, ["blockNumber", "gasUsed"], _COUNT_BITS):
        return "expected a receipt with its block and gas"
    if not _matches(result.get("blockHash"), _WORD) or not isinstance(result.get("logs"), list):
        return "expected a receipt with its block's hash and logs"
    if not _has(result, ["status"], 1):
        return "expected a receipt with status 0x0 or 0x1"
    return _of_that(parameters, result.get("transactionHash"))


def _transaction(parameters: Sequence[Any], result: Any) -> str:
    if result is None:
        return ""
    if not isinstance(result, Mapping):
        return "expected a transaction"
    if not _number(result.get("chainId") or "0x0", _COUNT_BITS):  # none before EIP-155
        return "expected a transaction whose chain id is a number"
    return _of_that(parameters, result.get("hash"))


def _sent(parameters: Sequence[Any], result: Any) -> str:
    name = "0x" + keccak(hexstr=str(parameters[0])).hex()
    same = _matches(result, _WORD) and result.lower() == name
    return "" if same else f"{name} was handed over, and it may have it"


def _fees(_parameters: Sequence[Any], result: Any) -> str:
    rows = result.get("reward") if isinstance(result, Mapping) else None
    fits = isinstance(rows, list) and rows and all(map(_is_row, rows))
    return "" if fits else "expected the tips of some blocks"


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and row != [] and all(_number(one, _AMOUNT_BITS) for one in row)


def _of_that(parameters: Sequence[Any], found: Any) -> str:
    """Whether an answer about a transaction is about the one that was asked for."""
    same = _matches(found, _WORD) and int(found, 16) == int(parameters[0], 16)
    return "" if same else f"transaction {parameters[0]} was asked for"


def _has(result: Mapping[str, Any], names: Sequence[str], bits: int) -> bool:
    return all(_number(result.get(name), bits) for name in names)


def _is_not_mined(method: str, result: Any) -> bool:
    """Some nodes give a receipt without a block for what waits in their pool."""
    is_receipt = method == "eth_getTransactionReceipt" and isinstance(result, Mapping)
    return is_receipt and "blockNumber" in result and result["blockNumber"] is None


_CHECKS: dict[str, Callable[[Sequence[Any], Any], str]] = {
    "eth_blockNumber": _quantity(_COUNT_BITS),
    "eth_call": _data,
    "eth_chainId": _quantity(_COUNT_BITS),
    "eth_estimateGas": _quantity(_COUNT_BITS),
    "eth_feeHistory": _fees,
    "eth_gasPrice": _quantity(_AMOUNT_BITS),
    "eth_getBalance": _quantity(_AMOUNT_BITS),
    "eth_getBlockByHash": _block,
    "eth_getBlockByNumber": _block,
    "eth_getCode": _data,
    "eth_getTransactionByHash": _transaction,
    "eth_getTransactionCount": _quantity(_COUNT_BITS),
    "eth_getTransactionReceipt": _receipt,
    "eth_maxPriorityFeePerGas": _quantity(_AMOUNT_BITS),
    "eth_sendRawTransaction": _sent,
}
