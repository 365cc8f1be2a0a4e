"""What a provider asks of an accuracy bounty before it looks at the test set."""

from dataclasses import dataclass

from prover.errors import StatementInvalid, UsageError
from prover.protocol.accuracy import Terms
from prover.protocol.economics import Proving
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.words import amount_in, moment
from prover.provider.policy import LOCK_SECONDS
from prover.provider.serving_checks import TIME_FACTOR
from prover.proving.artifacts import Artifacts


@dataclass(frozen=True)
class Limits:
    """Options of `accept`: greatest stake in units of the currency, seconds of a proof.

    None: any stake; seconds as predicted from the circuit's size.
    """

    max_stake: int | None = None
    proof_seconds: float | None = None


def check_terms(terms: Terms, account: str, now: int, limits: Limits) -> None:
    """Raise UsageError unless the account may and would accept."""
    if now + LOCK_SECONDS > terms.open_until:
        raise UsageError(
            f"the bounty was open until {moment(terms.open_until)}, and it is {moment(now)} now"
        )
    if terms.provider not in (ZERO_ADDRESS, account):
        raise UsageError(f"the bounty is for provider {terms.provider}: {account} cannot accept")
    if limits.max_stake is not None and terms.stake > limits.max_stake:
        raise UsageError(
            f"the stake is {amount_in(terms.currency, terms.stake)}: at most "
            f"{amount_in(terms.currency, limits.max_stake)} is risked (--max-stake)"
        )


def check_circuit(terms: Terms, circuit_id: bytes, artifacts: Artifacts, limits: Limits) -> None:
    """Raise UsageError unless the model is of the circuit, StatementInvalid if the time is short.

    All items may have to be proven: a miss is known only after the key.
    """
    if circuit_id != terms.circuit_id:
        raise UsageError(
            f"the model is of circuit 0x{circuit_id.hex()}: the bounty asks for one of circuit "
            f"0x{terms.circuit_id.hex()}; `zkescrow model add --like` makes one"
        )
    plan, layout = artifacts.manifest.plan, artifacts.manifest.layout
    proving = Proving.predicted(plan.logrows, layout.items, layout.instances)
    check_time(
        proving.proofs(terms.n), limits.proof_seconds or proving.seconds, terms.prove_seconds
    )


def check_time(proofs: int, seconds: float, given: int) -> None:
    """Raise StatementInvalid unless so many proofs fit the time that is given, with room."""
    if given < TIME_FACTOR * proofs * seconds:
        raise StatementInvalid(
            f"{given} s are given to prove: {proofs} proofs of {seconds:.0f} s may be needed, and "
            f"{TIME_FACTOR} times what they take is wanted; do not accept"
        )
