"""Logs up to a block: those stored, and from the node only what is new.

The last blocks are read each time: a node may lag, or the chain be reorganised there. Deeper
reorganisations show in the hash of the cursor's block.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from prover.base.errors import ChainError
from prover.base.settings import get_settings
from prover.chain.deployments import Deployment
from prover.chain.events.decoding import known_topics
from prover.chain.events.finality import RECENT_BLOCKS, hashes_at, newest_block
from prover.chain.events.log import Log
from prover.chain.events.logs import fetch_pages
from prover.chain.events.store import FILE, BlockPoint, EventStore, Moved, opened
from prover.chain.node.client import Client
from prover.protocol.limits import pace_of

TAIL_BLOCKS = RECENT_BLOCKS  # not stored, as the chain may be reorganised there
ATTEMPTS = 3


@dataclass(frozen=True)
class Reading:
    """All logs up to a block, to be gone through once: those `stored`, then `recent` ones."""

    head: BlockPoint
    stored: Iterator[Log]
    recent: tuple[Log, ...]

    def __iter__(self) -> Iterator[Log]:
        yield from self.stored
        yield from self.recent


class _Reorganised(ChainError):
    """The head of a reading is not on the chain any more."""


def read_logs(
    client: Client, deployment: Deployment, last: int | None = None, head: BlockPoint | None = None
) -> Reading:
    """All logs of the deployment up to block `last`, by default the latest. Raises ChainError.

    A handful of requests, besides one for each range of new blocks. `head` is that block, where
    it is known.
    """
    store, source = opened(get_settings().home / FILE), source_of(client, deployment)
    for attempt in range(ATTEMPTS):
        head = head if head and not attempt else head_of(client, last)
        with suppress(_Reorganised):
            reading = _read_on(client, deployment, store, source, head)
            if _stands(client, [head])[0]:
                return reading
    raise ChainError(
        f"the chain was reorganised {ATTEMPTS} times while it was read: try again later, or use "
        "another node"
    )


def forget(client: Client, deployment: Deployment) -> bool:
    """Forget what was read, so that the node is asked for all of it; whether there was anything."""
    store, source = opened(get_settings().home / FILE), source_of(client, deployment)
    known = store.cursor(source) is not None
    store.forget(source)
    return known


def head_of(client: Client, last: int | None = None) -> BlockPoint:
    """The block up to which is read: by default the newest, never older than this home has seen."""
    if last is None:
        newest = newest_block(client)
        return BlockPoint(newest.number, newest.hash)
    block = client.block(last)
    return BlockPoint(int(block["number"]), bytes(block["hash"]))


def source_of(client: Client, deployment: Deployment) -> str:
    """The name of a source: a node (its address may hold a key), a chain, contracts and events."""
    provider = client.web3.provider
    parts = [str(getattr(provider, "endpoint_uri", "")), client.scope, str(deployment.first_block)]
    parts += [*_addresses(deployment), *(topic.hex() for topic in known_topics())]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _read_on(
    client: Client, deployment: Deployment, store: EventStore, source: str, head: BlockPoint
) -> Reading:
    """From where the store ends; again from there whenever another process got further.

    No lock: a process that was stopped, or waits for its node, holds up no other one.
    """
    while True:
        with suppress(Moved):
            return _read(client, deployment, store, source, head)


def _read(
    client: Client, deployment: Deployment, store: EventStore, source: str, head: BlockPoint
) -> Reading:
    known = _ancestor(client, store, source)
    first = deployment.first_block if known is None else known.block + 1
    if known is not None and known.block >= head.block:
        return Reading(head, store.read(source, known, head.block), ())
    tail = max(TAIL_BLOCKS, pace_of(client.chain_id).final_blocks)
    stable, recent = head.block - tail, list[Log]()
    for page in fetch_pages(client, _addresses(deployment), first, head.block):
        end = min(page.last, stable)
        if end >= page.first:
            settled = [log for log in page.logs if log.block <= end]
            seen, known = known, _point(client, end, head)
            store.write(source, seen, page.first, settled, known)
        recent += [log for log in page.logs if log.block > end]
    return Reading(head, store.read(source, known, head.block), tuple(recent))


def _ancestor(client: Client, store: EventStore, source: str) -> BlockPoint | None:
    """The last block of the store that is still on the chain, with nothing stored above it."""
    cursor = store.cursor(source)
    if cursor is None or _stands(client, [cursor])[0]:
        return cursor
    points = store.points(source)
    gone = bisect_left(points, True, key=lambda point: not _stands(client, [point])[0])
    if gone == 0:
        store.forget(source)
        return None
    store.write(source, cursor, points[gone - 1].block + 1, [], points[gone - 1])
    return points[gone - 1]


def _stands(client: Client, points: Sequence[BlockPoint]) -> list[bool]:
    """For each block whether the chain has it now."""
    found = hashes_at(client, [point.block for point in points])
    return [known == point.hash for known, point in zip(found, points, strict=True)]


def _point(client: Client, number: int, head: BlockPoint) -> BlockPoint:
    """A block of the branch of `head`, to which the logs belong that were read meanwhile.

    Raises ChainError if the chain left that branch, as nothing would show that later.
    """
    found, above = hashes_at(client, [number, head.block])
    if found is None:
        raise ChainError(f"the node does not give block {number}: use another node")
    if above != head.hash:
        raise _Reorganised(
            "the chain was reorganised while it was read: try again later, or use another node"
        )
    return BlockPoint(number, found)


def _addresses(deployment: Deployment) -> list[str]:
    return [deployment.registry, *deployment.holding_jobs]
