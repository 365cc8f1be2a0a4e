"""Accepted proofs, checked again: the statement, a typed call at their block, the proof system."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prover.base.errors import ProofRejected, StatementInvalid
from prover.chain.contracts.registry import Circuit, code_hash, verify_on_chain
from prover.chain.node.client import Client
from prover.protocol.registry.state import RegistryState
from prover.statement.commitment import weights_of
from prover.statement.context import JobContext
from prover.statement.field import check_canonical
from prover.systems.interface import Artifacts, ItemProver
from prover.systems.proof import Proof


@dataclass(frozen=True)
class Bound:
    """What every proof of a job is bound to: who is paid, for which model.

    `chain_ids` are those that the chain may have had when the proof was accepted.
    """

    chain_ids: tuple[int, ...]
    contract: str
    job_id: bytes
    payee: str
    model_id: bytes
    circuit: Circuit
    weights: int

    @classmethod
    def to_model(
        cls,
        chain_ids: tuple[int, ...],
        where: tuple[str, bytes, str],
        model_id: bytes,
        registry: RegistryState,
    ) -> "Bound":
        """Of a registered model; `where` is contract, job id and payee."""
        circuit_id, weights = registry.models[model_id]
        circuit = Circuit.from_abi(registry.circuits[circuit_id])
        return cls(chain_ids, *where, model_id, circuit, weights)


@dataclass(frozen=True)
class Accepted:
    """A proof that a contract accepted in `block`, of the items in its first `items` slots."""

    where: str
    block: int
    bound: Bound
    items: int
    proof: Proof


def broken_rules(client: Client, accepted: Accepted) -> Iterator[str]:
    """Every rule of proof acceptance that a proof breaks, as text; recomputed here."""
    try:
        yield from _statement(accepted)
    except StatementInvalid as error:
        yield str(error)
        return
    circuit, proof, block = accepted.bound.circuit, accepted.proof, accepted.block
    if code_hash(client, circuit, block) != circuit.code_hash:
        yield "the code that verifies was not the registered one"
    if not verify_on_chain(client, circuit, proof.proof, list(proof.instances), block):
        yield "the verifier does not accept the proof by a typed call at its block"


def reverified(
    system: ItemProver[Any], artifacts: Artifacts, accepted: Sequence[Accepted]
) -> Iterator[bool]:
    """For each proof of a circuit whether the proof system accepts it too.

    All at once; one by one if that fails, to name the bad ones.
    """
    if _holds(lambda: system.verify(artifacts, [one.proof for one in accepted])):
        yield from (True for _ in accepted)
        return
    for one in accepted:
        yield _holds(lambda one=one: system.verify(artifacts, [one.proof]))  # type: ignore[misc]


def _statement(accepted: Accepted) -> Iterator[str]:
    bound, words = accepted.bound, accepted.proof.instances
    layout = bound.circuit.layout
    for word in words:
        check_canonical(word)
    if layout.section("context", words) not in _contexts(bound):
        yield "the proof's context is not that of the job, payee and model"
    if weights_of(layout, accepted.proof.proof, words) != bound.weights:
        yield "the proof's weights are not those registered"
    if not 1 <= accepted.items <= layout.items:
        yield f"{accepted.items} items of a proof with {layout.items} slots"


def _contexts(bound: Bound) -> list[tuple[int, ...]]:
    layout = bound.circuit.layout
    where = bound.contract, bound.job_id, bound.payee, bound.model_id
    contexts = [JobContext.of(chain_id, *where) for chain_id in bound.chain_ids]
    return [one.limbs(layout.context_limbs, layout.context_bits) for one in contexts]


def _holds(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except (ProofRejected, StatementInvalid):
        return False
    return True
