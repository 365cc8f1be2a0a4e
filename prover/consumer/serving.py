"""Serving rounds, the consumer's side: open one, take it back, end it."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from prover.chain.client import Client
from prover.chain.deployments import Deployment
from prover.chain.finality import confirmations
from prover.chain.serving import ServingRound
from prover.chain.tokens import allow
from prover.chain.transactions import Sender
from prover.consumer.gas import verification_gas
from prover.consumer.jobs import remember
from prover.errors import StatementInvalid, UsageError
from prover.files import write_atomically
from prover.protocol.serving import Job, Terms
from prover.protocol.serving_gas import RoundGas
from prover.proving.artifacts import Artifacts
from prover.proving.evaluate import word_bytes
from prover.proving.inputs import quantised, read_data, shape_of
from prover.proving.worker import Progress
from prover.settings import get_settings
from prover.statement.request import Request, data_hash
from prover.statement.serving import MAX_OUTPUT_BYTES, inputs_tree
from prover.statement.tree import MAX_COUNT

BLOCK_SECONDS = 12  # of Ethereum
MAX_CONTESTS = 1024  # a longer list would crowd the proofs out of a transaction


@dataclass(frozen=True)
class Offer:
    """What a consumer asks for; amounts in wei or token units, times in seconds.

    `artifacts` are the model's on this machine, which must have been compared with the chain.
    """

    model_id: bytes
    circuit_id: bytes
    artifacts: Artifacts
    currency: str
    price: int
    proof_fee: int
    max_contests: int
    stake: int
    provider: str
    open_seconds: int
    serve_seconds: int
    contest_seconds: int
    answer_seconds: int
    uri: str | None


@dataclass(frozen=True)
class Opened:
    """A round on the chain; `gas` is what posting took, `round_gas` what the round will take."""

    job_id: bytes
    terms: Terms
    inputs_file: Path
    uri: str
    gas: int
    round_gas: RoundGas
    wei_per_gas: int


def make_inputs(circuit_id: bytes, artifacts: Artifacts, data: Path, rows: range | None) -> Request:
    """Items of the rows (all by default) of an NPZ archive, checked against circuit and contract.

    Raises UsageError, ModelRefused or StatementInvalid.
    """
    samples = read_data(artifacts, data).inputs
    chosen = range(len(samples)) if rows is None else rows
    if not 0 <= chosen.start < chosen.stop <= len(samples):
        raise UsageError(
            f"--rows {chosen.start}:{chosen.stop}: a part of 0:{len(samples)} is allowed by {data}"
        )
    _check_size(artifacts, len(chosen))
    items = quantised(artifacts.manifest, samples[chosen.start : chosen.stop])
    request = Request(circuit_id, tuple(items))
    request.check_round(shape_of(artifacts.manifest), len(chosen))
    return request


def open_round(
    sender: Sender, deployment: Deployment, offer: Offer, request: Request, progress: Progress
) -> Opened:
    """Write the inputs file, read it again, compute the root from it, then post and pay in.

    Raises UsageError, ContractRefused with the rule that the terms break, InsufficientFunds.
    """
    _check_finality(sender.client, offer.contest_seconds)
    serving = ServingRound(sender.client, deployment.serving)
    path, content = _written(request)
    written = Request.from_bytes(content)
    progress(f"computing the root of {len(written.items)} inputs from the file")
    terms = _terms(offer, written, sender.client.now())
    job = Job(sender.address, secrets.randbits(256), terms)
    job_id = serving.job_id(job)
    uri = _uri(sender.client, offer.uri, path)
    call = serving.post(job, data_hash(content), uri)
    allow(sender, terms.currency, serving.address, escrow_of(terms))
    cost = sender.estimate(call)
    receipt = sender.send(f"post:{job_id.hex()}", call)
    remember(sender.client, serving.address, job_id)
    gas = int(receipt["gasUsed"])
    proof = verification_gas(sender, deployment.registry, offer.circuit_id, offer.artifacts)
    layout = offer.artifacts.manifest.layout
    whole = RoundGas.of(terms.n, terms.word_bytes, terms.max_contests, layout, proof)
    return Opened(job_id, terms, path, uri, gas, whole, cost.wei // max(cost.gas, 1))


def escrow_of(terms: Terms) -> int:
    """What the consumer pays in: all outputs, and the proofs of all items that may be contested."""
    return terms.n * terms.price + terms.max_contests * terms.proof_fee


def _written(request: Request) -> tuple[Path, bytes]:
    """The inputs file, and its content as it was read back."""
    content = request.to_bytes()
    path = get_settings().home / "inputs" / f"{data_hash(content).hex()}.json"
    write_atomically(path, content)
    return path, path.read_bytes()


def _terms(offer: Offer, request: Request, now: int) -> Terms:
    return Terms(
        model_id=offer.model_id,
        provider=offer.provider,
        currency=offer.currency,
        inputs_root=inputs_tree(item.commitment() for item in request.items).root,
        n=len(request.items),
        word_bytes=word_bytes(offer.artifacts.manifest.plan),
        price=offer.price,
        proof_fee=offer.proof_fee,
        max_contests=offer.max_contests,
        stake=offer.stake,
        open_until=now + offer.open_seconds,
        serve_seconds=offer.serve_seconds,
        contest_seconds=offer.contest_seconds,
        answer_seconds=offer.answer_seconds,
    )


def _check_size(artifacts: Artifacts, count: int) -> None:
    each = artifacts.manifest.layout.output_words * word_bytes(artifacts.manifest.plan)
    most = min(MAX_OUTPUT_BYTES // each, MAX_COUNT)
    if count > most:
        raise StatementInvalid(
            f"{count} rows of {each} bytes of outputs each: at most {most} rows are allowed in a "
            "round of this model, as all outputs travel in one transaction; choose with --rows and "
            "open several rounds"
        )


def _check_finality(client: Client, contest_seconds: int) -> None:
    """Outputs are contested when they are final: the time for it must be longer than that takes."""
    wait = confirmations(client) * BLOCK_SECONDS
    if contest_seconds < 2 * wait:
        raise UsageError(
            f"--contest-within {contest_seconds} s: outputs are final after about {wait} s here "
            f"({confirmations(client)} blocks), and at least {2 * wait} s are allowed"
        )


def _uri(client: Client, given: str | None, path: Path) -> str:
    if given is not None:
        return given
    if not client.local:
        raise UsageError(
            f"--uri is missing: on chain {client.chain_id} providers need an https address of the "
            "inputs file; choose it now and put the file there"
        )
    return path.resolve().as_uri()
