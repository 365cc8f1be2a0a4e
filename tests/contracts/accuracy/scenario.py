"""The world that the tests of AccuracyBounty play in: sealed test sets, bounties, mock proofs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import ape
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from prover.chain.abi.contract import ACCURACY, abi
from prover.chain.contracts.sealed import DigitOpening
from prover.protocol.accuracy.state import Job, Terms
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.statement.commitment import input_commitment
from prover.statement.context import JobContext
from prover.statement.documents.sealed import (
    content_of,
    key_hash,
    label_content,
    label_hash,
    parts_hash,
    seal,
    sealed_leaf,
)
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import Layout, OutputKind
from prover.statement.sealing import SealedForm
from prover.statement.tree import PositionalTree, build
from tests.contracts.retrieval.scenario import Records, plain
from tests.contracts.scenario import (
    CHAIN_ID,
    DAY,
    ETH,
    NOBODY,
    Circuit,
    Prover,
    at,
    mock_proof,
    native,
    now,
)
from tests.contracts.sealed import FORM

N, SLOTS, CLASSES = 10, 4, 3
WRONG, TIED = frozenset({1, 8}), frozenset({5})
REWARD, BOND, STAKE, PENALTY = 10**18, 10**17, 5 * 10**17, 2 * 10**17
REVEAL_SECONDS, PROVE_SECONDS = 300, 1_000
DATA_HASH, URI = b"\xdc" * 32, "ipfs://tests"
WEIGHTS = 7**80
ALL = ((0, 4), (4, 4), (8, 2))

EVENTS = {entry["name"] for entry in abi(ACCURACY) if entry["type"] == "event"}

Block = tuple[int, int]  # first item, number of items


def sealed_layout() -> Layout:
    """Four items: digests, the context's, the weights', three scores an item, the context."""
    outputs = SLOTS + 2
    return Layout(
        instances=outputs + SLOTS * CLASSES + 8,
        items=SLOTS,
        context=outputs + SLOTS * CLASSES,
        context_limbs=8,
        context_bits=17,
        context_echo=SLOTS,
        context_echo_words=1,
        inputs=0,
        input_words=1,
        weights=SLOTS + 1,
        weight_words=1,
        weight_points=0,
        outputs=outputs,
        output_words=CLASSES,
        output_kind=OutputKind.SCORES,
        classes=CLASSES,
    )


def label_of(index: int) -> int:
    """The true label of a test item."""
    return index % CLASSES


def scores_of(index: int) -> list[int]:
    """Scores of the model: right, but for WRONG and TIED."""
    scores = [-7, -7, -7]
    scores[(label_of(index) + (index in WRONG)) % CLASSES] = 3
    if index in TIED:
        scores[(label_of(index) + 1) % CLASSES] = 3
    return scores


@dataclass(frozen=True)
class TestSet:
    """Test items with their secrets. What is in a mapping stands in the place of what is honest."""

    __test__ = False

    n: int = N
    key: bytes = keccak(b"key")
    elements: Mapping[Any, Sequence[int]] = field(default_factory=dict)
    contents: Mapping[Any, bytes] = field(default_factory=dict)
    labels: Mapping[int, int] = field(default_factory=dict)
    label_contents: Mapping[int, bytes] = field(default_factory=dict)
    label_hashes: Mapping[int, bytes] = field(default_factory=dict)
    form: SealedForm = FORM

    @cached_property
    def _inputs(self) -> Records:
        return Records(self.n, b"", self.elements, self.contents, self.form)

    def chunk(self, index: int, chunk: int = 0) -> Sequence[int]:
        return self._inputs.chunk(index, chunk)

    def digests(self, index: int) -> tuple[int, ...]:
        return self._inputs.digests(index)

    def label(self, index: int) -> int:
        return self.labels.get(index, label_of(index))

    def label_salt(self, index: int) -> bytes:
        return keccak(b"salt" + index.to_bytes(4, "big"))

    def label_hash(self, index: int) -> bytes:
        honest = label_hash(self.label(index), self.label_salt(index))
        return self.label_hashes.get(index, honest)

    def ciphertext(self, index: int, part: int = 0) -> bytes:
        """Of a chunk, or of the label behind them."""
        if part < self.form.chunks:
            content = self.contents.get((index, part) if part else index)
            if content is None:
                content = content_of(self.chunk(index, part), self.form)
        else:
            honest = label_content(self.label(index), self.label_salt(index))
            content = self.label_contents.get(index, honest)
        return seal(content, self.key, index, part)

    def hashes(self, index: int) -> list[bytes]:
        """The ciphertext hashes of an item's parts."""
        return [keccak(self.ciphertext(index, part)) for part in range(self.form.chunks + 1)]

    def entry(self, index: int) -> tuple[bytes, int, bytes]:
        """A `TestItem`: what a leaf holds besides index and input commitment, opened."""
        return parts_hash(self.hashes(index)), self.label(index), self.label_salt(index)

    def committed(self, index: int, **changes: Any) -> tuple[Any, ...]:
        """A `Committed`: what a dispute shows of a leaf."""
        fields = {
            "parts": self.hashes(index),
            "digests": self.digests(index),
            "labelHash": self.label_hash(index),
            "path": self.tree.path(index),
        }
        return tuple((fields | changes).values())

    @cached_property
    def tree(self) -> PositionalTree:
        return build([self._leaf(index) for index in range(self.n)])

    def _leaf(self, index: int) -> bytes:
        commitment = input_commitment(self.digests(index))
        parts, hidden = parts_hash(self.hashes(index)), self.label_hash(index)
        return sealed_leaf(index, parts, commitment, hidden)


@dataclass(frozen=True)
class Submission:
    """`IAccuracyBounty.Submission`; `changed` gives one that was spoilt."""

    runs: tuple[tuple[int, int, tuple[bytes, ...]], ...]
    items: tuple[tuple[bytes, int, bytes], ...]
    proof: bytes
    instances: tuple[int, ...]

    def to_abi(self) -> tuple[Any, ...]:
        return (self.runs, self.items, self.proof, self.instances)

    def changed(self, **fields: Any) -> "Submission":
        return replace(self, **fields)

    def with_instance(self, word: int, value: int) -> "Submission":
        """Another instance, proven."""
        instances = (*self.instances[:word], value, *self.instances[word + 1 :])
        return replace(self, instances=instances, proof=mock_proof(instances))


@dataclass(frozen=True)
class Scene:
    """One contract, one model, one test set, and the people; its methods do what people do."""

    registry: ContractInstance
    bounty: ContractInstance
    verifier: ContractInstance
    layout: Layout
    circuit: Circuit
    model_id: bytes
    consumer: AccountAPI
    provider: AccountAPI
    payee: AccountAPI
    data: TestSet = TestSet()
    proves: Prover = mock_proof

    @property
    def circuit_id(self) -> bytes:
        return circuit_id_of(self.circuit)

    def terms(self, **changes: Any) -> Terms:
        """Terms in ETH for the scene's test set and circuit, target 6 of 10."""
        terms = Terms(
            circuit_id=self.circuit_id,
            provider=NOBODY,
            currency=ETH,
            reward=REWARD,
            bond=BOND,
            stake=STAKE,
            miss_penalty=PENALTY,
            test_root=self.data.tree.root,
            n=self.data.n,
            key_hash=key_hash(self.data.key),
            data_hash=DATA_HASH,
            num=6,
            den=10,
            open_until=now() + DAY,
            reveal_seconds=REVEAL_SECONDS,
            prove_seconds=PROVE_SECONDS,
        )
        return replace(terms, **changes)

    def job(self, nonce: int = 0, **changes: Any) -> Job:
        return Job(self.consumer.address, nonce, self.terms(**changes))

    def id_of(self, job: Job) -> bytes:
        return job.id_on(CHAIN_ID, self.bounty.address)

    def with_data(self, data: TestSet) -> "Scene":
        return replace(self, data=data)

    def of(self, circuit: Circuit, model_id: bytes, layout: Layout | None = None) -> "Scene":
        """The same scene with another circuit."""
        layout = layout or self.layout
        return replace(self, circuit=circuit, model_id=model_id, layout=layout)

    # ------------------------------------------------------------ moves

    def post(self, job: Job, **options: Any) -> ReceiptAPI:
        due = native(job, job.terms.reward + job.terms.bond)
        options = {"sender": self.consumer, "value": due} | options
        return self.bounty.post(job.terms.to_abi(), job.nonce, URI, **options)

    def posted(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.job(nonce, **changes)
        self.post(job)
        return job

    def cancel(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.bounty.cancel(job.to_abi(), **({"sender": self.consumer} | options))

    def accept(self, job: Job, payee: Any = None, model: Any = None, **options: Any) -> ReceiptAPI:
        options = {"sender": self.provider, "value": native(job, job.terms.stake)} | options
        arguments = (model or self.model_id, payee or self.payee)
        return self.bounty.accept(job.to_abi(), *arguments, **options)

    def accepted(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.posted(nonce, **changes)
        self.accept(job)
        return job

    def reveal(self, job: Job, key: bytes | None = None, **options: Any) -> ReceiptAPI:
        options = {"sender": self.consumer} | options
        return self.bounty.revealKey(job.to_abi(), key or self.data.key, **options)

    def proving(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.accepted(nonce, **changes)
        self.reveal(job)
        return job

    def submit(self, job: Job, *submissions: Submission, **options: Any) -> ReceiptAPI:
        """The submissions given; without any, a proof of every item."""
        chosen = submissions or [self.submission(job, block) for block in ALL]
        arguments = [submission.to_abi() for submission in chosen]
        return self.bounty.submit(job.to_abi(), arguments, **({"sender": self.provider} | options))

    def prove(self, job: Job, *blocks: Block) -> ReceiptAPI:
        return self.submit(job, self.submission(job, *blocks))

    def dispute(self, job: Job, index: int, /, **changes: Any) -> ReceiptAPI:
        """Of a chunk; `changes` are arguments, or the sender of the transaction."""
        options = {"sender": changes.pop("sender", self.provider)}
        arguments = {
            "index": index,
            "chunk": 0,
            "ciphertext": self.data.ciphertext(index, changes.get("chunk", 0)),
            "committed": self.data.committed(index),
        } | changes
        return self.bounty.disputeChunk(job.to_abi(), *arguments.values(), **options)

    def dispute_digit(
        self, job: Job, index: int, place: DigitOpening, /, **changes: Any
    ) -> ReceiptAPI:
        """`changes` are arguments, or the sender of the transaction."""
        options = {"sender": changes.pop("sender", self.provider)}
        arguments = {
            "index": index,
            "place": place.to_abi(),
            "ciphertext": self.data.ciphertext(index, place.place.chunk),
            "committed": self.data.committed(index),
        } | changes
        return self.bounty.disputeDigit(job.to_abi(), *arguments.values(), **options)

    def dispute_label(self, job: Job, index: int, /, **changes: Any) -> ReceiptAPI:
        """`changes` are arguments, or the sender of the transaction."""
        options = {"sender": changes.pop("sender", self.provider)}
        arguments = {
            "index": index,
            "ciphertext": self.data.ciphertext(index, self.data.form.chunks),
            "committed": self.data.committed(index),
        } | changes
        return self.bounty.disputeLabel(job.to_abi(), *arguments.values(), **options)

    def settle(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.bounty.settle(job.to_abi(), **({"sender": self.payee} | options))

    def late(self, job: Job) -> Job:
        """The deadline of the job's state has just passed."""
        at(self.deadline(job) + 1)
        ape.chain.mine()
        return job

    def condemn(self, by: AccountAPI | None = None) -> ReceiptAPI:
        """Two proofs of the same inputs with different outputs."""
        one = sample(self.layout, proves=self.proves)
        other = sample(self.layout, output=1, proves=self.proves)
        return self.registry.condemn(self.circuit_id, *one, *other, sender=by or self.payee)

    # ------------------------------------------------------------ proofs

    def submission(
        self,
        job: Job,
        *blocks: Block,
        payee: Any = None,
        outputs: Mapping[int, Sequence[int]] | None = None,
        weights: int = WEIGHTS,
        **context: Any,
    ) -> Submission:
        """An honest proof of the blocks' items; `outputs` replace those of some of them.

        `context` are fields of JobContext but the payee.
        """
        indices = [index for start, size in blocks for index in range(start, start + size)]
        instances = self._instances(indices, outputs or {})
        instances[self.layout.weights] = weights
        fields = {
            "chain_id": CHAIN_ID,
            "escrow": self.bounty.address,
            "job_id": self.id_of(job),
            "model_id": bytes(self.stored(job)[6]),
        }
        bound = JobContext.of(payee=str(payee or self.payee), **(fields | context))
        limbs = bound.limbs(self.layout.context_limbs, self.layout.context_bits)
        instances[self.layout.context : self.layout.context + len(limbs)] = limbs
        return Submission(
            tuple((start, size, self._path(start, size)) for start, size in blocks),
            tuple(self.data.entry(one) for one in indices),
            self.proves(instances, 0),
            tuple(instances),
        )

    def _path(self, start: int, size: int) -> tuple[bytes, ...]:
        return self.data.tree.path(start, size.bit_length() - 1)

    def _instances(self, indices: Sequence[int], outputs: Mapping[int, Sequence[int]]) -> list[int]:
        instances = [1] * self.layout.instances
        for slot, index in enumerate(indices):
            digests = self.data.digests(index)
            first = self.layout.inputs + slot * len(digests)
            instances[first : first + len(digests)] = digests
            words = outputs.get(index, scores_of(index))
            start = self.layout.outputs + slot * self.layout.output_words
            instances[start : start + len(words)] = [word % FIELD_MODULUS for word in words]
        return instances

    # ------------------------------------------------------------ views

    def stored(self, job: Job) -> tuple[Any, ...]:
        """State, payee, deadline, provider, proven, correct, model id, key."""
        return tuple(self.bounty.jobs(self.id_of(job)))

    def state(self, job: Job) -> int:
        return self.stored(job)[0]

    def deadline(self, job: Job) -> int:
        return self.stored(job)[2] or job.terms.open_until

    def counts(self, job: Job) -> tuple[int, int]:
        """Items proven, and items right."""
        return self.stored(job)[4:6]

    def proven(self, job: Job) -> set[int]:
        job_id = self.id_of(job)
        return {index for index in range(self.data.n) if self.bounty.isProven(job_id, index)}

    def credit(self, account: Any, currency: Any = ETH) -> int:
        return self.bounty.credits(currency, account)


def sample(
    layout: Layout, output: int = 0, weights: int = WEIGHTS, proves: Prover = mock_proof
) -> tuple[bytes, list[int]]:
    """A proof for no job, for registration and condemnation."""
    instances = [1] * layout.instances
    instances[layout.outputs] = output
    instances[layout.weights] = weights
    return proves(instances, 0), instances


def register(
    registry: ContractInstance,
    circuit: Circuit,
    layout: Layout,
    by: AccountAPI,
    weights: int = WEIGHTS,
    proves: Prover = mock_proof,
) -> bytes:
    """Registers circuit and model with hidden weights; returns the model's id."""
    registry.registerCircuit(circuit, *sample(layout, proves=proves), sender=by)
    circuit_id = circuit_id_of(circuit)
    registry.registerModel(circuit_id, weights, sender=by)
    return model_id_of(circuit_id, weights)


def label_layout(classes: int, labels: int = 1) -> Layout:
    """The same with the best labels for outputs, of so many classes."""
    outputs = SLOTS + 2
    return replace(
        sealed_layout(),
        instances=outputs + SLOTS * labels + 8,
        context=outputs + SLOTS * labels,
        output_words=labels,
        output_kind=OutputKind.LABEL,
        classes=classes,
    )


def events(receipt: ReceiptAPI) -> list[tuple[Any, ...]]:
    """Each event of the contract in order: its name, then its arguments (structs as tuples)."""
    return [
        (event.event_name, *map(plain, event.event_arguments.values()))
        for event in receipt.events
        if event.event_name in EVENTS
    ]
