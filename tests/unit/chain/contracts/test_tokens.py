"""What a token calls itself is what a stranger wrote: shown only where it is plain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from eth_abi.abi import encode
from web3 import Web3
from web3.providers.base import BaseProvider

from prover.base import text as words
from prover.base.errors import ChainError, InsufficientFunds, UsageError
from prover.base.text import amount_in
from prover.chain.contracts import tokens
from prover.chain.node.client import Client
from prover.cli.common.options import currency

TOKEN = "0x" + "70" * 20
DECIMALS, SYMBOL = "0x313ce567", "0x95d89b41"


class Token(BaseProvider):
    """A node on which the only contract answers with these bytes."""

    def __init__(self, **answers: bytes) -> None:
        super().__init__()
        self.requests = 0
        self._answers = {DECIMALS: answers["decimals"], SYMBOL: answers["symbol"]}

    def make_request(self, method: Any, params: Any) -> Any:
        plain = {"eth_chainId": "0x1", "eth_getCode": "0x6000"}
        result = plain.get(method) or "0x" + self._answers[params[0]["data"]].hex()
        return {"jsonrpc": "2.0", "id": 1, "result": result}

    def make_batch_request(self, requests: Any) -> Any:
        self.requests += 1
        return [self.make_request(*one) for one in requests]


def text(symbol: str) -> bytes:
    return encode(["string"], [symbol])


def number(decimals: int) -> bytes:
    return encode(["uint256"], [decimals])


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    words._units.clear()
    yield
    words._units.clear()


def learnt(symbol: bytes, decimals: bytes) -> str:
    client = Client(Web3(Token(symbol=symbol, decimals=decimals)), 1, "1:0x00")
    tokens.learn(client, str(Web3.to_checksum_address(TOKEN)))
    return amount_in(str(Web3.to_checksum_address(TOKEN)), 1_500_000)


def test_amounts_are_shown_in_the_tokens_own_unit_with_its_address() -> None:
    assert learnt(text("USDC"), number(6)) == f"1.5 USDC (token {TOKEN})"
    assert learnt(text("USDC"), number(6)) == f"1.5 USDC (token {TOKEN})"


def test_a_token_without_decimals_is_whole() -> None:
    assert learnt(text("ONE"), number(0)) == f"1500000 ONE (token {TOKEN})"


@pytest.mark.parametrize(
    ("symbol", "decimals"),
    [  # ids would hold what is refused
        (text("ETH"), number(18)),
        (text("a\x1b[31mred"), number(6)),
        (text("two words"), number(6)),
        (text("\u13a0ollar"), number(6)),
        (text("X" * 13), number(6)),
        (text(""), number(6)),
        (text("USDC"), number(255)),
        (text("USDC"), number(256)),
        (text("USDC"), b""),
        (b"MKR".ljust(32, b"\0"), number(18)),
        (encode(["bytes"], [b"\xff\xfe"]), number(6)),
        (b"\xff" * 64, number(6)),
    ],
    ids=range(12),
)
def test_a_token_that_tells_nothing_plain_is_counted_in_its_smallest_unit(
    symbol: bytes, decimals: bytes
) -> None:
    assert learnt(symbol, decimals) == f"1500000 of token {TOKEN}"


def test_strangers_tokens_take_one_request_however_many() -> None:
    node = Token(symbol=text("USDC"), decimals=number(6))
    client = Client(Web3(node), 1, "1:0x00")
    strange = [f"0x{number:040x}" for number in range(1, 1_001)]
    tokens.learn(client, *strange)
    assert node.requests == 1
    assert amount_in(strange[0], 1_500_000) == f"1.5 USDC (token {strange[0]})"
    assert [words.is_named(one) for one in strange] == [True] * 50 + [False] * 950


def test_a_token_that_reverts_hides_no_other_ones_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    node, bad = Token(symbol=text("USDC"), decimals=number(6)), "0x" + "bb" * 20
    serve = node.make_request

    def reverting(method: Any, params: Any) -> Any:
        if params[0]["to"] == bad:
            return {"jsonrpc": "2.0", "id": 1, "error": {"code": 3, "message": "reverted"}}
        return serve(method, params)

    monkeypatch.setattr(node, "make_request", reverting)
    tokens.learn(Client(Web3(node), 1, "1:0x00"), bad, TOKEN)
    assert amount_in(bad, 1) == f"1 of token {bad}"
    assert amount_in(TOKEN, 1_500_000) == f"1.5 USDC (token {TOKEN})"


def test_nothing_is_approved_that_the_account_does_not_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The approval would stand, and the posting after it be refused."""
    sender = MagicMock(address=TOKEN)
    monkeypatch.setattr(tokens, "balance_of", lambda *_: 4)
    with pytest.raises(InsufficientFunds, match=r"5 of token .* are needed; nothing was sent"):
        tokens.allow(sender, TOKEN, TOKEN, 5)
    sender.send.assert_not_called()
    sender.retry_unseen.assert_not_called()


class Unreliable(Token):
    """A node that may say other decimals each time."""

    def says(self, decimals: int) -> None:
        self._answers[DECIMALS] = number(decimals)


@pytest.fixture
def unreliable(home: Path) -> tuple[Unreliable, Client]:
    node = Unreliable(symbol=text("USDC"), decimals=number(6))
    return node, Client(Web3(node), 1, "1:0x00")


def test_decimals_are_those_of_the_first_time(unreliable: tuple[Unreliable, Client]) -> None:
    node, client = unreliable
    assert [tokens.decimals_of(client, TOKEN) for _ in range(2)] == [6, 6]
    node.says(9)
    with pytest.raises(ChainError, match=r"9 decimals, and had 6 when .* another node"):
        tokens.decimals_of(client, TOKEN)
    elsewhere = Client(Web3(node), 5, "5:0x00")
    assert tokens.decimals_of(elsewhere, TOKEN) == 9


def test_amounts_are_not_shown_in_other_decimals(unreliable: tuple[Unreliable, Client]) -> None:
    node, client = unreliable
    tokens.decimals_of(client, TOKEN)
    words._units.clear()
    node.says(9)
    tokens.learn(client, str(Web3.to_checksum_address(TOKEN)))
    shown = amount_in(str(Web3.to_checksum_address(TOKEN)), 1_500_000)
    assert shown == f"1500000 of token {TOKEN}"


def test_decimals_that_are_stated_must_be_the_tokens(
    unreliable: tuple[Unreliable, Client],
) -> None:
    node, client = unreliable
    address = str(Web3.to_checksum_address(TOKEN))
    assert currency(client, f"{TOKEN}:6") == address
    assert currency(client, TOKEN) == address
    assert currency(client, None) is None
    for other in ("9", "18"):
        with pytest.raises(ChainError, match="and had 6"):
            currency(client, f"{TOKEN}:{other}")
    for odd in (f"{TOKEN}:", f"{TOKEN}:x", f"{TOKEN}:-1", f"{TOKEN}:6:6", "0x12:6", f"{TOKEN}:256"):
        with pytest.raises(UsageError):
            currency(client, odd)
    node.says(9)
    with pytest.raises(ChainError, match="9 decimals, and had 6"):
        currency(client, f"{TOKEN}:6")


def test_a_first_lie_is_found_where_decimals_are_stated(
    unreliable: tuple[Unreliable, Client],
) -> None:
    node, client = unreliable
    node.says(9)
    with pytest.raises(ChainError, match="9 decimals, and had 6"):
        currency(client, f"{TOKEN}:6")


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "1", '{"1:0x00": 1}', '{"1:0x00": {"0x": "x"}}', '{"1:0x00": {"0x": -1}}'),
        *('{"1:0x00": {"0x": 256}}', '{"1:0x00": {"0x": true}}'),
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_damaged_list_of_decimals_is_told(
    unreliable: tuple[Unreliable, Client], home: Path, content: str
) -> None:
    _, client = unreliable
    home.mkdir(exist_ok=True)
    (home / "tokens.json").write_text(content)
    tokens.learn(client, TOKEN)
    with pytest.raises(UsageError, match="expected the decimals of tokens"):
        tokens.decimals_of(client, TOKEN)
