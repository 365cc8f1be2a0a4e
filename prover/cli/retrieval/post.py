"""`zkescrow retrieval post`: options into a job spec, and what to say of the request."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prover.base.errors import UsageError
from prover.base.parsing import duration, units
from prover.base.text import ETHER_DECIMALS, in_ether, moment, span
from prover.base.units import HOUR
from prover.chain.contracts.tokens import decimals_of
from prover.chain.events.finality import final_seconds
from prover.chain.node.client import Client
from prover.cli.common.options import DISPUTE_WITHIN, OPEN_FOR, window
from prover.clients.common.gas import present_prices
from prover.clients.common.inputs.fetch import InputsUnavailable, fetch
from prover.clients.common.models import KnownModel
from prover.clients.common.posting import was_resumed
from prover.clients.retrieval.records import format_of
from prover.clients.retrieval.requester import JobSpec, Posted
from prover.clients.retrieval.status import amount
from prover.protocol.costs import Proving
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.limits import limits_of
from prover.protocol.retrieval.economics import (
    RetrievalMoney,
    retrieval_money,
    retrieval_stake,
)
from prover.protocol.retrieval.predicate import as_text, at_least
from prover.protocol.retrieval.state import Dataset, Predicate, PredicateKind
from prover.statement.documents.dataset import max_bytes_of
from prover.systems.interface import Artifacts

MIN_PROVE_SECONDS = HOUR
WORK_FACTOR = 4  # of what proving should take on two cores


@dataclass(frozen=True)
class PostOptions:
    """The options of `retrieval post` about money and time, as typed; `currency` is checked."""

    price: str | None
    stake: str | None
    currency: str | None
    open_for: str | None
    prove_within: str | None
    dispute_within: str | None


def predicate_of(
    score: int | None, threshold: str | None, label: int | None, unit: float
) -> Predicate:
    """Which records are wanted. Raises UsageError unless it is said in one of the two ways."""
    if label is None and score is not None and threshold is not None:
        return at_least(score, threshold, unit)
    if label is not None and score is None and threshold is None:
        return Predicate(PredicateKind.LABEL, label)
    raise UsageError(
        "no predicate: expected --score INDEX with --at-least VALUE, or --label N; say which "
        "records match"
    )


def public_file(
    dataset: Dataset, artifacts: Artifacts, file: Path | None, allow_files: bool
) -> bytes:
    """The dataset's public file, from where the owner or --file says. Raises UsageError."""
    limit = max_bytes_of(dataset.count, format_of(artifacts))
    try:
        uri = dataset.uri if file is None else file.resolve().as_uri()
        return fetch(uri, limit, allow_files=allow_files or file is not None)
    except InputsUnavailable as error:
        raise UsageError(
            f"the file of dataset 0x{dataset.id.hex()} cannot be had: {error}; or ask owner "
            f"{dataset.owner} for it and give it with --file"
        ) from error


def spec_of(
    client: Client, known: KnownModel, dataset: Dataset, predicate: Predicate, options: PostOptions
) -> JobSpec:
    """What the options say, defaults filled in. Raises UsageError."""
    money = _money(client, known, dataset.count, options)
    return JobSpec(
        model_id=known.model_id,
        circuit_id=known.circuit_id,
        artifacts=known.artifacts,
        dataset=dataset,
        predicate=predicate,
        currency=options.currency or ZERO_ADDRESS,
        price_per_record=money.price_per_record,
        stake=money.stake,
        open_seconds=window(client, options.open_for, "--open-for", OPEN_FOR),
        prove_seconds=_prove_seconds(client, known.artifacts, dataset.count, options.prove_within),
        dispute_seconds=window(client, options.dispute_within, "--dispute-within", DISPUTE_WITHIN),
    )


def describe(posted: Posted, spec: JobSpec) -> tuple[dict[str, Any], list[str]]:
    """A posted request, for --json and as text."""
    terms, predicate = posted.terms, posted.terms.predicate
    fee = posted.estimate.total * posted.wei_per_gas
    rule = as_text(predicate, spec.artifacts.facts.output_unit)
    data = {
        "job": "0x" + posted.job_id.hex(),
        "dataset": "0x" + terms.dataset_id.hex(),
        "records": spec.dataset.count,
        "predicate": {
            "kind": predicate.kind.name.lower(),
            "index": predicate.index,
            "threshold": predicate.threshold,
        },
        "wanted": rule,
        "price": terms.price_per_record,
        "stake": terms.stake,
        "currency": terms.currency,
        "escrow": posted.escrow,
        "open_until": terms.open_until,
        "prove_window_seconds": terms.prove_seconds,
        "dispute_window_seconds": terms.dispute_seconds,
        "gas": posted.gas,
        "total_gas": posted.estimate.total,
        "total_fee_wei": fee,
        "resumed": was_resumed(posted.notes),
        "notes": list(posted.notes),
    }
    lines = [
        f"request 0x{posted.job_id.hex()}: {spec.dataset.count} records at "
        f"{amount(terms, terms.price_per_record)} each, {amount(terms, posted.escrow)} paid in; "
        f"the owner stakes {amount(terms, terms.stake)}",
        f"a record matches if {rule}; every match becomes readable for everybody, with its proof",
        f"the owner has {span(terms.prove_seconds)} to prove all records, you then have "
        f"{span(terms.dispute_seconds)} to dispute a match that does not read as proven: look at "
        "`zkescrow retrieval status` in that time",
        f"posting took {posted.gas} gas; the request takes about {posted.estimate.total} gas in "
        f"all, {in_ether(fee)} at the present fee, nearly all of it the owner's",
        f"next: owner {spec.dataset.owner} accepts until {moment(terms.open_until)}",
        *posted.notes,
    ]
    return data, lines


def _money(client: Client, known: KnownModel, count: int, options: PostOptions) -> RetrievalMoney:
    """Amounts as typed, in units of the currency; for ETH those not given by their cost."""
    given = {"--price": options.price, "--stake": options.stake}
    missing = [name for name, text in given.items() if text is None]
    if options.currency is not None and missing:
        raise UsageError(
            f"{', '.join(missing)} missing: what a token is worth is not known here; give every "
            "amount of a request that is paid in tokens"
        )
    decimals = ETHER_DECIMALS if options.currency is None else decimals_of(client, options.currency)
    prices = present_prices(client, missing)
    usual = retrieval_money(count, _proving(known.artifacts), prices)
    price = usual.price_per_record
    if options.price is not None:
        price = _above_zero(units(options.price, "--price", decimals), "--price")
    stake = retrieval_stake(count, price, prices)
    if options.stake is not None:
        stake = _above_zero(units(options.stake, "--stake", decimals), "--stake")
    return RetrievalMoney(price, stake)


def _above_zero(amount_: int, name: str) -> int:
    if amount_ == 0:
        raise UsageError(
            f"{name} is 0: expected more than 0, as an owner that earns or risks nothing has no "
            "reason to prove"
        )
    return amount_


def _prove_seconds(client: Client, artifacts: Artifacts, count: int, options: str | None) -> int:
    """As typed, or some times of what proving should take, and what the acceptance's finality does.

    Keys are not given before that.
    """
    if options is not None:
        return duration(options, "--prove-within")
    proving, wait = _proving(artifacts), final_seconds(client)
    work = round(WORK_FACTOR * proving.proofs(count) * proving.seconds)
    return wait + max(MIN_PROVE_SECONDS, work, limits_of(client.chain_id).min_window)


def _proving(artifacts: Artifacts) -> Proving:
    return artifacts.facts.proving
