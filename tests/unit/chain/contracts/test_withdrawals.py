"""What is said to have been withdrawn is what the receipts of these very withdrawals say."""

from types import SimpleNamespace
from typing import Any

import pytest
from eth_abi.abi import encode
from hexbytes import HexBytes
from web3 import Web3
from web3.datastructures import AttributeDict

from prover.chain.abi.contract import Call
from prover.chain.contracts import withdrawals
from prover.chain.contracts.withdrawals import Withdrawal, withdraw_credit
from prover.chain.node.client import checksum

ME, HOLDER, OTHER, TOKEN, WHERE, ELSEWHERE = (
    str(checksum("0x" + pair * 20)) for pair in ("1a", "2b", "3c", "4d", "5e", "6f")
)
TOPIC = HexBytes(Web3.keccak(text="Withdrawn(address,address,address,uint256)"))


def receipt(*logs: dict[str, Any]) -> Any:
    return AttributeDict({"logs": [AttributeDict(log) for log in logs]})


def log(amount: int, to: str = WHERE, account: str = ME, contract: str = HOLDER) -> dict[str, Any]:
    return {
        "address": contract,
        "topics": [TOPIC, *(HexBytes(encode(["address"], [one])) for one in (TOKEN, account, to))],
        "data": HexBytes(encode(["uint256"], [amount])),
        **{"blockNumber": 1, "blockHash": HexBytes(bytes(32)), "logIndex": 0, "removed": False},
        **{"transactionHash": HexBytes(bytes(32)), "transactionIndex": 0},
    }


class Sender:
    """One whose earlier withdrawal has this receipt, and whose next one that."""

    def __init__(self, earlier: Any, later: Any) -> None:
        self.address, self.client = ME, SimpleNamespace(web3=Web3())
        self._earlier, self._later = earlier, later
        self.done: list[Any] = []

    def drop(self, action: str, call: Call) -> tuple[()]:
        self.done.append(("dropped unless", call.says, action))
        return ()

    def retry_unseen(self, action: str) -> Any:
        self.done.append(("earlier", action))
        return self._earlier

    def send(self, action: str, call: Call, *, once: bool = True) -> Any:
        self.done.append((call.says, action, once))
        return self._later


@pytest.fixture(autouse=True)
def newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawals, "newest_block", lambda _client: SimpleNamespace(number=12))


def taken(sender: Sender, credit: int) -> list[Withdrawal]:
    def due(currency: str, account: str, block: int) -> int:
        assert sender.done, "what an earlier command sent is settled first"
        assert block == 12, "an older block may show no credit yet"
        return {(TOKEN, ME): credit}[currency, account]

    holder = SimpleNamespace(
        NAME="PredictionMarket",
        address=HOLDER,
        credit=due,
        withdraw=lambda currency, to: Call(f"{currency} to {to}", HOLDER, b""),
    )
    return withdraw_credit(sender, holder, TOKEN, WHERE)  # type: ignore[arg-type]


ACTION = f"withdraw:{HOLDER}:{TOKEN}"
DROPPED = ("dropped unless", f"{TOKEN} to {WHERE}", ACTION)
EARLIER, SENT = ("earlier", ACTION), (f"{TOKEN} to {WHERE}", ACTION, False)


@pytest.mark.parametrize("credit", [0, 1])
@pytest.mark.parametrize("earlier", [None, receipt(log(5, to=ELSEWHERE))])
def test_what_was_sent_before_is_told_and_what_is_due_now_is_sent(
    earlier: Any, credit: int
) -> None:
    sender = Sender(earlier, receipt(log(7)))
    found = taken(sender, credit)
    before = [Withdrawal(HOLDER, TOKEN, ELSEWHERE, 5)] if earlier else []
    now = [Withdrawal(HOLDER, TOKEN, WHERE, 7)] if credit else []
    assert found == before + now
    assert sender.done == [DROPPED, EARLIER] + [SENT] * credit


def test_what_others_took_in_the_same_transaction_is_not_told() -> None:
    low = "0x" + "01" * 20
    others = [log(1, account=one) for one in (OTHER, low)]
    others += [log(2, contract=one) for one in (OTHER, low)] + [log(3, OTHER, OTHER, OTHER)]
    strange = log(4) | {"topics": [HexBytes(bytes(32))]}
    sender = Sender(None, receipt(*others, strange, log(9)))
    assert [one.amount for one in taken(sender, 9)] == [9]


def test_what_a_wallet_has_still_to_sign_took_nothing_out() -> None:
    assert taken(Sender(None, receipt()), 9) == []
