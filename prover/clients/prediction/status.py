"""Where a job for predictions stands, as text: what is next, by whom, until when, who is paid."""

from collections.abc import Mapping
from typing import Any

from prover.base.text import amount_in, credited, moment, until, voidable
from prover.clients.common.jobs.parties import parties
from prover.protocol.prediction.state import Record, State


def row(job_id: bytes, record: Record) -> dict[str, Any]:
    """A job's facts for --json; amounts in wei or token units."""
    terms = record.job.terms
    return {
        "job": "0x" + job_id.hex(),
        "state": record.state.name.lower(),
        "currency": terms.currency,
        "reward": terms.reward,
        "stake": terms.stake,
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

    `condemned` is when the circuit was condemned, if the job can be ended for that. `left` is
    what each account still has of its credit.
    """
    terms = record.job.terms
    if record.ended:
        return credited(_ENDS[record.state], record.payouts(), record.job.terms.currency, left)
    if condemned is not None:
        return voidable("job", condemned, "refund")
    due = record.state_deadline
    message = _LATE[record.state] if now > due else _IN_TIME[record.state]
    return message.format(
        due=moment(due),
        until=until(due, now),
        **parties(terms.provider, record),
        reward=amount_in(terms.currency, terms.reward),
        stake=amount_in(terms.currency, terms.stake),
        everything=amount_in(terms.currency, terms.reward + terms.stake),
    )


_IN_TIME = {
    State.OPEN: (
        "{who} may lock it {until} with a stake of {stake}; until then {consumer} may cancel. If "
        "nobody locks it, {consumer} gets {reward} back"
    ),
    State.LOCKED: (
        "provider {provider} must deliver the proof {until}; then {payee} gets {everything} "
        "(reward and stake). If it does not, {consumer} gets {everything}, the stake included"
    ),
}
_LATE = {
    State.OPEN: "nobody locked it until {due}: anyone may refund it, and {consumer} gets {reward}",
    State.LOCKED: (
        "the proof was not delivered until {due}: anyone may refund it, and {consumer} gets "
        "{everything}, the stake included"
    ),
}
_ENDS = {
    State.PAID: "the proof was accepted",
    State.CANCELLED: "the consumer took the job back",
    State.EXPIRED: "nobody locked it in time",
    State.SLASHED: "the proof was not delivered in time, and the stake is the consumer's",
    State.VOIDED: "the circuit was condemned, and each side has its deposits back",
}
