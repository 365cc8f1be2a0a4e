"""Waiting until a transaction is mined, and raising fees on the way."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from web3.types import TxReceipt

from prover.base.errors import Postponed
from prover.base.log import logger
from prover.chain.events.finality import POLL_SECONDS, patience_of
from prover.chain.node.client import Client
from prover.chain.sending.answers import Answer
from prover.chain.sending.journal import Attempt, Fate, Journal
from prover.chain.sending.pool import Pool, Refused
from prover.chain.sending.receipts import canonical_receipt

MINING_POLL_SECONDS = 0.02  # on a local chain, which mines a transaction within milliseconds
BUMP_AFTER_SECONDS = 45.0
GIVE_UP_SECONDS = 300.0
LOG = logger(__name__)
_RAISE_AT_ONCE = (Answer.NEAR, Answer.CHEAP)


class Waiting:
    """One wait: since when each attempt is seen to wait, and why its fee is not raised.

    `alone` keeps other processes from signing for the account meanwhile.
    """

    def __init__(
        self,
        client: Client,
        pool: Pool,
        journal: Journal,
        alone: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._client, self._pool, self._journal, self._alone = client, pool, journal, alone
        self._since: dict[bytes, float] = {}
        self._why: dict[int, str] = {}
        self._holes: dict[int, float] = {}
        self._gone: dict[int, float] = {}

    def handed(self, attempt: Attempt, answer: Answer) -> None:
        """Note what the node answered; what it finds too cheap is raised at once."""
        now = time.monotonic()
        self._since[attempt.hash] = float("-inf") if answer in _RAISE_AT_ONCE else now
        if answer in (Answer.GAP, Answer.FULL):
            self._why[attempt.nonce] = f"the node says that {answer.value}"

    def until_mined(self, attempt: Attempt, says: str) -> TxReceipt | None:
        """The receipt of the attempt's action on its nonce.

        None if another transaction has the nonce for good, or the action was moved to an earlier
        one. Raises Postponed if it takes too long.
        """
        started, nonce = time.monotonic(), attempt.nonce
        while True:
            live = self._live(attempt)
            if not live:
                return None  # another process saw its end
            mined = self._pool.nonce("latest")
            if mined > nonce:
                receipt = self._look(live)
                if receipt is not None or self._given_up(live):
                    return receipt
            if time.monotonic() - started > GIVE_UP_SECONDS:
                raise self._not_mined(live[-1], says)
            if self._moved(live[-1], mined):
                return None
            self._raise_due(mined, nonce)
            time.sleep(MINING_POLL_SECONDS if self._client.local else POLL_SECONDS)

    def _live(self, attempt: Attempt) -> list[Attempt]:
        found = self._journal.attempts(attempt.scope, attempt.sender, attempt.action)
        return [one for one in found if one.nonce == attempt.nonce]

    def _given_up(self, live: Sequence[Attempt]) -> bool:
        """Whether another transaction has the nonce for good.

        The nonce is asked for before the receipts: the other way round an attempt that is mined
        between the two questions would be given up, and sent again. A node, or one of several at
        its address, may count a transaction before it has its receipt: it is waited for.
        """
        nonce, now = live[-1].nonce, time.monotonic()
        if self._pool.final_nonce() <= nonce or self._look(live) is not None:
            self._gone.pop(nonce, None)
            return False
        if now - self._gone.setdefault(nonce, now) <= patience_of(self._client):
            return False
        self._journal.set_fate(live, Fate.REPLACED)
        LOG.warning("replaced by another", action=live[-1].action, nonce=nonce)
        return True

    def _moved(self, newest: Attempt, mined: int) -> bool:
        """Whether the action was given a nonce before its own, which nothing else would use.

        A node counted transactions that it did not have, or has dropped: what comes after them
        would never be mined. What the action does, it does once: should both be mined, the second
        is refused by the contract.
        """
        hole, now = self._pool.hole(newest.nonce, mined), time.monotonic()
        self._holes = {} if hole is None else {hole: self._holes.get(hole, now)}
        if hole is None or now - self._holes[hole] <= patience_of(self._client):
            return False
        with self._alone():
            if self._live(newest)[-1:] != [newest]:
                return False  # another process has raised or moved it meanwhile
            moved = self._pool.move(newest, hole)
            self.handed(moved, self._pool.offer_new(moved))
        LOG.warning("moved", action=newest.action, nonce=newest.nonce, to=hole)
        return True

    def _look(self, live: Sequence[Attempt]) -> TxReceipt | None:
        """The receipt of one of these, or of an earlier one of the action that was given up."""
        newest = live[-1]
        given_up = [
            one
            for one in self._journal.given_up(newest.scope, newest.sender, newest.nonce)
            if (one.nonce, one.action) == (newest.nonce, newest.action)
        ]
        for attempt in [*reversed(live), *given_up]:
            receipt = canonical_receipt(self._client, attempt.hash)
            if receipt is not None:
                self._journal.set_fate([one for one in given_up if one is attempt], Fate.PENDING)
                return receipt
        return None

    def _raise_due(self, mined: int, nonce: int) -> None:
        """Raise the fees of what has waited too long, from the first that must be mined on."""
        for newest in self._pool.waiting(mined):
            if newest.nonce > nonce or not self._due(newest):
                continue
            with self._alone():
                if newest in self._pool.waiting(mined):  # no other process has raised it meanwhile
                    self._raise(newest)

    def _due(self, attempt: Attempt) -> bool:
        now = time.monotonic()
        return now - self._since.setdefault(attempt.hash, now) > BUMP_AFTER_SECONDS

    def _raise(self, newest: Attempt) -> None:
        raised = self._pool.raise_fees(newest)
        try:
            if isinstance(raised, Attempt):
                self.handed(raised, self._pool.offer_new(raised))
                self._why.pop(newest.nonce, None)
                LOG.warning("fees raised", action=raised.action, nonce=raised.nonce, fee=raised.fee)
                return
            why = raised
            self._pool.offer(newest)
        except Refused as error:
            why = str(error)
        self._why[newest.nonce] = why
        self._since[newest.hash] = time.monotonic()
        LOG.warning("fees not raised", action=newest.action, nonce=newest.nonce, why=why)

    def _not_mined(self, attempt: Attempt, says: str) -> Postponed:
        mined = self._pool.nonce("latest")
        first = next(iter(self._pool.waiting(mined)), attempt)
        why = self._why.get(first.nonce, "")
        if first.nonce < attempt.nonce:
            earlier = f"transaction 0x{first.hash.hex()} (nonce {first.nonce}) must be mined before"
            why = f"{earlier}: {why}" if why else earlier
        elif mined < attempt.nonce:
            why = (
                f"the node counts transactions of this account from nonce {mined} to "
                f"{attempt.nonce - 1} that were not signed here, and must be mined before; if "
                "there are none, use another node"
            )
        return Postponed(
            f"transaction 0x{attempt.hash.hex()} ({says}) is not mined after "
            f"{GIVE_UP_SECONDS:.0f} s{' (' + why + ')' if why else ''}: run the same command again "
            "to go on waiting for it"
        )
