"""Logs of contracts: paged to what the node gives, in the order of the chain, with their times."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import requests as http
from web3.exceptions import Web3RPCError

from prover.base.errors import ChainError
from prover.chain.events.decoding import known_topics
from prover.chain.events.finality import patience_of, pause
from prover.chain.events.log import Log
from prover.chain.node.client import Client, checksum, rpc_message
from prover.chain.node.patience import LIMITED, is_limited, is_limiting
from prover.chain.node.rpc import Request, ask_all, ask_at_once, result_of

PAGE_BLOCKS = 10_000
Filter = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """All logs of the blocks `first` to `last`."""

    first: int
    last: int
    logs: tuple[Log, ...]


def fetch_pages(
    client: Client, addresses: Sequence[str], first: int, last: int, page: int = PAGE_BLOCKS
) -> Iterator[Page]:
    """Every event of ours at the addresses from block `first` to `last`, a range at a time.

    Raises ChainError as `fetch_matching` does.
    """
    wanted = {
        "address": [checksum(address) for address in addresses],
        "topics": [["0x" + topic.hex() for topic in known_topics()]],
    }
    return fetch_matching(client, wanted, first, last, page)


def fetch_matching(
    client: Client, wanted: Filter, first: int, last: int, page: int = PAGE_BLOCKS
) -> Iterator[Page]:
    """Every log of addresses and topics (as of `eth_getLogs`) in the blocks, a range at a time.

    A range that the node refuses is halved, down to one block, and grows again afterwards. Raises
    ChainError if one block is refused too, or if the node repeats, omits order or leaves the range.
    """
    start, span = first, page
    while start <= last:
        end = min(start + span - 1, last)
        try:
            logs = _logs(client, wanted, start, end)
        except (Web3RPCError, http.RequestException) as error:
            _require_smaller(error, start, end)
            span = max(1, (end - start + 1) // 2)
            continue
        yield Page(start, end, timed(client, logs))
        start, span = end + 1, min(page, span * 2)


def timed(client: Client, logs: Sequence[Log]) -> tuple[Log, ...]:
    """The logs with their blocks' times; those that are missing are asked for together."""
    wanted = sorted({log.block for log in logs if not log.time})
    blocks = ask_all(client, [("eth_getBlockByNumber", (hex(one), False)) for one in wanted])
    times = {number: _time(number, block) for number, block in zip(wanted, blocks, strict=True)}
    return tuple(log if log.time else replace(log, time=times[log.block]) for log in logs)


def _logs(client: Client, wanted: Filter, start: int, end: int) -> list[Log]:
    found = _found(client, wanted, start, end)
    if not isinstance(found, list):
        raise ChainError("the node gives no list of logs: use another node")
    _require_canonical(found)
    logs = sorted(map(Log.from_rpc, found), key=lambda log: (log.block, log.index))
    _require_ordered(logs, start, end)
    return logs


def _found(client: Client, wanted: Filter, start: int, end: int) -> Any:
    """The logs as a node gives them that has block `end`.

    Behind one address are several nodes at times, and one that lags gives what it has as if that
    were all: once stored, it would hide the rest for good. As it is asked for the block in the same
    HTTP request, it shows, and is waited for.
    """
    query = {**wanted, "fromBlock": hex(start), "toBlock": hex(end)}
    logs: Request = ("eth_getLogs", [query])
    block: Request = ("eth_getBlockByNumber", [hex(end), False])
    until = time.monotonic() + patience_of(client)
    while True:
        found, last = ask_at_once(client, [logs, block])
        if is_limited(last):
            raise ChainError(LIMITED)
        if isinstance(last, dict) and last.get("result") is not None:
            return result_of(found)
        if time.monotonic() > until:
            raise ChainError(f"the node does not give block {end}: it lags; use another node")
        pause(client)


def _require_canonical(found: Iterable[Any]) -> None:
    if any(isinstance(one, dict) and one.get("removed") for one in found):
        raise ChainError("the node gives logs that were removed: use another node")


def _require_ordered(logs: Sequence[Log], start: int, end: int) -> None:
    """Each once, within the range, and of one block for each number."""
    block, index, hashes = -1, -1, dict[int, bytes]()
    for log in logs:
        repeated = (log.block, log.index) <= (block, index)
        same = hashes.setdefault(log.block, log.block_hash) == log.block_hash
        if repeated or not start <= log.block <= end or not same:
            raise ChainError(
                f"the node gives log {log.index} of block {log.block} after log {index} of block "
                f"{block}, in blocks {start} to {end}: use another node"
            )
        block, index = log.block, log.index


def _require_smaller(error: Exception, start: int, end: int) -> None:
    """Raise ChainError if a smaller range would not help."""
    if is_limiting(error, "eth_getLogs"):
        raise ChainError(f"{LIMITED} ({_reason(error)})") from error
    if start == end:
        raise ChainError(
            f"the node gives no logs of block {start} ({_reason(error)}): use another node"
        ) from error


def _time(number: int, block: Any) -> int:
    try:
        return int(block["timestamp"], 16)
    except (KeyError, TypeError, ValueError) as error:
        raise ChainError(f"the node does not give block {number}: use another node") from error


def _reason(error: Exception) -> str:
    return rpc_message(error) if isinstance(error, Web3RPCError) else type(error).__name__
