"""Retrieval requests, the owner's side: look at one, accept it, prove every record.

Everything is computed before the stake is sent: the records from data and seed, all their outputs,
and, once for each model, a real proof of some.
"""

from dataclasses import dataclass

from web3.types import TxReceipt

from prover.base.errors import ChainError, ContractRefused, UsageError
from prover.chain.contracts.registry import Circuit, Registry
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.contracts.verification import verification_gas
from prover.chain.deployments import Deployment
from prover.chain.events.finality import final_seconds, once_final
from prover.chain.events.reading import fetch_events
from prover.chain.node.client import Client
from prover.chain.sending.fees import gas_price
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.clients.common.job_files import JobFiles
from prover.clients.common.models import find
from prover.clients.common.money import check_currency, stake, staking
from prover.clients.common.packing import ProofsSent
from prover.clients.common.readiness import check_key
from prover.clients.common.tools import Tools, tools_of
from prover.clients.retrieval.checks import (
    OwnerLimits,
    check_format,
    check_matches,
    check_proofs,
    check_request_money,
    check_terms,
)
from prover.clients.retrieval.datasets import load_public
from prover.clients.retrieval.prove import RecordProver
from prover.clients.retrieval.secrets import Secrets, check_secrets, match_secrets
from prover.protocol.events import RetrievalAccepted
from prover.protocol.limits import limits_of
from prover.protocol.retrieval.state import Dataset, Record, State
from prover.systems.circuits import compare_with_witness, evaluate
from prover.systems.interface import Artifacts, Outputs

_REORGANISED = (
    "the chain was reorganised and the acceptance is not what it was: see `zkescrow retrieval "
    "status`"
)


@dataclass(frozen=True)
class Request:
    """A request as the chain has it, its dataset, and the model's artifacts on this machine."""

    job_id: bytes
    record: Record
    dataset: Dataset
    circuit: Circuit
    artifacts: Artifacts

    @classmethod
    def on(
        cls, client: Client, deployment: Deployment, job_id: bytes, record: Record, dataset: Dataset
    ) -> "Request":
        """A request of the chain. Raises ArtifactMismatch if its model is not on this machine."""
        known = find(client, deployment, "0x" + record.job.terms.model_id.hex())
        circuit = Registry(client, deployment.registry).circuit(known.circuit_id)
        return cls(job_id, record, dataset, circuit, known.artifacts)


@dataclass(frozen=True)
class Quote:
    """What accepting would mean: the matches, which everybody could read, and the work."""

    matches: tuple[int, ...]
    proofs: int
    proof_seconds: float


def acceptance(job_id: bytes) -> str:
    """The action that stakes on a request."""
    return f"accept:{job_id.hex()}"


class DatasetOwner:
    """One account's part in one request about its dataset; proofs are bound to `payee`."""

    @classmethod
    def of(
        cls, sender: Sender, deployment: Deployment, request: Request, payee: str
    ) -> "DatasetOwner":
        """The sender's part."""
        contract = RetrievalBounty(sender.client, deployment.retrieval)
        return cls(tools_of(sender, deployment, contract), request, payee)

    def __init__(self, tools: Tools[RetrievalBounty], request: Request, payee: str) -> None:
        self._tools = tools
        self._request = request
        self._payee = payee
        scope = f"{tools.client.scope}:{tools.contract.address}"
        files = JobFiles.of(scope, request.job_id, payee)
        self._accepting = acceptance(request.job_id)
        self._prover = RecordProver(
            tools.sender, tools.contract, tools.readiness, request.artifacts, files, tools.progress
        )

    def quote(self, secrets: Secrets, limits: OwnerLimits) -> Quote:
        """Check all that can be checked, and run every record.

        Raises UsageError, StatementInvalid, ProvingError or ArtifactMismatch; no money moves.
        """
        with self._tools.sender.deciding(self._accepting):
            return self._appraised(secrets, limits)

    def _appraised(self, secrets: Secrets, limits: OwnerLimits) -> Quote:
        self._require(State.OPEN, "only an open request can be accepted")
        terms, artifacts = self._request.record.job.terms, self._request.artifacts
        account, now = self._tools.sender.address, self._tools.client.now()
        check_terms(terms, self._request.dataset, account, now)
        check_currency("the request", terms.currency, limits.purse)
        check_format(secrets.form, artifacts)
        check_key(artifacts)
        self._tools.check_model(terms.model_id, artifacts)  # first: its verifier is run for gas
        gas, wait = self._verification_gas(), final_seconds(self._tools.client)
        self._check_money(gas, limits)
        self._tools.progress(f"sealing {len(secrets.items)} records again, to compare the root")
        check_secrets(secrets, self._request.dataset)
        outputs = self._evaluated(secrets)
        matches = self._matches(outputs)
        check_matches(len(matches), len(secrets.items), limits)
        rehearsal = self._tools.readiness.ready(artifacts, secrets.items)
        seconds = limits.proof_seconds or rehearsal.seconds
        most = limits_of(self._tools.client.chain_id).call_bytes
        proofs = check_proofs(terms, len(secrets.items), artifacts, gas, seconds, wait, most)
        self._tools.system.require_proofs(artifacts, proofs)
        return Quote(matches, proofs, seconds)

    def accept(self, limits: OwnerLimits) -> int:
        """Stake, after `quote`; the gas it took.

        Raises UsageError if it is not worth it any more, ContractRefused or InsufficientFunds.
        """
        terms, sender = self._request.record.job.terms, self._tools.sender
        retrieval = self._tools.contract
        with staking(sender, self._accepting):
            with sender.deciding(self._accepting):
                self._check_money(self._verification_gas(), limits)  # fees and stakes change
            call = retrieval.accept(self._request.record.job, self._payee)
            return int(stake(sender, self._accepting, terms, retrieval, call)["gasUsed"])

    def prove(self, secrets: Secrets) -> ProofsSent:
        """Prove every record, once the acceptance is final, and give the keys of the matches.

        Raises UsageError in another state, StatementInvalid if the secrets are another dataset's.
        """
        self._require(State.PROVING, "records are proven once, after the acceptance")
        check_format(secrets.form, self._request.artifacts)
        dataset = self._request.dataset
        public = load_public(dataset) or check_secrets(secrets, dataset)
        match_secrets(secrets, dataset, public)
        record, again = self._final(), self._again()
        try:
            if again:
                record = self._present()
            done = self._prover.prove(self._request.job_id, record, secrets, public)
        except ContractRefused:
            if not self._present().complete:
                raise
            done = ProofsSent(0, 0.0, 0, 0)  # somebody relayed the last proofs meanwhile
        return done.after(again)

    def _again(self) -> list[TxReceipt]:
        """Send again what a reorganisation took away of the proofs; their keys are known."""
        return self._tools.sender.retry_lost(f"submit:{self._request.job_id.hex()}:")

    def _final(self) -> Record:
        """The request once its acceptance is final: keys given before that could stay unpaid."""
        client, progress = self._tools.client, self._tools.progress
        final = once_final(client, self._block_of_acceptance, _REORGANISED, progress)
        before, after = self._request.record, self._at(final)
        if after is None or _acceptance(after) != _acceptance(before):
            raise ChainError(_REORGANISED)
        return self._present()

    def _block_of_acceptance(self) -> int | None:
        """The block that holds it now; None if there is none."""
        for logged in fetch_events(self._tools.client, self._tools.deployment):
            event = logged.event
            if isinstance(event, RetrievalAccepted) and event.job_id == self._request.job_id:
                return logged.block
        return None

    def _present(self) -> Record:
        """As the chain says now. Raises ChainError if it has forgotten the request."""
        found = self._at(None)
        if found is None:
            raise ChainError(_REORGANISED)
        return found

    def _at(self, block: int | None) -> Record | None:
        """As the chain says after a block, by default the latest."""
        world = load_world(self._tools.client, self._tools.deployment, block)
        return world.retrieval.jobs.get(self._request.job_id)

    def _evaluated(self, secrets: Secrets) -> Outputs:
        """The outputs of all records, some compared with witnesses."""
        self._tools.progress(f"running the model on {len(secrets.items)} records")
        artifacts = self._request.artifacts
        compare_with_witness(artifacts, secrets.items)
        return evaluate(artifacts, secrets.items)

    def _matches(self, outputs: Outputs) -> tuple[int, ...]:
        predicate = self._request.record.job.terms.predicate
        kind = self._request.artifacts.facts.layout.output_kind
        return tuple(at for at, row in enumerate(outputs) if predicate.flags(row, kind))

    def _check_money(self, verification: int, limits: OwnerLimits) -> None:
        terms, dataset = self._request.record.job.terms, self._request.dataset
        price, account = gas_price(self._tools.client), self._tools.account(terms.currency)
        check_request_money(
            terms,
            dataset.count,
            self._request.artifacts,
            verification,
            price,
            limits.purse,
            account,
        )

    def _verification_gas(self) -> int:
        sample, circuit = self._request.artifacts.sample, self._request.circuit
        return verification_gas(self._tools.sender, circuit, sample.proof, sample.instances)

    def _require(self, state: State, why: str) -> None:
        found = self._request.record.as_of(self._tools.client.now()).state
        if found is not state:
            raise UsageError(
                f"request 0x{self._request.job_id.hex()[:10]} is {found.name.lower()}: {why}; see "
                "`zkescrow retrieval status`"
            )


def _acceptance(record: Record) -> tuple[str, str]:
    """What the keys are given for: who accepted, for whom."""
    return (record.provider, record.payee)
