"""Serving rounds, the provider's side: join one, post its outputs, prove what is contested.

Everything is computed before the stake is sent: all outputs, real witnesses and, once for each
model, a real proof of some of the items.
"""

from dataclasses import dataclass

from prover.base.errors import ContractRefused, StatementInvalid, UsageError
from prover.base.text import moment, shown
from prover.chain.contracts.registry import Circuit, Registry
from prover.chain.contracts.serving import ServingRound
from prover.chain.contracts.verification import verification_gas
from prover.chain.deployments import Deployment
from prover.chain.sending.fees import gas_price
from prover.chain.sending.transactions import Sender
from prover.clients.common.inputs.handover import obtain
from prover.clients.common.job_files import JobFiles
from prover.clients.common.jobs.kinds import ROUND
from prover.clients.common.jobs.resending import send_again
from prover.clients.common.limits import ProviderLimits
from prover.clients.common.models import find
from prover.clients.common.money import check_currency, stake, staking
from prover.clients.common.packing import ProofsSent
from prover.clients.common.readiness import check_key
from prover.clients.common.tools import Tools, tools_of
from prover.clients.serving.answer import Answerer
from prover.clients.serving.checks import (
    check_answers,
    check_round_money,
    check_terms,
    worth_of,
)
from prover.protocol.limits import limits_of
from prover.protocol.serving.gas import RoundGas
from prover.protocol.serving.state import Record, State
from prover.statement.documents.inputs_file import InputsFile, Item, data_hash
from prover.statement.runs import encode_outputs, inputs_tree
from prover.systems.circuits import commitments, compare_with_witness, evaluate
from prover.systems.interface import Artifacts, Outputs

Found = tuple[bytes, Record]  # a round's id, and where it stands


@dataclass(frozen=True)
class Round:
    """A round as the chain has it, and the artifacts of its model on this machine."""

    job_id: bytes
    record: Record
    circuit: Circuit
    artifacts: Artifacts


@dataclass(frozen=True)
class Joined:
    """A promise, what was measured before it was made, and what it will take to keep it.

    `proofs` are those of all items that may be contested, `gas` what joining took.
    """

    proof_seconds: float
    proofs: int
    gas: int
    round_gas: RoundGas


def joining(job_id: bytes) -> str:
    """The action that stakes on a round."""
    return f"join:{job_id.hex()}"


def answer(
    sender: Sender, deployment: Deployment, found: Found, *, allow_files: bool = False
) -> ProofsSent:
    """Send again what a reorganisation took away of the proofs, then prove what is left.

    Raises what `RoundProvider.answer` does.
    """
    again, record = send_again(sender, deployment, ROUND, "answer", found)
    done = ProofsSent(0, 0.0, 0, 0)
    if not (again and record.ended):
        part = (found[0], record)
        provider = RoundProvider.of(sender, deployment, part, record.payee, allow_files=allow_files)
        done = provider.answer()
    return done.after(again)


class RoundProvider:
    """One account's part in one round; proofs are bound to `payee`."""

    @classmethod
    def of(
        cls,
        sender: Sender,
        deployment: Deployment,
        found: Found,
        payee: str,
        *,
        allow_files: bool = False,
    ) -> "RoundProvider":
        """The sender's part. Raises ArtifactMismatch if the model is not on this machine."""
        client = sender.client
        job_id, record = found
        known = find(client, deployment, "0x" + record.job.terms.model_id.hex())
        contract = ServingRound(client, deployment.serving)
        tools = tools_of(sender, deployment, contract, allow_files=allow_files)
        circuit = Registry(client, deployment.registry).circuit(known.circuit_id)
        return cls(tools, Round(job_id, record, circuit, known.artifacts), payee)

    def __init__(self, tools: Tools[ServingRound], round_: Round, payee: str) -> None:
        self._tools = tools
        self._round = round_
        self._payee = payee
        scope = f"{tools.client.scope}:{tools.contract.address}"
        self._files = JobFiles.of(scope, round_.job_id, payee)
        self._joining = joining(round_.job_id)

    def join(self, limits: ProviderLimits) -> Joined:
        """Check all that can be checked, then stake.

        Raises UsageError, StatementInvalid, ArtifactMismatch or InputsUnavailable before any money
        moves; ContractRefused.
        """
        with self._tools.sender.deciding(self._joining):
            return self._join(limits)

    def _join(self, limits: ProviderLimits) -> Joined:
        self._require(State.OPEN, "only an open round can be joined")
        terms, artifacts = self._round.record.job.terms, self._round.artifacts
        account, now = self._tools.sender.address, self._tools.client.now()
        check_terms(terms, account, now, artifacts)
        check_currency("the round", terms.currency, limits.purse)
        check_key(artifacts)
        self._tools.check_model(terms.model_id, artifacts)  # first: its verifier is run for gas
        verification, layout = self._verification_gas(), artifacts.facts.layout
        self._check_money(verification, limits)
        items = self._items()
        inputs = self._commitments(items)
        self._tools.system.require_hiding(artifacts, inputs, 0)  # any may be contested
        outputs = self._evaluated(items)
        encode_outputs(outputs, terms.word_bytes)
        rehearsal = self._tools.readiness.ready(artifacts, items)
        seconds = limits.proof_seconds or rehearsal.seconds
        most = limits_of(self._tools.client.chain_id).call_bytes
        proofs = check_answers(terms, artifacts, verification, seconds, most)
        self._tools.system.require_proofs(artifacts, proofs)
        ahead = RoundGas.of(terms.n, terms.word_bytes, terms.max_contests, layout, verification)
        with staking(self._tools.sender, joining(self._round.job_id)):
            self._check_money(verification, limits)  # again: fees and stakes change meanwhile
            return Joined(seconds, proofs, self._stake(), ahead)

    def serve(self) -> int:
        """Post the outputs of all items; the gas it took. Raises UsageError in another state."""
        self._require(State.JOINED, "outputs are posted once, after joining")
        record = self._round.record
        outputs = self._evaluated(self._items())
        content = encode_outputs(outputs, record.job.terms.word_bytes)
        call = self._tools.contract.commit_outputs(record.job, content)
        name, depends = f"serve:{self._round.job_id.hex()}", worth_of(record.job.terms)
        return int(self._tools.sender.send(name, call, worth=depends)["gasUsed"])

    def answer(self) -> ProofsSent:
        """Prove what is contested and not answered yet, and send it.

        Raises UsageError in another state, StatementInvalid if an item cannot be proven, Busy.
        """
        self._require(State.CONTESTED, "only contested items are proven")
        tools = self._tools
        answerer = Answerer(
            tools.sender,
            tools.contract,
            tools.readiness,
            self._round.artifacts,
            self._files,
            tools.progress,
        )
        items = self._items()
        try:
            with self._files.alone():
                return answerer.answer(self._round.job_id, self._round.record, items)
        except ContractRefused:
            if tools.contract.status(self._round.job_id).state is not State.SETTLED:
                raise
            return ProofsSent(0, 0.0, 0, 0)  # somebody relayed the last proofs meanwhile

    def _items(self) -> tuple[Item, ...]:
        """The items, checked against the round's hash, count and circuit; kept on the disk."""
        record = self._round.record
        content = self._files.inputs()
        if content is None or data_hash(content) != record.data_hash:
            content = self._fetched()
        inputs_file = InputsFile.from_bytes(content)
        inputs_file.check_round(self._round.artifacts.facts.shape, record.job.terms.n)
        self._files.save_inputs(content)
        return inputs_file.items

    def _fetched(self) -> bytes:
        record = self._round.record
        limit = self._round.artifacts.facts.shape.max_bytes_of(record.job.terms.n)
        self._tools.progress(f"fetching the inputs from {shown(record.uri)}")
        files = self._tools.allow_files
        return obtain(record.uri, record.data_hash, limit, allow_files=files)

    def _commitments(self, items: tuple[Item, ...]) -> list[bytes]:
        """Of the items, whose root is that of the terms. Raises StatementInvalid."""
        self._tools.progress("computing the root of the inputs")
        found = commitments(self._round.artifacts, items)
        root = inputs_tree(found).root
        allowed = self._round.record.job.terms.inputs_root
        if root != allowed:
            raise StatementInvalid(
                f"the inputs file has the root 0x{root.hex()}: expected 0x{allowed.hex()} by the "
                "terms, so that no item could be proven; do not join"
            )
        return found

    def _evaluated(self, items: tuple[Item, ...]) -> Outputs:
        """The outputs of all items, some compared with witnesses."""
        self._tools.progress(f"evaluating {len(items)} items")
        artifacts = self._round.artifacts
        compare_with_witness(artifacts, items)
        return evaluate(artifacts, items)

    def _check_money(self, verification: int, limits: ProviderLimits) -> None:
        terms, artifacts = self._round.record.job.terms, self._round.artifacts
        price, account = gas_price(self._tools.client), self._tools.account(terms.currency)
        check_round_money(terms, artifacts, verification, price, limits.purse, account)

    def _verification_gas(self) -> int:
        sample, circuit = self._round.artifacts.sample, self._round.circuit
        return verification_gas(self._tools.sender, circuit, sample.proof, sample.instances)

    def _stake(self) -> int:
        terms, tools = self._round.record.job.terms, self._tools
        call = tools.contract.join(self._round.record.job, self._payee)
        return int(stake(tools.sender, self._joining, terms, tools.contract, call)["gasUsed"])

    def _require(self, state: State, why: str) -> None:
        """The round is in a state, and not beyond its deadline."""
        found, due = self._round.record.state, self._round.record.state_deadline
        if found is not state:
            raise UsageError(
                f"round 0x{self._round.job_id.hex()[:10]} is {State(found).name.lower()}: {why}; "
                "see `zkescrow serving status`"
            )
        now = self._tools.client.now()
        if now > due:
            raise UsageError(
                f"the round was {State(found).name.lower()} until {moment(due)}, and it is "
                f"{moment(now)} now: it is too late; see `zkescrow serving status`"
            )
