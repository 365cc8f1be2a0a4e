"""Jobs of all protocols in one form: where each stands, who must act until when, what is next."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prover.base.text import as_text
from prover.chain.accounts import configured_address
from prover.chain.contracts.tokens import learn
from prover.chain.node.client import Client
from prover.chain.state.deeds import CANCEL, deeds_of
from prover.clients.accuracy import status as accuracy_status
from prover.clients.common.jobs.deeds import Report
from prover.clients.common.jobs.kinds import (
    BOUNTY,
    PREDICTION,
    REQUEST,
    ROUND,
    Kind,
    protocols,
    short,
)
from prover.clients.prediction import status as prediction_status
from prover.clients.retrieval import status as retrieval_status
from prover.clients.serving import status as serving_status
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.jobs import Record
from prover.protocol.world import World

ANYONE = "anyone"
REMINDERS = 3  # how many other jobs are shown beside the one that was asked for


@dataclass(frozen=True)
class Entry:
    """A job of any protocol at a time: `who` must act (an address or "anyone"; None if it ended).

    `until` is the last second (Unix time) for that, 0 where there is none; `people` are all that
    have a part in it. `wants` is the model (of a bounty: the circuit) of a job that anybody may
    take, None of others.
    """

    kind: Kind
    job_id: bytes
    state: str
    who: str | None
    until: int
    next: str
    people: frozenset[str]
    currency: str
    ended: bool
    wants: bytes | None

    def to_dict(self) -> dict[str, Any]:
        """For --json; the whole id."""
        return {
            "protocol": self.kind.group,
            "job": "0x" + self.job_id.hex(),
            "state": self.state,
            "who": self.who,
            "until": self.until,
            "next": self.next,
            "currency": self.currency,
        }


def entries(world: World, now: int) -> Iterator[Entry]:
    """All jobs of the chain, protocol by protocol, oldest first."""
    for kind, jobs in protocols(world):
        for job_id, record in jobs.jobs.items():
            yield entry(world, kind, job_id, record, now)


def entry(world: World, kind: Kind, job_id: bytes, record: Record[Any], now: int) -> Entry:
    """One job at a Unix time."""
    there = record.as_of(now)
    condemned = world.condemned_in_time(record, now)
    who = None if there.ended else _actor(world, kind, there, now, condemned)
    in_time = condemned is None and now <= there.state_deadline
    return Entry(
        kind,
        job_id,
        there.state.name.lower(),
        who,
        there.state_deadline,
        next_of(world, kind, record, now),
        _people(world, kind, record),
        record.job.terms.currency,
        there.ended,
        _wanted(kind, there) if who == ANYONE and in_time else None,
    )


def reminders(client: Client, world: World, but: bytes, now: int) -> Report:
    """Other jobs that wait for the home's account, or one that acted from it, by deadline.

    Open ones are not among them: anybody can post jobs that name somebody.
    """
    mine = {deed.account for deed in deeds_of(client)} | {configured_address(client, None)}
    due = [
        one
        for one in entries(world, now)
        if one.who is not None and one.who in mine and one.state != "open" and one.job_id != but
    ]
    due.sort(key=lambda one: one.until)
    shown, more = due[:REMINDERS], len(due[REMINDERS:])
    learn(client, *(one.currency for one in shown))
    shown = [reworded(world, one, now) for one in shown]
    lines = [
        f"reminder: {one.kind.name} {short(one.job_id)} is {as_text(one.state)}; YOUR MOVE; "
        f"next: {one.next}"
        for one in shown
    ]
    lines += [f"reminder: {more} more wait for you: `zkescrow status`"] if more else []
    return Report([one.to_dict() for one in shown], lines)


def rows(
    client: Client,
    world: World,
    kind: Kind,
    now: int,
    facts: Callable[[bytes, Any], dict[str, Any]],
) -> list[dict[str, Any]]:
    """All jobs of a protocol, oldest first, with the `facts` of each, for `status --all`.

    Amounts are in the units of their tokens; if those are too many to ask, of jobs under way and
    of the newest ones.
    """
    jobs: Mapping[bytes, Any] = dict(protocols(world))[kind].jobs
    learn(client, *_currencies(jobs.values()))
    return [
        facts(job_id, one) | entry(world, kind, job_id, one, now).to_dict()
        for job_id, one in jobs.items()
    ]


def _currencies(records: Collection[Record[Any]]) -> list[str]:
    """Those of jobs under way first, then of the newest."""
    ordered = sorted(records, key=lambda one: (one.ended, -one.posted_at))
    return [one.job.terms.currency for one in ordered]


def reworded(world: World, one: Entry, now: int) -> Entry:
    """The same job, with its amounts in the units of tokens that were learnt meanwhile."""
    jobs: Any = dict(protocols(world))[one.kind]
    return entry(world, one.kind, one.job_id, jobs.jobs[one.job_id], now)


def next_of(world: World, kind: Kind, record: Record[Any], now: int) -> str:
    """What happens next with a job, who must act until when, and who was or will be paid what."""
    jobs: Any = dict(protocols(world))[kind]
    condemned = world.condemned_in_time(record, now)
    left = world.credits_in(jobs.contract, record.job.terms.currency)
    one: Any = record
    if kind is PREDICTION:
        return prediction_status.next_step(one, now, condemned, left)
    if kind is ROUND:
        return serving_status.next_step(one, now, condemned, left)
    if kind is BOUNTY:
        return accuracy_status.next_step(one, now, condemned, left)
    return retrieval_status.next_step(one, _owner(world, one), now, condemned, left)


def _actor(
    world: World, kind: Kind, record: Record[Any], now: int, condemned: int | None
) -> str | None:
    if condemned is not None or now > record.state_deadline:
        return ANYONE
    # Who loses by doing nothing. What anybody may do is the provider's work, or the owner's.
    part = next(one.by for one in record.TABLE[record.state].moves if one.call != CANCEL)
    if part in {"consumer", "requester"}:
        return record.job.consumer
    if kind is REQUEST:
        return _owner(world, record)
    named = record.provider if record.joined else record.job.terms.provider
    return ANYONE if named == ZERO_ADDRESS else str(named)


def _wanted(kind: Kind, record: Record[Any]) -> bytes:
    """What whoever takes an open job must be able to prove."""
    terms = record.job.terms
    found: bytes = terms.circuit_id if kind is BOUNTY else terms.model_id
    return found


def _owner(world: World, record: Record[Any]) -> str:
    return world.retrieval.datasets[record.job.terms.dataset_id].owner


def _people(world: World, kind: Kind, record: Record[Any]) -> frozenset[str]:
    named = getattr(record.job.terms, "provider", ZERO_ADDRESS)
    owner = _owner(world, record) if kind is REQUEST else ZERO_ADDRESS
    everybody = {record.job.consumer, record.provider, record.payee, named, owner}
    return frozenset(everybody - {ZERO_ADDRESS})
