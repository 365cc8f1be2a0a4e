"""The label that a proof shows. Mirrored by `labelOf` of contracts/libraries/Statement.sol.

Of scores, a tie is settled here: it proves no label. A native circuit that makes labels public has
settled ties itself (`Ranking.break_ties` of prover/systems/native/circuit/ranking.py).
"""

from collections.abc import Sequence

from prover.statement.layout import OutputKind


def proven_label(outputs: Sequence[int], kind: OutputKind) -> int | None:
    """The label output, or the place of the strictly greatest score; None if there is no such.

    `outputs` are an item's output words as signed integers.
    """
    if kind is OutputKind.LABEL:
        return outputs[0] if outputs[0] >= 0 else None
    return untied_label(outputs)


def untied_label(scores: Sequence[int]) -> int | None:
    """The place of the greatest score; None where two are tied at the top."""
    greatest = max(scores)
    return scores.index(greatest) if scores.count(greatest) == 1 else None
