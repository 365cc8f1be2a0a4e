"""`zkescrow withdraw`: credits of any account."""

from typing import Annotated, Any

import typer

from prover.base.errors import ContractRefused, ZkescrowError
from prover.base.text import amount_in
from prover.chain.sending.wallet import Handed
from prover.cli.common.options import AccountNumber, Rpc, address, deployed, sender_for
from prover.cli.common.output import command, new_app, show

app = new_app()
APPS = {"withdraw": app}
_TOKENS = " in ETH; `zkescrow status` shows what is due in tokens, which --token withdraws"

Token = Annotated[list[str] | None, typer.Option(help="ERC-20 besides ETH; may be repeated.")]


@command(app)
def withdraw(
    rpc: Rpc = None,
    account: AccountNumber = None,
    to: Annotated[str | None, typer.Option(help="Recipient [default: the account].")] = None,
    token: Token = None,
) -> None:
    """Withdraw refunds and other credits in ETH and the tokens named, from all contracts."""
    withdraw_all(rpc, account, to, token)


def withdraw_all(
    rpc: str | None, account: int | None, to: str | None, token: list[str] | None
) -> None:
    """Withdraw the account's whole credit in ETH and the given tokens, from every contract."""
    from itertools import product

    from prover.chain.contracts import withdrawals
    from prover.chain.contracts.holders import job_contracts
    from prover.protocol.events import ZERO_ADDRESS

    client, deployment = deployed(rpc)
    sender = sender_for(client, account)
    recipient = address(to, "--to") or sender.address
    taken: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    left: list[dict[str, Any]] = []
    currencies = [ZERO_ADDRESS, *(str(address(one, "--token")) for one in token or [])]
    for currency, holder in product(currencies, job_contracts(client, deployment)):
        try:
            found = withdrawals.withdraw_credit(sender, holder, currency, recipient)
        except ZkescrowError as error:
            left.append({"currency": currency, "contract": holder.NAME, "why": str(error)})
            if isinstance(error, ContractRefused):
                continue  # that is of this credit: the others are withdrawn
            break
        for one in found:
            taken[currency] = taken.get(currency, 0) + one.amount
            rows.append(vars(one) | {"contract": holder.NAME})
            lines.append(f"{amount_in(currency, one.amount)} of {holder.NAME} sent to {one.to}")
    kept = [f"{one['currency']} of {one['contract']} not sent: {one['why']}" for one in left]
    try:
        sender.hand_over()
    except Handed as handed:
        handed.about |= {"left": left, "notes": kept} if left else {}
        raise
    lines += kept
    show(
        {"to": recipient, "withdrawn": taken, "withdrawals": rows, "left": left},
        *lines or ["nothing to withdraw" + ("" if token else _TOKENS)],
    )
    if left:
        raise typer.Exit(1)
