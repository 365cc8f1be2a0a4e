"""The terms of a request with its predicate, as the contract's structs have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from prover.protocol.terms import Terms
from prover.statement.label import proven_label
from prover.statement.layout import OutputKind


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

    def price_of(self, records: int) -> int:
        """What so many records cost, in wei or token units; all of a dataset are paid in."""
        return records * self.price_per_record

    @classmethod
    def from_abi(cls, values: tuple[Any, ...]) -> Self:
        """The inverse of `to_abi`."""
        dataset_id, model_id, (kind, index, threshold), *rest = values
        return cls(dataset_id, model_id, Predicate(PredicateKind(kind), index, threshold), *rest)
