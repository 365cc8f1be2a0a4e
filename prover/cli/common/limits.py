"""A provider's limits as options: amounts by currency, and whether a loss is accepted."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from prover.base.parsing import units
from prover.base.text import ETHER_DECIMALS
from prover.cli.common.options import address

if TYPE_CHECKING:
    from prover.chain.node.client import Client
    from prover.clients.common.money import Purse

MinRewards = Annotated[
    list[str] | None, typer.Option("--min-reward", help="Least that a job earns, AMOUNT[:TOKEN].")
]
MaxStakes = Annotated[
    list[str] | None,
    typer.Option(
        "--max-stake", help="Greatest stake, AMOUNT[:TOKEN] [default: 10 times what is earned]."
    ),
]
AllStakes = Annotated[
    list[str] | None,
    typer.Option("--max-stakes", help="Of all jobs together [default: half of the balance]."),
]
MinReward = Annotated[
    str | None, typer.Option(help="Least to earn, in ETH or tokens [default: gas and 25 %].")
]
MaxStake = Annotated[
    str | None,
    typer.Option(help="Greatest stake, in ETH or tokens [default: 10 times what is earned]."),
]
MaxInAll = Annotated[
    str | None, typer.Option(help="Of all jobs together [default: half of the balance].")
]
ProofTime = Annotated[
    str | None,
    typer.Option("--proof-time", help="Time of a proof [default: as rehearsed, once a model]."),
]
AtALoss = Annotated[
    bool, typer.Option("--at-a-loss", help="Take what earns less than its gas costs.")
]


def purse_of(
    client: "Client",
    min_reward: Sequence[str] | None,
    max_stake: Sequence[str] | None,
    max_stakes: Sequence[str] | None,
    at_a_loss: bool,
) -> "Purse":
    """The limits of `provider run`. Raises UsageError, also if one is given twice."""
    from prover.clients.common.money import Bounds, Purse

    least = by_currency(client, min_reward, "--min-reward")
    most = by_currency(client, max_stake, "--max-stake")
    in_all = by_currency(client, max_stakes, "--max-stakes")
    return Purse(
        {
            currency: Bounds(least.get(currency), most.get(currency), in_all.get(currency))
            for currency in {*least, *most, *in_all}
        },
        at_a_loss,
    )


def purse_in(
    client: "Client",
    currency: str,
    min_reward: str | None,
    max_stake: str | None,
    max_stakes: str | None,
    at_a_loss: bool,
) -> "Purse":
    """The limits for one job, in its currency. Raises UsageError."""
    from prover.clients.common.money import Bounds, Purse

    names = ("--min-reward", "--max-stake", "--max-stakes")
    typed = zip(names, (min_reward, max_stake, max_stakes), strict=True)
    bounds = Bounds(*(_amount(client, currency, text, name) for name, text in typed))
    return Purse({currency: bounds}, at_a_loss)


def accepting(name: str, min_reward: str | None, max_stake: str | None) -> Callable[[str], None]:
    """Raises UsageError for a currency in which the job called `name` is not taken, whatever it
    pays: a token without limits. Asks no token anything.
    """
    from prover.clients.common.money import Bounds, Purse, check_currency

    given = None not in (min_reward, max_stake)
    bounds = Bounds(min_reward=0, max_stake=0) if given else Bounds()

    def accept(currency: str) -> None:
        check_currency(name, currency, Purse({currency: bounds}))

    return accept


def by_currency(client: "Client", texts: Sequence[str] | None, name: str) -> dict[str, int]:
    """Smallest units by currency of "5" (ETH) and "900:0xTOKEN". Raises UsageError."""
    from prover.base.errors import UsageError
    from prover.protocol.events import ZERO_ADDRESS

    found: dict[str, int] = {}
    for text in texts or ():
        amount, _, token = text.partition(":")
        currency = address(token, name) if token else ZERO_ADDRESS
        if currency is None or currency in found:
            raise UsageError(f"{name} {text!r}: expected one amount for each currency")
        found[currency] = units(amount, name, _decimals(client, currency))
    return found


def _amount(client: "Client", currency: str, text: str | None, name: str) -> int | None:
    return None if text is None else units(text, name, _decimals(client, currency))


def _decimals(client: "Client", currency: str) -> int:
    from prover.chain.contracts.tokens import decimals_of
    from prover.protocol.events import ZERO_ADDRESS

    return ETHER_DECIMALS if currency == ZERO_ADDRESS else decimals_of(client, currency)
