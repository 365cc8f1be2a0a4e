"""Reads amounts, times and ids as people type them."""

import re

from prover.base.errors import UsageError
from prover.base.text import ETHER_DECIMALS
from prover.base.units import DAY, HOUR, MINUTE

MAX_SECONDS, MAX_UNITS = 2**32 - 1, 2**128 - 1  # what the contracts' terms can hold


_UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}


_AMOUNT = re.compile(r"(\d{1,99})(?:\.(\d+))?", re.ASCII)


_DURATION = re.compile(r"(\d{1,18})([smhd])", re.ASCII)


def duration(text: str, name: str) -> int:
    """Seconds of "30s", "10m", "1h", "2d"; a number alone says no unit. Raises UsageError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{name} {text!r}: expected a number with s, m, h or d, such as 10m")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > MAX_SECONDS:
        raise UsageError(f"{name} {text!r}: expected at most {MAX_SECONDS} s")
    return seconds


def units(text: str, name: str, decimals: int = ETHER_DECIMALS) -> int:
    """Smallest units (wei) of a decimal amount. Raises UsageError unless it is exact."""
    match = _AMOUNT.fullmatch(text.strip())
    fraction = (match[2] or "") if match else ""
    if match is None or len(fraction) > decimals:
        raise UsageError(
            f"{name} {text!r}: expected a number from 0 with at most {decimals} decimals"
        )
    found = int(match[1] + fraction.ljust(decimals, "0"))
    if found > MAX_UNITS:
        raise UsageError(
            f"{name} {text!r}: expected at most {MAX_UNITS} of the currency's smallest units, as "
            "contracts count no more"
        )
    return found


def id_bytes(text: str, name: str) -> bytes:
    """The 32 bytes of an id in hexadecimal. Raises UsageError."""
    digits = text.removeprefix("0x")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise UsageError(f"{name} {text!r}: expected 64 hex digits")
    return bytes.fromhex(digits)


_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%?", re.ASCII)


_PART = re.compile(r"(\d+):(\d+)", re.ASCII)


def percent(text: str, name: str) -> float:
    """A share from 0 to 1 of "95", "95%" or "2.5%". Raises UsageError.

    Also of "0.95" or "1", which may mean the share itself: the sample would be another one.
    """
    match = _PERCENT.fullmatch(text.strip())
    share = float(match[1]) / 100 if match else 0.0
    if not 0 < share < 1:
        raise UsageError(
            f"{name} {text!r}: expected a percentage above 0 and below 100, such as 95%"
        )
    if share <= 0.01 and not text.strip().endswith("%"):
        other = f" or {10_000 * share:g}%" if share < 0.01 else ""
        raise UsageError(
            f"{name} {text!r}: expected {100 * share:g}%{other}, found a number that may be a "
            "share of 1; give the sign"
        )
    return share


def part(text: str | None) -> range | None:
    """Rows A to B, B not included, of "A:B"; None for all. Raises UsageError."""
    if text is None:
        return None
    match = _PART.fullmatch(text.strip())
    if match is None or int(match[1]) >= int(match[2]):
        raise UsageError(f"--rows {text!r}: expected A:B with A below B, such as 0:256")
    return range(int(match[1]), int(match[2]))
