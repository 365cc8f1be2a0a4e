"""Accuracy bounties: which test items to prove, and in which proofs.

The plan depends on terms, model and test set only, not on what was proven already: after a kill it
is the same, and proofs that were made fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from prover.protocol.accuracy.state import Record
from prover.statement.documents.samples import needed


@dataclass(frozen=True)
class Evaluation:
    """What the model makes of the test set: indices of the items it gets right, and the target."""

    right: tuple[int, ...]
    n: int
    needed: int

    @property
    def reaches(self) -> bool:
        """Whether the target can be proven."""
        return len(self.right) >= self.needed

    def message(self) -> str:
        """As text."""
        found, share = len(self.right), len(self.right) / self.n
        message = f"the model gets {found} of {self.n} items right ({share:.1%})"
        return f"{message}, the target asks for {self.needed}"


def judge(predicted: Sequence[int | None], labels: Sequence[int], num: int, den: int) -> Evaluation:
    """Compare proven labels with the true ones; None, an undecided one, is wrong."""
    pairs = zip(predicted, labels, strict=True)
    right = tuple(at for at, (found, label) in enumerate(pairs) if found == label)
    return Evaluation(right, len(labels), needed(len(labels), num, den))


def parts(judged: Evaluation, slots: int) -> list[tuple[int, ...]]:
    """The items of each proof, ascending: as few proofs as can be, then as few runs.

    Whole aligned blocks, wrong items included, where they take no more proofs than right items
    alone. A model that misses the target is planned for all it gets right.
    """
    wanted = judged.right[: judged.needed]
    packed = [wanted[at : at + slots] for at in range(0, len(wanted), slots)]
    blocks = _blocks(judged, slots)
    return blocks if judged.reaches and len(blocks) <= len(packed) else packed


def missing(planned: Sequence[tuple[int, ...]], record: Record) -> list[tuple[int, ...]]:
    """The proofs of a plan that would still prove something."""
    return [part for part in planned if not record.proven.issuperset(part)]


def _blocks(judged: Evaluation, slots: int) -> list[tuple[int, ...]]:
    """Aligned blocks in the order of the items that they get right, until these are enough."""
    size = 1 << (slots.bit_length() - 1)
    right = set(judged.right)
    blocks = [tuple(range(at, min(at + size, judged.n))) for at in range(0, judged.n, size)]
    blocks.sort(key=lambda block: -len(right.intersection(block)))
    chosen, found = [], 0
    for block in blocks:
        if found >= judged.needed:
            break
        chosen.append(block)
        found += len(right.intersection(block))
    return sorted(chosen)
