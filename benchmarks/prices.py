"""Gas of a traced transaction under today's rules and under those of three scheduled EIPs.

Only what the EIPs change is priced; all else keeps what it costs today. The rules are those of the
texts as they stood in November 2026:

- EIP-7976: a transaction pays at least 21,000 and 64 gas a byte of calldata
- EIP-8037: new state costs 1,530 gas a byte; a slot counts for 64 bytes, an account for 120, code
  for its length
- EIP-8038: the first change of a slot costs 10,000 beside the access to it, a cold account 3,000

Not priced: EIP-2780, which shares out a transaction's 21,000 anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BASE, CREATION, WORD = 21_000, 32_000, 32
CALLDATA = {True: 16, False: 4}  # of a byte that is not zero, of a zero byte
FLOOR_TODAY, FLOOR_TOMORROW = {True: 40, False: 10}, {True: 64, False: 64}
REFUND_SHARE = 5  # at most a fifth of what was used comes back

COLD_SLOT, WARM = 2_100, 100
SET, RESET, CLEARED = 20_000, 2_900, 4_800
STORAGE_WRITE, CLEARED_TOMORROW = 10_000, 11_616
COLD_ACCOUNT, COLD_ACCOUNT_TOMORROW = 2_600, 3_000
SENDING, SENDING_TOMORROW = 6_700, 9_000  # less the stipend, which comes back
NEW_ACCOUNT, CODE_BYTE = 25_000, 200
CREATE_ACCESS, HASHED_WORD = 12_000, 6
STATE_BYTE, SLOT_BYTES, ACCOUNT_BYTES = 1_530, 64, 120

Slot = tuple[str, int]


@dataclass(frozen=True)
class Step:
    """An instruction that reads or writes state: its name, the account, and what it names there.

    `key` and `value` are a slot and the word that is written; of a call `value` is the wei sent.
    """

    name: str
    account: str
    key: int = 0
    value: int = 0


@dataclass(frozen=True)
class Traced:
    """A transaction: who, what with, what it used, and the steps that touch state, in order.

    `warm` are the accounts that cost nothing to touch; `slots` and `accounts` what stood there
    before: words that are not zero, and accounts that exist. `code` is the length of code that a
    creation left.
    """

    gas_used: int
    calldata: bytes
    steps: Sequence[Step]
    warm: frozenset[str]
    slots: Mapping[Slot, int]
    accounts: frozenset[str]
    code: int | None = None


@dataclass
class Bill:
    """Gas of steps before and after the change, and what of it comes back."""

    today: int = 0
    tomorrow: int = 0
    refund_today: int = 0
    refund_tomorrow: int = 0
    state_bytes: int = 0  # that are new
    warm_slots: set[Slot] = field(default_factory=set)
    warm_accounts: set[str] = field(default_factory=set)
    slots: dict[Slot, int] = field(default_factory=dict)

    def touch(self, account: str, *, code: bool = False) -> None:
        """An access to an account; to its code is a second one."""
        cold = account not in self.warm_accounts
        self.warm_accounts.add(account)
        self.today += COLD_ACCOUNT if cold else WARM
        self.tomorrow += COLD_ACCOUNT_TOMORROW if cold else WARM
        self.tomorrow += WARM if code else 0

    def load(self, slot: Slot) -> None:
        """A read of a slot."""
        price = WARM if slot in self.warm_slots else COLD_SLOT
        self.warm_slots.add(slot)
        self.today += price
        self.tomorrow += price

    def store(self, slot: Slot, value: int, original: int) -> None:
        """A write of a slot that held `original` before the transaction."""
        current = self.slots.get(slot, original)
        cold = slot not in self.warm_slots
        self.warm_slots.add(slot)
        self.slots[slot] = value
        first = current == original and value != current
        self.today += (COLD_SLOT if cold else 0) + ((RESET if original else SET) if first else WARM)
        self.tomorrow += (COLD_SLOT if cold else WARM) + (STORAGE_WRITE if first else 0)
        if value == current:
            return
        if not original:
            self.state_bytes += SLOT_BYTES * ((value != 0) - (current != 0))
        else:
            clears = (value == 0) - (current == 0)
            self.refund_today += CLEARED * clears
            self.refund_tomorrow += CLEARED_TOMORROW * clears
        if value == original:
            self.refund_today += (RESET if original else SET) - WARM
            self.refund_tomorrow += STORAGE_WRITE

    def send(self, account: str, *, exists: bool) -> None:
        """A call that sends ETH."""
        self.today += SENDING + (0 if exists else NEW_ACCOUNT)
        self.tomorrow += SENDING_TOMORROW
        self.state_bytes += 0 if exists else ACCOUNT_BYTES
        self.warm_accounts.add(account)


@dataclass(frozen=True)
class Price:
    """Gas of a transaction under both rules, and where it comes from.

    `today` is what the receipt says. `state_bytes` are new, `calldata` are bytes.
    """

    today: int
    tomorrow: int
    state_bytes: int
    calldata: int


def price(traced: Traced) -> Price:
    """What a transaction costs tomorrow.

    One that pays today's floor used less than it paid. Raises ValueError if tomorrow's floor does
    not cover that either: then what it costs is not known.
    """
    bill = _bill(traced)
    data = traced.calldata
    today = traced.gas_used + _given_back(traced.gas_used, bill.refund_today)
    used = today - bill.today + bill.tomorrow
    state = bill.state_bytes
    if traced.code is not None:
        words = -(-traced.code // WORD)
        used += CREATE_ACCESS - CREATION + HASHED_WORD * words - CODE_BYTE * traced.code
        state += ACCOUNT_BYTES + traced.code
    used += STATE_BYTE * state
    used -= min(bill.refund_tomorrow, used // REFUND_SHARE)
    least = BASE + _calldata(data, FLOOR_TOMORROW)
    if traced.gas_used <= BASE + _calldata(data, FLOOR_TODAY) and used > least:
        raise ValueError(
            f"{traced.gas_used} gas is the floor of {len(data)} bytes of calldata: expected more, "
            "as what the transaction used is not known"
        )
    return Price(traced.gas_used, max(used, least), state, len(data))


def _given_back(paid: int, refund: int) -> int:
    """What came back of a transaction that paid so much: the refund, or a fifth of all."""
    return min(refund, paid // (REFUND_SHARE - 1))


def _calldata(data: bytes, prices: Mapping[bool, int]) -> int:
    zeros = data.count(0)
    return prices[False] * zeros + prices[True] * (len(data) - zeros)


def _bill(traced: Traced) -> Bill:
    bill = Bill(warm_accounts=set(traced.warm))
    for step in traced.steps:
        slot = (step.account, step.key)
        match step.name:
            case "SLOAD":
                bill.load(slot)
            case "SSTORE":
                bill.store(slot, step.value, traced.slots.get(slot, 0))
            case "EXTCODESIZE" | "EXTCODECOPY":
                bill.touch(step.account, code=True)
            case _:
                bill.touch(step.account)
                if step.value:
                    bill.send(step.account, exists=step.account in traced.accounts)
    return bill
