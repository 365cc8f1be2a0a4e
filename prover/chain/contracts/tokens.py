"""ETH and ERC-20 tokens: balances, units, approvals."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector
from hexbytes import HexBytes
from pydantic import Field, TypeAdapter

from prover.base import strict_json
from prover.base.errors import ChainError, InsufficientFunds, UsageError
from prover.base.files import locked, write_atomically
from prover.base.log import logger
from prover.base.settings import get_settings
from prover.base.text import Unit, amount_in, is_named, name_token
from prover.chain.abi.contract import Call
from prover.chain.node.client import Client, checksum, map_rpc_errors
from prover.chain.node.rpc import BATCH, ask_each
from prover.protocol.events import ZERO_ADDRESS
from prover.statement.field import WORD_BYTES

if TYPE_CHECKING:
    from prover.chain.sending.transactions import Sender

_ERC20: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": name,
        "stateMutability": mutability,
        "inputs": [{"name": f"a{i}", "type": kind} for i, kind in enumerate(inputs)],
        "outputs": [{"name": "", "type": output}],
    }
    for name, mutability, inputs, output in (
        ("approve", "nonpayable", ("address", "uint256"), "bool"),
        ("allowance", "view", ("address", "address"), "uint256"),
        ("balanceOf", "view", ("address",), "uint256"),
        ("decimals", "view", (), "uint8"),
        ("symbol", "view", (), "string"),
    )
]
_UNIT_VIEWS = tuple(
    "0x" + function_signature_to_4byte_selector(f"{view}()").hex()
    for view in ("symbol", "decimals")
)
SYMBOL_LETTERS = 12
MAX_LEARNT = BATCH // len(_UNIT_VIEWS)  # tokens asked for their units at once
_KNOWN = TypeAdapter(dict[str, dict[str, Annotated[int, Field(strict=True, ge=0, lt=256)]]])
MAX_SHOWN_DECIMALS = 36  # more would hide any amount behind zeros
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9.$_-]*", re.ASCII)


@map_rpc_errors
def balance_of(client: Client, currency: str, account: str, block: int | None = None) -> int:
    """ETH (currency zero) or tokens of an account, in wei or token units."""
    at: Any = "latest" if block is None else block
    if currency == ZERO_ADDRESS:
        return int(client.web3.eth.get_balance(checksum(account), at))
    token: Any = client.web3.eth.contract(address=checksum(currency), abi=_ERC20)
    return int(token.functions.balanceOf(checksum(account)).call(block_identifier=at))


@map_rpc_errors
def decimals_of(client: Client, currency: str) -> int:
    """Decimals of a token's unit. Raises UsageError if there is no contract at its address."""
    if not client.code(currency):
        raise UsageError(f"no code is at {currency}: expected an ERC-20 token; check --token")
    token: Any = client.web3.eth.contract(address=checksum(currency), abi=_ERC20)
    learn(client, currency)
    return keep_decimals(client, currency, int(token.functions.decimals().call()))


def keep_decimals(client: Client, currency: str, decimals: int) -> int:
    """The decimals, kept in the home from the first time on: what was typed is worth what it was.

    Raises ChainError if others are known. A node that says three more makes a typed amount a
    thousand times larger, and shows it as it was typed.
    """
    path = _known_path()
    with locked(path.with_suffix(".lock")):
        known = _known()
        kept = known.get(client.scope, {}).get(checksum(currency))
        if kept is None:
            kept = known.setdefault(client.scope, {})[checksum(currency)] = decimals
            write_atomically(path, json.dumps(known, indent=2).encode() + b"\n")
    if kept != decimals:
        raise ChainError(
            f"token {currency} is said to have {decimals} decimals, and had {kept} when it was "
            f"first used here: a typed amount would be another one, and nothing was sent; use "
            f"another node (if {kept} was wrong, remove the token from {path})"
        )
    return decimals


def _known() -> dict[str, dict[str, int]]:
    """Decimals by chain and token. Raises UsageError if the file is damaged."""
    try:
        return _KNOWN.validate_python(strict_json.parse(_known_path().read_bytes()))
    except FileNotFoundError:
        return {}
    except ValueError:  # of the JSON, or pydantic's
        raise UsageError(
            f"{_known_path()} is damaged: expected the decimals of tokens by address; correct it, "
            "or remove it and state them with --token ADDRESS:DECIMALS"
        ) from None


def _known_on(client: Client) -> dict[str, int]:
    try:
        return _known().get(client.scope, {})
    except UsageError as error:  # amounts are only shown: where one is typed it is an error
        logger(__name__).warning("the decimals of tokens are not known", why=str(error))
        return {}


def _known_path() -> Path:
    return get_settings().home / "tokens.json"


def learn(client: Client, *currencies: str) -> None:
    """Show amounts of these tokens in their own units from now on, where they tell plain ones.

    A symbol is what a stranger wrote: one of a few plain letters is taken, any other is left out
    and amounts stay in the token's smallest unit. So do those of all but the first MAX_LEARNT:
    strangers can make tokens without number. At most one request.
    """
    asked = [one for one in dict.fromkeys(currencies) if not is_named(one)][:MAX_LEARNT]
    views = [
        ("eth_call", ({"to": currency, "data": selector}, "latest"))
        for currency in asked
        for selector in _UNIT_VIEWS
    ]
    answers, known = iter(ask_each(client, views)), _known_on(client)
    for currency, symbol, decimals in zip(asked, answers, answers, strict=True):
        unit = _unit(symbol, decimals)
        if unit is not None and unit.decimals == known.get(checksum(currency), unit.decimals):
            name_token(currency, unit)


def _unit(symbol_data: Any, decimals_data: Any) -> Unit | None:
    """What the two views answered; None where that is no plain unit."""
    try:
        (symbol,) = decode(["string"], HexBytes(symbol_data))
        word = bytes(HexBytes(decimals_data))
    except (DecodingError, OverflowError, TypeError, ValueError):
        return None  # no such views, or malformed answers: shown without a unit
    if len(word) != WORD_BYTES:
        return None
    decimals = int.from_bytes(word, "big")
    plain = _SYMBOL.fullmatch(symbol) and len(symbol) <= SYMBOL_LETTERS and symbol != "ETH"
    return Unit(symbol, decimals) if plain and decimals <= MAX_SHOWN_DECIMALS else None


@map_rpc_errors
def _approvals(client: Client, currency: str, owner: str, spender: str, amount: int) -> list[int]:
    """The approvals that a payment still needs, the last exactly of its amount.

    Tokens like USDT refuse to change an allowance that is not zero: what is left is taken back.
    """
    token: Any = client.web3.eth.contract(address=checksum(currency), abi=_ERC20)
    left = token.functions.allowance(checksum(owner), checksum(spender)).call()
    if left >= amount:
        return []
    return [0, amount] if left else [amount]


def _approve(client: Client, currency: str, spender: str, amount: int) -> Call:
    token: Any = client.web3.eth.contract(address=checksum(currency), abi=_ERC20)
    data = bytes.fromhex(token.encode_abi("approve", args=[checksum(spender), amount])[2:])
    says = "approving the token" if amount else "taking back an earlier approval of the token"
    return Call(says, str(checksum(currency)), data)


def allow(sender: "Sender", currency: str, spender: str, amount: int) -> None:
    """Let a contract take exactly `amount` of a token; ETH travels with the call itself.

    An approval that an earlier command sent without seeing its end is waited for first.
    """
    if currency == ZERO_ADDRESS or amount == 0:
        return
    held = balance_of(sender.client, currency, sender.address)
    if held < amount:  # before an approval is sent, which would stand
        raise InsufficientFunds(
            f"account {sender.address} has {amount_in(currency, held)}: "
            f"{amount_in(currency, amount)} are needed; nothing was sent, get more of the token"
        )
    action = f"approve:{checksum(currency)}:{checksum(spender)}"
    for earlier in (0, amount):
        sender.retry_unseen(f"{action}:{earlier}")
    for value in _approvals(sender.client, currency, sender.address, spender, amount):
        needed = _approve(sender.client, currency, spender, value)
        sender.send(f"{action}:{value}", needed, once=False)
