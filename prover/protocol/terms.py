"""Terms of a prediction job, and the id that commits to them."""

from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

_TERMS = "(bytes32,bytes32,address,uint128,uint128,address,uint40,uint32)"


@dataclass(frozen=True)
class Terms:
    """What the consumer asks for; the fields of `IPredictionMarket.Terms` in order.

    `reward` and `stake` are in wei or token units, `open_until` is Unix time, `currency` and
    `provider` are addresses (zero: ETH, anyone).
    """

    model_id: bytes
    inputs_hash: bytes
    currency: str
    reward: int
    stake: int
    provider: str
    open_until: int
    prove_seconds: int

    def to_abi(self) -> tuple[bytes, bytes, str, int, int, str, int, int]:
        """The fields as the Solidity struct takes them."""
        return (
            self.model_id,
            self.inputs_hash,
            self.currency,
            self.reward,
            self.stake,
            self.provider,
            self.open_until,
            self.prove_seconds,
        )


@dataclass(frozen=True)
class Job:
    """All that a job id commits to, besides chain and contract."""

    consumer: str
    nonce: int
    terms: Terms

    def to_abi(self) -> tuple[str, int, tuple[bytes, bytes, str, int, int, str, int, int]]:
        """The fields as the Solidity struct takes them."""
        return (self.consumer, self.nonce, self.terms.to_abi())

    def id_on(self, chain_id: int, market: str) -> bytes:
        """keccak256(abi.encode(chainid, market, consumer, nonce, keccak256(abi.encode(terms))))."""
        terms_hash = keccak(encode([_TERMS], [self.terms.to_abi()]))
        return keccak(
            encode(
                ["uint256", "address", "address", "uint256", "bytes32"],
                [chain_id, market, self.consumer, self.nonce, terms_hash],
            )
        )
