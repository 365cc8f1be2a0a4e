"""`zkescrow accuracy status`: where a bounty stands, how far its proofs are, how others ended."""

from typing import Any

from prover.base.text import as_text
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.state.replay import load_world
from prover.cli.accuracy.job import find_bounty
from prover.cli.job import job_status
from prover.clients.accuracy.status import consumers_past, past_message, progress_of, row
from prover.clients.agenda import rows
from prover.clients.common.jobs.kinds import BOUNTY


def status_of(
    client: Client, deployment: Deployment, text: str | None
) -> tuple[dict[str, Any], list[str]]:
    """One bounty, the last one used without `text`; what to print."""
    job_id, record = find_bounty(client, deployment, text)
    now, world = client.now(), load_world(client, deployment)
    past = consumers_past(world.accuracy.jobs.values(), record.job.consumer)
    facts = row(job_id, record) | {"consumers_past": past}
    head = [f"bounty 0x{job_id.hex()} is {as_text(facts['state'])}", progress_of(record)]
    tail = [past_message(past)]
    return job_status(client, world, BOUNTY, job_id, record, now, facts, head, tail)


def all_bounties(client: Client, deployment: Deployment) -> list[dict[str, Any]]:
    """One row for each bounty, oldest first."""
    world = load_world(client, deployment)
    return rows(client, world, BOUNTY, client.now(), row)
