"""What the transactions of a retrieval request take together, in gas, before the first is sent."""

from dataclasses import dataclass

from prover.protocol.gas import END, ITEM, POST, PROVE, TAKE
from prover.statement.layout import Layout

SUBMIT, RECORD = 158_000, 11_100  # a proof's first record and each further one, all matches


def largest_submission_gas(records: int, verification: int) -> int:
    """What one proof of so many records may take at most, whatever it is of."""
    return verification + PROVE + records * ITEM


@dataclass(frozen=True)
class RetrievalGas:
    """Gas by step; `submit` of all proofs, a transaction each."""

    post: int
    accept: int
    submit: int
    settle: int

    @property
    def total(self) -> int:
        """Everybody's."""
        return self.post + self.accept + self.submit + self.settle

    @classmethod
    def of(cls, count: int, layout: Layout, verification: int) -> "RetrievalGas":
        """Of `count` records; `verification` is what a proof takes, calldata included."""
        proofs = -(-count // layout.items)
        return cls(POST, TAKE, proofs * (verification + SUBMIT) + count * RECORD, END)
