"""What the transactions of a prediction take together, in gas, before the first is sent."""

from prover.protocol.gas import PROVE, TAKE


def provider_gas(verification: int) -> int:
    """Lock and deliver; `verification` is what a proof takes, calldata included."""
    return TAKE + PROVE + verification
