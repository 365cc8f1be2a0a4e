"""Serving rounds, the consumer's side: open one, take it back, end it."""

import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from prover.base.errors import StatementInvalid, UsageError
from prover.chain.contracts.serving import ServingRound
from prover.chain.deployments import Deployment
from prover.chain.events.finality import confirmations, final_seconds
from prover.chain.node.client import Client
from prover.chain.sending.fees import gas_price
from prover.chain.sending.handing import hand_over, handed_path, uri_of
from prover.chain.sending.transactions import Sender
from prover.clients.common import posting as postings
from prover.clients.common.gas import verification_gas
from prover.clients.common.posting import Drawn, Posting
from prover.protocol.limits import ChainLimits
from prover.protocol.serving.gas import RoundGas
from prover.protocol.serving.state import Terms
from prover.statement.documents.inputs_file import InputsFile, data_hash
from prover.statement.runs import inputs_tree
from prover.systems.circuits import commitments, quantised, read_data
from prover.systems.interface import Artifacts
from prover.systems.worker import Progress


@dataclass(frozen=True)
class JobSpec:
    """What a consumer asks for; amounts in wei or token units, times in seconds.

    `artifacts` are the model's on this machine, which must have been compared with the chain;
    `reader` is the X25519 key, in hexadecimal, to which the inputs file is encrypted.
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
    reader: str | None = None


@dataclass(frozen=True)
class Opened:
    """A round on the chain; `gas` is what posting took, `round_gas` what the round will take."""

    job_id: bytes
    terms: Terms
    inputs_file: Path
    given: Path
    uri: str
    gas: int
    round_gas: RoundGas
    wei_per_gas: int
    notes: tuple[str, ...]


def make_inputs(
    circuit_id: bytes, artifacts: Artifacts, data: Path, rows: range | None, limits: ChainLimits
) -> InputsFile:
    """Items of the rows (all by default) of an NPZ archive, checked against circuit and contract.

    Raises UsageError, ModelRefused or StatementInvalid.
    """
    samples = read_data(artifacts, data).inputs
    chosen = range(len(samples)) if rows is None else rows
    if not 0 <= chosen.start < chosen.stop <= len(samples):
        raise UsageError(
            f"--rows {chosen.start}:{chosen.stop}: expected a part of 0:{len(samples)} by {data}"
        )
    _check_size(artifacts, len(chosen), limits)
    items = quantised(artifacts, samples[chosen.start : chosen.stop])
    inputs_file = InputsFile(circuit_id, tuple(items))
    inputs_file.check_round(artifacts.facts.shape, len(chosen))
    return inputs_file


def posting(
    sender: Sender,
    deployment: Deployment,
    spec: JobSpec,
    inputs_file: InputsFile,
    asked: dict[str, Any],
    progress: Progress,
) -> AbstractContextManager[Posting[Terms]]:
    """The round of a job spec, perhaps begun by an earlier command; `asked` are the options of it.

    Raises UsageError if the time to contest is too short.
    """
    _check_finality(sender.client, spec.contest_seconds)
    serving = ServingRound(sender.client, deployment.serving)
    content = asked | {
        "model": spec.model_id,
        "inputs": [item.values for item in inputs_file.items],
        "reader": spec.reader,
    }
    draw = partial(_drawn, sender.client, spec, inputs_file, progress)
    return postings.posting(sender, serving, Terms, content, draw)


def open_round(
    sender: Sender, deployment: Deployment, spec: JobSpec, drawn: Posting[Terms]
) -> Opened:
    """Post the round and pay in.

    Raises ContractRefused with the rule that the terms break, InsufficientFunds or Postponed.
    """
    serving = ServingRound(sender.client, deployment.serving)
    path, terms = drawn.file, drawn.job.terms
    call = serving.post(drawn.job, drawn.data_hash, drawn.uri)
    receipt = postings.send(sender, serving, drawn, call, terms.escrow)
    gas, price = int(receipt["gasUsed"]), gas_price(sender.client)
    proof = verification_gas(sender, deployment.registry, spec.circuit_id, spec.artifacts)
    layout = spec.artifacts.facts.layout
    total = RoundGas.of(terms.n, terms.word_bytes, terms.max_contests, layout, proof)
    return Opened(drawn.job_id, terms, path, drawn.given, drawn.uri, gas, total, price, drawn.notes)


def _drawn(
    client: Client, spec: JobSpec, inputs_file: InputsFile, progress: Progress
) -> Drawn[Terms]:
    """Write the inputs file, read it again, compute the root from it."""
    content = inputs_file.to_bytes()
    digest = data_hash(content)
    path = postings.file_at(digest)
    given = handed_path(path, spec.reader)
    uri = uri_of(client, spec.uri, given)
    hand_over(path, content, spec.reader)
    written = InputsFile.from_bytes(path.read_bytes())
    progress(f"computing the root of {len(written.items)} inputs from the file")
    made = (path, given) if inputs_file.salted else ()
    return Drawn(secrets.randbits(256), _terms(spec, written, client.now()), digest, uri, made)


def _terms(spec: JobSpec, inputs_file: InputsFile, now: int) -> Terms:
    return Terms(
        model_id=spec.model_id,
        provider=spec.provider,
        currency=spec.currency,
        inputs_root=inputs_tree(commitments(spec.artifacts, inputs_file.items)).root,
        n=len(inputs_file.items),
        word_bytes=spec.artifacts.facts.word_bytes,
        price=spec.price,
        proof_fee=spec.proof_fee,
        max_contests=spec.max_contests,
        stake=spec.stake,
        open_until=now + spec.open_seconds,
        serve_seconds=spec.serve_seconds,
        contest_seconds=spec.contest_seconds,
        answer_seconds=spec.answer_seconds,
    )


def _check_size(artifacts: Artifacts, count: int, limits: ChainLimits) -> None:
    each = artifacts.facts.layout.output_words * artifacts.facts.word_bytes
    most = min(limits.max_output_bytes // each, limits.max_round_items)
    if count > most:
        raise StatementInvalid(
            f"{count} rows of {each} bytes of outputs each: expected at most {most} rows in a "
            "round of this model, as all outputs travel in one transaction; choose with --rows and "
            "open several rounds"
        )


def _check_finality(client: Client, contest_seconds: int) -> None:
    """Outputs are contested when they are final: the time for it must be longer than that takes."""
    wait = final_seconds(client)
    if contest_seconds < 2 * wait:
        raise UsageError(
            f"--contest-within {contest_seconds} s: expected at least {2 * wait} s, as outputs are "
            f"final after about {wait} s here ({confirmations(client)} blocks)"
        )
