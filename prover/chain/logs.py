"""Logs of contracts: paged to what the node gives, in the order of the chain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import requests
from eth_typing import HexStr
from web3.exceptions import Web3RPCError
from web3.types import FilterParams, LogReceipt

from prover.chain.client import Client, checksum, rpc_message
from prover.chain.decoding import known_topics
from prover.errors import ChainError

PAGE_BLOCKS = 10_000


@dataclass(frozen=True)
class Position:
    """Where a log stands; ordered as the chain is."""

    block: int
    index: int


def fetch_logs(
    client: Client,
    addresses: Sequence[str],
    first: int,
    last: int,
    page: int = PAGE_BLOCKS,
) -> Iterator[LogReceipt]:
    """Every event of ours at the addresses from block `first` to `last`, by (block, log index).

    A range that the node refuses is halved, down to one block, and grows again afterwards. Raises
    ChainError if one block is refused too, or if the node repeats, omits order or leaves the range.
    """
    start, span, before = first, page, Position(-1, -1)
    while start <= last:
        end = min(start + span - 1, last)
        try:
            logs = _page(client, addresses, start, end)
        except (Web3RPCError, requests.RequestException) as error:
            if start == end:
                raise ChainError(
                    f"the node gives no logs of block {start} ({_reason(error)}): use another node"
                ) from error
            span = max(1, (end - start + 1) // 2)
            continue
        for log in logs:
            before = _after(before, log, start, end)
            yield log
        start, span = end + 1, min(page, span * 2)


def _page(client: Client, addresses: Sequence[str], start: int, end: int) -> list[LogReceipt]:
    query: FilterParams = {
        "address": [checksum(address) for address in addresses],
        "topics": [[HexStr("0x" + topic.hex()) for topic in known_topics()]],
        "fromBlock": hex(start),  # type: ignore[typeddict-item]
        "toBlock": hex(end),  # type: ignore[typeddict-item]
    }
    logs = client.web3.eth.get_logs(query)
    return sorted(logs, key=lambda log: (log["blockNumber"], log["logIndex"]))


def _after(before: Position, log: LogReceipt, start: int, end: int) -> Position:
    here = Position(int(log["blockNumber"]), int(log["logIndex"]))
    repeated = (here.block, here.index) <= (before.block, before.index)
    if repeated or not start <= here.block <= end or log.get("removed", False):
        raise ChainError(
            f"the node gives log {here.index} of block {here.block} after log {before.index} of "
            f"block {before.block}, in blocks {start} to {end}: use another node"
        )
    return here


def _reason(error: Exception) -> str:
    return rpc_message(error) if isinstance(error, Web3RPCError) else type(error).__name__
