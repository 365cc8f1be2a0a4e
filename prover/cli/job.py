"""The job that a command is about, in any protocol: found or ended, and what to print of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from prover.base.text import as_text
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.cli.common.output import Done
from prover.clients.agenda import entry, next_of, reminders
from prover.clients.common.jobs import choosing, ending
from prover.clients.common.jobs.choosing import UNENDED, DoneBefore, Wanted
from prover.clients.common.jobs.deeds import of_job
from prover.clients.common.jobs.kinds import Kind
from prover.protocol.jobs import Record
from prover.protocol.world import World


def find_on(
    client: Client, deployment: Deployment, kind: Kind, text: str | None, wanted: Wanted = UNENDED
) -> tuple[World, bytes, Any]:
    """As `choosing.find_on`, but raises Done if the command was done before."""
    with _raising_done(client):
        return choosing.find_on(client, deployment, kind, text, wanted)


def end(
    sender: Sender, deployment: Deployment, kind: Kind, text: str | None, how: str
) -> tuple[bytes, int]:
    """As `ending.end`, but raises Done if the command was done before."""
    with _raising_done(sender.client):
        return ending.end(sender, deployment, kind, text, how)


def ended(
    sender: Sender, deployment: Deployment, kind: Kind, text: str | None, how: str
) -> tuple[dict[str, Any], list[str]]:
    """End a job, and what to print of it."""
    job_id, gas = end(sender, deployment, kind, text, how)
    return moved(sender.client, deployment, kind, job_id, gas)


def moved(
    client: Client, deployment: Deployment, kind: Kind, job_id: bytes, gas: int
) -> tuple[dict[str, Any], list[str]]:
    """What to print of a job after a move that took `gas`: for --json, and in lines."""
    world, _, record = find_on(client, deployment, kind, "0x" + job_id.hex())
    found = entry(world, kind, job_id, record, client.now())
    name, state = "0x" + job_id.hex(), record.state.name.lower()
    data = {"job": name, "state": state, "next": found.next, "gas": gas}
    return data, [f"{kind.name} {name} is {as_text(state)}", f"next: {found.next}"]


def job_status(
    client: Client,
    world: World,
    kind: Kind,
    job_id: bytes,
    record: Record[Any],
    now: int,
    facts: Mapping[str, Any],
    head: Sequence[str],
    tail: Sequence[str] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Where a job stands at a Unix time: the protocol's `facts` for --json, and lines.

    Between `head` and `tail` stands what was done from here, and what is next; at the end, which
    other jobs wait.
    """
    current = entry(world, kind, job_id, record, now).to_dict()
    done, due = of_job(client, world, job_id), reminders(client, world, job_id, now)
    data = {**facts, "now": now, **current, "provisional": done.rows, "reminders": due.rows}
    return data, [*head, *done.lines, f"next: {current['next']}", *tail, *due.lines]


@contextmanager
def _raising_done(client: Client) -> Iterator[None]:
    """Raise Done, with what there is to print, where an earlier run of the command did it."""
    try:
        yield
    except DoneBefore as before:
        raise _done(before, client.now()) from None


def _done(before: DoneBefore, now: int) -> Done:
    kind, name, state = before.kind, "0x" + before.job_id.hex(), before.record.state.name.lower()
    next_ = next_of(before.world, kind, before.record, now)
    return Done(
        {"job": name, "state": state, "next": next_, "already": True},
        f"was done already: {kind.name} {name} is {as_text(state)} by {before.deed.says}",
        f"next: {next_}",
    )
