"""What is seen in a block holds until that block is final; what a node says may be old.

A decision is made from one stated block (number and hash), never older than what was seen before:
a node behind the block of our own receipt has nothing to say yet. A secret is given away, and an
end believed, when so many blocks lie on what they rest on that no reorganisation takes it back.
"""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import takewhile

from eth_typing import BlockNumber
from web3.exceptions import BlockNotFound, Web3RPCError
from web3.types import BlockData, TxReceipt

from prover.base.errors import ChainError
from prover.base.settings import get_settings
from prover.chain.events.store import FILE, EventStore, opened
from prover.chain.node.client import Client, map_rpc_errors
from prover.chain.node.rpc import ask_all
from prover.protocol.limits import Pace, pace_of

POLL_SECONDS = 2.0
LOCAL_POLL_SECONDS = 0.1
MOST = 2**63 - 1  # what the store can hold
AHEAD_SECONDS = 900  # what clocks may differ by
BEHIND_SECONDS = 60.0  # a node that lags longer than this has lost its peers
LOCAL_BEHIND_SECONDS = 5.0  # on a local chain it was put back, as nothing travels
RECENT_BLOCKS = Pace().final_blocks
SEND_SECONDS = 24  # two blocks: a transaction sent later may be late, and shows keys for nothing


@dataclass(frozen=True)
class Block:
    """A block by number and hash; `time` is Unix seconds, 0 where it is not known."""

    number: int
    hash: bytes
    time: int = 0

    @classmethod
    def of(cls, found: BlockData) -> "Block":
        """A block as a node gives it."""
        return cls(int(found["number"]), bytes(found["hash"]), int(found["timestamp"]))


@dataclass(frozen=True)
class Head:
    """The block that a decision rests on; `behind` if newer ones were seen: conclude nothing."""

    block: Block
    behind: bool = False


class Heads:
    """The blocks of one chain as they come, the newest that this home ever saw kept in mind."""

    def __init__(self, client: Client, newest: Block | None = None) -> None:
        self._client = client
        known = (seen(client), newest)
        self._newest = max(filter(None, known), key=lambda one: one.number, default=None)

    def saw(self, receipt: TxReceipt) -> Block:
        """The block of a receipt: from now on, older ones are old."""
        block = Block(int(receipt["blockNumber"]), bytes(receipt["blockHash"]))
        found = block_at(self._client, block.number)
        if found is not None and found.hash == block.hash:
            self._see(found)
        else:  # the time of a block tells when it is old
            now = 0 if self._client.local else int(time.time())
            self._see(replace(block, time=now))
        return block

    def head(self) -> Head:
        """The newest block, whatever the node calls its latest.

        One that is older than what was seen is waited for; if that does not help, it is told as
        `behind`: the node lags, or the chain was put back. As time grows from block to block, a
        lower one of a later time is not older: what was seen is of no branch that grew on, or was
        made up by a node.
        """
        patience, started = patience_of(self._client), time.monotonic()
        while True:
            latest, newest = Block.of(self._client.block()), self._newest
            if newest is None or latest.number >= newest.number or 0 < newest.time < latest.time:
                self._see(latest)
                return Head(latest)
            known = block_at(self._client, newest.number)
            if known is not None and known.hash == newest.hash:
                return Head(known)
            if time.monotonic() - started > patience:
                if self._client.local:  # the next command need not wait
                    _write(self._client, latest, back=True)
                return Head(latest, behind=True)
            pause(self._client)

    def is_final(self, block: Block) -> bool:
        """Whether enough blocks lie on a block of the chain, and the node calls it final."""
        return block.number <= _final(self._client, self.head().block.number)

    def _see(self, block: Block) -> None:
        newest = self._newest
        outgrown = newest is not None and 0 < newest.time < block.time
        if newest is None or block.number >= newest.number or outgrown:
            if block != newest:
                _write(self._client, block, back=outgrown)
            self._newest = block


def seen(client: Client) -> Block | None:
    """The newest block of the chain that any command of this home saw, whatever node gave it."""
    found = _store().newest(client.scope)
    known = None if found is None else Block(*found)
    return known if known is None or known.time or client.local else None


def patience_of(client: Client) -> float:
    """Seconds that a node which is behind is waited for."""
    return LOCAL_BEHIND_SECONDS if client.local else BEHIND_SECONDS


def now_on(client: Client) -> int:
    """Unix time that the next block will have at least, whatever a node that lags tells."""
    newest = seen(client)
    return max(client.now(), 0 if newest is None else newest.time)


def newest_block(client: Client) -> Block:
    """The block that a command decides from: not older than any that this home saw.

    A node that lags is waited for; on a local chain it was put back then, as nothing travels there.
    Raises ChainError if another one stays behind: what it does not show may be there.
    """
    head = Heads(client).head()
    if head.behind and not client.local:
        newest = seen(client)
        raise ChainError(
            f"the node's newest block is {head.block.number}, and block "
            f"{newest.number if newest else head.block.number} was seen before: it lags, and "
            "nothing is concluded from it; wait, or use another node (if the block that was seen "
            f"cannot be right, remove {get_settings().home / FILE}, which is made anew)"
        )
    return head.block


def _store() -> EventStore:
    return opened(get_settings().home / FILE)


def _write(client: Client, block: Block, *, back: bool = False) -> None:
    """Remember a block; not one that cannot be there yet, which would bind all honest nodes.

    Nor one without a time, which no later block would ever make an old one.
    """
    there = client.local or 0 < block.time <= time.time() + AHEAD_SECONDS
    if there and max(block.number, block.time) <= MOST:
        _store().see(client.scope, block.number, block.hash, block.time, back=back)


def confirmations(client: Client) -> int:
    """Blocks that must lie on top of a block: the setting, else 0 on a local chain, or as many as
    make a block of the chain final (`prover.protocol.limits`).
    """
    chosen = get_settings().confirmations
    if chosen is not None:
        return chosen
    return 0 if client.local else pace_of(client.chain_id).final_blocks


def final_seconds(client: Client) -> int:
    """Seconds until a block is final, about."""
    return round(confirmations(client) * pace_of(client.chain_id).block_seconds)


def final_block(client: Client, depth: int | None = None) -> int:
    """Number of the newest block that nothing takes back; below 0 on a chain that has just begun.

    So many blocks lie on it (`depth`, by default `confirmations`), and where neither the caller nor
    the user chose how many, the node calls it final too: only its consensus knows when Ethereum has
    the blocks of a rollup.
    """
    return _final(client, int(client.block()["number"]), depth)


def _final(client: Client, head: int, depth: int | None = None) -> int:
    by_depth = head - (confirmations(client) if depth is None else depth)
    if client.local or depth is not None or get_settings().confirmations is not None:
        return by_depth
    called = _called_final(client)
    return by_depth if called is None else min(by_depth, called)


@map_rpc_errors
def _called_final(client: Client) -> int | None:
    """The newest block that the node calls final; None if it does not know the word."""
    try:
        return int(client.web3.eth.get_block("finalized")["number"])
    except (BlockNotFound, Web3RPCError):
        return None


@map_rpc_errors
def block_at(client: Client, number: int) -> Block | None:
    """The block of the chain with this number, or None if there is none, or none any more."""
    try:
        return Block.of(client.web3.eth.get_block(BlockNumber(number)))
    except BlockNotFound:
        return None


def stands(client: Client, block: Block) -> bool:
    """Whether a block that was seen is still one of the chain."""
    return hashes_at(client, [block.number]) == [block.hash]


def lost_of(client: Client, blocks: Collection[Block]) -> set[Block]:
    """Those of some blocks that the chain does not have now.

    Each recent one is looked at, as they may be of several branches. Those below are deeper than
    reorganisations reach: there the newest one still there answers for all before it.
    """
    depth = max(RECENT_BLOCKS, pace_of(client.chain_id).final_blocks)
    ordered = sorted(set(blocks), key=lambda block: block.number, reverse=True)
    recent = [one for one in ordered if one.number > ordered[0].number - depth]
    found = hashes_at(client, [one.number for one in recent])
    lost = [one for one, known in zip(recent, found, strict=True) if one.hash != known]
    deeper = ordered[len(recent) :]
    return {*lost, *takewhile(lambda one: not stands(client, one), deeper)}


def hashes_at(client: Client, numbers: Iterable[int]) -> list[bytes | None]:
    """The hashes of blocks by their numbers, in one request; None where there is no block."""
    asked = [("eth_getBlockByNumber", (hex(number), False)) for number in numbers]
    return [_hash(block) for block in ask_all(client, asked)]


def _hash(block: object) -> bytes | None:
    try:
        return bytes.fromhex(block["hash"][2:])  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        return None


def pause(client: Client) -> None:
    """Wait a little for the node."""
    time.sleep(LOCAL_POLL_SECONDS if client.local else POLL_SECONDS)


def wait_final(
    client: Client,
    block: int,
    depth: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Return once `depth` blocks (by default `confirmations`) lie on top of block number `block`.

    A reorganisation may have changed the past meanwhile: `once_final` looks again afterwards.
    """
    shown = None
    while (missing := block - final_block(client, depth)) > 0:
        if progress and missing != shown:
            progress(f"waiting for finality: {missing} blocks to go")
            shown = missing
        time.sleep(POLL_SECONDS)


def once_final(
    client: Client,
    block_of: Callable[[], int | None],
    gone: str,
    progress: Callable[[str], None] | None = None,
) -> int:
    """Wait until what `block_of` finds is final, in whatever block it comes to stand.

    Returns the newest final block: what is read at it cannot change any more, so that a secret may
    rest on it. Raises ChainError with the words of `gone` if it is not there any more.
    """
    while True:
        block = block_of()
        if block is None:
            raise ChainError(gone)
        wait_final(client, block, progress=progress)
        final = final_block(client)
        if block_of() == block <= final:  # a reorganisation may have moved it meanwhile
            return final
