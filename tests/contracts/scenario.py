"""The world that the tests of the contracts play in: circuits, jobs and mock proofs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ape
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from py_ecc.bn128 import G1, multiply

from prover.chain.abi.contract import PREDICTION, REGISTRY, abi
from prover.protocol.prediction.state import Job, Terms
from prover.protocol.registry.state import circuit_id_of, model_id_of
from prover.statement.commitment import input_commitment, inputs_hash
from prover.statement.context import JobContext
from prover.statement.layout import Layout, OutputKind

ETH = "0x" + "00" * 20
NOBODY = ETH
CHAIN_ID = 31337
DAY = 86_400
REWARD, STAKE = 10**18, 3 * 10**17
PROVE_SECONDS = 1_000
DATA_HASH, URI = b"\xda" * 32, "ipfs://inputs"

BALANCE_OF = [
    {
        "type": "function",
        "name": "balanceOf",
        "stateMutability": "view",
        "inputs": [{"name": "account", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    }
]

OURS = {
    entry["name"]
    for name in (REGISTRY, PREDICTION)
    for entry in abi(name)
    if entry["type"] == "event"
}

Circuit = tuple[Any, ...]
Prover = Callable[[Sequence[int], int], bytes]  # of instances, and of which input by its point


def public_layout(items: int = 3) -> Layout:
    """Inputs of two words an item, the context again, two scores an item, then the context."""
    inputs, outputs = 2 * items, 2 * items
    return Layout(
        instances=inputs + 10 + outputs + 10,
        items=items,
        context=inputs + 10 + outputs,
        context_limbs=10,
        context_bits=15,
        context_echo=inputs,
        context_echo_words=10,
        inputs=0,
        input_words=2,
        weights=0,
        weight_words=0,
        weight_points=0,
        outputs=inputs + 10,
        output_words=2,
        output_kind=OutputKind.SCORES,
        classes=2,
    )


def hidden_layout() -> Layout:
    """One item: digests of inputs, context and weights, a label, then the context."""
    return Layout(
        instances=12,
        items=1,
        context=4,
        context_limbs=8,
        context_bits=17,
        context_echo=1,
        context_echo_words=1,
        inputs=0,
        input_words=1,
        weights=2,
        weight_words=1,
        weight_points=0,
        outputs=3,
        output_words=1,
        output_kind=OutputKind.LABEL,
        classes=10,
    )


def circuit_of(verifier: ContractInstance, layout: Layout, /, **changes: Any) -> Circuit:
    """The circuit as `registerCircuit` takes it; exact unless `changes` say otherwise."""
    fields: dict[str, Any] = {
        "verifier": verifier.address,
        "key": NOBODY,
        "codeHash": keccak(verifier.provider.get_code(verifier.address)),
        "artifactDigest": b"\xaa" * 32,
        "statement": layout.to_abi(),
        "inputMin": -128,
        "inputMax": 127,
        "digestElements": 0,
        "saltElements": 0,
        "saltBits": 0,
        "exact": True,
        "tolerance": 0,
    }
    return tuple((fields | changes).values())


def point(seed: int) -> bytes:
    """A point of BN254, another one for each seed."""
    x, y = multiply(G1, seed + 1)
    return int(x).to_bytes(32, "big") + int(y).to_bytes(32, "big")


def mock_proof(instances: Sequence[int], _input: int = 0) -> bytes:
    """What MockVerifier takes for a proof of these instances, in the field or not."""
    return keccak(b"".join(word.to_bytes(32, "big") for word in instances))


@dataclass(frozen=True)
class Proofs:
    """Statements of a layout, with their mock proofs."""

    layout: Layout
    weights: int = 0
    proves: Prover = mock_proof

    def input_words(self, items: int, seed: int = 0) -> list[list[int]]:
        """Different words for each item and seed."""
        width = range(self.layout.input_words)
        return [[1_000 * (seed + 1) + 10 * item + word for word in width] for item in range(items)]

    def inputs_hash(self, items: int, seed: int = 0) -> bytes:
        if not self.layout.input_words:
            return inputs_hash([keccak(point(seed))])
        return inputs_hash([input_commitment(words) for words in self.input_words(items, seed)])

    def outputs(self, seed: int = 0) -> list[int]:
        """Output words of all slots."""
        words = self.layout.items * self.layout.output_words
        return [(seed + word) % 10 for word in range(words)]

    def statement(self, limbs: Sequence[int], inputs: int = 0, outputs: int = 0) -> list[int]:
        """Instances for context limbs and seeds of inputs and outputs."""
        layout = self.layout
        slots = self.input_words(layout.items, inputs)
        sections = {
            "context": list(limbs),
            "context_echo": [5] * layout.context_echo_words,
            "inputs": [word for slot in slots for word in slot],
            "weights": [self.weights] * layout.weight_words,
            "outputs": self.outputs(outputs),
        }
        instances = [0] * layout.instances
        for name, where in layout.sections().items():
            instances[where.start : where.stop] = sections[name]
        return instances

    def sample(self, inputs: int = 0, outputs: int = 0) -> tuple[bytes, list[int]]:
        """A proof for no job, for registration and condemnation."""
        instances = self.statement([1] * self.layout.context_limbs, inputs, outputs)
        return self.proves(instances, inputs), instances

    def register(self, registry: ContractInstance, circuit: Circuit, by: AccountAPI) -> bytes:
        """Registers circuit and model; returns the model's id."""
        proof, instances = self.sample()
        registry.registerCircuit(circuit, proof, instances, sender=by)
        circuit_id = circuit_id_of(circuit)
        registry.registerModel(circuit_id, self.weights, sender=by)
        return model_id_of(circuit_id, self.weights)


@dataclass(frozen=True)
class World:
    """The contract of predictions, one model, and the people; its methods do what people do."""

    registry: ContractInstance
    predictions: ContractInstance
    layout: Layout
    circuit: Circuit
    model_id: bytes
    consumer: AccountAPI
    provider: AccountAPI
    payee: AccountAPI
    weights: int = 0
    proves: Prover = mock_proof

    @property
    def proofs(self) -> Proofs:
        return Proofs(self.layout, self.weights, self.proves)

    @property
    def circuit_id(self) -> bytes:
        return circuit_id_of(self.circuit)

    def terms(self, items: int = 1, **changes: Any) -> Terms:
        """Terms in ETH, open to anyone, of the world's model; `changes` are fields."""
        terms = Terms(
            model_id=self.model_id,
            inputs_hash=self.proofs.inputs_hash(items),
            currency=ETH,
            reward=REWARD,
            stake=STAKE,
            provider=NOBODY,
            open_until=now() + DAY,
            prove_seconds=PROVE_SECONDS,
        )
        return replace(terms, **changes)

    def job(self, items: int = 1, nonce: int = 0, **changes: Any) -> Job:
        return Job(self.consumer.address, nonce, self.terms(items, **changes))

    def id_of(self, job: Job) -> bytes:
        return job.id_on(CHAIN_ID, self.predictions.address)

    def post(self, job: Job, **options: Any) -> ReceiptAPI:
        """Posts `job`, as its consumer and with the value due unless `options` say otherwise."""
        options = {"sender": self.consumer, "value": native(job, job.terms.reward)} | options
        return self.predictions.post(job.terms.to_abi(), job.nonce, DATA_HASH, URI, **options)

    def posted(self, items: int = 1, nonce: int = 0, **changes: Any) -> Job:
        job = self.job(items, nonce, **changes)
        self.post(job)
        return job

    def lock(self, job: Job, payee: Any = None, **options: Any) -> ReceiptAPI:
        options = {"sender": self.provider, "value": native(job, job.terms.stake)} | options
        return self.predictions.lock(job.to_abi(), payee or self.payee, **options)

    def locked(self, items: int = 1, nonce: int = 0, **changes: Any) -> Job:
        job = self.posted(items, nonce, **changes)
        self.lock(job)
        return job

    def limbs(self, job: Job, payee: Any = None, **changes: Any) -> tuple[int, ...]:
        """The context limbs of `job`; `changes` are fields of JobContext but the payee."""
        fields = {
            "chain_id": CHAIN_ID,
            "escrow": self.predictions.address,
            "job_id": self.id_of(job),
            "model_id": job.terms.model_id,
        }
        context = JobContext.of(payee=str(payee or self.payee), **(fields | changes))
        return context.limbs(self.layout.context_limbs, self.layout.context_bits)

    def prove(self, job: Job, payee: Any = None, **seeds: int) -> tuple[bytes, list[int]]:
        """Proof and instances bound to `payee`; `seeds` choose inputs and outputs."""
        instances = self.proofs.statement(self.limbs(job, payee), **seeds)
        return self.proves(instances, seeds.get("inputs", 0)), instances

    def deliver(self, job: Job, items: int = 1, proven: Any = None, **options: Any) -> ReceiptAPI:
        proof, instances = proven or self.prove(job)
        options = {"sender": self.provider} | options
        return self.predictions.deliver(job.to_abi(), items, proof, instances, **options)

    def refund(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.predictions.refund(job.to_abi(), **({"sender": self.payee} | options))

    def cancel(self, job: Job, **options: Any) -> ReceiptAPI:
        return self.predictions.cancel(job.to_abi(), **({"sender": self.consumer} | options))

    def condemn(self, by: AccountAPI | None = None) -> ReceiptAPI:
        """Two proofs of the same inputs with different outputs."""
        proofs = (*self.proofs.sample(outputs=0), *self.proofs.sample(outputs=1))
        return self.registry.condemn(self.circuit_id, *proofs, sender=by or self.payee)

    def status(self, job: Job) -> tuple[int, str, int]:
        state, payee, deadline = self.predictions.jobs(self.id_of(job))
        return state, payee, deadline

    def state(self, job: Job) -> int:
        return self.status(job)[0]

    def credit(self, account: Any, currency: Any = ETH) -> int:
        return self.predictions.credits(currency, account)


def native(job: Job, amount: int) -> int:
    """What is due in ETH."""
    return amount if job.terms.currency == ETH else 0


def now() -> int:
    """Time of the next block, as the node has it."""
    return int(ape.chain.pending_timestamp)


def at(timestamp: int) -> int:
    """Makes the next block's time `timestamp`, and returns it."""
    ape.chain.provider.set_timestamp(timestamp)
    return timestamp


def send(sender: AccountAPI, to: ContractInstance, data: bytes) -> None:
    """A transaction of exactly these bytes."""
    create = to.provider.network.ecosystem.create_transaction
    sender.call(create(receiver=to.address, data=data))


def logged(receipt: ReceiptAPI) -> list[tuple[Any, ...]]:
    """Each event of ours in order: its name, then its arguments as declared (structs as lists)."""
    return [
        (event.event_name, *map(_plain, event.event_arguments.values()))
        for event in receipt.events
        if event.event_name in OURS
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, HexBytes | bytes):
        return bytes(value)
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


def holdings(currency: Any, account: Any) -> int:
    """ETH or tokens of an account, whoever the account is."""
    address = getattr(account, "address", account)
    if currency == ETH:
        return int(ape.chain.provider.get_balance(address))
    return int(ape.Contract(currency, abi=BALANCE_OF).balanceOf(address))
