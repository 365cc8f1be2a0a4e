"""Retrieval requests, the requester's side: choose a dataset, post a request, take it back."""

import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from prover.base.errors import StatementInvalid
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.deployments import Deployment
from prover.chain.sending.fees import gas_price
from prover.chain.sending.transactions import Sender
from prover.clients.common import posting as postings
from prover.clients.common.gas import verification_gas
from prover.clients.common.posting import Drawn, Posting
from prover.clients.retrieval.datasets import checked, keep
from prover.clients.retrieval.records import format_of
from prover.protocol.retrieval.gas import RetrievalGas
from prover.protocol.retrieval.predicate import check_predicate
from prover.protocol.retrieval.state import Dataset, Predicate, Terms
from prover.statement.sealing import check_sealable
from prover.systems.interface import Artifacts
from prover.systems.worker import Progress


@dataclass(frozen=True)
class JobSpec:
    """What a requester asks for; amounts in wei or token units, times in seconds.

    `artifacts` are the model's on this machine, which must have been compared with the chain.
    """

    model_id: bytes
    circuit_id: bytes
    artifacts: Artifacts
    dataset: Dataset
    predicate: Predicate
    currency: str
    price_per_record: int
    stake: int
    open_seconds: int
    prove_seconds: int
    dispute_seconds: int


@dataclass(frozen=True)
class Posted:
    """A request on the chain; `gas` is what posting took, `estimate` what the request will take."""

    job_id: bytes
    terms: Terms
    escrow: int
    gas: int
    estimate: RetrievalGas
    wei_per_gas: int
    notes: tuple[str, ...]


def check_model(artifacts: Artifacts, predicate: Predicate) -> None:
    """Raise StatementInvalid or UsageError unless the model can answer such a request."""
    facts = artifacts.facts
    if not facts.exact:
        raise StatementInvalid(
            "the model's circuit is not exact: its prover could choose which records match; add "
            "the model again with a plan that is"
        )
    check_sealable(facts.sealed)
    check_predicate(predicate, facts.layout, facts.reach)


def check_dataset(dataset: Dataset, content: bytes, artifacts: Artifacts) -> None:
    """Check a dataset's public file: hash, every leaf, root, and that the model takes its records.

    Keeps the file. Raises StatementInvalid.
    """
    public, allowed = checked(dataset, content), format_of(artifacts)
    differing = [
        f"{name} {value} (expected {getattr(allowed, name)})"
        for name, value in vars(public.form).items()
        if value != getattr(allowed, name)
    ]
    if differing:
        raise StatementInvalid(
            f"the dataset's records are not in the model's format: {', '.join(differing)}; use a "
            "model of that format, or ask the owner to commit for this one"
        )
    keep(dataset, content)


def posting(
    sender: Sender, deployment: Deployment, spec: JobSpec, asked: dict[str, Any]
) -> AbstractContextManager[Posting[Terms]]:
    """The request of a job spec, perhaps begun by an earlier command; `asked` are the options."""
    client, retrieval = sender.client, RetrievalBounty(sender.client, deployment.retrieval)
    content = asked | {
        "dataset": spec.dataset.id,
        "model": spec.model_id,
        "predicate": spec.predicate.to_abi(),
    }
    draw = lambda: Drawn(secrets.randbits(256), _terms(spec, client.now()))  # noqa: E731
    return postings.posting(sender, retrieval, Terms, content, draw)


def post(
    sender: Sender,
    deployment: Deployment,
    spec: JobSpec,
    drawn: Posting[Terms],
    progress: Progress,
) -> Posted:
    """Pay for all records in and post.

    Raises ContractRefused with the rule that the terms break, InsufficientFunds or Postponed.
    """
    retrieval = RetrievalBounty(sender.client, deployment.retrieval)
    count, layout, terms = spec.dataset.count, spec.artifacts.facts.layout, drawn.job.terms
    escrow = terms.price_of(count)
    proof = verification_gas(sender, deployment.registry, spec.circuit_id, spec.artifacts)
    progress("posting the request")
    call = retrieval.post(drawn.job, count)
    receipt = postings.send(sender, retrieval, drawn, call, escrow)
    gas, price = int(receipt["gasUsed"]), gas_price(sender.client)
    estimate = RetrievalGas.of(count, layout, proof)
    return Posted(drawn.job_id, terms, escrow, gas, estimate, price, drawn.notes)


def _terms(spec: JobSpec, now: int) -> Terms:
    return Terms(
        dataset_id=spec.dataset.id,
        model_id=spec.model_id,
        predicate=spec.predicate,
        currency=spec.currency,
        price_per_record=spec.price_per_record,
        stake=spec.stake,
        open_until=now + spec.open_seconds,
        prove_seconds=spec.prove_seconds,
        dispute_seconds=spec.dispute_seconds,
    )
