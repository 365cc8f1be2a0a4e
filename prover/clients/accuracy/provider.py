"""Accuracy bounties, the provider's side: enter a model, prove what it gets right, or dispute.

All that can be checked without the key is checked before the stake is sent; with the key, every
item is opened and evaluated before anything is proven.
"""

from dataclasses import dataclass, replace

from prover.base.errors import StatementInvalid, UsageError
from prover.base.text import moment, shown
from prover.chain.contracts.accuracy import AccuracyBounty, Committed
from prover.chain.contracts.registry import Registry
from prover.chain.contracts.sealed import DigitOpening
from prover.chain.contracts.verification import verification_gas
from prover.chain.deployments import Deployment
from prover.chain.sending.fees import gas_price
from prover.chain.sending.transactions import Sender
from prover.clients.accuracy.checks import (
    check_bounty_money,
    check_circuit,
    check_terms,
    check_time,
)
from prover.clients.accuracy.plan import Evaluation, judge, missing, parts
from prover.clients.accuracy.submit import MalformedItem, Opened, Submitter
from prover.clients.accuracy.test_items import sealed_form
from prover.clients.common.inputs.handover import obtain
from prover.clients.common.job_files import JobFiles
from prover.clients.common.jobs.kinds import BOUNTY
from prover.clients.common.jobs.resending import send_again
from prover.clients.common.limits import ProviderLimits
from prover.clients.common.money import check_currency, stake, staking
from prover.clients.common.readiness import check_key, strange_items
from prover.clients.common.tools import Tools, tools_of
from prover.protocol.accuracy.state import Record, State
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import data_hash
from prover.statement.documents.sealed import Malformed
from prover.statement.documents.testset import Opened as OpenedTest
from prover.statement.documents.testset import SealedTest, SealedTestSet, max_bytes_of
from prover.statement.field import WORD_BYTES
from prover.statement.label import proven_label
from prover.systems.circuits import compare_with_witness, evaluate, unsealed
from prover.systems.interface import Artifacts

Found = tuple[bytes, Record]  # a bounty's id, and where it stands


@dataclass(frozen=True)
class Outcome:
    """What `prove` came to: proofs made now (others were there), seconds, transactions, gas.

    `disputed` is the malformed item that was shown instead.
    """

    judged: Evaluation | None
    proofs: int = 0
    seconds: float = 0.0
    transactions: int = 0
    gas: int = 0
    disputed: MalformedItem | None = None

    @property
    def gave_up(self) -> bool:
        """Whether nothing was proven because the model misses the target."""
        return self.judged is not None and not (self.judged.reaches or self.transactions)


def acceptance(job_id: bytes) -> str:
    """The action that stakes on a bounty."""
    return f"accept:{job_id.hex()}"


def prove(
    sender: Sender,
    deployment: Deployment,
    found: Found,
    artifacts: Artifacts,
    *,
    allow_files: bool = False,
    force: bool = False,
) -> Outcome:
    """Send again what a reorganisation took away of the proofs, then prove what is left.

    Raises what `BountyProvider.prove` does.
    """
    again, record = send_again(sender, deployment, BOUNTY, "submit", found)
    outcome = Outcome(None)
    if not (again and record.ended):
        part = (found[0], record)
        provider = BountyProvider.of(
            sender, deployment, part, artifacts, record.payee, allow_files=allow_files
        )
        outcome = provider.prove(force=force)
    gas = sum(int(one["gasUsed"]) for one in again)
    transactions = outcome.transactions + len(again)
    return replace(outcome, transactions=transactions, gas=outcome.gas + gas)


class BountyProvider:
    """One account's part in one bounty, with one model; proofs are bound to `payee`."""

    @classmethod
    def of(
        cls,
        sender: Sender,
        deployment: Deployment,
        found: Found,
        artifacts: Artifacts,
        payee: str,
        *,
        allow_files: bool = False,
    ) -> "BountyProvider":
        """The sender's part, with a model of this machine."""
        contract = AccuracyBounty(sender.client, deployment.accuracy)
        tools = tools_of(sender, deployment, contract, allow_files=allow_files)
        return cls(tools, *found, artifacts, payee)

    def __init__(
        self,
        tools: Tools[AccuracyBounty],
        job_id: bytes,
        record: Record,
        artifacts: Artifacts,
        payee: str,
    ) -> None:
        self._tools = tools
        self._job_id = job_id
        self._record = record
        self._artifacts = artifacts
        self._payee = payee
        scope = f"{tools.client.scope}:{tools.contract.address}"
        self._files = JobFiles.of(scope, job_id, payee)
        self._accepting = acceptance(job_id)

    def accept(self, model_id: bytes, circuit_id: bytes, limits: ProviderLimits) -> int:
        """Check all that can be checked, then stake; the gas it took.

        Raises UsageError, StatementInvalid, ArtifactMismatch or InputsUnavailable before any money
        moves; ContractRefused.
        """
        with self._tools.sender.deciding(self._accepting):
            return self._accept(model_id, circuit_id, limits)

    def _accept(self, model_id: bytes, circuit_id: bytes, limits: ProviderLimits) -> int:
        self._require(State.OPEN, "only an open bounty can be accepted")
        terms, account = self._record.job.terms, self._tools.sender.address
        check_terms(terms, account, self._tools.client.now())
        check_circuit(terms, circuit_id)
        check_currency("the bounty", terms.currency, limits.purse)
        check_key(self._artifacts)
        evaluate(self._artifacts, [])  # raises if the weights are not on this machine
        self._tools.check_model(model_id, self._artifacts)  # first: its verifier is run for gas
        self._check_money(circuit_id, limits)
        self._tools.system.require_weights(self._artifacts)
        self._test_set()
        self._check_time(limits)
        with staking(self._tools.sender, self._accepting):
            self._check_money(circuit_id, limits)  # again: fees and stakes change meanwhile
            return self._stake(model_id)

    def prove(self, *, force: bool = False) -> Outcome:
        """Open and judge all items; dispute a malformed one, else prove until the target is shown.

        A model that misses the target proves nothing, unless forced. Raises UsageError in another
        state or if the time is over, ContractRefused, Busy.
        """
        self._require_proving()
        with self._files.alone():
            return self._prove(force)

    def _prove(self, force: bool) -> Outcome:
        opened = self.opened()
        if opened.malformed is not None:
            gas = self._dispute(opened.malformed)
            return Outcome(None, transactions=1, gas=gas, disputed=opened.malformed)
        self._tools.check_model(self._record.model_id, self._artifacts)  # not condemned either
        judged = self._judged(opened)
        self._tools.progress(judged.message())
        if not judged.reaches and not force:
            return Outcome(judged)
        planned = parts(judged, self._artifacts.facts.layout.items)
        sent = self.submitter(opened).submit(missing(planned, self._record))
        return Outcome(judged, sent.proofs, sent.seconds, sent.transactions, sent.gas)

    def submitter(self, opened: Opened) -> Submitter:
        """Proves items of the opened test set, and sends the proofs."""
        return Submitter(
            self._tools,
            self._job_id,
            self._record.job,
            self._artifacts,
            self._files,
            self._context,
            self._test_set(),
            opened,
        )

    def opened(self) -> Opened:
        """Decrypt every item and find its label. Raises UsageError before the key is revealed."""
        key = self._record.key
        if key is None:
            raise UsageError("the key is not revealed: see `zkescrow accuracy status`")
        items, malformed = list[OpenedTest](), None
        for index, sealed in enumerate(self._test_set().items):
            found = self._opened(index, sealed, key)
            if isinstance(found, MalformedItem):
                malformed = found
                break
            items.append(found)
        return Opened(
            tuple(unsealed(self._artifacts, one.chunks) for one in items),
            tuple(one.label for one in items),
            tuple(one.label_salt for one in items),
            malformed,
        )

    def _opened(self, index: int, sealed: SealedTest, key: bytes) -> OpenedTest | MalformedItem:
        form, classes = sealed_form(self._artifacts), self._artifacts.facts.layout.classes
        try:
            return sealed.opened(index, key, form, classes)
        except Malformed as error:
            return MalformedItem(index, error.part, str(error), error.digit)

    def dispute(self, index: int) -> int:
        """Show that an item is malformed; the gas it took.

        Raises UsageError if every part of it is well formed, ContractRefused.
        """
        self._require_proving()
        items, key = self._test_set().items, self._record.key
        if not 0 <= index < len(items):
            raise UsageError(f"--index {index}: expected 0 to {len(items) - 1}")
        found = self._opened(index, items[index], key or bytes(WORD_BYTES))
        if not isinstance(found, MalformedItem):
            raise UsageError(
                f"item {index} is well formed, with label {found.label}: there is nothing to "
                "dispute"
            )
        return self._dispute(found)

    def _dispute(self, found: MalformedItem) -> int:
        """By the call that shows what is wrong with the part."""
        self._tools.progress(f"disputing item {found.index}: {found.why}")
        contract, job, index = self._tools.contract, self._record.job, found.index
        test_set, form = self._test_set(), sealed_form(self._artifacts)
        item = test_set.items[index]
        shown, part = item.parts[found.part], found.part
        committed = Committed(item.hashes, item.digests, item.label_hash, test_set.tree.path(index))
        if found.digit is not None:
            place = DigitOpening.of(found.digit, form)
            call = contract.dispute_digit(job, index, place, shown, committed)
        elif part == form.chunks:
            call = contract.dispute_label(job, index, shown, committed)
        else:
            call = contract.dispute_chunk(job, index, part, shown, committed)
        name = f"dispute:{self._job_id.hex()}:{index}"
        return int(self._tools.sender.send(name, call)["gasUsed"])

    def _check_money(self, circuit_id: bytes, limits: ProviderLimits) -> None:
        terms, tools, sample = self._record.job.terms, self._tools, self._artifacts.sample
        circuit = Registry(tools.client, tools.deployment.registry).circuit(circuit_id)
        gas = verification_gas(tools.sender, circuit, sample.proof, sample.instances)
        price, account = gas_price(tools.client), tools.account(terms.currency)
        check_bounty_money(terms, self._artifacts, gas, price, limits.purse, account)

    def _check_time(self, limits: ProviderLimits) -> None:
        """All items may have to be proven: a miss is known only after the key.

        They are sealed still: items from all over the domain are compared with witnesses instead.
        """
        terms, artifacts = self._record.job.terms, self._artifacts
        compare_with_witness(artifacts, strange_items(artifacts))
        rehearsal = self._tools.readiness.ready(artifacts)
        seconds = limits.proof_seconds or rehearsal.seconds
        proofs = -(-terms.n // artifacts.facts.layout.items)
        self._tools.system.require_proofs(artifacts, proofs)
        check_time(proofs, seconds, terms.prove_seconds)

    def _test_set(self) -> SealedTestSet:
        """The file, checked against hash, circuit, count and root; kept on the disk."""
        terms = self._record.job.terms
        content = self._files.inputs()
        if content is None or data_hash(content) != terms.data_hash:
            content = self._fetched()
        found = SealedTestSet.from_bytes(content)
        found.check(terms.circuit_id, terms.n, sealed_form(self._artifacts))
        if found.tree.root != terms.test_root:
            raise StatementInvalid(
                f"the test set has the root 0x{found.tree.root.hex()}: expected "
                f"0x{terms.test_root.hex()} by the terms, so that no item could be proven; do not "
                "accept"
            )
        self._files.save_inputs(content)
        return found

    def _fetched(self) -> bytes:
        record, limit = self._record, self._record.job.terms.n
        most = max_bytes_of(limit, sealed_form(self._artifacts))
        self._tools.progress(f"fetching the test set from {shown(record.uri)}")
        files, named = self._tools.allow_files, record.job.terms.data_hash
        return obtain(record.uri, named, most, allow_files=files)

    def _stake(self, model_id: bytes) -> int:
        terms, tools = self._record.job.terms, self._tools
        call = tools.contract.accept(self._record.job, model_id, self._payee)
        return int(stake(tools.sender, self._accepting, terms, tools.contract, call)["gasUsed"])

    def _judged(self, opened: Opened) -> Evaluation:
        """Evaluate all items, some compared with witnesses."""
        self._tools.progress(f"evaluating {len(opened.items)} items")
        compare_with_witness(self._artifacts, opened.items)
        outputs = evaluate(self._artifacts, opened.items)
        kind = self._artifacts.facts.layout.output_kind
        labels = [proven_label(row, kind) for row in outputs]
        terms = self._record.job.terms
        return judge(labels, opened.labels, terms.num, terms.den)

    @property
    def _context(self) -> JobContext:
        client, accuracy = self._tools.client, self._tools.contract
        return JobContext.of(
            client.chain_id, accuracy.address, self._job_id, self._payee, self._record.model_id
        )

    def _require_proving(self) -> None:
        self._require(State.PROVING, "items are proven or disputed after the key is revealed")
        due, now = self._record.state_deadline, self._tools.client.now()
        if now > due:
            raise UsageError(
                f"the proofs were due until {moment(due)}, and it is {moment(now)} now: the "
                "penalty is the consumer's when anyone settles"
            )

    def _require(self, state: State, why: str) -> None:
        found = self._record.state
        if found is not state:
            raise UsageError(
                f"bounty 0x{self._job_id.hex()[:10]} is {found.name.lower()}: {why}; see "
                "`zkescrow accuracy status`"
            )
