"""Calls of a contract that a transaction made, with their arguments, direct or through others."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector
from hexbytes import HexBytes
from web3.types import RPCEndpoint

from prover.base.errors import ChainError, StatementInvalid
from prover.chain.abi.contract import abi
from prover.chain.node.client import Client
from prover.protocol.terms import Job, Terms


def job_calls(
    client: Client,
    name: str,
    contract: str,
    transaction: bytes,
    function: str,
    terms: type[Terms],
) -> Iterator[tuple[Job[Any], tuple[Any, ...]]]:
    """Each call of a function of contract `name`: its job, and the arguments after the job.

    A direct call is read off the transaction, others off its trace; nothing if the node does not
    trace. Raises StatementInvalid on calldata that the ABI does not allow.
    """
    selector, types = _function(name, function)
    for data in _calldata(client, contract, transaction):
        if data[:4] != selector:
            continue
        try:
            (consumer, nonce, values), *rest = decode(types, data[4:], strict=False)  # as Solidity
        except (DecodingError, ValueError) as error:
            raise StatementInvalid(f"a call of {function} cannot be decoded: {error}") from error
        yield Job(consumer, nonce, terms.from_abi(values)), tuple(rest)


@cache
def _function(name: str, function: str) -> tuple[bytes, list[str]]:
    """Selector and argument types."""
    entry: Any = next(
        one for one in abi(name) if one["type"] == "function" and one["name"] == function
    )
    types = [collapse_if_tuple(one) for one in entry["inputs"]]
    return function_abi_to_4byte_selector(entry), types


def _calldata(client: Client, contract: str, transaction: bytes) -> Iterator[bytes]:
    """What the contract was called with, in order, by calls that could change it and lasted."""
    sent = client.transaction(transaction)
    if str(sent.get("to", "")).lower() == contract.lower():
        yield bytes(HexBytes(sent["input"]))
        return
    for call in traced(client, transaction):
        plain = call.get("type") == "CALL"  # a delegated call runs our code, on other storage
        if plain and str(call.get("to", "")).lower() == contract.lower():
            yield bytes(HexBytes(call.get("input", "0x")))


def traced(client: Client, transaction: bytes) -> Iterator[dict[str, Any]]:
    """All calls of a transaction that lasted, in the order in which they began."""
    parameters = ["0x" + transaction.hex(), {"tracer": "callTracer"}]
    answer: Any = client.web3.provider.make_request(
        RPCEndpoint("debug_traceTransaction"), parameters
    )
    waiting = [answer.get("result") or {}]
    while waiting:
        call = waiting.pop()
        if not isinstance(call, dict) or not isinstance(call.get("calls", []), list):
            raise ChainError(
                "the node's trace is malformed: expected an object whose calls are a list; use "
                "another node"
            )
        if "error" in call:
            continue  # what it called was reverted with it
        waiting += reversed(call.get("calls", []))
        yield call
