"""The label that a proof shows. Mirrored by `labelOf` of contracts/libraries/Statement.sol."""

from collections.abc import Sequence

from prover.statement.layout import OutputKind


def proven_label(outputs: Sequence[int], kind: OutputKind) -> int | None:
    """The label output, or the place of the strictly greatest score; None if there is no such.

    `outputs` are an item's output words as signed integers.
    """
    if kind is OutputKind.LABEL:
        return outputs[0] if outputs[0] >= 0 else None
    greatest = max(outputs)
    return outputs.index(greatest) if outputs.count(greatest) == 1 else None
