"""What was done from this home and is checked again: not final yet, or taken away, as text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from prover.base.errors import UsageError
from prover.base.text import as_text
from prover.chain.events.finality import confirmations
from prover.chain.node.client import Client
from prover.chain.state.deeds import NAMES, POST, Deed, deeds_of, gone, undone, unsettled, waiting
from prover.clients.common.jobs.kinds import (
    BOUNTY,
    PREDICTION,
    REQUEST,
    ROUND,
    Kind,
    protocols,
    short,
)
from prover.protocol.jobs import Jobs
from prover.protocol.world import World

_COMMANDS = {
    PREDICTION: {"lock": "provider run --once", "deliver": "provider run --once"},
    ROUND: {},
    BOUNTY: {"reveal": "accuracy reveal-key", "submit": "accuracy prove"},
    REQUEST: {"submit": "retrieval prove"},
}
Chosen = Callable[[Deed], bool]


@dataclass(frozen=True)
class Report:
    """What is to be said of deeds, or of jobs: rows for --json, and lines."""

    rows: list[dict[str, Any]]
    lines: list[str]


def report(client: Client, world: World, chosen: Chosen) -> Report:
    """Of each chosen deed of this home that the chain has lost, or that is not final: what it is.

    One that is lost, and cannot be done any more, is shown as long as its block is a recent one.
    """
    found = Report([], [])
    deeds = [deed for deed in deeds_of(client) if chosen(deed)]
    lost = _once(gone(client, deeds))
    for kind, jobs in protocols(world):
        for deed in lost:
            if deed.contract == jobs.contract:
                found.rows.append(_row(kind, deed, again=_again(kind, jobs, deed)))
                found.lines.append(message(kind, jobs, deed))
        present = [one for one in deeds if one.contract == jobs.contract and one not in lost]
        for deed, missing in unsettled(client, present):
            found.rows.append(_row(kind, deed, missing=missing))
            found.lines.append(_unsettled(client, kind, deed, missing))
    return found


def unmined(client: Client, world: World, chosen: Chosen) -> Report:
    """What is to be said of what was signed from here and is not on the chain."""
    found = Report([], [])
    for kind, jobs in protocols(world):
        for deed in waiting(client):
            if deed.contract != jobs.contract or not chosen(deed):
                continue
            about = {"protocol": kind.group, "job": "0x" + deed.job_id.hex()}
            found.rows.append(about | {"move": deed.kind, "account": deed.account})
            name = NAMES.get(deed.kind, deed.kind)
            found.lines.append(
                f"{kind.name} {short(deed.job_id)}: your {name} is signed and not on the chain: "
                "the command that made it sends it again. If the node has it not, any other "
                "command gives it up."
            )
    return found


def of_job(client: Client, world: World, job_id: bytes) -> Report:
    """What is to be said of what was done from here to one job."""
    return report(client, world, lambda deed: deed.job_id == job_id)


def require_there(client: Client, jobs: Jobs[Any], kind: Kind, begins: str) -> None:
    """Raise UsageError if the chain lost what was done from here to a job, by its id's digits."""
    deeds = [deed for deed in deeds_of(client) if deed.contract == jobs.contract]
    chosen = [deed for deed in deeds if deed.job_id.hex().startswith(begins)]
    lost = sorted(_once(gone(client, chosen)), key=lambda deed: deed.block.number)
    if lost:
        there = lost[0].job_id in jobs.jobs or lost[0].kind == POST
        other = "" if there else f"; give the id of another {kind.name} if you mean one"
        raise UsageError(message(kind, jobs, lost[0]) + other)


def message(kind: Kind, jobs: Jobs[Any], deed: Deed) -> str:
    """That a deed is gone, and what to do."""
    record, name = jobs.jobs.get(deed.job_id), f"{kind.name} {short(deed.job_id)}"
    begin = f"{name}: a reorganisation of the chain took away {deed.says}"
    again = _again(kind, jobs, deed)
    if deed.kind == POST and again:
        return (
            f"{begin}; give the command that posted it again, with the same words: the same "
            f"{kind.name} is posted, and paid once (by itself its transaction may return too)"
        )
    if again:
        return f"{begin}; run `zkescrow {again}` again: the same is sent, nothing is paid twice"
    if record is None:
        return f"{begin}, and the {kind.name} itself: nothing of yours is in it while that is so"
    return f"{begin}; the {kind.name} is {as_text(record.state.name.lower())} now"


def _again(kind: Kind, jobs: Jobs[Any], deed: Deed) -> str | None:
    """The command that does a lost deed again; None where it cannot be done now."""
    if not undone(jobs, deed):
        return None
    command = _COMMANDS[kind].get(deed.kind, f"{kind.group} {deed.kind}")
    if deed.kind == POST:
        return f"{kind.group} open" if kind is ROUND else command
    return command if command.startswith("provider") else f"{command} {short(deed.job_id)}"


def _once(deeds: Iterable[Deed]) -> list[Deed]:
    """One of each kind and job: proofs go in several transactions."""
    return list({(deed.contract, deed.job_id, deed.kind): deed for deed in deeds}.values())


def _unsettled(client: Client, kind: Kind, deed: Deed, missing: int) -> str:
    depth = confirmations(client)
    return (
        f"{kind.name} {short(deed.job_id)}: {deed.says} is not final yet: "
        f"{max(depth - missing, 0)} of {depth} blocks lie on it"
    )


def _row(
    kind: Kind, deed: Deed, *, again: str | None = None, missing: int | None = None
) -> dict[str, Any]:
    return {
        "protocol": kind.group,
        "job": "0x" + deed.job_id.hex(),
        "move": deed.kind,
        "account": deed.account,
        "block": deed.block.number,
        "lost": missing is None,
        "blocks_to_go": missing,
        "again": None if again is None else f"zkescrow {again}",
    }
