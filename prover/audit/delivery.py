"""One accepted proof, checked again from the transaction that carried it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3.types import RPCEndpoint

from prover.chain.client import Client, checksum
from prover.chain.events import Logged
from prover.chain.registry import Circuit, verify_on_chain
from prover.errors import StatementInvalid
from prover.protocol.events import PredictionDelivered
from prover.protocol.jobs import Jobs
from prover.protocol.prediction import Job, Record, Terms
from prover.proving.artifacts import Proof
from prover.statement.commitment import input_commitment, inputs_hash
from prover.statement.context import JobContext
from prover.statement.field import check_canonical

_TERMS = Terms.ABI
_DELIVER = f"deliver((address,uint256,{_TERMS}),uint256,bytes,uint256[])"
_SELECTOR = keccak(text=_DELIVER)[:4]


@dataclass(frozen=True)
class Delivery:
    """What was delivered: the event, and the arguments of the call that led to it."""

    logged: Logged
    event: PredictionDelivered
    job: Job
    items: int
    proof: Proof


def recover(client: Client, market: Jobs[Record], logged: Logged) -> Delivery | None:
    """The call of `deliver` behind an event; None if the node does not give it.

    A direct call is read off the transaction, a relayed one off its trace.
    """
    event = logged.event
    assert isinstance(event, PredictionDelivered)  # noqa: S101 - the caller filters
    for data in _calls(client, market.contract, logged.transaction):
        job, items, proof = _arguments(data)
        if job.id_on(market.chain_id, market.contract) == event.job_id:
            return Delivery(logged, event, job, items, proof)
    return None


def disagreements(
    client: Client, market: Jobs[Record], circuit: Circuit, weights: int, delivery: Delivery
) -> Iterator[str]:
    """Every rule of proof acceptance that the delivery breaks, in words; recomputed here."""
    try:
        yield from _statement(market, circuit, weights, delivery)
    except StatementInvalid as error:
        yield str(error)
        return
    block = delivery.logged.block
    if keccak(client.code(circuit.verifier, block)) != circuit.code_hash:
        yield "the verifier's code was not the registered one"
    proof = delivery.proof
    if not verify_on_chain(client, circuit.verifier, proof.proof, list(proof.instances), block):
        yield "the verifier does not accept the proof by a typed call at its block"


def _statement(
    market: Jobs[Record], circuit: Circuit, weights: int, delivery: Delivery
) -> Iterator[str]:
    layout, words, event = circuit.layout, delivery.proof.instances, delivery.event
    for word in words:
        check_canonical(word)
    context = JobContext.of(market.chain_id, market.contract, event.job_id, event.payee)
    limbs = context.limbs(layout.context_limbs, layout.context_bits)
    if layout.section("context", words) != limbs:
        yield "the proof's context is not that of the job and payee"
    if layout.section("weights", words) != ((weights,) if weights else ()):
        yield "the proof's weights are not those registered"
    if delivery.items != event.items or not 1 <= event.items <= layout.items:
        yield f"{event.items} items in the event, {delivery.items} in the call"
        return
    commitments = [input_commitment(layout.item_inputs(words, at)) for at in range(event.items)]
    if inputs_hash(commitments) != delivery.job.terms.inputs_hash:
        yield "the proof's inputs are not those of the job"
    outputs = [word for at in range(event.items) for word in layout.item_outputs(words, at)]
    if tuple(outputs) != event.outputs:
        yield "the outputs in the event are not those of the proof"


def _calls(client: Client, market: str, transaction: bytes) -> Iterator[bytes]:
    """Calldata of every call of `deliver` on the market in a transaction."""
    sent = client.transaction(transaction)
    data = bytes(HexBytes(sent["input"]))
    if str(sent.get("to", "")).lower() == market.lower():
        if data[:4] == _SELECTOR:
            yield data
        return
    for call in _traced(client, transaction):
        data = bytes(HexBytes(call.get("input", "0x")))
        target = str(call.get("to", "")).lower()
        if target == market.lower() and data[:4] == _SELECTOR and "error" not in call:
            yield data


def _traced(client: Client, transaction: bytes) -> Iterator[dict[str, Any]]:
    """All calls of a transaction, outermost first; nothing if the node does not trace."""
    parameters = ["0x" + transaction.hex(), {"tracer": "callTracer"}]
    answer: Any = client.web3.provider.make_request(
        RPCEndpoint("debug_traceTransaction"), parameters
    )
    waiting = [answer.get("result") or {}]
    while waiting:
        call = waiting.pop(0)
        waiting += call.get("calls", [])
        yield call


def _arguments(data: bytes) -> tuple[Job, int, Proof]:
    """Decoded calldata. Raises StatementInvalid if it is not what the ABI says."""
    types = [f"(address,uint256,{_TERMS})", "uint256", "bytes", "uint256[]"]
    try:
        (consumer, nonce, terms), items, proof, instances = decode(types, data[4:])
    except DecodingError as error:
        raise StatementInvalid(f"a call of deliver cannot be decoded: {error}") from error
    job = Job(str(checksum(consumer)), nonce, Terms(*terms))
    return job, items, Proof(proof, tuple(instances))
