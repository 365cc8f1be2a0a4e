"""A registered model, a consumer who posts, a provider who serves, on a real chain."""

from dataclasses import replace

from prover.base.files import write_atomically
from prover.base.settings import get_settings
from prover.chain.accounts import anvil_account
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.clients.common.money import teller
from prover.clients.common.readiness import Readiness
from prover.clients.prediction.examine import PredictionTools
from prover.clients.prediction.policy import Policy
from prover.clients.prediction.provider import Provider
from prover.clients.prediction.store import JobStore, TrackedJob
from prover.clients.register import register
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import Job, State, Terms
from prover.statement.documents.inputs_file import InputsFile, data_hash, salted
from prover.systems.ezkl.inputs import shape_of
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.localchain import CONSUMER, PROVIDER, Chain, address_of, install_used

REWARD, STAKE = 10**16, 4 * 10**15
OPEN_SECONDS = PROVE_SECONDS = 10_000  # a busy machine must not make a job late
POLICY = Policy(proof_seconds=1.0, allow_files=True)


class Scene:
    """A registered model, a consumer who posts, a provider who serves."""

    def __init__(self, chain: Chain, proven: Proven) -> None:
        self.chain, self.artifacts = chain, proven.artifacts
        install_used(proven.artifacts)
        self.model = register(chain.sender(PROVIDER), chain.deployment, proven.artifacts)
        self.checked: list[bytes] = []
        self.nonce = 0

    def provider(
        self,
        policy: Policy = POLICY,
        number: int = PROVIDER,
        client: Client | None = None,
        payee: str | None = None,
    ) -> Provider:
        node = client or self.chain.client
        tools = PredictionTools(
            client=node,
            deployment=self.chain.deployment,
            contract=PredictionMarket(node, self.chain.deployment.prediction),
            sender=Sender(node, anvil_account(number)),
            store=self.store,
            system=Ezkl(),
            readiness=Readiness(Ezkl()),
            check_model=lambda model_id, _: self.checked.append(model_id),
            account=teller(node, self.chain.deployment, anvil_account(number).address),
            progress=lambda _stage: None,
        )
        return Provider(tools, policy, payee)

    def post(self, items: int = 1, tamper: bytes = b"", first: int = 0, **changes: object) -> bytes:
        shape = shape_of(self.artifacts.manifest)
        rows = [salted(range(n, n + shape.values), shape) for n in range(first, first + items)]
        inputs_file = InputsFile(self.model.circuit_id, tuple(rows))
        content = inputs_file.to_bytes()
        path = get_settings().home / f"{data_hash(content).hex()}.json"
        write_atomically(path, content + tamper)
        now, self.nonce = self.chain.client.now(), self.nonce + 1
        terms = Terms(
            self.model.model_id,
            inputs_file.inputs_hash(),
            ETH,
            REWARD,
            STAKE,
            ETH,
            now + OPEN_SECONDS,
            PROVE_SECONDS,
        )
        job = Job(address_of(CONSUMER), self.nonce, replace(terms, **changes))  # type: ignore[arg-type]
        call = self.chain.prediction.post(job, data_hash(content), path.as_uri())
        self.chain.sender(CONSUMER).send(f"post:{self.nonce}", call)
        self.job = job
        return self.chain.prediction.job_id(job)

    @property
    def store(self) -> JobStore:
        return JobStore(get_settings().home / "provider.sqlite")

    def taken(self) -> list[TrackedJob]:
        scope = f"{self.chain.client.scope}:{self.chain.prediction.address}"
        return list(self.store.all(scope, address_of(PROVIDER)))

    def state(self, job_id: bytes) -> State:
        return self.chain.prediction.status(job_id).state
