"""The contracts that hold jobs and their money, all together."""

from prover.chain.accuracy import AccuracyBounty
from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.jobs import JobContract
from prover.chain.market import Market
from prover.chain.retrieval import RetrievalBounty
from prover.chain.serving import ServingRound

_KINDS: tuple[type[JobContract], ...] = (Market, ServingRound, AccuracyBounty, RetrievalBounty)


def job_contracts(client: Client, deployment: Deployment) -> tuple[JobContract, ...]:
    """Every contract of a deployment that holds jobs."""
    at = deployment.contracts
    return tuple(kind(client, at[kind.NAME].address) for kind in _KINDS)
