"""Where a retrieval request stands, as text: what is next, by whom, until when, who gets what."""

from collections.abc import Mapping
from typing import Any

from prover.base.text import amount_in, credited, moment, span, until, voidable
from prover.protocol.retrieval.state import Record, State, Terms


def amount(terms: Terms, units: int) -> str:
    """An amount of a request's currency."""
    return amount_in(terms.currency, units)


def row(job_id: bytes, record: Record, now: int) -> dict[str, Any]:
    """A request's facts for --json, amounts in wei or token units; the state is as by time."""
    terms = record.job.terms
    current = record.as_of(now)
    return {
        "job": "0x" + job_id.hex(),
        "state": current.state.name.lower(),
        "dataset": "0x" + terms.dataset_id.hex(),
        "records": record.count,
        "proven": len(record.proven),
        "matches": len(record.matches),
        "currency": terms.currency,
        "price": terms.price_per_record,
        "stake": terms.stake,
        "requester": record.job.consumer,
        "payee": record.payee,
    }


def next_step(
    record: Record,
    owner: str,
    now: int,
    condemned: int | None = None,
    left: Mapping[str, int] | None = None,
) -> str:
    """What happens next, who must act until when, and what the deadline's default pays whom.

    `condemned` is when the circuit was condemned, if the request can be ended for that. `left` is
    what each account still has of its credit.
    """
    current = record.as_of(now)
    if current.ended:
        return credited(_ENDS[current.state], record.payouts(), record.job.terms.currency, left)
    if condemned is not None:
        return voidable("request", condemned)
    due = current.state_deadline
    late = now > due
    message = (_LATE if late else _IN_TIME)[current.state, current.complete]
    people = {"owner": owner, "payee": record.payee, "requester": record.job.consumer}
    return message.format(
        due=moment(due),
        until=until(due, now),
        **people,
        **_counts(record),
        **_money(record),
    )


def _counts(record: Record) -> dict[str, Any]:
    return {
        "count": record.count,
        "proven": len(record.proven),
        "left": record.count - len(record.proven),
        "window": span(record.job.terms.dispute_seconds),
    }


def _money(record: Record) -> dict[str, str]:
    terms = record.job.terms
    earned = terms.price_of(len(record.proven))
    return {
        "stake": amount(terms, terms.stake),
        "escrow": amount(terms, record.escrow),
        "everything": amount(terms, record.escrow + terms.stake),
        "earned": amount(terms, earned),
        "rest": amount(terms, record.escrow - earned + terms.stake),
    }


_INCOMPLETE = (
    "{payee} gets {earned} for {proven} proven records, {requester} the rest and the stake: {rest}"
)
_IN_TIME = {
    (State.OPEN, False): (
        "owner {owner} may accept {until} with a stake of {stake}; until then {requester} may "
        "cancel. If the owner does not accept, {requester} gets {escrow} back"
    ),
    (State.PROVING, False): (
        "owner {owner} must prove {left} more of {count} records {until}. If one stays unproven, "
        f"the stake is lost: {{window}} after that {_INCOMPLETE}"
    ),
    (State.CLOSING, True): (
        "all {count} records are proven; {requester} may dispute a match that does not read as "
        "proven {until}. If it does not, {payee} gets {everything} (price and stake) when anyone "
        "settles; a good dispute gives {everything} to {requester}"
    ),
    (State.CLOSING, False): (
        "{left} of {count} records were not proven in time; {requester} may dispute a match {until}"
        f". If it does not, when anyone settles {_INCOMPLETE}"
    ),
}
_LATE = {
    (State.OPEN, False): (
        "the owner did not accept until {due}: anyone may settle it, and {requester} gets {escrow} "
        "back"
    ),
    (State.CLOSING, True): (
        "nothing was disputed until {due}: anyone may settle it, and {payee} gets {everything}, "
        "price and stake"
    ),
    (State.CLOSING, False): (
        "{left} of {count} records were not proven, and nothing was disputed until {due}: anyone "
        f"may settle it, and {_INCOMPLETE}"
    ),
}
_ENDS = {
    State.SETTLED: "the request is settled",
    State.CANCELLED: "the requester took the request back",
    State.EXPIRED: "the owner did not accept in time",
    State.MALFORMED: "a match did not read as proven, and everything is the requester's",
    State.VOIDED: "the circuit was condemned, and each side has its deposits back",
}
