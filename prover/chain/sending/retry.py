"""The retry after a lost receipt, of a command that crashed or a block that was taken away.

What was signed goes out again as it was, on its nonce: what it does is done once. While a command
waits, `Waiting` looks for the receipts of all attempts, and raises fees.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3.types import TxReceipt

from prover.base.errors import InsufficientFunds
from prover.base.files import at_work, is_at_work, locked
from prover.base.log import logger
from prover.base.settings import get_settings
from prover.base.text import in_ether
from prover.chain.events.finality import Heads
from prover.chain.node.client import Client
from prover.chain.sending.answers import Answer
from prover.chain.sending.fees import fees_of, in_gwei
from prover.chain.sending.journal import Attempt, Fate, Journal, journal_of_home
from prover.chain.sending.pool import Pool
from prover.chain.sending.receipts import canonical_receipt
from prover.chain.sending.waiting import Waiting

LOG = logger(__name__)


class Retrying:
    """What one account signed on one chain, by action, and its retry."""

    def __init__(self, client: Client, account: LocalAccount, journal: Journal | None = None):
        self.client = client
        self.address = str(account.address)
        self._journal = journal or Journal(journal_of_home())
        self._pool = Pool(client, account, self._journal)

    def retry_unseen(self, action: str) -> TxReceipt | None:
        """The receipt of an earlier attempt whose end nobody has seen, once it is mined.

        None if there is none, or if it had no effect. Raises Postponed if it takes too long.
        """
        waiting = self._waiting()
        with self._alone():
            self._give_up_others(action)
            live = self._live(action, once=False)
            if not live:
                return None
            self._resend(live[-1].nonce, action, waiting)
        receipt = waiting.until_mined(live[-1], action)
        if receipt is None:
            return None
        return receipt if self._end(action, receipt) is Fate.MINED else None

    def retry_lost(self, prefix: str) -> list[TxReceipt]:
        """Make again what was mined and a reorganisation took away, of actions that begin so.

        The same transactions, on their nonces; the receipts of those that have their effect again.
        """
        actions = self._journal.actions(self.client.scope, self.address, prefix)
        receipts = (self._retry_lost(action) for action in actions if self.lost(action))
        return [receipt for receipt in receipts if receipt is not None]

    def _retry_lost(self, action: str) -> TxReceipt | None:
        waiting, attempt = self._waiting(), self._attempts(action)[-1]
        with at_work(self._work(action)):
            with self._alone():
                self._give_up_others(action)
                self._resend(attempt.nonce, action, waiting)
            receipt = waiting.until_mined(attempt, action)
        mined = receipt is not None and self._end(action, receipt) is Fate.MINED
        return receipt if mined else None

    def lost(self, action: str) -> bool:
        """Whether the action was seen mined, and a reorganisation took it away."""
        mined = [one for one in self._attempts(action) if one.fate is Fate.MINED]
        return bool(mined) and not any(canonical_receipt(self.client, one.hash) for one in mined)

    def _resend(self, nonce: int, says: str, waiting: Waiting) -> None:
        """Hand out again what an earlier process signed, and what must be mined before it."""
        for newest in self._pool.waiting():
            if newest.nonce > nonce:
                break
            answer = self._pool.offer(newest)
            if answer is Answer.NO_FUNDS:
                raise self._lacking(says if newest.nonce == nonce else newest.action, newest)
            waiting.handed(newest, answer)

    def _lacking(self, says: str, attempt: Attempt) -> InsufficientFunds:
        balance, price = self.client.balance(self.address), fees_of(attempt.raw).maximum
        return InsufficientFunds(
            f"account {self.address} has {in_ether(balance)}, which does not cover {says} "
            f"(transaction 0x{attempt.hash.hex()}: {attempt.gas} gas at {in_gwei(price)} at most): "
            "send it ETH, then run the same command again"
        )

    def _end(self, action: str, receipt: TxReceipt) -> Fate:
        """Note the end of the attempts on the nonce of a receipt."""
        fate = Fate.MINED if receipt["status"] == 1 else Fate.REVERTED
        attempts, mined = self._attempts(action), bytes(receipt["transactionHash"])
        seen = Heads(self.client).saw(receipt)  # what is read from now on is not older
        nonces = {attempt.nonce for attempt in attempts if attempt.hash == mined}
        ended = [attempt for attempt in attempts if attempt.nonce in nonces]
        self._journal.set_block(self.client.scope, mined, seen.number, seen.hash)
        self._journal.set_fate(ended, fate)
        LOG.info(fate.value, action=action, hash=mined, gas=int(receipt["gasUsed"]))
        return fate

    def take_back(self, action: str) -> None:
        """Give up what was signed of an action and never mined, where the node has none of it.

        The account's next transaction takes its nonce, so that never both are mined. Should another
        node have had it, and it is mined before that, `send` and the contract's status tell.
        """
        with self._alone():
            self._take_back(action, self._pool.nonce("latest"), "taken back")

    def _take_back(self, action: str, mined: int, says: str) -> None:
        live = [one for one in self._attempts(action) if one.nonce >= mined]
        if live and not any(self._pool.holds(one) for one in live):
            self._journal.set_fate(live, Fate.GIVEN_UP)
            LOG.warning(says, action=action, nonce=live[-1].nonce)

    def _give_up_others(self, action: str = "") -> None:
        """What the node has not goes out by its own command alone, never with another action.

        Whoever gives another command may have changed their mind; a stake is to be checked again;
        a key that is late would be shown for nothing. What a command waits for now is its own.
        """
        pending = self._journal.actions(self.client.scope, self.address, "", Fate.PENDING)
        others = [one for one in pending if one != action]
        mined = self._pool.nonce("latest") if others else 0
        for other in others:
            fates = {one.fate for one in self._attempts(other)}
            had = fates != {Fate.PENDING}  # the chain had it before
            if not had and not is_at_work(self._work(other)):
                says = "given up, as the node has it not: its command makes it"
                self._take_back(other, mined, says)

    def _attempts(self, action: str) -> Sequence[Attempt]:
        return self._journal.attempts(self.client.scope, self.address, action)

    def _live(self, action: str, once: bool) -> Sequence[Attempt]:
        """Earlier attempts that were or can still be mined; with `once` False only open ones."""
        found = self._attempts(action)
        if once:
            return found or self._revived(action)
        return [attempt for attempt in found if attempt.fate is Fate.PENDING]

    def _revived(self, action: str) -> Sequence[Attempt]:
        """Attempts that a node which lagged, or lied, made us take for replaced or reverted, and
        that are mined.
        """
        excluded = self._journal.excluded(self.client.scope, self.address, action)
        mined = [one for one in excluded if _succeeded(canonical_receipt(self.client, one.hash))]
        self._journal.set_fate(mined, Fate.PENDING)
        return mined

    def _waiting(self) -> Waiting:
        return Waiting(self.client, self._pool, self._journal, self._alone)

    def _work(self, action: str) -> Path:
        """The file that tells other processes that this action is being waited for."""
        name = keccak(f"{self.client.scope}:{self.address}:{action}".encode()).hex()[:16]
        return get_settings().home / "locks" / f"sending-{name}.lock"

    def _alone(self) -> AbstractContextManager[None]:
        """No other process signs for the account meanwhile."""
        return locked(get_settings().home / "locks" / f"{self.address}.lock")


def _succeeded(receipt: TxReceipt | None) -> bool:
    return receipt is not None and receipt["status"] == 1
