"""Logs as events of prover.protocol, with where they happened."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, get_type_hints

from eth_utils.abi import event_abi_to_log_topic
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import LogReceipt

from prover.chain.client import Client, checksum
from prover.chain.contracts import JOBS, REGISTRY, abi
from prover.chain.deployments import Deployment
from prover.chain.logs import fetch_logs
from prover.errors import ChainError
from prover.protocol import events as protocol
from prover.protocol.events import Event
from prover.protocol.terms import Terms


@dataclass(frozen=True)
class Logged:
    """An event with its block, transaction and index in the block."""

    event: Event
    block: int
    transaction: bytes
    index: int


def fetch_events(
    client: Client, deployment: Deployment, first: int | None = None, last: int | None = None
) -> Iterator[Logged]:
    """All events of the contracts, in order, up to the latest block when the call began."""
    end = int(client.block()["number"]) if last is None else last
    start = deployment.first_block if first is None else first
    addresses = [deployment.registry, *deployment.holding_jobs]
    times: dict[int, int] = {}
    for log in fetch_logs(client, addresses, start, end):
        number = int(log["blockNumber"])
        if number not in times:
            times = {number: int(client.block(number)["timestamp"])}
        yield decode_log(log, times[number])


def by_transaction(events: Iterable[Logged]) -> Iterator[list[Logged]]:
    """The events of each transaction together, in order."""
    for _, group in groupby(events, key=lambda logged: logged.transaction):
        yield list(group)


def decode_log(log: LogReceipt, at: int) -> Logged:
    """An event from a log of one of the contracts. Raises ChainError if it is none of theirs."""
    topics = log["topics"]
    name = _names().get(bytes(topics[0])) if topics else None
    if name is None:
        raise ChainError(
            f"log {log['logIndex']} of block {log['blockNumber']} at {log['address']} is no event "
            "of this project: the deployment file names another contract"
        )
    arguments = _arguments(name, log)
    kind: type[Event] = getattr(protocol, name)
    values = {_snake(key): _value(kind, key, value) for key, value in arguments.items()}
    return Logged(
        event=kind(at=at, contract=str(checksum(log["address"])), **values),
        block=int(log["blockNumber"]),
        transaction=bytes(log["transactionHash"]),
        index=int(log["logIndex"]),
    )


def _arguments(name: str, log: LogReceipt) -> dict[str, Any]:
    try:
        return dict(_codec().events[name]().process_log(log)["args"])
    except Web3Exception as error:
        raise ChainError(
            f"a log named {name} cannot be decoded: {error}; check the node"
        ) from error


@cache
def _names() -> dict[bytes, str]:
    return {bytes(event_abi_to_log_topic(entry)): entry["name"] for entry in _event_abi()}


def _event_abi() -> list[Any]:
    """Every event once: those of the escrow are in each contract's ABI."""
    entries = [entry for name in (REGISTRY, *JOBS) for entry in abi(name)]
    events = {entry["name"]: entry for entry in entries if entry["type"] == "event"}
    return list(events.values())


@cache
def _codec() -> Any:
    return Web3().eth.contract(abi=_event_abi())


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _value(kind: type[Event], name: str, value: Any) -> Any:
    if name == "terms":
        return _terms_of(kind).from_abi(_plain(value))
    if isinstance(value, str) and name != "uri":
        return str(checksum(value))
    return _plain(value)


def _terms_of(kind: type[Event]) -> type[Terms]:
    """The class of the terms that an event carries, from its declaration."""
    declared: type[Terms] = get_type_hints(kind)["terms"]
    return declared


def _plain(value: Any) -> Any:
    """Structs, lists and hex bytes as tuples and bytes."""
    if isinstance(value, dict):
        return tuple(_plain(entry) for entry in value.values())
    if hasattr(value, "_fields") or isinstance(value, list | tuple):
        return tuple(_plain(entry) for entry in value)
    if isinstance(value, HexBytes):
        return bytes(value)
    return _plain(dict(value)) if hasattr(value, "items") else value
