"""Proven outputs as people read them."""

from typing import TYPE_CHECKING

from prover.statement.field import decode_signed
from prover.statement.layout import OutputKind
from prover.systems.interface import Prediction as Prediction

if TYPE_CHECKING:
    from prover.systems.ezkl.manifest import Manifest


def read_outputs(outputs: tuple[int, ...], manifest: "Manifest") -> list[Prediction]:
    """The predictions in a delivery's output words (field elements), item after item."""
    layout = manifest.layout
    size = layout.output_words
    words = [decode_signed(word) for word in outputs]
    items = [tuple(words[at : at + size]) for at in range(0, len(words), size)]
    if layout.output_kind is OutputKind.LABEL:
        return [Prediction(item, None, item[0], True, 0.0) for item in items]
    return [_scores(item, manifest) for item in items]


def _scores(item: tuple[int, ...], manifest: "Manifest") -> Prediction:
    unit = 2.0**-manifest.scales.output
    tolerance = manifest.plan.tolerance
    ranked = sorted(item, reverse=True)
    lead = ranked[0] - ranked[1] if len(ranked) > 1 else 0
    single = len(ranked) == 1
    label = item.index(ranked[0]) if lead > 0 and not single else None
    scores = tuple(word * unit for word in item)
    return Prediction(item, scores, label, single or lead > 2 * tolerance, tolerance * unit)
