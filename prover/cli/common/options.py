"""Options that commands share, and the parsing of amounts, times and ids."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from prover.base.errors import UsageError
from prover.base.parsing import duration

if TYPE_CHECKING:
    from prover.chain.deployments import Deployment
    from prover.chain.node.client import Client
    from prover.chain.sending.transactions import Sender

# Windows that are usual; a chain may take no shorter ones. Others are in commands.py of a protocol.
OPEN_FOR = DISPUTE_WITHIN = "1d"

Rpc = Annotated[
    str | None, typer.Option("--rpc", help="Address of the node [default: ZKESCROW_RPC_URL].")
]


def account_number(text: str) -> int:
    """The number of --account as typed. Raises UsageError if it is none.

    What was typed is not repeated: it may be a key.
    """
    if not re.fullmatch(r"-?\d{1,3}", text.strip(), re.ASCII):
        raise UsageError(
            "--account: expected 0 to 9, the number of one of Anvil's accounts, found no such "
            "number; to sign for another, set ZKESCROW_KEYSTORE"
        )
    return int(text)


AccountNumber = Annotated[
    int | None,
    typer.Option(
        "--account",
        parser=account_number,
        metavar="<int>",
        help="One of Anvil's published accounts, 0 to 9; chain 31337 only.",
    ),
]
Payee = Annotated[str | None, typer.Option(help="Who is paid [default: the account].")]
ModelName = Annotated[str, typer.Option("--model", help="Name or id of a registered model.")]
SetUpOption = Annotated[
    str | None,
    typer.Option("--srs", help="Set-up to use: a name of `srs list`, or a file to import."),
]
PaidIn = Annotated[
    str | None,
    typer.Option("--token", help="ERC-20 to pay in, ADDRESS or ADDRESS:DECIMALS [default: ETH]."),
]

MAX_DECIMALS = 255  # what a uint8 can hold
MINED_WITHIN_SECONDS = 1_200


def describe_set_up(name: str) -> str:
    """A set-up's name, and loudly what it is worth."""
    insecure = "development, INSECURE: its secret is public, so anybody can forge proofs on it"
    return insecure if name == "development" else f"ceremony {name}"


def connected(rpc: str | None) -> "Client":
    """The node of the option or of the settings, of the chain that these name if they do."""
    from prover.base.settings import get_settings
    from prover.chain.node.client import connect

    settings = get_settings()
    return connect(rpc or settings.rpc_url, settings.chain_id)


def deployed(rpc: str | None) -> tuple["Client", "Deployment"]:
    """The node, and the contracts on its chain."""
    from prover.chain import deployments

    client = connected(rpc)
    return client, deployments.load(client)


def sender_for(client: "Client", account: int | None) -> "Sender":
    """The account that signs; with --unsigned one that signs elsewhere. Raises UsageError."""
    from prover.chain.accounts import configured_address, signer
    from prover.chain.sending.drafter import Drafter
    from prover.chain.sending.transactions import Sender
    from prover.chain.sending.wallet import PEN

    if PEN.unsigned:
        who = address(PEN.sender, "--from") or configured_address(client, account)
        if who is None:
            raise UsageError(
                "--unsigned: expected the account that will sign; give its address with --from"
            )
        return Drafter(client, who)
    if PEN.sender is not None:
        raise UsageError("--from goes with --unsigned: what is signed here is from --account")
    return Sender(client, signer(client, account))


def window(client: "Client", text: str | None, name: str, usual: str) -> int:
    """Seconds of a window as typed; by default the usual ones, or what the chain takes at least.

    The least is asked for with time to be mined on top of it. Raises UsageError.
    """
    from prover.protocol.limits import limits_of

    if text is not None:
        return duration(text, name)
    seconds, least = duration(usual, name), limits_of(client.chain_id).min_window
    return seconds if seconds >= least else least + MINED_WITHIN_SECONDS


def currency(client: "Client", text: str | None) -> str | None:
    """The token of --token, ADDRESS or ADDRESS:DECIMALS, if one was given.

    Decimals that are stated are what the token must say. Raises UsageError, or ChainError where it
    is known with others.
    """
    from prover.chain.contracts.tokens import decimals_of, keep_decimals

    if text is None or ":" not in text:
        return address(text, "--token")
    token, _, stated = text.partition(":")
    if not re.fullmatch(r"\d{1,3}", stated, re.ASCII) or int(stated) > MAX_DECIMALS:
        raise UsageError(f"--token {text!r}: expected an address, or ADDRESS:DECIMALS (0 to 255)")
    found = str(address(token, "--token"))
    keep_decimals(client, found, int(stated))
    decimals_of(client, found)
    return found


def address(text: str | None, name: str) -> str | None:
    """A checksummed address, if one was given. Raises UsageError."""
    from prover.chain.node.client import checksum

    if text is None:
        return None
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise UsageError(f"{name} {text!r}: expected 0x and 40 hex digits")
    return str(checksum(text))
