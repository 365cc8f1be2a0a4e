"""Which job a command of predictions is about, and ending it."""

from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.cli.common.finding import JOB, LATE, UNENDED, Wanted, cancellable, find_on
from prover.clients.common.recent import remember
from prover.protocol.prediction.state import Record, State


def end(sender: Sender, deployment: Deployment, job: str | None, how: str) -> str:
    """Cancel or refund a job; the id in hexadecimal."""
    predictions = PredictionMarket(sender.client, deployment.prediction)
    mine = cancellable(sender.address, State.OPEN, State.CANCELLED)
    wanted = mine if how == "cancel" else LATE
    job_id, record = find_job(sender.client, deployment, job, wanted)
    remember(sender.client, deployment.prediction, job_id)
    call = predictions.cancel(record.job) if how == "cancel" else predictions.refund(record.job)
    sender.send(f"{how}:{job_id.hex()}", call)
    return "0x" + job_id.hex()


def find_job(
    client: Client, deployment: Deployment, text: str | None, wanted: Wanted = UNENDED
) -> tuple[bytes, Record]:
    """A job of the chain by its id or the id's beginning, else the one that is wanted."""
    _, job_id, record = find_on(client, deployment, JOB, text, wanted)
    return job_id, record
