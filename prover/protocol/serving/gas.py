"""What the transactions of a serving round take together, in gas, before the first is sent."""

from dataclasses import dataclass

from prover.protocol.gas import END, ITEM, POST, PROVE, TAKE
from prover.statement.layout import Layout

OUTPUT_BYTE = 25  # of the posted outputs: calldata, event, hash
OUTPUT_LEAF = 600  # an item's leaf and node in the tree of outputs
CONTEST, CONTEST_INDEX = 70_000, 1_250
ANSWER_INDEX = 600  # each contested index is read again, and hashed, with every answer


def outputs_gas(n: int, item_bytes: int) -> int:
    """Of posting the outputs of n items of so many bytes each."""
    return PROVE + n * (OUTPUT_LEAF + item_bytes * OUTPUT_BYTE)


def answers_gas(proofs: int, items: int, contests: int, verification: int) -> int:
    """Of so many proofs with `items` items in all, of a round with `contests` contested ones."""
    return proofs * (verification + PROVE + contests * ANSWER_INDEX) + items * ITEM


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
        return cls(
            post=POST,
            join=TAKE,
            outputs=outputs_gas(n, item_bytes),
            contest=CONTEST + contests * CONTEST_INDEX,
            answers=answers_gas(proofs, contests, contests, verification),
            settle=END,
        )
