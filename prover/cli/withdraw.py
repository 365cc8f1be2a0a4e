"""`zkescrow withdraw`: credits of any account."""

from typing import Annotated

import typer

from prover.cli.options import AccountNumber, Rpc, address, deployed, in_ether, sender_for
from prover.cli.output import command, new_app, show

app = new_app()
APPS = {"withdraw": app}


@command(app)
def withdraw(
    rpc: Rpc = None,
    account: AccountNumber = None,
    to: Annotated[str | None, typer.Option(help="Recipient [default: the account].")] = None,
    token: Annotated[list[str] | None, typer.Option(help="ERC-20 besides ETH.")] = None,
) -> None:
    """Take out refunds and other credits."""
    take_out(rpc, account, to, token)


def take_out(rpc: str | None, account: int | None, to: str | None, token: list[str] | None) -> None:
    """Withdraw the account's whole credit in ETH and the given tokens."""
    from prover.chain.market import Market
    from prover.protocol.events import ZERO_ADDRESS

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    market = Market(client, deployment.market)
    recipient = address(to, "--to") or sender.address
    taken: dict[str, int] = {}
    for currency in [ZERO_ADDRESS, *(str(address(one, "--token")) for one in token or [])]:
        amount = market.credit(currency, sender.address)
        if amount:
            call = market.withdraw(currency, recipient)
            sender.send(f"withdraw:{currency}", call, once=False)
            taken[currency] = amount
    lines = [
        f"{in_ether(amount) if currency == ZERO_ADDRESS else f'{amount} of {currency}'} "
        f"sent to {recipient}"
        for currency, amount in taken.items()
    ]
    show({"to": recipient, "withdrawn": taken}, *lines or ["nothing to withdraw"])
