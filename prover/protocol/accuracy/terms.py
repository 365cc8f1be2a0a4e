"""The terms of a job, as the contract's struct has them."""

from dataclasses import dataclass

from prover.protocol.terms import Terms


@dataclass(frozen=True)
class AccuracyTerms(Terms):
    """`IAccuracyBounty.Terms`."""

    ABI = (
        "(bytes32,address,address,uint128,uint128,uint128,uint128,bytes32,uint32,bytes32,bytes32,"
        "uint32,uint32,uint40,uint32,uint32)"
    )

    circuit_id: bytes
    provider: str
    currency: str
    reward: int
    bond: int
    stake: int
    miss_penalty: int
    test_root: bytes
    n: int
    key_hash: bytes
    data_hash: bytes
    num: int
    den: int
    open_until: int
    reveal_seconds: int
    prove_seconds: int

    @property
    def escrow(self) -> int:
        """What the consumer pays in, in wei or token units: reward and bond."""
        return self.reward + self.bond
