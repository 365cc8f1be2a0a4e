"""Which open jobs a provider takes."""

from dataclasses import dataclass

from prover.clients.common.limits import TIME_FACTOR, ProviderLimits, closed, for_another
from prover.clients.common.money import Deal
from prover.protocol.prediction.gas import provider_gas
from prover.protocol.prediction.state import Record, State, Terms


@dataclass(frozen=True)
class Policy(ProviderLimits):
    """What is taken: the limits, and whether inputs are read from files of this machine."""

    allow_files: bool = False


def refusal(record: Record, account: str, now: int) -> str | None:
    """Why the provider may not take a job, or None if it may; looks at who and when only."""
    terms = record.job.terms
    if record.state is not State.OPEN:
        return f"it is {record.state.name.lower()}"
    why_not = for_another(terms.provider, account) or closed(terms, now)
    return why_not and f"it {why_not}"


def deal_of(terms: Terms, verification_gas: int, gas_wei: int) -> Deal:
    """A job as money; `verification_gas` is that of a proof, `gas_wei` the price of a gas."""
    cost = provider_gas(verification_gas) * gas_wei
    return Deal(terms.currency, terms.reward, terms.stake, cost)


def time_refusal(prove_seconds: int, proof_seconds: float) -> str | None:
    """Why the time to prove is too short, or None."""
    if prove_seconds < TIME_FACTOR * proof_seconds:
        return (
            f"it gives {prove_seconds} s to prove: expected {TIME_FACTOR} times the "
            f"{proof_seconds:.1f} s that a proof takes here (--proof-time)"
        )
    return None
