"""Taking a job back, or ending it once its deadline has passed: the same in all protocols."""

from collections.abc import Mapping
from typing import Any

from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.contracts.serving import ServingRound
from prover.chain.deployments import Deployment
from prover.chain.sending.transactions import Sender
from prover.chain.state.deeds import CANCEL, MOVES
from prover.clients.common.jobs.choosing import LATE, cancellable, find_on
from prover.clients.common.jobs.kinds import BOUNTY, PREDICTION, REQUEST, ROUND, Kind
from prover.clients.common.jobs.recent import remember
from prover.protocol.accuracy import state as accuracy
from prover.protocol.jobs import Record
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving

_RULES: Mapping[Kind, tuple[Any, type[Record[Any]]]] = {
    PREDICTION: (PredictionMarket, prediction.Record),
    ROUND: (ServingRound, serving.Record),
    BOUNTY: (AccuracyBounty, accuracy.Record),
    REQUEST: (RetrievalBounty, retrieval.Record),
}


def end(
    sender: Sender, deployment: Deployment, kind: Kind, text: str | None, how: str
) -> tuple[bytes, int]:
    """Cancel a job, or `how` the contract ends one that is late; its id, and the gas it took.

    `text` is the id or its beginning; without one it is the job that the command fits. Raises
    DoneBefore if an earlier run cancelled it.
    """
    holder, rules = _RULES[kind]
    wanted = cancellable(sender.address, *MOVES[rules][CANCEL]) if how == CANCEL else LATE
    _, job_id, record = find_on(sender.client, deployment, kind, text, wanted)
    contract = holder(sender.client, deployment.contracts[holder.NAME].address)
    remember(sender.client, contract.address, job_id)
    call = getattr(contract, how)(record.job)
    receipt = sender.send(f"{how}:{job_id.hex()}", call)
    return job_id, int(receipt["gasUsed"])
