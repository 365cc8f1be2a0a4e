"""Where a serving round stands, as text: what is next, who must act, until when, who gets what."""

from collections.abc import Mapping
from typing import Any

from prover.base.text import amount_in, credited, moment, until, voidable
from prover.clients.common.jobs.parties import parties
from prover.protocol.serving.state import Record, State, Terms


def amount(terms: Terms, units: int) -> str:
    """An amount of a round's currency."""
    return amount_in(terms.currency, units)


def row(job_id: bytes, record: Record) -> dict[str, Any]:
    """A round's facts for --json; amounts in wei or token units."""
    terms = record.job.terms
    return {
        "job": "0x" + job_id.hex(),
        "state": record.state.name.lower(),
        "items": terms.n,
        "currency": terms.currency,
        "price": terms.price,
        "proof_fee": terms.proof_fee,
        "stake": terms.stake,
        "contested": len(record.contested),
        "proven": len(record.answered),
        "consumer": record.job.consumer,
        "provider": record.provider,
        "payee": record.payee,
    }


def next_step(
    record: Record,
    now: int,
    condemned: int | None = None,
    left: Mapping[str, int] | None = None,
) -> str:
    """What happens next, who must act until when, and what the deadline's default pays whom.

    `condemned` is when the circuit was condemned, if the round can be ended for that. `left` is
    what each account still has of its credit.
    """
    if record.ended:
        return credited(_ENDS[record.state], record.payouts(), record.job.terms.currency, left)
    if condemned is not None:
        return voidable("round", condemned)
    due = record.state_deadline
    message = _LATE[record.state] if now > due else _IN_TIME[record.state]
    return message.format(
        due=moment(due),
        until=until(due, now),
        **parties(record.job.terms.provider, record),
        **_money(record),
        **_counts(record),
    )


def _money(record: Record) -> dict[str, str]:
    terms = record.job.terms
    price = terms.earned(0)
    return {
        "stake": amount(terms, terms.stake),
        "escrow": amount(terms, record.escrow),
        "everything": amount(terms, record.escrow + terms.stake),
        "served": amount(terms, price + terms.stake),
        "rest": amount(terms, record.escrow - price),
    }


def _counts(record: Record) -> dict[str, int]:
    return {
        "n": record.job.terms.n,
        "most": record.job.terms.max_contests,
        "contested": len(record.contested),
        "left": len(record.contested) - len(record.answered),
    }


_IN_TIME = {
    State.OPEN: (
        "{who} may join {until} with a stake of {stake}; until then {consumer} may cancel. If "
        "nobody joins, {consumer} gets {escrow} back"
    ),
    State.JOINED: (
        "provider {provider} must post all {n} outputs {until}. If it does not, {consumer} gets "
        "{everything}, the stake included"
    ),
    State.SERVED: (
        "{consumer} may contest up to {most} of {n} outputs {until}, once. If it does not, "
        "{payee} gets {served} (price and stake) and {consumer} gets {rest} back, when anyone "
        "settles"
    ),
    State.CONTESTED: (
        "provider {provider} must prove {left} more of {contested} contested outputs {until}. If "
        "one stays unproven, {consumer} gets {everything}, the stake included"
    ),
}
_LATE = {
    State.OPEN: (
        "nobody joined until {due}: anyone may settle it, and {consumer} gets {escrow} back"
    ),
    State.JOINED: (
        "the outputs were not posted until {due}: anyone may settle it, and {consumer} gets "
        "{everything}, the stake included"
    ),
    State.SERVED: (
        "nothing was contested until {due}: anyone may settle it; {payee} gets {served} (price "
        "and stake), {consumer} gets {rest} back"
    ),
    State.CONTESTED: (
        "{left} of {contested} contested outputs were not proven until {due}: anyone may settle "
        "it, and {consumer} gets {everything}, the stake included"
    ),
}
_ENDS = {
    State.SETTLED: "the round ended well",
    State.CANCELLED: "the consumer took the round back",
    State.EXPIRED: "nobody joined in time",
    State.UNSERVED: "the outputs were not posted in time, and the stake is the consumer's",
    State.UNANSWERED: "a contested output was not proven, and the stake is the consumer's",
    State.VOIDED: "the circuit was condemned, and each side has its deposits back",
}
