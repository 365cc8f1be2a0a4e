"""Which job a command of predictions is about, and ending it."""

from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.cli.job import find_on
from prover.clients.common.jobs.choosing import UNENDED, Wanted
from prover.clients.common.jobs.kinds import PREDICTION
from prover.protocol.prediction.state import Record


def find_job(
    client: Client, deployment: Deployment, text: str | None, wanted: Wanted = UNENDED
) -> tuple[bytes, Record]:
    """A job of the chain by its id or the id's beginning, else the one that is wanted."""
    _, job_id, record = find_on(client, deployment, PREDICTION, text, wanted)
    return job_id, record
