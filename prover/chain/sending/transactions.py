"""Sending transactions: tried first, written down before they go out, never sent twice."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

from eth_account.signers.local import LocalAccount
from web3.types import TxReceipt

from prover.base.errors import (
    ChainError,
    ContractRefused,
    Postponed,
    UsageError,
    ZkescrowError,
)
from prover.base.files import at_work, is_at_work
from prover.base.log import logger
from prover.base.text import in_ether
from prover.chain.abi.contract import Call
from prover.chain.events.finality import LOCAL_POLL_SECONDS, POLL_SECONDS
from prover.chain.node.client import Client
from prover.chain.sending.answers import Answer
from prover.chain.sending.fees import (
    TIP_FLOOR_WEI,
    Fees,
    base_fee,
    in_gwei,
    limit,
    makes,
    suggested,
    within,
)
from prover.chain.sending.journal import Attempt, Fate, Journal
from prover.chain.sending.pool import NonceChoice
from prover.chain.sending.receipts import canonical_receipt, revert_of
from prover.chain.sending.retry import Retrying
from prover.chain.sending.trial import GAS_CAP, Cost, Trial
from prover.chain.sending.waiting import Waiting

__all__ = ["GAS_CAP", "Cost", "Sender"]

TRIES = LOOKS = TURNS = 5
POSTING = "post:"  # how the name of an action begins that pays for a job
STAKES = ("lock:", "join:", "accept:")  # and of those that stake
LOG = logger(__name__)


class Sender(Retrying):
    """One account on one chain. Actions are named; a name stands for one effect on the chain.

    `signs`: whether it is here that transactions are signed.
    """

    signs: ClassVar[bool] = True

    def __init__(self, client: Client, account: LocalAccount, journal: Journal | None = None):
        super().__init__(client, account, journal)
        self._trial = Trial(client, self.address)

    def send(
        self,
        action: str,
        call: Call,
        *,
        once: bool = True,
        more: bool = False,
        exact: bool = False,
        worth: int | None = None,
    ) -> TxReceipt:
        """Make `call` happen once, whatever crashed before, and wait for its receipt.

        A second send of the same action returns the receipt of the first, as long as its block
        stands in the chain. With `once` False it happens again, after earlier ones are settled.
        An action that was mined but reverted may be sent again. Raises ContractRefused with the
        decoded error, before sending where the dry run shows it; InsufficientFunds; Postponed if
        gas is too dear or it takes too long; ChainError. `more` says that the command sends more
        after this, whatever its receipt says (for `Drafter`).

        `exact` is for an action that its name does not say in full, as a payee was chosen too: what
        was signed of it with other choices is given up, and UsageError raised if that is mined.
        `worth` is what is won or lost by the call, in wei: it is not signed if gas costs more.
        """
        with at_work(self._work(action)):
            if exact:
                self.forgo(action, call)
            if not once:
                self.retry_unseen(action)
            for _ in range(TURNS):
                receipt = self._sent(action, call, once, worth)
                if receipt is None or (exact and self._of_another(action, call, receipt)):
                    continue
                return self._judge(action, receipt)
        raise Postponed(
            f"{call.says}: other transactions of the account took its place {TURNS} times: see "
            "what else sends for it, then run the same command again"
        )

    def _sent(self, action: str, call: Call, once: bool, worth: int | None) -> TxReceipt | None:
        """The receipt; None if the transaction can never be mined, or was moved."""
        waiting = self._waiting()
        with self._alone():
            self._give_up_others(action)
            live = self._live(action, once)
            if live:
                self._resend(live[-1].nonce, call.says, waiting)
            else:
                live = [self._begin(action, call, waiting, worth)]
        return waiting.until_mined(live[-1], call.says)

    def settle_stakes(self, but: str = "") -> None:
        """Wait for stakes that an interrupted command sent, and that a node has.

        Nobody counts them yet. Raises Postponed if it takes too long.
        """
        pending = self._journal.actions(self.client.scope, self.address, "", Fate.PENDING)
        others = [one for one in pending if one != but and one.startswith(STAKES)]
        mined = self._pool.nonce("latest") if others else 0
        for other in others:
            live = [one for one in self._attempts(other) if one.nonce >= mined]
            if any(self._pool.holds(one) for one in live):
                self.retry_unseen(other)

    def unsent(self, action: str) -> bool:
        """Whether no transaction of this action was or can be mined, as far as is known."""
        return not self._live(action, once=True)

    def may_come(self, action: str) -> bool:
        """Whether an attempt that was given up can still be mined, as its nonce is not used."""
        used = self.client.used_nonces(self.address)
        given_up = self._journal.given_up(self.client.scope, self.address, used)
        return any(attempt.action == action for attempt in given_up)

    def is_sending(self, action: str) -> bool:
        """Whether another process sends this action now."""
        return is_at_work(self._work(action))

    def ever_signed(self, action: str) -> bool:
        """Whether a transaction of this action was ever signed from here."""
        return bool(self._journal.signed(self.client.scope, self.address, action))

    def ever_made(self, action: str, call: Call) -> bool:
        """Whether a transaction that makes this call was ever signed from here as that action."""
        signed = self._journal.signed(self.client.scope, self.address, action)
        return any(makes(attempt.raw, call) for attempt in signed)

    @contextmanager
    def deciding(self, action: str) -> Iterator[None]:
        """What is raised within is a no to an action that may have been signed before: see below.

        A node that fails decides nothing.
        """
        try:
            yield
        except ZkescrowError as error:
            if not isinstance(error, ChainError) or isinstance(error, ContractRefused):
                self.take_back(action)
            raise

    def forgo(self, action: str, call: Call) -> None:
        """Give up what was signed of an action with other choices; see `send` and `take_back`.

        What a node has of it is waited for. Raises UsageError where it is mined.
        """
        left = self.drop(action, call)
        if not left:
            return
        waiting = self._waiting()
        with self._alone():
            self._resend(left[-1].nonce, action, waiting)
        receipt = waiting.until_mined(left[-1], call.says)
        if receipt is not None:
            self._of_another(action, call, receipt)

    def _of_another(self, action: str, call: Call, receipt: TxReceipt) -> bool:
        """Whether it was another call that was mined, in vain. Raises UsageError if it was not."""
        found = bytes(receipt["transactionHash"])
        mined = [one for one in self._attempts(action) if one.hash == found]
        if all(makes(one.raw, call) for one in mined):
            return False
        if self._end(action, receipt) is Fate.MINED:
            raise UsageError(
                f"an earlier command did this with other options ({call.says}; payee, model, "
                "recipient or address differ), and the chain has it: nothing more was sent; "
                "`zkescrow status` shows what is there"
            )
        return True

    def drop(self, action: str, call: Call) -> Sequence[Attempt]:
        """Give up what was signed of an action as another call, if no node has it; what is left."""
        if self._unlike(action, call):
            self.take_back(action)
        return self._unlike(action, call)

    def _unlike(self, action: str, call: Call) -> Sequence[Attempt]:
        """Attempts of an action that are another call than this one, and were or can be mined."""
        return [one for one in self._live(action, once=True) if not makes(one.raw, call)]

    def hand_over(self) -> None:
        """The command sends no more (for `Drafter`)."""

    def estimate(self, call: Call) -> Cost:
        """Dry run and cost. Raises ContractRefused, InsufficientFunds or ChainError."""
        return self._trial.cost(call)

    def _attempt(self, action: str, call: Call, worth: int | None) -> Attempt:
        """A new attempt, signed and written down."""
        chosen = self._pool.choose_nonce()
        bound = self._pool.outlay(chosen.nonce)
        self._trial.check_funds(call.value + bound, call, bound)
        gas, fees = self._trial.gas(call), suggested(self.client)
        fees = self._lowered(call.says, gas, fees, worth)
        if chosen.if_any:
            fees = self._to_replace(chosen, gas, fees, worth, call.value + bound)
        elif chosen.above is not None:
            fees = self._worthwhile(call.says, gas, chosen.above.raised(fees), worth)
        if not within(fees):
            raise Postponed(
                f"{call.says} has to replace a transaction that pays the most already "
                f"({in_gwei(limit().maximum)}): raise ZKESCROW_MAX_FEE_GWEI or "
                "ZKESCROW_MAX_TIP_GWEI"
            )
        self._trial.check_funds(call.value + gas * fees.maximum + bound, call, bound)
        fields = {**self._trial.fields(call), "gas": gas}
        return self._pool.sign(action, chosen.nonce, fields, fees)

    def _to_replace(
        self, chosen: NonceChoice, gas: int, fees: Fees, worth: int | None, bound: int
    ) -> Fees:
        """Fees of the present, and more where a node may have what was given up on the nonce.

        Of what no node is known to have had, one raise above the present ones at most, or several
        in a row would add up. Never more than `worth`, the settings, or the balance with `bound`
        wei of other use allow.
        """
        higher, most = (one.raised(fees) for one in (chosen.above or fees, fees))
        if not chosen.taken:
            higher = Fees(min(higher.maximum, most.maximum), min(higher.priority, most.priority))
        worthwhile = worth is None or self._price(gas, higher) <= worth
        paid = gas * higher.maximum + bound <= self.client.balance(self.address)
        return higher if worthwhile and paid and within(higher) else fees

    def _lowered(self, says: str, gas: int, fees: Fees, worth: int | None) -> Fees:
        """The fees, with the tip lowered to what `worth` wei leave. Raises Postponed if none is."""
        if worth is None:
            return fees
        tip = min(fees.priority, worth // gas - base_fee(self.client))
        return self._worthwhile(says, gas, replace(fees, priority=max(tip, TIP_FLOOR_WEI)), worth)

    def require_worth(self, says: str, gas: int, worth: int | None) -> None:
        """Raise Postponed if so much gas, of all that a move sends, costs more than `worth` wei."""
        fees = Fees(0, TIP_FLOOR_WEI)  # the tip is lowered where a move is worth less
        self._worthwhile(says, gas, fees, worth)

    def _worthwhile(self, says: str, gas: int, fees: Fees, worth: int | None) -> Fees:
        """The fees. Raises Postponed if it costs more than `worth` wei with them."""
        cost = self._price(gas, fees)
        if worth is not None and cost > worth:
            raise Postponed(
                f"{says} would cost {in_ether(cost)} at present fees, and {in_ether(worth)} "
                "is won or lost by it: nothing was sent; run the same command again when fees have "
                "fallen, before the deadline"
            )
        return fees

    def _price(self, gas: int, fees: Fees) -> int:
        """Wei that so much gas costs now with these fees."""
        return gas * (base_fee(self.client) + fees.priority)

    def _begin(self, action: str, call: Call, waiting: Waiting, worth: int | None) -> Attempt:
        """Hand out a new transaction; with another nonce where somebody has just taken its own.

        That may be itself: an answer that got lost makes the provider below hand it out twice. Any
        other transaction that nobody had before is passed on to nobody by a node that refuses it.
        """
        for _ in range(TRIES):
            attempt = self._attempt(action, call, worth)
            answer = self._pool.offer_new(attempt)
            if answer is Answer.NO_FUNDS:
                raise self._lacking(call.says, attempt)
            if answer is not Answer.NONCE_USED or self._took_its_nonce(attempt):
                break
            came = self._came_instead(attempt)
            if came is not None:
                return came
            time.sleep(LOCAL_POLL_SECONDS)
        else:
            raise Postponed(
                f"the node says of every nonce that it is used ({attempt.nonce} was the last): it "
                "lags behind the chain; nothing was sent, run the same command again"
            )
        waiting.handed(attempt, answer)
        return attempt

    def _came_instead(self, attempt: Attempt) -> Attempt | None:
        """What was given up of the same action, if it is that which has used the nonce.

        Raises Postponed if it is a job that was posted: the user may not want both.
        """
        given_up = [one for one in self._pool.given_up(attempt.nonce) if one.nonce == attempt.nonce]
        mined = [one for one in given_up if canonical_receipt(self.client, one.hash) is not None]
        self._journal.set_fate(mined, Fate.PENDING)
        excluded = [one for one in given_up if one not in mined]
        self._journal.set_fate([attempt, *excluded], Fate.REPLACED)
        for one in mined:
            if one.action != attempt.action and one.action.startswith(POSTING):
                raise Postponed(
                    f"job 0x{one.action.removeprefix(POSTING)}, which an earlier command had "
                    "signed and the node did not show, was posted just now: nothing more was sent; "
                    "look at `zkescrow status` before you run the same command again"
                )
        return next((one for one in mined if one.action == attempt.action), None)

    def _took_its_nonce(self, attempt: Attempt) -> bool:
        """Whether this very transaction used the nonce; nodes behind one address may lag."""
        for look in range(LOOKS):
            if look:
                time.sleep(LOCAL_POLL_SECONDS if self.client.local else POLL_SECONDS)
            if self._pool.holds(attempt):
                return True
        return False

    def _judge(self, action: str, receipt: TxReceipt) -> TxReceipt:
        if self._end(action, receipt) is Fate.MINED:
            return receipt
        reason = revert_of(self.client, bytes(receipt["transactionHash"]))
        raise reason or ChainError("the node contradicts its own receipt: use another node")
