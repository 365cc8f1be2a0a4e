"""A node with the contracts, on which benchmarks play a provider and a consumer."""

import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from prover.base.settings import get_settings
from prover.chain.abi.contract import Call
from prover.chain.accounts import anvil_account
from prover.chain.contracts.deploy import deploy_contracts
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.deployments import Deployment
from prover.chain.node import anvil as node
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.clients.register import Registered, register
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction.state import Job, Terms
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import InputsFile, Item, data_hash
from prover.systems.ezkl.artifacts import Artifacts

DEPLOYER, PROVIDER, CONSUMER = 0, 1, 2
REWARD, STAKE = 10**16, 5 * 10**15
DAY = 86_400


@dataclass(frozen=True)
class Scene:
    """The contracts on a node of its own."""

    client: Client
    deployment: Deployment

    @property
    def prediction(self) -> PredictionMarket:
        """The contract of predictions."""
        return PredictionMarket(self.client, self.deployment.prediction)

    def sender(self, account: int) -> Sender:
        """One of the node's accounts."""
        return Sender(self.client, anvil_account(account))

    def send(self, account: int, call: Call) -> int:
        """Gas of a transaction."""
        receipt = self.sender(account).send(f"benchmark:{secrets.token_hex(8)}", call)
        return int(receipt["gasUsed"])

    def register(self, artifacts: Artifacts) -> Registered:
        """The provider's model."""
        return register(self.sender(PROVIDER), self.deployment, artifacts)

    def post(self, model: Registered, items: Sequence[Item], account: int) -> tuple[Job, int]:
        """A job of these items, open to anyone, and the gas of its post."""
        inputs_file = InputsFile(model.circuit_id, tuple(items))
        terms = Terms(
            model_id=model.model_id,
            inputs_hash=inputs_file.inputs_hash(),
            currency=ZERO_ADDRESS,
            reward=REWARD,
            stake=STAKE,
            provider=ZERO_ADDRESS,
            open_until=self.client.now() + DAY,
            prove_seconds=DAY,
        )
        job = Job(self.sender(account).address, secrets.randbits(256), terms)
        digest = data_hash(inputs_file.to_bytes())
        call = self.prediction.post(job, digest, f"ipfs://{digest.hex()}")
        return job, self.send(account, call)

    def give_credits(self, model: Registered, items: Sequence[Item]) -> None:
        """Both sides have credits before anything is measured, as in daily business."""
        for account in (PROVIDER, CONSUMER):
            job, _ = self.post(model, items, account)
            self.send(account, self.prediction.cancel(job))

    def context(self, job: Job, payee: str) -> JobContext:
        """What a proof for a job and payee is bound to."""
        at, job_id = self.prediction.address, self.prediction.job_id(job)
        return JobContext.of(self.client.chain_id, at, job_id, payee, job.terms.model_id)


@contextmanager
def running() -> Iterator[Scene]:
    """A fresh node with the contracts; both end with the block."""
    with node.running() as client, tempfile.TemporaryDirectory() as deployments:
        os.environ["ZKESCROW_DEPLOYMENTS"] = deployments
        get_settings.cache_clear()
        deployment, _ = deploy_contracts(client, anvil_account(DEPLOYER))
        yield Scene(client, deployment)
