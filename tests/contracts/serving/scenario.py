"""The world that the tests of ServingRound play in: rounds, outputs, contests, mock proofs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ape
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak

from prover.chain.abi.contract import abi
from prover.chain.contracts.serving import Answer, Contest
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.protocol.serving.state import Job, Terms
from prover.statement.commitment import input_commitment
from prover.statement.context import JobContext
from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import Layout, OutputKind
from prover.statement.runs import encode_outputs, inputs_tree, outputs_tree, runs
from prover.statement.tree import PositionalTree
from tests.contracts.retrieval.scenario import plain
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
    point,
)

COUNT, SLOTS, CLASSES, WORD_BYTES = 11, 4, 3, 2
PRICE, FEE, STAKE, MAX_CONTESTS = 10**15, 4 * 10**15, 7 * 10**16, 8
SERVE_SECONDS, CONTEST_SECONDS, ANSWER_SECONDS = 1_000, 700, 400
ESCROW = COUNT * PRICE + MAX_CONTESTS * FEE
DATA_HASH, URI = b"\xdc" * 32, "ipfs://inputs"
LIST = (0, 2, 3, 4, 5, 6, 7, 10)  # places 0, 1-2, 3-6 and 7 can be opened together
BLOCKS = ((0, 1), (1, 2), (3, 4), (7, 1))
PROOFS = (BLOCKS[:2], BLOCKS[2:3], BLOCKS[3:])  # as many items as slots at most

EVENTS = {entry["name"] for entry in abi("ServingRound") if entry["type"] == "event"}

Block = tuple[int, int]  # first place of the contested list, number of items


def round_layout(
    kind: OutputKind = OutputKind.SCORES, input_words: int = 2, labels: int = 1
) -> Layout:
    """Four items: inputs, the context's digest, outputs, then the context."""
    output_words = CLASSES if kind is OutputKind.SCORES else labels
    outputs = SLOTS * input_words + 1
    return Layout(
        instances=outputs + SLOTS * output_words + 8,
        items=SLOTS,
        context=outputs + SLOTS * output_words,
        context_limbs=8,
        context_bits=17,
        context_echo=SLOTS * input_words,
        context_echo_words=1,
        inputs=0,
        input_words=input_words,
        weights=0,
        weight_words=0,
        weight_points=0,
        outputs=outputs,
        output_words=output_words,
        output_kind=kind,
        classes=CLASSES,
    )


def inputs_of(index: int, words: int = 2) -> list[int]:
    """Different words for each item."""
    return [1_000 + 10 * index + word for word in range(words)]


def scores_of(index: int) -> list[int]:
    """Scores of both signs, with the ends of two signed bytes among them."""
    return [-(2**15) + index, 2**15 - 1 - index, -index]


@dataclass(frozen=True)
class Scene:
    """One contract, one model, one round's inputs, and the people; methods do what people do."""

    registry: ContractInstance
    rounds: ContractInstance
    layout: Layout
    circuit: Circuit
    model_id: bytes
    consumer: AccountAPI
    provider: AccountAPI
    payee: AccountAPI
    count: int = COUNT
    scores: Callable[[int], list[int]] = scores_of
    proves: Prover = mock_proof

    @property
    def circuit_id(self) -> bytes:
        return circuit_id_of(self.circuit)

    # ------------------------------------------------------------ data

    def commitment(self, index: int) -> bytes:
        if not self.layout.input_words:
            return keccak(point(index))
        return input_commitment(inputs_of(index, self.layout.input_words))

    @property
    def inputs(self) -> PositionalTree:
        return inputs_tree([self.commitment(index) for index in range(self.count)])

    def outputs(self, word_bytes: int = WORD_BYTES) -> bytes:
        """What an honest provider posts."""
        return encode_outputs(self._rows(), word_bytes)

    def tree(self, job: Job) -> PositionalTree:
        """Over the honest outputs."""
        return outputs_tree(self.outputs(job.terms.word_bytes), self.count)

    def _rows(self) -> list[list[int]]:
        return [self.scores(index)[: self.layout.output_words] for index in range(self.count)]

    # ------------------------------------------------------------ jobs

    def terms(self, **changes: Any) -> Terms:
        """Terms in ETH, open to anyone, for the scene's inputs and model; `changes` are fields."""
        terms = Terms(
            model_id=self.model_id,
            provider=NOBODY,
            currency=ETH,
            inputs_root=self.inputs.root,
            n=self.count,
            word_bytes=WORD_BYTES,
            price=PRICE,
            proof_fee=FEE,
            max_contests=min(MAX_CONTESTS, self.count),
            stake=STAKE,
            open_until=now() + DAY,
            serve_seconds=SERVE_SECONDS,
            contest_seconds=CONTEST_SECONDS,
            answer_seconds=ANSWER_SECONDS,
        )
        return replace(terms, **changes)

    def job(self, nonce: int = 0, **changes: Any) -> Job:
        return Job(self.consumer.address, nonce, self.terms(**changes))

    def id_of(self, job: Job) -> bytes:
        return job.id_on(CHAIN_ID, self.rounds.address)

    def escrow(self, job: Job) -> int:
        terms = job.terms
        return terms.n * terms.price + terms.max_contests * terms.proof_fee

    # ------------------------------------------------------------ moves

    def post(self, job: Job, **options: Any) -> ReceiptAPI:
        options = {"sender": self.consumer, "value": native(job, self.escrow(job))} | options
        return self.rounds.post(job.terms.to_abi(), job.nonce, DATA_HASH, URI, **options)

    def posted(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.job(nonce, **changes)
        self.post(job)
        return job

    def cancel(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.rounds.cancel(job.to_abi(), **({"sender": self.consumer} | options))

    def join(self, job: Job, payee: Any = None, **options: Any) -> ReceiptAPI:
        options = {"sender": self.provider, "value": native(job, job.terms.stake)} | options
        return self.rounds.join(job.to_abi(), payee or self.payee, **options)

    def joined(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.posted(nonce, **changes)
        self.join(job)
        return job

    def commit(self, job: Job, outputs: bytes | None = None, **options: Any) -> ReceiptAPI:
        """The outputs given, or the honest ones."""
        posted = self.outputs(job.terms.word_bytes) if outputs is None else outputs
        options = {"sender": self.provider} | options
        return self.rounds.commitOutputs(job.to_abi(), posted, **options)

    def served(self, nonce: int = 0, **changes: Any) -> Job:
        job = self.joined(nonce, **changes)
        self.commit(job)
        return job

    def contest(self, job: Job, indices: Sequence[int] = LIST, **options: Any) -> ReceiptAPI:
        options = {"sender": self.consumer} | options
        return self.rounds.contest(job.to_abi(), list(indices), **options)

    def contested(self, nonce: int = 0, indices: Sequence[int] = LIST, **changes: Any) -> Job:
        job = self.served(nonce, **changes)
        self.contest(job, indices)
        return job

    def answer(
        self, job: Job, *answers: Answer, indices: Sequence[int] = LIST, **options: Any
    ) -> ReceiptAPI:
        """The answers given; without any, proofs of every contested item."""
        told = [one.to_abi() for one in answers or self.all_of(job, indices)]
        options = {"sender": self.provider} | options
        return self.rounds.answer(job.to_abi(), list(indices), told, **options)

    def prove(self, job: Job, *blocks: Block, **options: Any) -> ReceiptAPI:
        return self.answer(job, self.proof(job, *blocks), **options)

    def settle(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.rounds.settle(job.to_abi(), **({"sender": self.payee} | options))

    def settled(self, nonce: int = 0, **changes: Any) -> Job:
        """Nothing contested, and the time to contest is over."""
        job = self.served(nonce, **changes)
        self.late(job)
        self.settle(job)
        return job

    def late(self, job: Job) -> Job:
        at(self.deadline(job) + 1)
        return job

    def condemn(self, by: AccountAPI | None = None) -> ReceiptAPI:
        """Two proofs of the same inputs with different outputs."""
        one = sample(self.layout, proves=self.proves)
        other = sample(self.layout, output=1, proves=self.proves)
        return self.registry.condemn(self.circuit_id, *one, *other, sender=by or self.payee)

    # ------------------------------------------------------------ proofs

    def proof(
        self,
        job: Job,
        *blocks: Block,
        indices: Sequence[int] = LIST,
        payee: Any = None,
        outputs: Mapping[int, Sequence[int]] | None = None,
        **context: Any,
    ) -> Answer:
        """An honest proof of the blocks of the contested list.

        `outputs` replace those of some items; `context` are fields of JobContext but the payee.
        """
        chosen = [indices[place] for start, size in blocks for place in range(start, start + size)]
        instances = self.instances(chosen, outputs or {})
        fields = {
            "chain_id": CHAIN_ID,
            "escrow": self.rounds.address,
            "job_id": self.id_of(job),
            "model_id": job.terms.model_id,
        }
        bound = JobContext.of(payee=str(payee or self.payee), **(fields | context))
        limbs = bound.limbs(self.layout.context_limbs, self.layout.context_bits)
        instances[self.layout.context : self.layout.context + len(limbs)] = limbs
        contests = tuple(self.opened(job, *block, indices=indices) for block in blocks)
        return Answer(contests, self.proves(instances, chosen[0]), tuple(instances))

    def opened(self, job: Job, position: int, size: int, indices: Sequence[int] = LIST) -> Contest:
        """The items at these places, with their paths in both trees."""
        first, height = indices[position], size.bit_length() - 1
        paths = (self.inputs.path(first, height), self.tree(job).path(first, height))
        return Contest(position, size, *paths)

    def all_of(self, job: Job, indices: Sequence[int] = LIST) -> list[Answer]:
        """Each run in a proof of its own, cut into what a proof takes."""
        blocks = [(run.position, run.size) for run in runs(indices)]
        slots = self.layout.items
        cut = [
            (position + at, min(size, slots))
            for position, size in blocks
            for at in range(0, size, slots)
        ]
        return [self.proof(job, block, indices=indices) for block in cut]

    def instances(self, indices: Sequence[int], outputs: Mapping[int, Sequence[int]]) -> list[int]:
        instances, layout = [1] * self.layout.instances, self.layout
        for slot, index in enumerate(indices):
            words = inputs_of(index, layout.input_words)
            start = layout.inputs + slot * layout.input_words
            instances[start : start + len(words)] = words
            scores = outputs.get(index, self.scores(index))[: layout.output_words]
            start = layout.outputs + slot * layout.output_words
            instances[start : start + len(scores)] = [score % FIELD_MODULUS for score in scores]
        return instances

    # ------------------------------------------------------------ views

    def stored(self, job: Job) -> tuple[Any, ...]:
        """State, payee, deadline, provider, contested, answered, outputs' root, list's hash."""
        return tuple(plain(value) for value in self.rounds.jobs(self.id_of(job)))

    def state(self, job: Job) -> int:
        return int(self.stored(job)[0])

    def deadline(self, job: Job) -> int:
        """Of the state that is stored."""
        state, _, deadline, *_ = self.stored(job)
        return job.terms.open_until if state == 1 else int(deadline)

    def answered(self, job: Job, places: int = len(LIST)) -> set[int]:
        """Places of the list whose items are proven."""
        job_id = self.id_of(job)
        return {place for place in range(places) if self.rounds.isAnswered(job_id, place)}

    def credit(self, account: Any, currency: Any = ETH) -> int:
        return int(self.rounds.credits(currency, account))


def with_instance(answer: Answer, word: int, value: int) -> Answer:
    """Another instance, proven."""
    instances = (*answer.instances[:word], value, *answer.instances[word + 1 :])
    return replace(answer, instances=instances, proof=mock_proof(instances))


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


def mine() -> None:
    """A block, for views to see the time."""
    ape.chain.mine()
