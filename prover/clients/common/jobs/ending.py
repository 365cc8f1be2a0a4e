"""Taking a job back, or ending it once its deadline has passed: the same in all protocols."""

from collections.abc import Mapping
from typing import Any

from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.contracts.serving import ServingRound
from prover.chain.deployments import Deployment
from prover.chain.sending.transactions import Sender
from prover.clients.common.jobs.choosing import LATE, cancellable, find_on
from prover.clients.common.jobs.kinds import BOUNTY, JOB, REQUEST, ROUND, Kind
from prover.clients.common.jobs.recent import remember
from prover.protocol.accuracy.state import State as BountyState
from prover.protocol.prediction.state import State as JobState
from prover.protocol.retrieval.state import State as RequestState
from prover.protocol.serving.state import State as RoundState

CANCEL = "cancel"
# The contract of each kind of job, and the states that a job is taken back from and to.
_CONTRACTS: Mapping[Kind, Any] = {
    JOB: PredictionMarket,
    ROUND: ServingRound,
    BOUNTY: AccuracyBounty,
    REQUEST: RetrievalBounty,
}
_CANCELLED: Mapping[Kind, tuple[int, int]] = {
    JOB: (JobState.OPEN, JobState.CANCELLED),
    ROUND: (RoundState.OPEN, RoundState.CANCELLED),
    BOUNTY: (BountyState.OPEN, BountyState.CANCELLED),
    REQUEST: (RequestState.OPEN, RequestState.CANCELLED),
}


def end(
    sender: Sender, deployment: Deployment, kind: Kind, text: str | None, how: str
) -> tuple[bytes, int]:
    """Cancel a job, or `how` the contract ends one that is late; its id, and the gas it took.

    `text` is the id or its beginning; without one it is the job that the command fits. Raises
    DoneBefore if an earlier run cancelled it.
    """
    wanted = cancellable(sender.address, *_CANCELLED[kind]) if how == CANCEL else LATE
    _, job_id, record = find_on(sender.client, deployment, kind, text, wanted)
    kept = _CONTRACTS[kind]
    contract = kept(sender.client, deployment.contracts[kept.NAME].address)
    remember(sender.client, contract.address, job_id)
    call = getattr(contract, how)(record.job)
    receipt = sender.send(f"{how}:{job_id.hex()}", call)
    return job_id, int(receipt["gasUsed"])
