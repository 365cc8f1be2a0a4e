"""Whether an open prediction job is worth its stake, and can be proven here in time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prover.base.errors import ArtifactMismatch, StatementInvalid
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.contracts.registry import Circuit
from prover.chain.contracts.verification import verification_gas
from prover.chain.sending.fees import gas_price
from prover.chain.state.replay import load_world
from prover.clients.common.inputs.fetch import InputsUnavailable
from prover.clients.common.inputs.handover import obtain
from prover.clients.common.money import account_of, unknown
from prover.clients.common.money import refusal as money_refusal
from prover.clients.common.readiness import KeyMissing, check_key
from prover.clients.common.tools import Tools
from prover.clients.prediction.patience import Patience
from prover.clients.prediction.policy import Policy, deal_of, time_refusal
from prover.clients.prediction.store import JobStore
from prover.protocol.prediction.state import Record
from prover.protocol.world import World
from prover.statement.commitment import inputs_hash
from prover.statement.documents.inputs_file import InputsFile
from prover.systems.circuits import commitments, compare_with_witness, find_artifacts
from prover.systems.interface import Artifacts


class Unwanted(StatementInvalid):
    """A job that is not taken: for its terms or inputs, or because nothing can be proven here."""


@dataclass(frozen=True, kw_only=True)
class PredictionTools(Tools[PredictionMarket]):
    """`store` keeps the jobs that were taken."""

    store: JobStore


@dataclass
class Examiner:
    """Looks at everything that can be looked at before a stake.

    `staked` is what this process has put at risk since its view of the world, by currency.
    """

    tools: PredictionTools
    policy: Policy
    staked: dict[str, int] = field(default_factory=dict)
    patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        self.patience = Patience(self.tools.store)

    def stake(self, currency: str, amount: int) -> None:
        """Note what was put at risk, or (negative) came back."""
        self.staked[currency] = self.staked.get(currency, 0) + amount

    def examined(self, record: Record, artifacts: Artifacts, world: World) -> InputsFile:
        """The inputs of a job that may be staked on.

        Raises Unwanted if this job is not to be taken, ArtifactMismatch or ProvingError if nothing
        is to be staked on the model.
        """
        try:
            return self._examined(record, artifacts, world)
        except (StatementInvalid, InputsUnavailable, KeyMissing) as error:
            raise Unwanted(str(error)) from error

    def inputs(self, record: Record, artifacts: Artifacts) -> InputsFile:
        """The inputs, checked against the job and the circuit. Raises StatementInvalid."""
        shape = artifacts.facts.shape
        files = self.policy.allow_files
        content = obtain(record.uri, record.data_hash, shape.max_bytes, allow_files=files)
        inputs_file = InputsFile.from_bytes(content)
        inputs_file.check(shape)
        if inputs_hash(commitments(artifacts, inputs_file.items)) != record.job.terms.inputs_hash:
            raise StatementInvalid("its inputs file does not hash to the inputs hash of the terms")
        return inputs_file

    def _examined(self, record: Record, artifacts: Artifacts, world: World) -> InputsFile:
        _require(unknown(record.job.terms.currency, self.policy.purse))
        _require(self._money_refusal(record, artifacts, world, self.staked))
        check_key(artifacts)
        self._check_model(record.job.terms.model_id, artifacts)
        with self.patience.fetching(record):
            inputs_file = self.inputs(record, artifacts)
        found = commitments(artifacts, inputs_file.items)
        self.tools.system.require_hiding(artifacts, found, _shown(record, world))
        compare_with_witness(artifacts, inputs_file.items)
        rehearsal = self.tools.readiness.ready(artifacts, inputs_file.items)
        self.tools.system.require_proofs(artifacts, 1)  # after the rehearsal, which makes one
        seconds = self.policy.proof_seconds or rehearsal.seconds
        _require(time_refusal(record.job.terms.prove_seconds, seconds))
        return inputs_file

    def weigh(self, record: Record, artifacts: Artifacts) -> None:
        """Look at the money again, as the chain is now. Raises Unwanted."""
        world = load_world(self.tools.client, self.tools.deployment)
        _require(self._money_refusal(record, artifacts, world, {}))

    def _check_model(self, model_id: bytes, artifacts: Artifacts) -> None:
        try:
            self.tools.check_model(model_id, artifacts)
        except ArtifactMismatch as error:  # anybody registers what names these artifacts
            raise Unwanted(str(error)) from error

    def _money_refusal(
        self, record: Record, artifacts: Artifacts, world: World, staked: Mapping[str, int]
    ) -> str | None:
        """`staked` is what was put at risk since the view of the world, by currency."""
        client, sample, terms = self.tools.client, artifacts.sample, record.job.terms
        circuit = circuit_of(world, terms.model_id)
        gas = verification_gas(self.tools.sender, circuit, sample.proof, sample.instances)
        deal = deal_of(record.job.terms, gas, gas_price(client))
        account = account_of(client, world, self.tools.sender.address, terms.currency)
        more = account.with_staked(staked.get(terms.currency, 0))
        return money_refusal(deal, self.policy.purse, more)


def circuit_of(world: World, model_id: bytes) -> Circuit:
    """The registered circuit of a registered model."""
    circuit_id, _ = world.registry.models[model_id]
    return Circuit.from_abi(world.registry.circuits[circuit_id])


def _shown(record: Record, world: World) -> int:
    """Proofs about the same inputs that the chain shows: of other jobs that were paid."""
    inputs = record.job.terms.inputs_hash
    jobs = world.prediction.jobs.values()
    return sum(one.job.terms.inputs_hash == inputs and bool(one.outputs) for one in jobs)


def artifacts_of(world: World, model_id: bytes) -> Artifacts:
    """This machine's artifacts of a registered model. Raises ArtifactMismatch if it has none."""
    _, weights_commitment = world.registry.models[model_id]
    return find_artifacts(circuit_of(world, model_id).artifact_digest, weights_commitment)


def _require(refusal: str | None) -> None:
    if refusal:
        raise Unwanted(refusal)
