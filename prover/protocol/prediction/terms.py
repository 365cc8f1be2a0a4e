"""The terms of a job, as the contract's struct has them."""

from dataclasses import dataclass

from prover.protocol.terms import Terms


@dataclass(frozen=True)
class PredictionTerms(Terms):
    """`IPredictionMarket.Terms`."""

    ABI = "(bytes32,bytes32,address,uint128,uint128,address,uint40,uint32)"

    model_id: bytes
    inputs_hash: bytes
    currency: str
    reward: int
    stake: int
    provider: str
    open_until: int
    prove_seconds: int
