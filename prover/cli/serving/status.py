"""`zkescrow serving status`: where a round stands, what is contested and what is proven."""

from typing import Any

from prover.base.text import shown
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.state.replay import load_world
from prover.cli.job import job_status
from prover.cli.serving.round import find_round
from prover.clients.agenda import rows
from prover.clients.common.jobs.kinds import ROUND
from prover.clients.serving.status import row


def status_of(
    client: Client, deployment: Deployment, text: str | None
) -> tuple[dict[str, Any], list[str]]:
    """One round, the last one used without `text`; what to print."""
    job_id, record = find_round(client, deployment, text)
    now, world = client.now(), load_world(client, deployment)
    facts = row(job_id, record) | {
        "condemned_at": world.condemned_in_time(record, now),
        "uri": shown(record.uri),
        "contested_items": list(record.contested),
        "proven_items": [record.contested[position] for position in sorted(record.answered)],
    }
    head = [f"round 0x{job_id.hex()} is {facts['state']}: {record.job.terms.n} items"]
    if record.contested:
        head.append(f"contested: {len(record.contested)}, proven: {len(record.answered)}")
    return job_status(client, world, ROUND, job_id, record, now, facts, head)


def all_rounds(client: Client, deployment: Deployment) -> list[dict[str, Any]]:
    """One row for each round, oldest first."""
    world = load_world(client, deployment)
    return rows(client, world, ROUND, client.now(), row)
