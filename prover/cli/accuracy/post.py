"""`zkescrow accuracy post`: options into a job spec, and what to say of the bounty."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prover.base.errors import ArtifactMismatch, UsageError
from prover.base.text import amount_in, in_ether
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.handing import how
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.cli.accuracy.job import in_units
from prover.clients.accuracy.consumer import JobSpec, Posted
from prover.clients.accuracy.status import amount, next_step
from prover.clients.common.gas import present_prices, verification_gas
from prover.clients.common.models import KnownModel, find
from prover.clients.common.posting import was_resumed
from prover.protocol.accuracy.economics import (
    AccuracyMoney,
    accuracy_bond,
    accuracy_money,
    accuracy_penalty,
    accuracy_spent,
)
from prover.protocol.accuracy.gas import BountyGas
from prover.protocol.accuracy.state import Record
from prover.protocol.events import ZERO_ADDRESS
from prover.statement.documents.samples import hoeffding_sample, needed, supports

_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,6}))?\s*%", re.ASCII)
_FRACTION = re.compile(r"(\d{1,18})\s*/\s*(\d{1,18})", re.ASCII)
_MAX_PART = (1 << 32) - 1


@dataclass(frozen=True)
class PostOptions:
    """The options of `accuracy post`; amounts as typed, times in seconds, target as num / den."""

    target: tuple[int, int]
    reward: str | None
    bond: str | None
    stake: str | None
    miss_penalty: str | None
    test_set_cost: str | None
    low_penalty: bool
    currency: str | None
    provider: str | None
    open_seconds: int
    reveal_seconds: int
    prove_seconds: int
    uri: str | None


def target_of(text: str) -> tuple[int, int]:
    """(num, den) of "90%", "97.5%" or "58/64". Raises UsageError unless above 0 and at most 1."""
    percent, fraction = _PERCENT.fullmatch(text.strip()), _FRACTION.fullmatch(text.strip())
    if percent:
        decimals = percent[2] or ""
        num, den = int(percent[1] + decimals), 100 * 10 ** len(decimals)
    elif fraction:
        num, den = int(fraction[1]), int(fraction[2])
    else:
        raise UsageError(f"--target {text!r}: expected a percentage (90%) or a fraction (58/64)")
    if not 0 < num <= den <= _MAX_PART:
        raise UsageError(f"--target {text!r}: expected above 0% and at most 100%")
    return num, den


def sample_size(items: int | None, eps: float | None) -> int | None:
    """How many rows to draw; None for all. Raises UsageError or StatementInvalid."""
    if items is not None and eps is not None:
        raise UsageError("--items and --eps both say how many rows to draw: give one of them")
    if items is not None and items < 1:
        raise UsageError(f"--items {items}: expected 1 or more")
    return items if eps is None else hoeffding_sample(eps)


def circuit_of(client: Client, deployment: Deployment, text: str) -> KnownModel:
    """A registered model by name or id, or any model of a circuit's id, that is on this machine."""
    digits = text.removeprefix("0x").lower()
    models = load_world(client, deployment).registry.models
    of_circuit = [one for one, (circuit_id, _) in models.items() if circuit_id.hex() == digits]
    for model_id in of_circuit:
        try:
            return find(client, deployment, model_id.hex())
        except ArtifactMismatch:
            continue
    if of_circuit:
        raise ArtifactMismatch(
            f"the artifacts of circuit {text} are not on this machine: without them its verifier "
            "cannot be checked; get them from its provider"
        )
    return find(client, deployment, text)


def spec_of(client: Client, known: KnownModel, n: int, options: PostOptions) -> JobSpec:
    """What the options say about a bounty over n items, defaults filled in. Raises UsageError."""
    check_cost_known(options)
    num, den = options.target
    money = _money(client, known, n, options)
    currency = options.currency or ZERO_ADDRESS
    if money.miss_penalty > money.stake:
        raise UsageError(
            f"--miss-penalty is {amount_in(currency, money.miss_penalty)} and --stake "
            f"{amount_in(currency, money.stake)}: expected at most the stake"
        )
    if options.provider is None and money.stake == 0:
        raise UsageError("--stake 0: a bounty that anyone may accept needs a stake above 0")
    if money.reward == 0:
        raise UsageError("--reward 0: expected above 0")
    if options.provider is None:
        least = _spent(client, options)
        check_penalty(currency, money.miss_penalty, least, options.low_penalty)
    return JobSpec(
        circuit_id=known.circuit_id,
        artifacts=known.artifacts,
        currency=currency,
        reward=money.reward,
        bond=money.bond,
        stake=money.stake,
        miss_penalty=money.miss_penalty,
        num=num,
        den=den,
        provider=options.provider or ZERO_ADDRESS,
        open_seconds=options.open_seconds,
        reveal_seconds=options.reveal_seconds,
        prove_seconds=options.prove_seconds,
        uri=options.uri,
    )


def check_cost_known(options: PostOptions) -> None:
    """Raise UsageError if nobody can tell what a try at an open bounty costs the consumer.

    Gas has no price in a token, and what labels are worth is not known here.
    """
    is_stated = options.test_set_cost is not None or options.low_penalty
    if options.currency is not None and options.provider is None and not is_stated:
        raise UsageError(
            "--test-set-cost missing: a bounty that anyone may accept needs a penalty of what the "
            "test set and your gas cost at least, and what these are worth in a token is not known "
            "here; give both in one amount of it, name a --provider, or take any penalty with "
            "--low-penalty"
        )


def check_penalty(currency: str, penalty: int, least: int, low: bool) -> None:
    """Raise UsageError if anybody could take the bond of an open bounty hostage too cheaply.

    `least` is what a try costs the consumer; `low` lets a penalty be below it, but not 0.
    """
    if penalty == 0:
        raise UsageError(
            "--miss-penalty 0: a bounty that anyone may accept needs a penalty, or anybody could "
            "take its bond hostage for gas; ask for one, or name a --provider"
        )
    if penalty < least and not low:
        raise UsageError(
            f"--miss-penalty is {amount_in(currency, penalty)}: a bounty that anyone may accept "
            f"needs {amount_in(currency, least)} at least, what the test set and your gas cost, or "
            "anybody could take its bond hostage for less; raise it, name a --provider, or allow "
            "it with --low-penalty"
        )


def _spent(client: Client, options: PostOptions) -> int:
    """What a try costs the consumer, in units of the currency; of tokens, as it says."""
    cost = _test_set(client, options)
    return cost if options.currency else accuracy_spent(present_prices(client), cost)


def _test_set(client: Client, options: PostOptions) -> int:
    return in_units(client, options.currency, options.test_set_cost or "0", "--test-set-cost")


def describe(
    sender: Sender,
    deployment: Deployment,
    known: KnownModel,
    posted: Posted,
    record: Record,
    seed: Path,
) -> tuple[dict[str, Any], list[str]]:
    """A posted bounty, for --json and as text."""
    terms = posted.terms
    wanted = needed(terms.n, terms.num, terms.den)
    gas = _total_gas(sender, deployment, known, posted, wanted)
    messages = supports(terms.n, wanted)
    data = {
        "job": "0x" + posted.job_id.hex(),
        "items": terms.n,
        "needed": wanted,
        "target": f"{terms.num}/{terms.den}",
        "reward": terms.reward,
        "bond": terms.bond,
        "stake": terms.stake,
        "miss_penalty": terms.miss_penalty,
        "currency": terms.currency,
        "test_root": "0x" + terms.test_root.hex(),
        "given": str(posted.file),
        "uri": posted.uri,
        "seed": str(seed),
        "open_until": terms.open_until,
        "supports": list(messages),
        "gas": posted.gas,
        "total_gas": gas,
        "total_fee_wei": gas * posted.wei_per_gas,
        "resumed": was_resumed(posted.notes),
        "notes": list(posted.notes),
    }
    lines = [
        f"bounty 0x{posted.job_id.hex()}: {amount(terms, terms.reward)} for {wanted} of "
        f"{terms.n} sealed items, with a bond of {amount(terms, terms.bond)}",
        *messages,
        f"KEEP {seed}: whoever loses it cannot reveal the key, and loses the bond",
        f"posting took {posted.gas} gas; the bounty takes about {gas} gas in all, "
        f"{in_ether(gas * posted.wei_per_gas)} at the present fee, most of it the provider's",
        f"test set {how(posted.file, posted.uri)}",
        f"next: {next_step(record, sender.client.now())}",
        *posted.notes,
    ]
    return data, lines


def _total_gas(
    sender: Sender, deployment: Deployment, known: KnownModel, posted: Posted, wanted: int
) -> int:
    """Post, accept, reveal, and the proofs of as many items as are needed."""
    slots = known.artifacts.facts.layout.items
    proof = verification_gas(sender, deployment.registry, known.circuit_id, known.artifacts)
    return posted.gas + BountyGas.of(wanted, slots, proof).after_posting


def _money(client: Client, known: KnownModel, n: int, options: PostOptions) -> AccuracyMoney:
    """Amounts as typed, in units of the currency; for ETH those not given by their cost."""
    given = {
        "--reward": options.reward,
        "--bond": options.bond,
        "--stake": options.stake,
        "--miss-penalty": options.miss_penalty,
    }
    absent = [name for name, text in given.items() if text is None]
    if options.currency is not None and absent:
        raise UsageError(
            f"{', '.join(absent)} missing: what a token is worth is not known here; give every "
            "amount of a bounty that is paid in tokens"
        )
    typed_units = {
        name: in_units(client, options.currency, text, name)
        for name, text in given.items()
        if text is not None
    }
    return _usual(client, known, n, options.target, typed_units, _test_set(client, options))


def _usual(
    client: Client,
    known: KnownModel,
    n: int,
    target: tuple[int, int],
    given: dict[str, int],
    test_set: int,
) -> AccuracyMoney:
    """Amounts by docs/ECONOMICS.md at the present price of gas, where none is given."""
    amounts = {"--reward", "--miss-penalty", "--stake", "--bond"}
    facts, prices = known.artifacts.facts, present_prices(client, amounts - given.keys())
    proving, elements = facts.proving, facts.sealed_elements
    usual = accuracy_money(needed(n, *target), elements, proving, prices)
    reward = given.get("--reward", usual.reward)
    penalty = given.get("--miss-penalty")
    stake = given.get("--stake")
    if stake is None:
        stake = max(accuracy_penalty(reward, prices, test_set=test_set), penalty or 0)
    if penalty is None:
        penalty = min(accuracy_penalty(reward, prices, test_set=test_set), stake)
    bond = given.get("--bond", accuracy_bond(reward, elements, prices))
    return AccuracyMoney(reward, bond, stake, penalty)
