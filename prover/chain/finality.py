"""What is seen in a block holds until that block is final; what a node says may be old.

A decision is made from one stated block (number and hash), never older than what was seen before:
a node behind the block of our own receipt has nothing to say yet. A secret is given away, and an
end believed, when so many blocks lie on what they rest on that no reorganisation takes it back.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from eth_typing import BlockNumber
from web3.exceptions import BlockNotFound
from web3.types import BlockData, TxReceipt

from prover.chain.client import Client, speaks
from prover.errors import ChainError
from prover.settings import get_settings

CONFIRMATIONS = 64  # two epochs of Ethereum: final unless a third of the stake is burnt
POLL_SECONDS = 2.0
LOCAL_POLL_SECONDS = 0.1
BEHIND_SECONDS = 60.0  # a node that lags longer than this has lost its peers
LOCAL_BEHIND_SECONDS = 5.0  # on a local chain it was put back, as nothing travels


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
    """The blocks of one chain as they come, the newest that was ever seen kept in mind."""

    def __init__(self, client: Client, newest: Block | None = None) -> None:
        self._client = client
        self._newest = newest

    def saw(self, receipt: TxReceipt) -> Block:
        """The block of a receipt: from now on, older ones are old."""
        block = Block(int(receipt["blockNumber"]), bytes(receipt["blockHash"]))
        if self._newest is None or block.number >= self._newest.number:
            self._newest = block
        return block

    def head(self) -> Head:
        """The newest block, whatever the node calls its latest.

        One that is older than what was seen is waited for; if that does not help, it is told as
        `behind`: the node lags, or the chain was put back.
        """
        patience = LOCAL_BEHIND_SECONDS if self._client.local else BEHIND_SECONDS
        started = time.monotonic()
        while True:
            latest, newest = Block.of(self._client.block()), self._newest
            if newest is None or latest.number >= newest.number:
                self._newest = latest
                return Head(latest)
            known = block_at(self._client, newest.number)
            if known is not None and known.hash == newest.hash:
                return Head(known)
            if time.monotonic() - started > patience:
                return Head(latest, behind=True)
            pause(self._client)

    def is_final(self, block: Block) -> bool:
        """Whether enough blocks lie on a block of the chain."""
        return self.head().block.number >= block.number + confirmations(self._client)


def confirmations(client: Client) -> int:
    """Blocks that must lie on top of a block: the setting, or 0 on a local chain, 64 elsewhere."""
    chosen = get_settings().confirmations
    if chosen is not None:
        return chosen
    return 0 if client.local else CONFIRMATIONS


@speaks
def block_at(client: Client, number: int) -> Block | None:
    """The block of the chain with this number, or None if there is none, or none any more."""
    try:
        return Block.of(client.web3.eth.get_block(BlockNumber(number)))
    except BlockNotFound:
        return None


def stands(client: Client, block: Block) -> bool:
    """Whether a block that was seen is still one of the chain."""
    found = block_at(client, block.number)
    return found is not None and found.hash == block.hash


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
    wanted = block + (confirmations(client) if depth is None else depth)
    told = None
    while (missing := wanted - int(client.block()["number"])) > 0:
        if progress and missing != told:
            progress(f"waiting for finality: {missing} blocks to go")
            told = missing
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
        final = int(client.block()["number"]) - confirmations(client)
        if block_of() == block <= final:  # a reorganisation may have moved it meanwhile
            return final
