"""Gas under the scheduled repricing: each rule by itself, and today's rules against a real node."""

import pytest
from web3.types import TxParams

from benchmarks import prices
from benchmarks.prices import Step, Traced, price
from benchmarks.repricing import CREATED, functions, priced_transactions, summary, traced
from prover.chain.node.anvil import running

A, B, ME = (f"0x{number:040x}" for number in (0xA, 0xB, 0xE))
USED = 100_000
NEW_SLOT = 64 * 1_530


def bill(*steps: Step, slots: dict[tuple[str, int], int] | None = None) -> prices.Bill:
    """What these steps cost, in contract A that was called."""
    return prices._bill(transaction(*steps, slots=slots))


def transaction(
    *steps: Step,
    slots: dict[tuple[str, int], int] | None = None,
    data: bytes = b"",
    used: int = USED,
    code: int | None = None,
) -> Traced:
    return Traced(used, data, steps, frozenset({ME, A}), slots or {}, frozenset({B}), code)


def store(value: int, key: int = 1) -> Step:
    return Step("SSTORE", A, key, value)


LOAD = Step("SLOAD", A, 1)


@pytest.mark.parametrize(
    ("before", "steps", "today", "tomorrow", "slots"),
    [
        (0, [store(5)], 22_100, 12_100, 1),  # a new slot
        (0, [LOAD, store(5)], 2_100 + 20_000, 2_100 + 10_100, 1),
        (3, [store(5)], 5_000, 12_100, 0),  # a change
        (3, [LOAD, store(5)], 2_100 + 2_900, 2_100 + 10_100, 0),
        (3, [store(3)], 2_200, 2_100, 0),  # no change
        (0, [store(5), store(6)], 22_200, 12_200, 1),  # a second change
        (0, [store(5), store(0)], 22_200, 12_200, 0),  # taken back
        (3, [LOAD, LOAD], 2_200, 2_200, 0),
    ],
)
def test_a_slot(before: int, steps: list[Step], today: int, tomorrow: int, slots: int) -> None:
    found = bill(*steps, slots={(A, 1): before} if before else {})
    assert (found.today, found.tomorrow) == (today, tomorrow)
    assert found.state_bytes == 64 * slots


@pytest.mark.parametrize(
    ("before", "values", "today", "tomorrow"),
    [
        (3, [0], 4_800, 11_616),  # cleared
        (3, [0, 3], 2_800, 10_000),  # and put back
        (3, [0, 4], 0, 0),  # and set to another
        (3, [4, 3], 2_800, 10_000),  # changed and put back
        (3, [4, 0], 4_800, 11_616),
        (0, [4, 0], 19_900, 10_000),
    ],
)
def test_what_comes_back(before: int, values: list[int], today: int, tomorrow: int) -> None:
    found = bill(*map(store, values), slots={(A, 1): before} if before else {})
    assert (found.refund_today, found.refund_tomorrow) == (today, tomorrow)


def test_accounts() -> None:
    """Cold once, its code twice; ETH to one that does not exist makes one."""
    call, look = Step("CALL", B), Step("EXTCODECOPY", B)
    found = bill(call, call, look, Step("CALL", A))
    assert (found.today, found.tomorrow) == (2_600 + 300, 3_000 + 400)
    assert bill(Step("EXTCODESIZE", B)).tomorrow == 3_100
    sent = bill(Step("CALL", B, value=1))
    assert (sent.today, sent.tomorrow, sent.state_bytes) == (9_300, 12_000, 0)
    made = bill(Step("CALL", ME[:-1] + "f", value=1))
    assert (made.today, made.tomorrow, made.state_bytes) == (34_300, 12_000, 120)


def test_a_transaction() -> None:
    """What the receipt says, what the steps change, and the new state."""
    found = price(transaction(store(5)))
    assert (found.today, found.state_bytes) == (USED, 64)
    assert found.tomorrow == USED - 10_000 + NEW_SLOT
    cleared = price(transaction(store(0), slots={(A, 1): 3}))
    assert cleared.tomorrow == USED + 4_800 + 7_100 - 11_616
    small = price(transaction(store(0), slots={(A, 1): 3}, used=22_000))
    used = 22_000 + 4_800 + 7_100
    assert small.tomorrow == used - used // 5


def test_the_floor_of_calldata() -> None:
    data = bytes(500) + b"\1" * 1_000
    assert price(transaction(data=data)).tomorrow == 21_000 + 64 * 1_500
    assert price(transaction(data=data[:-300])).tomorrow == USED
    assert price(transaction(data=data, used=66_000)).tomorrow == 21_000 + 64 * 1_500
    with pytest.raises(ValueError, match="66000 gas is the floor of 1500 bytes"):
        price(transaction(store(5), data=data, used=66_000))


def test_a_creation() -> None:
    found = price(transaction(code=33))
    assert found.state_bytes == 120 + 33
    assert found.tomorrow == USED - 20_000 + 12 - 200 * 33 + 1_530 * 153


CODE = "60016001556002600155600060015560076002556000600060006000600173" + "33" * 20
END = "5af1"


def test_todays_rules_are_those_of_a_node() -> None:
    """A creation that writes slots and sends ETH to nobody: the model's sum is the receipt's."""
    with running() as client:
        web3 = client.web3
        sender = web3.eth.accounts[0]
        sent: TxParams = {"from": sender, "value": web3.to_wei(1, "wei"), "gas": 1_000_000}
        sent["data"] = bytes.fromhex(CODE + END)  # type: ignore[typeddict-item]
        receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_transaction(sent))
        assert receipt["status"] == 1
        block = web3.eth.get_block(receipt["blockNumber"], full_transactions=True)
        one = traced(client, block["transactions"][0], receipt, str(block["miner"]))
        ((name, priced),) = priced_transactions(client)
    found = prices._bill(one)
    pushes = 3 * (8 + 6) + 2  # GAS costs 2
    calldata = sum(16 if byte else 4 for byte in one.calldata)
    intrinsic = 21_000 + 32_000 + 2 * -(-len(one.calldata) // 32) + calldata
    today = intrinsic + pushes + found.today
    assert receipt["gasUsed"] == today - min(found.refund_today, today // 5)
    assert [step.name for step in one.steps] == ["SSTORE"] * 4 + ["CALL"]
    assert name == CREATED
    assert priced.state_bytes == 64 + 120 + 120


def test_of_each_function_the_median_is_shown() -> None:
    cheap, middle, dear = (prices.Price(gas, gas, 0, 0) for gas in (1, 2, 30))
    assert summary({"f": [dear, cheap, middle]})["f"]["today"] == 2
    assert summary({"f": [dear, cheap, middle]})["f"]["count"] == 3


def test_functions_are_named_by_their_contract() -> None:
    names = set(functions().values())
    assert {"PredictionMarket.deliver", "ServingRound.settle", "withdraw"} <= names
