"""The terms of a job, as the contract's struct has them."""

from dataclasses import dataclass

from prover.protocol.terms import Terms


@dataclass(frozen=True)
class ServingTerms(Terms):
    """`IServingRound.Terms`."""

    ABI = (
        "(bytes32,address,address,bytes32,uint32,uint8,uint128,uint128,uint32,uint128,uint40,"
        "uint32,uint32,uint32)"
    )

    model_id: bytes
    provider: str
    currency: str
    inputs_root: bytes
    n: int
    word_bytes: int
    price: int
    proof_fee: int
    max_contests: int
    stake: int
    open_until: int
    serve_seconds: int
    contest_seconds: int
    answer_seconds: int

    @property
    def escrow(self) -> int:
        """What the consumer pays in: all that the provider may earn, in wei or token units."""
        return self.earned(self.max_contests)

    def earned(self, proven: int) -> int:
        """What the provider earns by all items, and by proofs of `proven` contested ones."""
        return self.n * self.price + proven * self.proof_fee
