"""`zkescrow serving open`: options into a job spec, and what to say of the round."""

from dataclasses import dataclass
from typing import Any

from prover.base.errors import UsageError
from prover.base.parsing import units
from prover.base.text import ETHER_DECIMALS, in_ether, moment, span
from prover.chain.contracts.tokens import decimals_of
from prover.chain.node.client import Client
from prover.chain.sending.handing import how, secrecy
from prover.clients.common.gas import present_prices
from prover.clients.common.models import KnownModel
from prover.clients.common.posting import was_resumed
from prover.clients.serving.consumer import JobSpec, Opened
from prover.clients.serving.contest import supports, wrong_answers
from prover.clients.serving.status import amount
from prover.protocol.costs import Prices
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.limits import limits_of
from prover.protocol.serving.economics import ServingMoney, serving_money
from prover.statement.documents.samples import contest_sample


@dataclass(frozen=True)
class PostOptions:
    """The options of `serving open`; amounts as typed, shares from 0 to 1, times in seconds."""

    price: str | None
    proof_fee: str | None
    stake: str | None
    confidence: float
    bad_share: float
    currency: str | None
    provider: str | None
    open_seconds: int
    serve_seconds: int
    contest_seconds: int
    answer_seconds: int
    uri: str | None
    reader: str | None = None  # X25519 key to which the inputs file is encrypted, in hexadecimal


def spec_of(client: Client, known: KnownModel, n: int, options: PostOptions) -> JobSpec:
    """What the options say about a round of n items, defaults filled in. Raises UsageError."""
    contests = _contests(n, options, limits_of(client.chain_id).max_contests)
    money = _money(client, known, n, contests, options)
    return JobSpec(
        model_id=known.model_id,
        circuit_id=known.circuit_id,
        artifacts=known.artifacts,
        currency=options.currency or ZERO_ADDRESS,
        price=money.price,
        proof_fee=money.proof_fee,
        max_contests=contests,
        stake=money.stake,
        provider=options.provider or ZERO_ADDRESS,
        open_seconds=options.open_seconds,
        serve_seconds=options.serve_seconds,
        contest_seconds=options.contest_seconds,
        answer_seconds=options.answer_seconds,
        uri=options.uri,
        reader=options.reader,
    )


def describe(opened: Opened, options: PostOptions) -> tuple[dict[str, Any], list[str]]:
    """A posted round, for --json and as text."""
    terms, gas = opened.terms, opened.round_gas
    fee = gas.total * opened.wei_per_gas
    data = {
        "job": "0x" + opened.job_id.hex(),
        "items": terms.n,
        "price": terms.price,
        "proof_fee": terms.proof_fee,
        "stake": terms.stake,
        "currency": terms.currency,
        "escrow": terms.escrow,
        "max_contests": terms.max_contests,
        "word_bytes": terms.word_bytes,
        "inputs_root": "0x" + terms.inputs_root.hex(),
        "inputs_file": str(opened.inputs_file),
        "given": str(opened.given),
        "uri": opened.uri,
        "open_until": terms.open_until,
        "serve_window_seconds": terms.serve_seconds,
        "contest_window_seconds": terms.contest_seconds,
        "answer_window_seconds": terms.answer_seconds,
        "gas": opened.gas,
        "total_gas": gas.total,
        "total_fee_wei": fee,
        "resumed": was_resumed(opened.notes),
        "notes": list(opened.notes),
    }
    lines = [
        f"round 0x{opened.job_id.hex()}: {terms.n} items at {amount(terms, terms.price)} each, "
        f"{amount(terms, terms.escrow)} paid in; the provider stakes "
        f"{amount(terms, terms.stake)}",
        f"up to {terms.max_contests} may be contested, at {amount(terms, terms.proof_fee)} for "
        "each that is proven",
        *supports(terms.n, terms.max_contests, wrong_answers(terms.n, options.bad_share)),
        f"posting took {opened.gas} gas; the round takes about {gas.total} gas in all, "
        f"{in_ether(fee)} at the present fee: {gas.consumer} by you and {gas.provider} by the "
        "provider if everything that may be contested is",
        how(opened.given, opened.uri),
        secrecy(opened.given),
        f"next: a provider joins until {moment(terms.open_until)} and then has "
        f"{span(terms.serve_seconds)} to serve; then you have {span(terms.contest_seconds)} to "
        f"contest, and it has {span(terms.answer_seconds)} to prove; watch it with `zkescrow "
        "serving status`",
        *opened.notes,
    ]
    return data, lines


def _contests(n: int, options: PostOptions, most: int) -> int:
    """The items that must be contested for the confidence wanted; all if there are fewer."""
    wanted = min(contest_sample(options.bad_share, options.confidence), n)
    if wanted > most:
        raise UsageError(
            f"--confidence {options.confidence:.4%} and --bad-share {options.bad_share:.4%} need "
            f"{wanted} contested items: expected at most {most}; look for a larger "
            "share, or open several rounds"
        )
    return wanted


def _money(
    client: Client, known: KnownModel, n: int, contests: int, options: PostOptions
) -> ServingMoney:
    """Amounts as typed, in units of the currency; for ETH those not given by their cost."""
    given = {"--price": options.price, "--proof-fee": options.proof_fee, "--stake": options.stake}
    missing = [name for name, text in given.items() if text is None]
    if options.currency is not None and missing:
        raise UsageError(
            f"{', '.join(missing)} missing: what a token is worth is not known here; give every "
            "amount of a round that is paid in tokens"
        )
    decimals = ETHER_DECIMALS if options.currency is None else decimals_of(client, options.currency)
    usual = _usual(known, n, contests, present_prices(client, missing))
    price, proof_fee, stake = (
        default if text is None else units(text, name, decimals)
        for (name, text), default in zip(
            given.items(), (usual.price, usual.proof_fee, usual.stake), strict=True
        )
    )
    return ServingMoney(price, proof_fee, stake)


def _usual(known: KnownModel, n: int, contests: int, prices: Prices) -> ServingMoney:
    """Amounts by docs/ECONOMICS.md at the present price of gas."""
    facts = known.artifacts.facts
    item_bytes = facts.layout.output_words * facts.word_bytes
    return serving_money(n, item_bytes, contests, facts.proving, prices)
