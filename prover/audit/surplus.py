"""Money that no event explains, traced to the blocks in which it came: a gift, or a hidden job.

Nobody can keep a contract from being given money: ETH by a contract that destroys itself or by
block rewards, tokens by a transfer. A job that a node hides leaves more than events explain too.
The block in which the money came tells them apart: a job's has a payment to the contract, and
events in its receipt. A node that lies about these too is believed: compare it with another.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from prover.audit.payments import pays
from prover.audit.transfers import HIDES, events_in
from prover.base.errors import ChainError
from prover.chain.contracts.jobs import JobContract
from prover.chain.deployments import Deployment
from prover.chain.events.reading import Logged
from prover.chain.node.client import Client
from prover.chain.node.rpc import ask_all
from prover.protocol.events import ZERO_ADDRESS, Deposited, Withdrawn

_NO_BLOCK = "the node's block is malformed: expected one with its transactions; use another node"
MAX_RISES = 32  # the greatest are traced: whoever gives more often gives small amounts


class Owed:
    """What the contracts should hold after each block, by deposits and withdrawals."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def add(self, transaction: Sequence[Logged]) -> None:
        """The events of a transaction, in the order of the chain."""
        for logged in transaction:
            event = logged.event
            if isinstance(event, Deposited | Withdrawn):
                change = event.amount if isinstance(event, Deposited) else -event.amount
                totals = self._totals.setdefault((event.contract, event.currency), [])
                totals.append((logged.block, (totals[-1][1] if totals else 0) + change))

    def at(self, contract: str, currency: str, block: int) -> int:
        """Wei or token units of a currency, at the end of a block."""
        totals = self._totals.get((contract, currency), [])
        found = bisect_right(totals, block, key=lambda one: one[0])
        return totals[found - 1][1] if found else 0


@dataclass(frozen=True)
class Rise:
    """A block in which more money came into a contract than its events say."""

    block: int
    amount: int


@dataclass
class Origins:
    """Finds where a surplus came from; `event_counts` are events of ours by transaction."""

    client: Client
    deployment: Deployment
    last: int
    event_counts: Mapping[bytes, int]
    owed: Owed

    def rises(self, holder: JobContract, currency: str) -> list[Rise]:
        """The greatest rises of what a contract holds above what it owes, in the order of blocks.

        Raises ChainError if the node has no state of earlier blocks.
        """

        def surplus(block: int) -> int:
            there = currency == ZERO_ADDRESS or self.client.code(currency, block)
            held = holder.holdings(currency, block) if there else 0
            return held - self.owed.at(holder.address, currency, block)

        found = greatest_rises(surplus, self.deployment.first_block - 1, self.last)
        return sorted(found, key=lambda rise: rise.block)

    def hidden_in(self, block: int) -> Iterator[str]:
        """What in a block shows a job of which the node's logs do not tell; nothing for a gift."""
        asked = ("eth_getBlockByNumber", (hex(block), True))
        transactions = _transactions(ask_all(self.client, [asked])[0])
        names = [one["hash"] for one in transactions]
        receipts = ask_all(self.client, [("eth_getTransactionReceipt", (name,)) for name in names])
        ours = {one.lower() for one in (self.deployment.registry, *self.deployment.holding_jobs)}
        for transaction, receipt in zip(transactions, receipts, strict=True):
            name = transaction["hash"]
            known = self.event_counts.get(bytes.fromhex(name[2:]), 0)
            there = events_in(receipt, ours)
            if there > known:
                yield f"the receipt of {name} has {there} events, the logs {known}: {HIDES}"
            elif not known and pays(self.client, self.deployment, transaction, receipt):
                yield f"transaction {name} pays for a job, and no log tells of it: {HIDES}"


def greatest_rises(surplus: Callable[[int], int], first: int, last: int) -> list[Rise]:
    """Up to MAX_RISES blocks after `first` in which `surplus` grew, found by halving.

    What was there at `first` is a rise of that block. Where money came and went, the halves' net
    growth decides where is looked first.
    """
    before, after = surplus(first), surplus(last)
    found = [Rise(first, before)] if before > 0 else []
    waiting = [(before - after, first, last, before, after)]
    while waiting and len(found) < MAX_RISES:
        growth, low, high, least, most = heappop(waiting)
        if growth >= 0:
            break
        if high - low == 1:
            found.append(Rise(high, -growth))
            continue
        middle = (low + high) // 2
        value = surplus(middle)
        heappush(waiting, (least - value, low, middle, least, value))
        heappush(waiting, (value - most, middle, high, value, most))
    return found


def _transactions(block: Any) -> list[dict[str, Any]]:
    """The transactions of a block with their fields. Raises ChainError if it has none such."""
    try:
        found = [dict(one) for one in block["transactions"]]
        whole = all(len(bytes.fromhex(one["hash"][2:])) == 32 for one in found)
    except (TypeError, KeyError, ValueError) as error:
        raise ChainError(_NO_BLOCK) from error
    if not whole:
        raise ChainError(_NO_BLOCK)
    return found
