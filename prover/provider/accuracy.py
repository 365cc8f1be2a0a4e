"""Accuracy bounties, the provider's side: enter a model, prove what it gets right, or dispute.

All that can be checked without the key is checked before the stake is sent; with the key, every
item is opened and evaluated before anything is proven.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from prover.chain.accuracy import AccuracyBounty, Submission, TestItem
from prover.chain.batch import Run
from prover.chain.client import Client
from prover.chain.contracts import Call
from prover.chain.tokens import approval
from prover.chain.transactions import Sender
from prover.errors import ContractRefused, StatementInvalid, UsageError
from prover.protocol.accuracy import Record, State
from prover.protocol.economics import Proving
from prover.protocol.events import ZERO_ADDRESS
from prover.provider.accuracy_plan import Judged, check_time, judge, missing, parts
from prover.provider.fetch import fetch
from prover.provider.grouping import grouped
from prover.provider.policy import LOCK_SECONDS
from prover.provider.serving_files import RoundFiles
from prover.proving.artifacts import Artifacts, Proof
from prover.proving.evaluate import check_witnesses, evaluate
from prover.proving.inputs import shape_of
from prover.proving.system import Item, ProofSystem
from prover.proving.worker import Progress
from prover.statement.context import JobContext
from prover.statement.label import proven_label
from prover.statement.request import data_hash
from prover.statement.serving import list_hash, runs
from prover.statement.testset import SealedTestSet, max_bytes_of

CheckModel = Callable[[bytes, Artifacts], None]


@dataclass(frozen=True)
class Tools:
    """What a provider works with; `check_model` raises if a model is not its artifacts.

    `allow_files` lets test sets be read from files of this machine.
    """

    client: Client
    accuracy: AccuracyBounty
    sender: Sender
    system: ProofSystem
    check_model: CheckModel
    progress: Progress
    allow_files: bool


@dataclass(frozen=True)
class Limits:
    """Options of `accept`: greatest stake in units of the currency, seconds of a proof.

    None: any stake; seconds as predicted from the circuit's size.
    """

    max_stake: int | None = None
    proof_seconds: float | None = None


@dataclass(frozen=True)
class Malformed:
    """An item that no proof can be about, and why."""

    index: int
    why: str


@dataclass(frozen=True)
class Opened:
    """The test set in the clear, or the first item that is malformed."""

    items: tuple[Item, ...]
    labels: tuple[int, ...]
    malformed: Malformed | None


@dataclass(frozen=True)
class Outcome:
    """What `prove` came to: proofs made now (others were there), seconds, transactions, gas.

    `disputed` is the malformed item that was shown instead.
    """

    judged: Judged | None
    proofs: int = 0
    seconds: float = 0.0
    transactions: int = 0
    gas: int = 0
    disputed: Malformed | None = None

    @property
    def gave_up(self) -> bool:
        """Whether nothing was proven because the model misses the target."""
        return self.judged is not None and not (self.judged.reaches or self.transactions)


class BountyProvider:
    """One account's part in one bounty, with one model; proofs are bound to `payee`."""

    def __init__(
        self, tools: Tools, job_id: bytes, record: Record, artifacts: Artifacts, payee: str
    ) -> None:
        self._tools = tools
        self._job_id = job_id
        self._record = record
        self._artifacts = artifacts
        self._payee = payee
        scope = f"{tools.client.scope}:{tools.accuracy.address}"
        self._files = RoundFiles.of(scope, job_id, payee)

    def accept(self, model_id: bytes, circuit_id: bytes, limits: Limits) -> int:
        """Check all that can be checked, then stake; the gas it took.

        Raises UsageError, StatementInvalid, ArtifactMismatch or InputsUnavailable before any money
        moves; ContractRefused.
        """
        self._check_terms(circuit_id, limits)
        evaluate(self._artifacts, [])  # the weights are on this machine
        self._tools.check_model(model_id, self._artifacts)
        self._test_set()
        return self._stake(model_id)

    def prove(self, *, force: bool = False) -> Outcome:
        """Open and judge all items; dispute a malformed one, else prove until the target is shown.

        A model that misses the target proves nothing, unless forced. Raises UsageError in another
        state or if the time is over, ContractRefused.
        """
        self._require_proving()
        opened = self.opened()
        if opened.malformed is not None:
            gas = self.dispute(opened.malformed.index)
            return Outcome(None, transactions=1, gas=gas, disputed=opened.malformed)
        judged = self._judged(opened)
        self._tools.progress(judged.sentence())
        if not judged.reaches and not force:
            return Outcome(judged)
        planned = parts(judged, self._artifacts.manifest.layout.items)
        return self._proven(judged, opened, missing(planned, self._record))

    def opened(self) -> Opened:
        """Decrypt every item and find its label. Raises UsageError before the key is revealed."""
        key = self._record.key
        if key is None:
            raise UsageError("the key is not revealed: see `zkescrow accuracy status`")
        shape = shape_of(self._artifacts.manifest)
        classes = self._artifacts.manifest.layout.classes
        items, labels = list[Item](), list[int]()
        for index, sealed in enumerate(self._test_set().items):
            try:
                item, label = sealed.opened(index, key, shape, classes)
            except StatementInvalid as error:
                return Opened(tuple(items), tuple(labels), Malformed(index, str(error)))
            items.append(item)
            labels.append(label)
        return Opened(tuple(items), tuple(labels), None)

    def dispute(self, index: int) -> int:
        """Show that an item is malformed; the gas it took. Raises ContractRefused if it is not."""
        self._require_proving()
        test_set = self._test_set()
        if not 0 <= index < len(test_set.items):
            raise UsageError(f"--index {index}: 0 to {len(test_set.items) - 1} are allowed")
        item, path = test_set.items[index], test_set.tree.path(index)
        call = self._tools.accuracy.dispute(
            self._record.job, index, item.ciphertext, item.inner, path
        )
        name = f"dispute:{self._job_id.hex()}:{index}"
        return int(self._tools.sender.send(name, call)["gasUsed"])

    def _check_terms(self, circuit_id: bytes, limits: Limits) -> None:
        terms, account = self._record.job.terms, self._tools.sender.address
        now = self._tools.client.now()
        self._require(State.OPEN, "only an open bounty can be accepted")
        if now + LOCK_SECONDS > terms.open_until:
            raise UsageError(f"the bounty was open until {terms.open_until}, and it is {now} now")
        if terms.provider not in (ZERO_ADDRESS, account):
            raise UsageError(
                f"the bounty is for provider {terms.provider}: {account} cannot accept"
            )
        if limits.max_stake is not None and terms.stake > limits.max_stake:
            raise UsageError(
                f"the stake is {terms.stake}: at most {limits.max_stake} is risked (--max-stake)"
            )
        if circuit_id != terms.circuit_id:
            raise UsageError(
                f"the model is of circuit 0x{circuit_id.hex()}: the bounty asks for one of circuit "
                f"0x{terms.circuit_id.hex()}; `zkescrow model add --like` makes one"
            )
        plan, layout = self._artifacts.manifest.plan, self._artifacts.manifest.layout
        proving = Proving.predicted(plan.logrows, layout.items, layout.instances)
        seconds = limits.proof_seconds or proving.seconds
        check_time(proving.proofs(terms.n), seconds, terms.prove_seconds)

    def _test_set(self) -> SealedTestSet:
        """The file, checked against hash, circuit, count and root; kept on the disk."""
        terms = self._record.job.terms
        content = self._files.inputs()
        if content is None or data_hash(content) != terms.data_hash:
            content = self._fetched()
        found = SealedTestSet.from_bytes(content)
        found.check(terms.circuit_id, terms.n, shape_of(self._artifacts.manifest))
        if found.tree.root != terms.test_root:
            raise StatementInvalid(
                f"the test set has the root 0x{found.tree.root.hex()}: 0x{terms.test_root.hex()} "
                "is that of the terms, so that no item could be proven; do not accept"
            )
        self._files.save_inputs(content)
        return found

    def _fetched(self) -> bytes:
        record, limit = self._record, self._record.job.terms.n
        most = max_bytes_of(limit, shape_of(self._artifacts.manifest))
        self._tools.progress(f"fetching the test set from {record.uri}")
        content = fetch(record.uri, most, allow_files=self._tools.allow_files)
        if data_hash(content) != record.job.terms.data_hash:
            raise StatementInvalid(
                f"the file at {record.uri} is not the one that the bounty names by its hash: do "
                "not stake on it; ask the consumer for the right one"
            )
        return content

    def _stake(self, model_id: bytes) -> int:
        terms, tools, name = self._record.job.terms, self._tools, self._job_id.hex()
        account, contract = tools.sender.address, tools.accuracy.address
        needed = approval(tools.client, terms.currency, account, contract, terms.stake)
        if needed:
            tools.sender.send(f"approve:{name}", needed, once=False)
        call = tools.accuracy.accept(self._record.job, model_id, self._payee)
        return int(tools.sender.send(f"accept:{name}", call)["gasUsed"])

    def _judged(self, opened: Opened) -> Judged:
        """Evaluate all items, some compared with a witness."""
        self._tools.progress(f"evaluating {len(opened.items)} items")
        outputs = evaluate(self._artifacts, opened.items)
        system, context = self._tools.system, self._context
        check_witnesses(system, self._artifacts, opened.items, outputs, context)
        kind = self._artifacts.manifest.layout.output_kind
        labels = [proven_label(row, kind) for row in outputs]
        terms = self._record.job.terms
        return judge(labels, opened.labels, terms.num, terms.den)

    def _proven(self, judged: Judged, opened: Opened, todo: list[tuple[int, ...]]) -> Outcome:
        """Prove each part, unless its proof is there, then send all."""
        started, made = time.monotonic(), 0
        submissions = []
        for number, part in enumerate(todo):
            proof = self._files.proof(part)
            if proof is None:
                words = f"proof {number + 1} of {len(todo)}: {len(part)} items from {part[0]} on"
                self._tools.progress(words)
                proof, made = self._prove(part, opened), made + 1
            submissions.append(self._submission(part, opened, proof))
        seconds = time.monotonic() - started if made else 0.0
        gas = self._send_all(submissions)
        return Outcome(judged, made, seconds, len(gas), sum(gas))

    def _prove(self, part: tuple[int, ...], opened: Opened) -> Proof:
        """Prove, verify independently of the prover's own word, and keep the proof."""
        chosen, system = [opened.items[index] for index in part], self._tools.system
        witness = system.witness(self._artifacts, chosen, self._context)
        proof = system.prove(self._artifacts, witness)
        system.verify(self._artifacts, [proof])
        self._files.save_proof(part, proof)
        return proof

    def _submission(self, part: tuple[int, ...], opened: Opened, proof: Proof) -> Submission:
        test_set = self._test_set()
        openings = tuple(
            Run(run.first, run.size, test_set.tree.path(run.first, run.size.bit_length() - 1))
            for run in runs(part)
        )
        items = tuple(
            TestItem(test_set.items[index].ciphertext_hash, opened.labels[index]) for index in part
        )
        return Submission(openings, items, proof.proof, proof.instances)

    def _send_all(self, submissions: list[Submission]) -> list[int]:
        """The gas of each transaction; none once the bounty is paid, whoever proved the last."""
        try:
            return [
                self._send(group)
                for group in grouped(self._tools.sender, submissions, self._submit)
            ]
        except ContractRefused:
            if self._tools.accuracy.standing(self._job_id).state is not State.PAID:
                raise
            return []

    def _send(self, group: list[Submission]) -> int:
        indices = [run.start for one in group for run in one.runs]
        name = f"submit:{self._job_id.hex()}:{list_hash(indices).hex()}"
        return int(self._tools.sender.send(name, self._submit(group))["gasUsed"])

    def _submit(self, group: list[Submission]) -> Call:
        return self._tools.accuracy.submit(self._record.job, group)

    @property
    def _context(self) -> JobContext:
        client, accuracy = self._tools.client, self._tools.accuracy
        return JobContext.of(client.chain_id, accuracy.address, self._job_id, self._payee)

    def _require_proving(self) -> None:
        self._require(State.PROVING, "items are proven or disputed after the key is revealed")
        due, now = self._record.state_deadline, self._tools.client.now()
        if now > due:
            raise UsageError(
                f"the proofs were due until {due}, and it is {now} now: the penalty is the "
                "consumer's when anyone settles"
            )

    def _require(self, state: State, why: str) -> None:
        found = self._record.state
        if found is not state:
            raise UsageError(
                f"the bounty is {found.name.lower()}: {why}; see `zkescrow accuracy status`"
            )
