"""Amounts and times as text, as people read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prover.base.units import DAY, HOUR, MINUTE

ETHER_DECIMALS = 18
ZERO_ADDRESS = "0x" + 40 * "0"  # ETH, among currencies; nobody, among parties
_UNITS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1))
_EXACT_SECONDS = 600  # below it, seconds are shown
_LAST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Unit:
    """What a token calls itself, and how many digits of its amounts stand behind the point.

    A token says what it likes: amounts are shown with its address too.
    """

    symbol: str
    decimals: int


_units: dict[str, Unit] = {}  # by address; only for showing, no rule reads it


def name_token(currency: str, unit: Unit) -> None:
    """Show amounts of a token in its own unit from now on."""
    _units[currency] = unit


def is_named(currency: str) -> bool:
    """Whether amounts of a currency are shown in its own unit."""
    return currency == ZERO_ADDRESS or currency in _units


def in_ether(wei: int) -> str:
    """An amount of wei as ETH, without trailing zeros."""
    return f"{_decimal(wei, ETHER_DECIMALS)} ETH"


def amount_in(currency: str, units: int) -> str:
    """An amount of a currency; the zero address is ETH."""
    if currency == ZERO_ADDRESS:
        return in_ether(units)
    unit = _units.get(currency)
    if unit is None:
        return f"{units} of token {currency}"
    return f"{_decimal(units, unit.decimals)} {unit.symbol} (token {currency})"


def _decimal(units: int, decimals: int) -> str:
    whole, rest = divmod(units, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}".rstrip("0").rstrip(".") if decimals else str(units)


def counted(count: int, thing: str) -> str:
    """A number of things whose plural ends in s: 1 proof, 2 proofs."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def some_of(things: Sequence[object], most: int = 8) -> str:
    """The first `most` of a list, and how many more there are."""
    first = ", ".join(map(str, things[:most]))
    return f"{first} and {len(things) - most} more" if len(things) > most else first


def moment(at: int) -> str:
    """A Unix time as a date that can be compared with a clock."""
    if not 0 <= at <= _LAST:
        return f"{at} (Unix time)"
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: int) -> str:
    """A duration: seconds exactly below ten minutes, else its two greatest units, rounded down."""
    if seconds < _EXACT_SECONDS:
        return f"{seconds} s"
    parts = []
    for name, unit in _UNITS:
        count, seconds = divmod(seconds, unit)
        if count:
            parts.append(f"{count} {name}")
        elif parts:
            break
    return " ".join(parts[:2])


def until(due: int, now: int) -> str:
    """How long there is until a deadline, and when that is."""
    return f"within {span(due - now)} (until {moment(due)})"


def voidable(job: str, condemned: int, move: str = "settle") -> str:
    """What can be done with a job whose circuit was condemned in time."""
    return (
        f"the circuit was condemned at {moment(condemned)} and no proof of it is accepted any "
        f"more: anyone may {move} the {job}, and each side gets its deposits back"
    )


def credited(
    why: str,
    payouts: Mapping[str, int],
    currency: str,
    left: Mapping[str, int] | None = None,
) -> str:
    """How a job ended, and who was credited what.

    `left` is what each account still has of the currency in the contract, from all jobs.
    """
    shares = ", ".join(
        f"{who} {amount_in(currency, units)}{_taken(currency, left, who)}"
        for who, units in payouts.items()
    )
    return f"nothing: {why}; credited: {shares}"


def _taken(currency: str, left: Mapping[str, int] | None, who: str) -> str:
    if left is None:
        return ""
    return f" ({how_to_withdraw(currency)})" if left.get(who) else " (withdrawn)"


def how_to_withdraw(currency: str) -> str:
    """How a credit in a currency becomes money: a token must be named, as any contract may be."""
    token = "" if currency == ZERO_ADDRESS else f" --token {currency}"
    return f"withdraw it with `zkescrow withdraw{token}`"


def shown(text: bytes | str, most: int = 400) -> str:
    """Text of a stranger (chain, node, file) that is safe to print: on one line, without control
    or invisible characters, cut after `most`; bytes that are not UTF-8 are written as \\xNN.
    """
    plain = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    safe = "".join(one if one.isprintable() else _escaped(one) for one in plain[:most])
    return safe if len(plain) <= most else f"{safe}... ({len(plain)} characters)"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def as_text(state: str) -> str:
    """The name of a job's state, as people write it."""
    return state.replace("_", " ")
