"""Sending again what a reorganisation took away of a job's proofs, before any is made."""

from typing import Any

from web3.types import TxReceipt

from prover.chain.deployments import Deployment
from prover.chain.sending.transactions import Sender
from prover.clients.common.jobs.choosing import find_on
from prover.clients.common.jobs.kinds import Kind


def send_again(
    sender: Sender, deployment: Deployment, kind: Kind, move: str, found: tuple[bytes, Any]
) -> tuple[list[TxReceipt], Any]:
    """What was sent again of a `move` on a job, and the job's record after it."""
    job_id, record = found
    again = sender.retry_lost(f"{move}:{job_id.hex()}:")
    if again:
        _, _, record = find_on(sender.client, deployment, kind, "0x" + job_id.hex())
    return again, record
