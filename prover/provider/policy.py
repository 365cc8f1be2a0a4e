"""Which open jobs a provider takes."""

from dataclasses import dataclass

from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction import Record, State
from prover.protocol.words import amount_in, moment

LOCK_SECONDS = 2  # a lock takes a block or two to be mined


@dataclass(frozen=True)
class Policy:
    """Limits in wei (or token units) and seconds.

    `min_reward`: below it a job is not worth the work. `max_stake`: what one job may put at risk.
    `proof_seconds`: time that a proof is given, measured or guessed; a job must leave twice that.
    """

    min_reward: int = 1
    max_stake: int | None = None
    proof_seconds: float = 10.0
    allow_files: bool = False
    currencies: frozenset[str] = frozenset({ZERO_ADDRESS})


def refusal(record: Record, account: str, now: int, policy: Policy) -> str | None:
    """Why the provider does not take a job, or None if it may; looks at the terms only."""
    terms = record.job.terms
    if record.state is not State.OPEN:
        return f"it is {record.state.name.lower()}"
    if terms.provider not in (ZERO_ADDRESS, account):
        return f"it is for provider {terms.provider}"
    if now + LOCK_SECONDS > terms.open_until:
        return f"it was open until {moment(terms.open_until)}, and it is {moment(now)} now"
    if terms.currency not in policy.currencies:
        return f"it pays in {terms.currency}, which is not among the accepted currencies"
    if terms.reward < policy.min_reward:
        least = amount_in(terms.currency, policy.min_reward)
        return (
            f"its reward is {amount_in(terms.currency, terms.reward)}: at least {least} is wanted"
        )
    if policy.max_stake is not None and terms.stake > policy.max_stake:
        most = amount_in(terms.currency, policy.max_stake)
        return f"its stake is {amount_in(terms.currency, terms.stake)}: at most {most} is risked"
    return time_refusal(terms.prove_seconds, policy.proof_seconds)


def time_refusal(prove_seconds: int, proof_seconds: float) -> str | None:
    """Why the time to prove is too short, or None."""
    if prove_seconds < 2 * proof_seconds:
        return (
            f"it gives {prove_seconds} s to prove: a proof takes {proof_seconds:.0f} s, and twice "
            "that is wanted"
        )
    return None
