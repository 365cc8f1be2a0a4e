"""What providers keep to, whatever the protocol: times, money, what fits a transaction."""

from dataclasses import dataclass, field

from prover.base.errors import UsageError
from prover.base.text import moment
from prover.chain.sending.transactions import GAS_CAP
from prover.clients.common.money import Purse
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.terms import Terms
from prover.statement.field import WORD_BYTES

LOCK_SECONDS = 2  # a lock takes a block or two to be mined
CALL_BYTES = 64 * WORD_BYTES  # terms, offsets and lengths of a call
TIME_FACTOR = 2  # proving is given twice the time that it takes


@dataclass(frozen=True)
class ProviderLimits:
    """Options of joining: the money, and the seconds of a proof, None for those rehearsed."""

    purse: Purse = field(default_factory=Purse)
    proof_seconds: float | None = None


def closed(terms: Terms, now: int) -> str | None:
    """Why a job may not be joined at the Unix time `now`, or None if it may."""
    if now + LOCK_SECONDS > terms.open_until:
        return f"was open until {moment(terms.open_until)}, and it is {moment(now)} now"
    return None


def for_another(provider: str, account: str) -> str | None:
    """Whom a job is for that names a provider, unless that is the account; else None."""
    return None if provider in (ZERO_ADDRESS, account) else f"is for provider {provider}"


def require_open(name: str, terms: Terms, now: int) -> None:
    """Raise UsageError unless a job may be joined at the Unix time `now`; `name` as in "round"."""
    why_not = closed(terms, now)
    if why_not:
        raise UsageError(f"the {name} {why_not}")


def require_named(name: str, joins: str, provider: str, account: str) -> None:
    """Raise UsageError if a job is for another account; `joins` as in "accept"."""
    why_not = for_another(provider, account)
    if why_not:
        raise UsageError(f"the {name} {why_not}: {account} cannot {joins}")


def misfit(size: int, gas: int, call_bytes: int) -> tuple[str, int, int] | None:
    """What of a call does not fit a transaction, as ("bytes", found, most); None if it fits."""
    for name, found, most in (("bytes", size, call_bytes), ("gas", gas, GAS_CAP)):
        if found > most:
            return name, found, most
    return None
