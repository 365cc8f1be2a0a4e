"""`zkescrow retrieval status`: where a request stands, and which matches are not as proven."""

from functools import partial
from typing import Any

from prover.base.errors import ArtifactsMissing
from prover.base.text import until
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.state.replay import load_world
from prover.cli.job import job_status
from prover.cli.retrieval.job import Found, artifacts_of
from prover.clients.agenda import rows
from prover.clients.common.jobs.kinds import REQUEST
from prover.clients.retrieval.datasets import load_public
from prover.clients.retrieval.read import read_matches
from prover.clients.retrieval.status import row
from prover.protocol.retrieval.state import Record, State


def status_of(
    client: Client, deployment: Deployment, found: Found
) -> tuple[dict[str, Any], list[str]]:
    """One request; what to print. Matches are read where the dataset's file and the model are."""
    record, now = found.record, client.now()
    warning, malformed = _malformed(client, deployment, found, now)
    facts = row(found.job_id, record, now) | {
        "owner": found.dataset.owner,
        "matching_records": sorted(record.matches),
        "malformed_records": malformed,
    }
    head = [
        f"request {found.name} is {facts['state']}: {facts['proven']} of {facts['records']} "
        f"records proven, {facts['matches']} match",
        *warning,
    ]
    return job_status(client, found.world, REQUEST, found.job_id, record, now, facts, head)


def all_requests(client: Client, deployment: Deployment) -> list[dict[str, Any]]:
    """One row for each request, oldest first."""
    world, now = load_world(client, deployment), client.now()
    return rows(client, world, REQUEST, now, partial(row, now=now))


def warnings_of(malformed: dict[int, str], record: Record, now: int) -> list[str]:
    """What the requester must know of matches that do not read as proven."""
    if not malformed:
        return []
    named = "; ".join(
        why if why.startswith(f"record {index} ") else f"record {index}: {why}"
        for index, why in malformed.items()
    )
    current = record.as_of(now)
    if current.state is State.PROVING:
        when = "once proving has ended"
    elif current.state is State.CLOSING and now <= current.state_deadline:
        when = until(current.state_deadline, now)
    else:
        return [f"WARNING: {named}. It is too late to dispute"]
    return [
        f"WARNING: {named}. Run `zkescrow retrieval dispute` {when}: everything paid in and the "
        "stake are then yours"
    ]


def _malformed(
    client: Client, deployment: Deployment, found: Found, now: int
) -> tuple[list[str], list[int]]:
    public = None if not found.record.matches else load_public(found.dataset)
    if public is None or found.record.ended:
        return [], []
    try:
        artifacts = artifacts_of(client, deployment, found)
    except ArtifactsMissing:
        return [], []
    malformed = read_matches(found.record, public, artifacts).malformed
    return warnings_of(malformed, found.record, now), sorted(malformed)
