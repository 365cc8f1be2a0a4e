"""Escrow: deposits per job and credits per account, from events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from prover.base.errors import IllegalEvent
from prover.protocol.escrow.events import Credited, Deposited, EscrowEvent, Withdrawn
from prover.protocol.mappings import put


@dataclass(frozen=True)
class EscrowState:
    """Amounts in wei or token units.

    `deposits`: by (job id, currency), what is still held for the job.
    `paid_out`: by job id, then (currency, account), all that was ever credited.
    `credits`: by (currency, account), what can be withdrawn.
    """

    deposits: Mapping[tuple[bytes, str], int] = field(default_factory=dict)
    paid_out: Mapping[bytes, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    credits: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def balance(self, currency: str) -> int:
        """What the contract owes in a currency: all deposits held and credits."""
        held = sum(amount for (_, where), amount in self.deposits.items() if where == currency)
        owed = sum(amount for (where, _), amount in self.credits.items() if where == currency)
        return held + owed

    def totals(self) -> dict[str, tuple[int, int]]:
        """By currency: all deposits held, and all credits."""
        held: dict[str, int] = {}
        owed: dict[str, int] = {}
        for (_, currency), amount in self.deposits.items():
            held[currency] = held.get(currency, 0) + amount
        for (currency, _), amount in self.credits.items():
            owed[currency] = owed.get(currency, 0) + amount
        return {one: (held.get(one, 0), owed.get(one, 0)) for one in held.keys() | owed.keys()}

    def paid_for(self, job_id: bytes) -> dict[tuple[str, str], int]:
        """(Currency, account) -> what it was ever credited for a job."""
        return {to: amount for to, amount in self.paid_out.get(job_id, {}).items() if amount}

    def currencies(self) -> set[str]:
        """Every currency that ever came in."""
        return {currency for _, currency in self.deposits}


def apply(state: EscrowState, event: EscrowEvent) -> EscrowState:
    """The state after `event`. Raises IllegalEvent if money would come from nowhere."""
    if isinstance(event, Deposited):
        return _deposited(state, event)
    if isinstance(event, Credited):
        return _credited(state, event)
    return _withdrawn(state, event)


def _deposited(state: EscrowState, event: Deposited) -> EscrowState:
    key = (event.job_id, event.currency)
    held = state.deposits.get(key, 0) + _amount(event.amount, "Deposited")
    return replace(state, deposits=put(state.deposits, key, held))


def _credited(state: EscrowState, event: Credited) -> EscrowState:
    source, target = (event.job_id, event.currency), (event.currency, event.account)
    held = state.deposits.get(source, 0) - _amount(event.amount, "Credited")
    if held < 0:
        raise IllegalEvent(
            f"Credited {event.amount} of job 0x{event.job_id.hex()}: expected a deposit of "
            f"that much, found {held + event.amount}; the node or the contract is not what it "
            "claims to be"
        )
    paid = state.paid_out.get(event.job_id, {})
    return EscrowState(
        deposits=put(state.deposits, source, held),
        paid_out=put(
            state.paid_out, event.job_id, {**paid, target: paid.get(target, 0) + event.amount}
        ),
        credits=put(state.credits, target, state.credits.get(target, 0) + event.amount),
    )


def _withdrawn(state: EscrowState, event: Withdrawn) -> EscrowState:
    key = (event.currency, event.account)
    credit = state.credits.get(key, 0)
    if event.amount != credit or credit == 0:
        raise IllegalEvent(
            f"Withdrawn {event.amount} by {event.account}: expected all of its credit of {credit}, "
            "if above 0; the node or the contract is not what it claims to be"
        )
    return replace(state, credits=put(state.credits, key, 0))


def _amount(amount: int, name: str) -> int:
    if amount < 0:
        raise IllegalEvent(f"{name} of {amount}: expected an amount from 0; check the node")
    return amount
