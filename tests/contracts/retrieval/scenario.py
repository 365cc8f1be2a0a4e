"""The world that the tests of RetrievalBounty play in: sealed datasets, requests, mock proofs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import ape
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from prover.chain.abi.contract import abi
from prover.chain.contracts.sealed import DigitOpening
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.protocol.retrieval.state import Dataset, Job, Predicate, PredicateKind, Terms
from prover.statement.commitment import input_commitment
from prover.statement.context import JobContext
from prover.statement.documents import sealed
from prover.statement.documents.sealed import (
    digests_of,
    key_hash,
    parts_hash,
    seal,
    sealed_leaf,
)
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import Layout, OutputKind
from prover.statement.sealing import SealedForm
from prover.statement.tree import PositionalTree, build
from tests.contracts.scenario import (
    CHAIN_ID,
    DAY,
    ETH,
    Circuit,
    Prover,
    at,
    circuit_of,
    mock_proof,
    native,
    now,
)
from tests.contracts.sealed import (
    FORM,
    INPUT_MAX,
    INPUT_MIN,
    SALT_BITS,
    packed_chunks,
    sealed_fields,
)

COUNT, SLOTS, CLASSES = 11, 4, 3
MATCHES = frozenset({2, 3, 7, 10})
PRICE, STAKE = 10**15, 7 * 10**16
PROVE_SECONDS, DISPUTE_SECONDS = 1_000, 500
DATA_HASH, URI = b"\xdb" * 32, "ipfs://records"
FLAGGED, LABELLED = 1, 1  # the score, and the label, that MATCHES have
ALL = ((0, 4), (4, 4), (8, 2), (10, 1))

EVENTS = {entry["name"] for entry in abi("RetrievalBounty") if entry["type"] == "event"}

Block = tuple[int, int]  # first record, number of records


def record_layout() -> Layout:
    """Four items: digests, the context's, three scores an item, then the context."""
    outputs = SLOTS + 1
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
        weights=0,
        weight_words=0,
        weight_points=0,
        outputs=outputs,
        output_words=CLASSES,
        output_kind=OutputKind.SCORES,
        classes=CLASSES,
    )


def label_layout(labels: int = 1) -> Layout:
    """The same with the best labels for outputs, of three classes."""
    outputs = SLOTS + 1
    return replace(
        record_layout(),
        instances=outputs + SLOTS * labels + 8,
        context=outputs + SLOTS * labels,
        output_words=labels,
        output_kind=OutputKind.LABEL,
    )


def record_circuit(verifier: ContractInstance, layout: Layout, /, **changes: Any) -> Circuit:
    """A circuit that hashes two values and four elements of salt an item."""
    return circuit_of(verifier, layout, **(sealed_fields(FORM) | changes))


def scores_of(index: int) -> list[int]:
    """Scores of an honest proof: score 1 is above 30, and the greatest, of MATCHES alone."""
    return [-5, 50 if index in MATCHES else 10, 20]


def elements_of(index: int) -> list[int]:
    """Two values of the domain, both ends included, and salt with all its ends."""
    values = [INPUT_MIN if index % 2 else INPUT_MAX, index - 5]
    return [*values, 0, 2**SALT_BITS - 1, index, 1_000 * index]


def content_of(elements: Sequence[int]) -> bytes:
    """4 bytes signed big-endian for each element."""
    return b"".join(element.to_bytes(4, "big", signed=True) for element in elements)


def _place(index: int, chunk: int) -> Any:
    return (index, chunk) if chunk else index


@dataclass(frozen=True)
class Records:
    """A dataset with its secrets. `elements` are hashed; `contents` are sealed in their place.

    Both are of chunks, found by the index; of chunks behind the first, by (index, chunk).
    """

    count: int = COUNT
    seed: bytes = b"seed"
    elements: Mapping[Any, Sequence[int]] = field(default_factory=dict)
    contents: Mapping[Any, bytes] = field(default_factory=dict)
    form: SealedForm = FORM

    def chunk(self, index: int, chunk: int) -> Sequence[int]:
        honest = packed_chunks(index, self.form)[chunk] if self.form.words else elements_of(index)
        return self.elements.get(_place(index, chunk), honest)

    def digests(self, index: int) -> tuple[int, ...]:
        return digests_of(tuple(tuple(self.chunk(index, at)) for at in range(self.form.chunks)))

    def key(self, index: int) -> bytes:
        return keccak(self.seed + index.to_bytes(4, "big"))

    def ciphertext(self, index: int, chunk: int = 0) -> bytes:
        content = self.contents.get(_place(index, chunk))
        if content is None:
            content = sealed.content_of(self.chunk(index, chunk), self.form)
        return seal(content, self.key(index), index, chunk)

    def hashes(self, index: int) -> list[bytes]:
        """The ciphertext hashes of a record's chunks."""
        return [keccak(self.ciphertext(index, chunk)) for chunk in range(self.form.chunks)]

    def entry(self, index: int) -> tuple[bytes, bytes]:
        """A `Record`: what a leaf holds besides index and input commitment."""
        return parts_hash(self.hashes(index)), key_hash(self.key(index))

    def committed(self, index: int, **changes: Any) -> tuple[Any, ...]:
        """A `Committed`: what a dispute shows of a leaf."""
        fields = {
            "chunks": self.hashes(index),
            "digests": self.digests(index),
            "path": self.tree.path(index),
        }
        return tuple((fields | changes).values())

    @cached_property
    def tree(self) -> PositionalTree:
        return build([self._leaf(index) for index in range(self.count)])

    def _leaf(self, index: int) -> bytes:
        chunks, hashed_key = self.entry(index)
        return sealed_leaf(index, chunks, input_commitment(self.digests(index)), hashed_key)

    def id_of(self, owner: Any) -> bytes:
        fields = (str(owner), self.tree.root, self.count, b"", "")
        return Dataset(*fields, committed_at=0).id


@dataclass(frozen=True)
class Submission:
    """`IRetrievalBounty.Submission`; `changed` gives one that was spoilt."""

    runs: tuple[tuple[int, int, tuple[bytes, ...]], ...]
    records: tuple[tuple[bytes, bytes], ...]
    keys: tuple[bytes, ...]
    proof: bytes
    instances: tuple[int, ...]

    def to_abi(self) -> tuple[Any, ...]:
        return (self.runs, self.records, self.keys, self.proof, self.instances)

    def changed(self, **fields: Any) -> "Submission":
        return replace(self, **fields)

    def with_instance(self, word: int, value: int) -> "Submission":
        """Another instance, proven."""
        instances = (*self.instances[:word], value, *self.instances[word + 1 :])
        return replace(self, instances=instances, proof=mock_proof(instances))


@dataclass(frozen=True)
class Scene:
    """One contract, one model, one dataset, and the people; its methods do what people do."""

    registry: ContractInstance
    bounty: ContractInstance
    poseidon: ContractInstance
    verifier: ContractInstance
    layout: Layout
    circuit: Circuit
    model_id: bytes
    consumer: AccountAPI
    owner: AccountAPI
    payee: AccountAPI
    data: Records
    proves: Prover = mock_proof

    @property
    def circuit_id(self) -> bytes:
        return circuit_id_of(self.circuit)

    def at_least(self, threshold: int = 30, index: int = FLAGGED) -> Predicate:
        return Predicate(PredicateKind.AT_LEAST, index, threshold)

    def label(self, index: int = LABELLED, threshold: int = 0) -> Predicate:
        return Predicate(PredicateKind.LABEL, index, threshold)

    def terms(self, **changes: Any) -> Terms:
        """Terms in ETH for the scene's dataset and model; `changes` are fields."""
        terms = Terms(
            dataset_id=self.data.id_of(self.owner),
            model_id=self.model_id,
            predicate=self.at_least(),
            currency=ETH,
            price_per_record=PRICE,
            stake=STAKE,
            open_until=now() + DAY,
            prove_seconds=PROVE_SECONDS,
            dispute_seconds=DISPUTE_SECONDS,
        )
        return replace(terms, **changes)

    def job(self, nonce: int = 0, **changes: Any) -> Job:
        return Job(self.consumer.address, nonce, self.terms(**changes))

    def id_of(self, job: Job) -> bytes:
        return job.id_on(CHAIN_ID, self.bounty.address)

    def escrow(self, job: Job) -> int:
        return self.data.count * job.terms.price_per_record

    # ------------------------------------------------------------ moves

    def commit(self, data: Records, by: Any = None) -> ReceiptAPI:
        arguments = (data.tree.root, data.count, DATA_HASH, URI)
        return self.bounty.commitDataset(*arguments, sender=by or self.owner)

    def with_data(self, data: Records) -> "Scene":
        """The same scene with another dataset, committed."""
        self.commit(data)
        return replace(self, data=data)

    def post(self, job: Job, **options: Any) -> ReceiptAPI:
        options = {"sender": self.consumer, "value": native(job, self.escrow(job))} | options
        return self.bounty.post(job.terms.to_abi(), job.nonce, **options)

    def posted(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.job(nonce, **changes)
        self.post(job)
        return job

    def cancel(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.bounty.cancel(job.to_abi(), **({"sender": self.consumer} | options))

    def accept(self, job: Job, payee: Any = None, **options: Any) -> ReceiptAPI:
        options = {"sender": self.owner, "value": native(job, job.terms.stake)} | options
        return self.bounty.accept(job.to_abi(), payee or self.payee, **options)

    def accepted(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.posted(nonce, **changes)
        self.accept(job)
        return job

    def submit(self, job: Job, *submissions: Submission, **options: Any) -> ReceiptAPI:
        """The submissions given; without any, a proof of every record."""
        chosen = submissions or self.all_of(job)
        arguments = [submission.to_abi() for submission in chosen]
        return self.bounty.submit(job.to_abi(), arguments, **({"sender": self.owner} | options))

    def prove(self, job: Job, *blocks: Block) -> ReceiptAPI:
        return self.submit(job, self.submission(job, *blocks))

    def closing(self, nonce: int = 0, **changes: Any) -> Job:
        """All proven."""
        job = self.accepted(nonce, **changes)
        self.submit(job)
        return job

    def incomplete(self, nonce: int = 0, proven: Sequence[Block] = ALL[:1], **changes: Any) -> Job:
        """The deadline to prove was missed, with some proven."""
        job = self.accepted(nonce, **changes)
        if proven:
            self.prove(job, *proven)
        at(self.stored(job)[2] + 1)
        self.touch()
        return job

    def dispute(self, job: Job, index: int = 2, /, **changes: Any) -> ReceiptAPI:
        """`changes` are arguments, or options of the transaction."""
        options = {"sender": changes.pop("sender", self.consumer)}
        arguments = {
            "index": index,
            "key": self.data.key(index),
            "chunk": 0,
            "ciphertext": self.data.ciphertext(index, changes.get("chunk", 0)),
            "committed": self.data.committed(index),
        } | changes
        return self.bounty.disputeChunk(job.to_abi(), *arguments.values(), **options)

    def dispute_digit(
        self, job: Job, index: int, place: DigitOpening, /, **changes: Any
    ) -> ReceiptAPI:
        """`changes` are arguments, or options of the transaction."""
        options = {"sender": changes.pop("sender", self.consumer)}
        chunk = min(place.place.chunk, self.data.form.chunks - 1)  # some tests name one beyond
        arguments = {
            "index": index,
            "key": self.data.key(index),
            "place": place.to_abi(),
            "ciphertext": self.data.ciphertext(index, chunk),
            "committed": self.data.committed(index),
        } | changes
        return self.bounty.disputeDigit(job.to_abi(), *arguments.values(), **options)

    def settle(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.bounty.settle(job.to_abi(), **({"sender": self.payee} | options))

    def condemn(self, by: AccountAPI | None = None) -> ReceiptAPI:
        """Two proofs of the same inputs with different outputs."""
        one = sample(self.layout, proves=self.proves)
        other = sample(self.layout, output=1, proves=self.proves)
        return self.registry.condemn(self.circuit_id, *one, *other, sender=by or self.payee)

    def touch(self) -> None:
        """A block, for views to see the time."""
        ape.chain.mine()

    # ------------------------------------------------------------ proofs

    def submission(
        self,
        job: Job,
        *blocks: Block,
        payee: Any = None,
        outputs: Mapping[int, Sequence[int]] | None = None,
        **context: Any,
    ) -> Submission:
        """An honest proof of the blocks' records, with the keys of those that match.

        `outputs` replace those of some records; `context` are fields of JobContext but the payee.
        """
        indices = [index for start, size in blocks for index in range(start, start + size)]
        instances = self._instances(indices, outputs or {})
        fields = {
            "chain_id": CHAIN_ID,
            "escrow": self.bounty.address,
            "job_id": self.id_of(job),
            "model_id": job.terms.model_id,
        }
        bound = JobContext.of(payee=str(payee or self.payee), **(fields | context))
        limbs = bound.limbs(self.layout.context_limbs, self.layout.context_bits)
        instances[self.layout.context : self.layout.context + len(limbs)] = limbs
        return Submission(
            tuple((start, size, self._path(start, size)) for start, size in blocks),
            tuple(self.data.entry(index) for index in indices),
            self.keys(indices),
            self.proves(instances, 0),
            tuple(instances),
        )

    def all_of(self, job: Job) -> list[Submission]:
        """Three proofs of all eleven records."""
        return [self.submission(job, *blocks) for blocks in (ALL[:1], ALL[1:2], ALL[2:])]

    def keys(self, indices: Sequence[int], of: Collection[int] = MATCHES) -> tuple[bytes, ...]:
        return tuple(self.data.key(index) for index in indices if index in of)

    def _path(self, start: int, size: int) -> tuple[bytes, ...]:
        return self.data.tree.path(start, size.bit_length() - 1)

    def _instances(self, indices: Sequence[int], outputs: Mapping[int, Sequence[int]]) -> list[int]:
        instances = [1] * self.layout.instances
        for slot, index in enumerate(indices):
            digests = self.data.digests(index)
            first = self.layout.inputs + slot * len(digests)
            instances[first : first + len(digests)] = digests
            words = outputs.get(index, self._outputs(index))
            start = self.layout.outputs + slot * self.layout.output_words
            instances[start : start + len(words)] = [word % FIELD_MODULUS for word in words]
        return instances

    def _outputs(self, index: int) -> list[int]:
        scores = scores_of(index)
        if self.layout.output_kind is OutputKind.SCORES:
            return scores
        return [scores.index(max(scores))]

    # ------------------------------------------------------------ views

    def stored(self, job: Job) -> tuple[int, str, int, int]:
        state, payee, deadline, proven = self.bounty.jobs(self.id_of(job))
        return state, payee, deadline, proven

    def status(self, job: Job) -> tuple[int, int]:
        state, deadline = self.bounty.standing(job.to_abi())
        return state, deadline

    def state(self, job: Job) -> int:
        """As by time."""
        return self.status(job)[0]

    def deadline(self, job: Job) -> int:
        return self.status(job)[1]

    def credit(self, account: Any, currency: Any = ETH) -> int:
        return self.bounty.credits(currency, account)

    def outcomes(self, job: Job) -> tuple[set[int], set[int]]:
        """Indices of the records proven, and of those that matched."""
        seen = [tuple(self.bounty.outcome(self.id_of(job), i)) for i in range(self.data.count)]
        proven = {index for index, one in enumerate(seen) if one[0]}
        return proven, {index for index, one in enumerate(seen) if one[1]}


def sample(layout: Layout, output: int = 0, proves: Prover = mock_proof) -> tuple[bytes, list[int]]:
    """A proof for no job, for registration and condemnation."""
    instances = [1] * layout.instances
    instances[layout.outputs] = output
    return proves(instances, 0), instances


def register(
    registry: ContractInstance,
    circuit: Circuit,
    layout: Layout,
    by: AccountAPI,
    proves: Prover = mock_proof,
) -> bytes:
    """Registers circuit and model, weights in the verifying key; returns the model's id."""
    registry.registerCircuit(circuit, *sample(layout, proves=proves), sender=by)
    circuit_id = circuit_id_of(circuit)
    registry.registerModel(circuit_id, 0, sender=by)
    return model_id_of(circuit_id, 0)


def events(receipt: ReceiptAPI) -> list[tuple[Any, ...]]:
    """Each event of the contract in order: its name, then its arguments (structs as tuples)."""
    return [
        (event.event_name, *map(plain, event.event_arguments.values()))
        for event in receipt.events
        if event.event_name in EVENTS
    ]


def plain(value: Any) -> Any:
    """Hex bytes as bytes, structs and lists as tuples."""
    if isinstance(value, HexBytes | bytes):
        return bytes(value)
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value
