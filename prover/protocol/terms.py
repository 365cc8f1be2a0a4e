"""Terms of the jobs of each protocol, and the id that commits to them.

Fields are those of the Solidity structs, in order. Amounts are in wei or token units, windows in
seconds, `open_until` in Unix seconds; `currency` and `provider` are addresses (zero: ETH, anyone).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar, Generic, Self, TypeVar

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid
from prover.statement.label import proven_label
from prover.statement.layout import OutputKind

_ID = ("uint256", "address", "address", "uint256", "bytes32")


class Terms:
    """What the terms of every protocol have; `ABI` is the struct's type."""

    ABI: ClassVar[str]

    currency: str
    stake: int
    open_until: int

    def to_abi(self) -> tuple[Any, ...]:
        """The fields as the Solidity struct takes them."""
        return tuple(
            value.to_abi() if isinstance(value, Predicate) else value
            for value in vars(self).values()
        )

    @classmethod
    def from_abi(cls, values: tuple[Any, ...]) -> Self:
        """The inverse of `to_abi`."""
        return cls(*values)


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


class PredicateKind(IntEnum):
    """`IRetrievalBounty.PredicateKind`: score `index` reaches `threshold`, or label is `index`."""

    AT_LEAST = 0
    LABEL = 1


@dataclass(frozen=True)
class Predicate:
    """`IRetrievalBounty.Predicate`; `threshold` is in output units, 0 for a label."""

    kind: PredicateKind
    index: int
    threshold: int = 0

    def to_abi(self) -> tuple[int, int, int]:
        """The fields as the Solidity struct takes them."""
        return (int(self.kind), self.index, self.threshold)

    def flags(self, outputs: Sequence[int], kind: OutputKind) -> bool:
        """Whether it flags an item by its output words, as signed integers."""
        if self.kind is PredicateKind.AT_LEAST:
            return outputs[self.index] >= self.threshold
        return proven_label(outputs, kind) == self.index


@dataclass(frozen=True)
class RetrievalTerms(Terms):
    """`IRetrievalBounty.Terms`."""

    ABI = "(bytes32,bytes32,(uint8,uint16,int128),address,uint128,uint128,uint40,uint32,uint32)"

    dataset_id: bytes
    model_id: bytes
    predicate: Predicate
    currency: str
    price_per_record: int
    stake: int
    open_until: int
    prove_seconds: int
    dispute_seconds: int

    @classmethod
    def from_abi(cls, values: tuple[Any, ...]) -> Self:
        """The inverse of `to_abi`."""
        dataset_id, model_id, (kind, index, threshold), *rest = values
        return cls(dataset_id, model_id, Predicate(PredicateKind(kind), index, threshold), *rest)


T = TypeVar("T", bound=Terms)


@dataclass(frozen=True)
class Job(Generic[T]):
    """All that a job id commits to, besides chain and contract."""

    consumer: str
    nonce: int
    terms: T

    def to_abi(self) -> tuple[str, int, tuple[Any, ...]]:
        """The fields as the Solidity struct takes them."""
        return (self.consumer, self.nonce, self.terms.to_abi())

    def id_on(self, chain_id: int, contract: str) -> bytes:
        """keccak256 of (chain id, contract, consumer, nonce, keccak256(abi.encode(terms))).

        The chain id is that of the contract's deployment, also on a fork that took another one.
        Raises StatementInvalid if a number is larger than its field.
        """
        try:
            terms_hash = keccak(encode([self.terms.ABI], [self.terms.to_abi()]))
        except EncodingError as error:
            raise StatementInvalid(
                f"the terms hold what the contract has no room for ({error}): smaller amounts and "
                "times are allowed"
            ) from None
        return keccak(encode(_ID, [chain_id, contract, self.consumer, self.nonce, terms_hash]))
