"""What the transactions of a serving round take together, in gas, before the first is sent."""

from dataclasses import dataclass

from prover.protocol.economics import (
    END,
    ITEM,
    OUTPUT_BYTE,
    OUTPUT_LEAF,
    POST,
    PROVE,
    TAKE,
)
from prover.statement.layout import Layout

CONTEST, CONTEST_INDEX = 70_000, 1_250
ANSWER_INDEX = 600  # each contested index is read again, and hashed, with every answer


@dataclass(frozen=True)
class RoundGas:
    """Gas by step; `contest` and `answers` for the most items that may be contested."""

    post: int
    join: int
    outputs: int
    contest: int
    answers: int
    settle: int

    @property
    def consumer(self) -> int:
        """What the consumer's transactions take."""
        return self.post + self.contest

    @property
    def provider(self) -> int:
        """What the provider's transactions take."""
        return self.join + self.outputs + self.answers

    @property
    def total(self) -> int:
        """Everybody's, settling included where nothing was contested."""
        return self.consumer + self.provider + self.settle

    @classmethod
    def of(
        cls, n: int, word_bytes: int, contests: int, layout: Layout, verification: int
    ) -> "RoundGas":
        """Of a round of n items; `verification` is what a proof takes, calldata included."""
        item_bytes = layout.output_words * word_bytes
        proofs = -(-contests // layout.items)
        proof = verification + PROVE + contests * ANSWER_INDEX
        return cls(
            post=POST,
            join=TAKE,
            outputs=PROVE + n * (OUTPUT_LEAF + item_bytes * OUTPUT_BYTE),
            contest=CONTEST + contests * CONTEST_INDEX,
            answers=proofs * proof + contests * ITEM,
            settle=END,
        )
