"""What a job must earn, and what may be put at risk for it; the same rules in all four protocols.

Amounts are in the smallest units of their currency, gas in wei of ETH. docs/ECONOMICS.md derives
the defaults.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from web3.types import TxReceipt

from prover.base.errors import UsageError
from prover.base.files import locked
from prover.base.settings import get_settings
from prover.base.text import amount_in, in_ether
from prover.chain.abi.contract import Call
from prover.chain.contracts.jobs import JobContract
from prover.chain.contracts.tokens import allow, balance_of
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.terms import Terms
from prover.protocol.world import World

MARGIN_PERCENT = 25  # what a job earns above its gas, as fees rise between two moves
STAKE_FACTOR = 10  # a stake may be so many times what the job earns
SHARE = 2  # all stakes together may be the account's balance, divided by this
RESERVE = 2  # gas is paid at twice the base fee at most, or fees have risen since


@dataclass(frozen=True)
class Bounds:
    """A provider's limits in one currency; None: the default."""

    min_reward: int | None = None
    max_stake: int | None = None
    max_stakes: int | None = None


@dataclass(frozen=True)
class Purse:
    """What may be spent: limits by currency (ETH is the zero address), and whether at a loss.

    A token is accepted only if it has a `max_stake` and a `min_reward`: nobody here knows what it
    is worth.
    """

    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    at_a_loss: bool = False

    def of(self, currency: str) -> Bounds:
        """The limits in a currency."""
        return self.bounds.get(currency, Bounds())


@dataclass(frozen=True)
class Deal:
    """A job as money: what it earns if nothing goes wrong, its stake, its gas at present fees."""

    currency: str
    earns: int
    stake: int
    gas_wei: int


@dataclass(frozen=True)
class Account:
    """What an account has in a currency, what it has staked of it in all protocols, and its ETH."""

    balance: int
    at_risk: int
    ether: int

    def with_staked(self, amount: int) -> "Account":
        """After stakes that were sent since the account was looked at in the world's view."""
        return replace(self, at_risk=self.at_risk + amount)


def account_of(client: Client, world: World, address: str, currency: str) -> Account:
    """What an account has in a currency."""
    ether = client.balance(address)
    balance = ether if currency == ZERO_ADDRESS else balance_of(client, currency, address)
    return Account(balance, at_risk(world, address, currency), ether)


def teller(client: Client, deployment: Deployment, address: str) -> Callable[[str], Account]:
    """Tells what an account has by currency, as the chain is when it is asked."""
    return lambda currency: account_of(client, load_world(client, deployment), address, currency)


def worth(currency: str, *amounts: int) -> int | None:
    """What is won or lost by a move, in wei; None of a token, whose worth nobody here knows."""
    return sum(amounts) if currency == ZERO_ADDRESS else None


@contextmanager
def staking(sender: Sender, action: str) -> Iterator[None]:
    """Check a stake and send it within: no other process of this user stakes for the account then.

    Else two, each within the limit over all stakes, would together be above it; so would one that
    an interrupted command sent, which is waited for. Raises Postponed.
    """
    with locked(get_settings().home / "locks" / f"stake-{sender.address}.lock"):
        sender.settle_stakes(but=action)
        yield


def stake(
    sender: Sender, action: str, terms: Terms, contract: JobContract, call: Call
) -> TxReceipt:
    """Let a contract take exactly the stake of the terms, then send the call that pays it, once.

    Raises UsageError if an earlier `action` was another call, ContractRefused, InsufficientFunds.
    """
    allow(sender, terms.currency, contract.address, terms.stake)
    return sender.send(action, call, exact=True)


def at_risk(world: World, account: str, currency: str) -> int:
    """Stakes of an account that no job has given back yet, over all protocols."""
    records = (record for jobs in world.protocols for record in jobs.jobs.values())
    return sum(
        record.job.terms.stake
        for record in records
        if record.joined
        and not record.ended
        and record.provider == account
        and record.job.terms.currency == currency
    )


def refusal(deal: Deal, purse: Purse, account: Account) -> str | None:
    """Why a job is not taken for its money, or None; a clause that begins with "it"."""
    bounds = purse.of(deal.currency)
    return (
        unknown(deal.currency, purse)
        or _too_little(deal, bounds, purse.at_a_loss)
        or _too_much(deal, bounds)
        or _in_all(deal, bounds, account)
        or _no_reserve(deal, account)
    )


def least_earned(gas_wei: int) -> int:
    """What a job must earn, in wei, for whose gas so much is paid; unless at a loss."""
    return -(-gas_wei * (100 + MARGIN_PERCENT) // 100)


def unknown(currency: str, purse: Purse) -> str | None:
    """Why a currency is not accepted, or None. It is asked first: any contract may be a token."""
    bounds = purse.of(currency)
    if currency == ZERO_ADDRESS or None not in (bounds.max_stake, bounds.min_reward):
        return None
    return (
        f"it pays in token {currency}, for which limits are missing: give both with --max-stake "
        "and --min-reward"
    )


def check_currency(name: str, currency: str, purse: Purse) -> None:
    """Raise UsageError unless a currency is accepted; asked before its token is asked anything."""
    why_not = unknown(currency, purse)
    if why_not:
        raise UsageError(f"{name} is not taken: {why_not}")


def check_money(name: str, deal: Deal, purse: Purse, account: Account) -> None:
    """Raise UsageError unless a job is worth its money; `name` is what it is called."""
    why_not = refusal(deal, purse, account)
    if why_not:
        raise UsageError(f"{name} is not taken: {why_not}")


def _too_little(deal: Deal, bounds: Bounds, at_a_loss: bool) -> str | None:
    found = amount_in(deal.currency, deal.earns)
    if bounds.min_reward is not None and deal.earns < bounds.min_reward:
        least = amount_in(deal.currency, bounds.min_reward)
        return f"it earns {found}: expected at least {least} (--min-reward)"
    wanted = least_earned(deal.gas_wei)
    if deal.currency == ZERO_ADDRESS and deal.earns < wanted and not at_a_loss:
        return (
            f"it earns {found}: expected at least {in_ether(wanted)}, {MARGIN_PERCENT} % more than "
            f"its gas costs at present fees ({in_ether(deal.gas_wei)}; --at-a-loss takes it)"
        )
    return None


def _too_much(deal: Deal, bounds: Bounds) -> str | None:
    most, why = bounds.max_stake, "--max-stake"
    if most is None:
        most = STAKE_FACTOR * deal.earns
        why = f"{STAKE_FACTOR} times what it earns; --max-stake sets another limit"
    if deal.stake <= most:
        return None
    found, allowed = amount_in(deal.currency, deal.stake), amount_in(deal.currency, most)
    return f"its stake is {found}: expected at most {allowed} ({why})"


def _in_all(deal: Deal, bounds: Bounds, account: Account) -> str | None:
    most, why = bounds.max_stakes, "--max-stakes"
    if most is None:
        most = (account.balance + account.at_risk) // SHARE
        why = "half of what the account has; --max-stakes sets another limit"
    if account.at_risk + deal.stake <= most:
        return None
    found, others = (amount_in(deal.currency, each) for each in (deal.stake, account.at_risk))
    allowed = amount_in(deal.currency, most)
    return (
        f"its stake is {found}, and {others} is at stake: expected at most {allowed} in all ({why})"
    )


def _no_reserve(deal: Deal, account: Account) -> str | None:
    """Why the account could not pay for its own proofs after the stake."""
    left = account.ether - (deal.stake if deal.currency == ZERO_ADDRESS else 0)
    wanted = RESERVE * deal.gas_wei
    if left >= wanted:
        return None
    return (
        f"it leaves the account {in_ether(max(left, 0))}: expected {in_ether(wanted)} for its gas, "
        "twice what that costs now, as whoever cannot pay for a delivery loses the stake"
    )
