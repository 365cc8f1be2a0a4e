"""Sending transactions: tried first, written down before they go out, never sent twice."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount
from web3.types import TxReceipt

from prover.chain.answers import Answer
from prover.chain.client import Client
from prover.chain.contracts import Call
from prover.chain.fees import fees_of, in_gwei, limit, suggested, within
from prover.chain.journal import Attempt, Fate, Journal
from prover.chain.pool import Pool
from prover.chain.receipts import revert_of, standing_receipt
from prover.chain.trial import GAS_CAP, Cost, Trial
from prover.errors import ChainError, InsufficientFunds, Postponed
from prover.files import locked
from prover.log import logger
from prover.protocol.words import in_ether
from prover.settings import get_settings

__all__ = ["GAS_CAP", "Cost", "Sender"]

BUMP_AFTER_SECONDS = 45.0
GIVE_UP_SECONDS = 300.0
LOCAL_POLL_SECONDS = 0.1
POLL_SECONDS = 2.0
TRIES = 5
LOG = logger(__name__)
_RAISE_AT_ONCE = (Answer.NEAR, Answer.CHEAP)


@dataclass
class _Watch:
    """Since when this process sees each attempt wait, and why its fee is not raised."""

    since: dict[bytes, float] = field(default_factory=dict)
    why: dict[int, str] = field(default_factory=dict)

    def due(self, attempt: Attempt) -> bool:
        """Whether it has waited long enough for its fee to be raised."""
        now = time.monotonic()
        return now - self.since.setdefault(attempt.hash, now) > BUMP_AFTER_SECONDS


class Sender:
    """One account on one chain. Actions are named; a name stands for one effect on the chain."""

    def __init__(self, client: Client, account: LocalAccount, journal: Journal | None = None):
        self.client = client
        self.address = str(account.address)
        self._journal = journal or Journal(get_settings().home / "journal.sqlite")
        self._pool = Pool(client, account, self._journal)
        self._trial = Trial(client, self.address)

    def send(self, action: str, call: Call, *, once: bool = True, more: bool = False) -> TxReceipt:
        """Make `call` happen once, whatever crashed before, and wait for its receipt.

        A second send of the same action returns the receipt of the first, as long as its block
        stands in the chain. With `once` False it happens again, after `earlier` ones are settled.
        An action that was mined but reverted may be sent again. Raises ContractRefused with the
        decoded error, before sending where the dry run shows it; InsufficientFunds; Postponed if
        gas is too dear or it takes too long; ChainError. `more` says that the command sends more
        after this, whatever its receipt says (for `Drafter`).
        """
        if not once:
            self.earlier(action)
        while True:
            watch = _Watch()
            with self._alone():
                live = self._live(action, once)
                if live:
                    self._renew(live[-1].nonce, call.says, watch)
                else:
                    live = [self._begin(action, call, watch)]
            receipt = self._wait(action, live[-1].nonce, call.says, watch)
            if receipt is not None:
                return self._judge(action, receipt)

    def earlier(self, action: str) -> TxReceipt | None:
        """The receipt of an earlier attempt whose end nobody has seen, once it is mined.

        None if there is none, or if it had no effect. Raises Postponed if it takes too long.
        """
        watch = _Watch()
        with self._alone():
            live = self._live(action, once=False)
            if not live:
                return None
            self._renew(live[-1].nonce, action, watch)
        receipt = self._wait(action, live[-1].nonce, action, watch)
        if receipt is None:
            return None
        return receipt if self._end(action, receipt) is Fate.MINED else None

    def unsent(self, action: str) -> bool:
        """Whether no transaction of this action was or can be mined, as far as is known."""
        return not self._attempts(action)

    def renew(self) -> None:
        """Hand the node all that the chain has not, or no longer: it may have been forgotten."""
        with self._alone():
            for attempt in self._pool.waiting():
                self._pool.offer(attempt)

    def hand_over(self) -> None:
        """The command sends no more (for `Drafter`)."""

    def estimate(self, call: Call) -> Cost:
        """Dry run and cost. Raises ContractRefused, InsufficientFunds or ChainError."""
        return self._trial.cost(call)

    def _attempts(self, action: str) -> Sequence[Attempt]:
        return self._journal.attempts(self.client.scope, self.address, action)

    def _live(self, action: str, once: bool) -> Sequence[Attempt]:
        """Earlier attempts that were or can still be mined; with `once` False only open ones."""
        found = self._attempts(action)
        return [attempt for attempt in found if once or attempt.fate is Fate.PENDING]

    def _attempt(self, action: str, call: Call) -> Attempt:
        """A new attempt, signed and written down."""
        gas, place, fees = self._trial.gas(call), self._pool.place(), suggested(self.client)
        if place.above is not None:
            fees = place.above.raised(fees)
        if not within(fees):
            raise Postponed(
                f"{call.says} has to replace a transaction that pays as much as is allowed "
                f"({in_gwei(limit().maximum)}): raise ZKESCROW_MAX_FEE_GWEI or "
                "ZKESCROW_MAX_TIP_GWEI"
            )
        bound = self._pool.outlay(place.nonce)
        self._trial.check_funds(call.value + gas * fees.maximum + bound, call, bound)
        fields = {**self._trial.fields(call), "gas": gas}
        return self._pool.sign(action, place.nonce, fields, fees)

    def _begin(self, action: str, call: Call, watch: _Watch) -> Attempt:
        """Hand out a new transaction; with another nonce where somebody has just taken its own.

        A node that refuses a transaction that nobody had before passes it on to nobody.
        """
        for _ in range(TRIES):
            attempt = self._attempt(action, call)
            answer = self._pool.offer(attempt)
            if answer is Answer.NO_FUNDS:
                raise self._lacking(call.says, attempt)
            if answer is not Answer.NONCE_USED:
                break
            self._journal.set_fate([attempt], Fate.REPLACED)
            time.sleep(LOCAL_POLL_SECONDS)
        else:
            raise Postponed(
                f"the node says of every nonce that it is used ({attempt.nonce} was the last): it "
                "lags behind the chain; nothing was sent, run the same command again"
            )
        self._hurry(attempt, answer, watch)
        return attempt

    def _renew(self, nonce: int, says: str, watch: _Watch) -> None:
        """Hand out again what an earlier process signed, and what must be mined before it."""
        for newest in self._pool.waiting():
            if newest.nonce > nonce:
                break
            answer = self._pool.offer(newest)
            if answer is Answer.NO_FUNDS:
                raise self._lacking(says if newest.nonce == nonce else newest.action, newest)
            self._hurry(newest, answer, watch)

    def _wait(self, action: str, nonce: int, says: str, watch: _Watch) -> TxReceipt | None:
        """The receipt of the action on this nonce; None if another has taken the nonce for good."""
        started = time.monotonic()
        while True:
            live = [attempt for attempt in self._attempts(action) if attempt.nonce == nonce]
            if not live:
                return None  # another process saw its end
            mined = self._pool.nonce("latest")
            if mined > nonce:
                receipt = self._look(live)
                if receipt is not None or self._given_up(live):
                    return receipt
            if time.monotonic() - started > GIVE_UP_SECONDS:
                raise self._not_mined(live[-1], says, watch)
            self._raise_due(mined, nonce, watch)
            time.sleep(LOCAL_POLL_SECONDS if self.client.local else POLL_SECONDS)

    def _given_up(self, live: Sequence[Attempt]) -> bool:
        """Whether another transaction has the nonce for good.

        The nonce is asked for before the receipts: the other way round an attempt that is mined
        between the two questions would be given up, and sent again.
        """
        if self._pool.final_nonce() <= live[-1].nonce or self._look(live) is not None:
            return False
        self._journal.set_fate(live, Fate.REPLACED)
        LOG.warning("replaced by another", action=live[-1].action, nonce=live[-1].nonce)
        return True

    def _look(self, live: Sequence[Attempt]) -> TxReceipt | None:
        for attempt in reversed(live):
            receipt = standing_receipt(self.client, attempt.hash)
            if receipt is not None:
                return receipt
        return None

    def _raise_due(self, mined: int, nonce: int, watch: _Watch) -> None:
        """Raise the fees of what has waited too long, from the first that must be mined on."""
        for newest in self._pool.waiting(mined):
            if newest.nonce > nonce or not watch.due(newest):
                continue
            with self._alone():
                if newest in self._pool.waiting(mined):  # no other process has raised it meanwhile
                    self._raise(newest, watch)

    def _raise(self, newest: Attempt, watch: _Watch) -> None:
        raised = self._pool.raise_fees(newest)
        if isinstance(raised, Attempt):
            watch.why.pop(newest.nonce, None)
            LOG.warning("fees raised", action=raised.action, nonce=raised.nonce, fee=raised.fee)
            self._hurry(raised, self._pool.offer(raised), watch)
            return
        watch.why[newest.nonce] = raised
        LOG.warning("fees not raised", action=newest.action, nonce=newest.nonce, why=raised)
        watch.since[newest.hash] = time.monotonic()
        self._pool.offer(newest)

    def _hurry(self, attempt: Attempt, answer: Answer, watch: _Watch) -> None:
        """What the node finds too cheap is raised at once."""
        watch.since[attempt.hash] = float("-inf") if answer in _RAISE_AT_ONCE else time.monotonic()
        if answer in (Answer.GAP, Answer.FULL):
            watch.why[attempt.nonce] = f"the node says that {answer.value}"

    def _not_mined(self, attempt: Attempt, says: str, watch: _Watch) -> Postponed:
        first = next(iter(self._pool.waiting()), attempt)
        why = watch.why.get(first.nonce, "")
        if first.nonce < attempt.nonce:
            earlier = f"transaction 0x{first.hash.hex()} (nonce {first.nonce}) must be mined before"
            why = f"{earlier}: {why}" if why else earlier
        return Postponed(
            f"transaction 0x{attempt.hash.hex()} ({says}) is not mined after "
            f"{GIVE_UP_SECONDS:.0f} s{' (' + why + ')' if why else ''}: run the same command again "
            "to go on waiting for it"
        )

    def _judge(self, action: str, receipt: TxReceipt) -> TxReceipt:
        if self._end(action, receipt) is Fate.MINED:
            return receipt
        reason = revert_of(self.client, bytes(receipt["transactionHash"]))
        raise reason or ChainError("the node contradicts its own receipt: use another node")

    def _end(self, action: str, receipt: TxReceipt) -> Fate:
        """Note the end of the attempts on the nonce of a receipt."""
        fate = Fate.MINED if receipt["status"] == 1 else Fate.REVERTED
        attempts, mined = self._attempts(action), bytes(receipt["transactionHash"])
        nonces = {attempt.nonce for attempt in attempts if attempt.hash == mined}
        ended = [attempt for attempt in attempts if attempt.nonce in nonces]
        self._journal.set_fate(ended, fate)
        LOG.info(fate.value, action=action, hash=mined, gas=int(receipt["gasUsed"]))
        return fate

    def _lacking(self, says: str, attempt: Attempt) -> InsufficientFunds:
        balance, price = self.client.balance(self.address), fees_of(attempt.raw).maximum
        return InsufficientFunds(
            f"account {self.address} has {in_ether(balance)}, which does not cover {says} "
            f"(transaction 0x{attempt.hash.hex()}: {attempt.gas} gas at {in_gwei(price)} at most): "
            "send it ETH, then run the same command again"
        )

    def _alone(self) -> AbstractContextManager[None]:
        """No other process signs for the account meanwhile."""
        return locked(get_settings().home / "locks" / f"{self.address}.lock")
