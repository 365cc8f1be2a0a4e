"""Where an accuracy bounty stands, as text: what is next, who must act until when, who is paid."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from prover.base.text import amount_in, counted, credited, moment, until, voidable
from prover.clients.common.jobs.parties import parties
from prover.protocol.accuracy.state import Record, State, Terms
from prover.statement.documents.samples import needed

if TYPE_CHECKING:
    from prover.clients.accuracy.provider import Outcome


def amount(terms: Terms, units: int) -> str:
    """An amount of a bounty's currency."""
    return amount_in(terms.currency, units)


def row(job_id: bytes, record: Record) -> dict[str, Any]:
    """A bounty's facts for --json; amounts in wei or token units."""
    terms = record.job.terms
    return {
        "job": "0x" + job_id.hex(),
        "state": record.state.name.lower(),
        "currency": terms.currency,
        "reward": terms.reward,
        "bond": terms.bond,
        "stake": terms.stake,
        "miss_penalty": terms.miss_penalty,
        "items": terms.n,
        "needed": needed(terms.n, terms.num, terms.den),
        "proven": len(record.proven),
        "correct": record.correct,
        "consumer": record.job.consumer,
        "provider": record.provider,
        "payee": record.payee,
    }


def progress_of(record: Record) -> str:
    """How far the proofs are."""
    terms = record.job.terms
    wanted = needed(terms.n, terms.num, terms.den)
    return (
        f"target {terms.num}/{terms.den}: {wanted} of {terms.n} items must be proven right; "
        f"{len(record.proven)} are proven, {record.correct} of them right"
    )


def consumers_past(records: Iterable[Record], consumer: str) -> dict[str, int]:
    """How a consumer's bounties that were accepted ended: what a provider should look at."""
    mine = [one for one in records if one.job.consumer == consumer]
    joined = [one for one in mine if one.joined]
    count = {state: sum(one.state is state for one in joined) for state in State}
    return {
        "posted": len(mine),
        "accepted": len(joined),
        "paid": count[State.PAID],
        "missed": count[State.MISSED],
        "key_withheld": count[State.KEY_WITHHELD],
        "malformed": count[State.MALFORMED],
    }


def past_message(past: dict[str, int]) -> str:
    """The same as text."""
    return (
        f"this consumer's bounties: {past['posted']} posted, {past['accepted']} accepted; of "
        f"these {past['paid']} paid, {past['missed']} missed, {past['key_withheld']} key withheld, "
        f"{past['malformed']} malformed; nobody can check its labels before it pays"
    )


def next_step(
    record: Record,
    now: int,
    condemned: int | None = None,
    left: Mapping[str, int] | None = None,
) -> str:
    """What happens next, who must act until when, and what the deadline's default pays whom.

    `condemned` is when the circuit was condemned, if the bounty can be ended for that. `left` is
    what each account still has of its credit.
    """
    if record.ended:
        return credited(_ENDS[record.state], record.payouts(), record.job.terms.currency, left)
    if condemned is not None:
        return voidable("bounty", condemned)
    due = record.state_deadline
    message = _LATE[record.state] if now > due else _IN_TIME[record.state]
    return message.format(
        due=moment(due),
        until=until(due, now),
        **parties(record.job.terms.provider, record),
        **_money(record),
    )


def describe(outcome: "Outcome") -> tuple[dict[str, Any], list[str]]:
    """What `accuracy prove` did, for --json and as text."""
    judged, bad = outcome.judged, outcome.disputed
    data = {
        "expected_correct": None if judged is None else len(judged.right),
        "needed": None if judged is None else judged.needed,
        "reaches": None if judged is None else judged.reaches,
        "proofs_made": outcome.proofs,
        "proof_seconds": round(outcome.seconds, 3),
        "transactions_sent": outcome.transactions,
        "gas": outcome.gas,
        "disputed_item": None if bad is None else {"item": bad.index, "why": bad.why},
    }
    if bad is not None:
        return data, [f"test item {bad.index} is malformed ({bad.why}): disputed, all is yours"]
    lines = [judged.message()] if judged else []
    if outcome.gave_up:
        return data, [
            *lines,
            "it cannot be reached: nothing was proven, as every proof would be lost work (--force "
            "proves what is right all the same)",
        ]
    return data, [
        *lines,
        f"{counted(outcome.proofs, 'proof')} made in {outcome.seconds:.1f} s, sent in "
        f"{counted(outcome.transactions, 'transaction')} for {outcome.gas} gas",
    ]


def _money(record: Record) -> dict[str, str]:
    terms = record.job.terms
    units = {
        "escrow": record.escrow,
        "stake": terms.stake,
        "reward": terms.reward,
        "bond": terms.bond,
        "penalty": terms.miss_penalty,
        "withheld": terms.bond + terms.stake,
        "won": terms.reward + terms.stake,
        "lost": record.escrow + terms.miss_penalty,
        "kept": terms.stake - terms.miss_penalty,
    }
    return {name: amount(terms, value) for name, value in units.items()}


_IN_TIME = {
    State.OPEN: (
        "{who} may accept {until} with a stake of {stake}; until then {consumer} may cancel. If "
        "nobody accepts, {consumer} gets {escrow} back"
    ),
    State.ACCEPTED: (
        "{consumer} must reveal the key {until}. If it does not, {payee} gets {withheld} (bond and "
        "stake) and {consumer} its reward of {reward} back"
    ),
    State.PROVING: (
        "provider {provider} must prove the target, or dispute a malformed item, {until}; then "
        "{payee} gets {won} (reward and stake). If it does not, {consumer} gets {lost}, {penalty} "
        "of the stake included, and {payee} keeps {kept}"
    ),
}
_LATE = {
    State.OPEN: (
        "nobody accepted until {due}: anyone may settle it, and {consumer} gets {escrow} back"
    ),
    State.ACCEPTED: (
        "the key was not revealed until {due}: anyone may settle it; {payee} gets {withheld} (bond "
        "and stake), {consumer} its reward of {reward}"
    ),
    State.PROVING: (
        "the target was not proven until {due}: anyone may settle it; {consumer} gets {lost}, "
        "{penalty} of the stake included, {payee} keeps {kept}"
    ),
}
_ENDS = {
    State.PAID: "the target was proven",
    State.CANCELLED: "the consumer took the bounty back",
    State.EXPIRED: "nobody accepted in time",
    State.KEY_WITHHELD: "the key was not revealed in time, and the bond is the provider's",
    State.MISSED: "the target was not proven in time, and the penalty is the consumer's",
    State.MALFORMED: "an item was malformed, and all is the provider's",
    State.VOIDED: "the circuit was condemned, and each side has its deposits back",
}
