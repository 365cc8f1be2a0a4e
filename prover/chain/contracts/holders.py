"""The contracts that hold jobs and their money, all together."""

from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.jobs import JobContract
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.contracts.serving import ServingRound
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client

_KINDS: tuple[type[JobContract], ...] = (
    PredictionMarket,
    ServingRound,
    AccuracyBounty,
    RetrievalBounty,
)


def job_contracts(client: Client, deployment: Deployment) -> tuple[JobContract, ...]:
    """Every contract of a deployment that holds jobs."""
    at = deployment.contracts
    return tuple(kind(client, at[kind.NAME].address) for kind in _KINDS)
