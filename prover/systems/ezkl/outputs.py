"""Proven outputs as people read them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prover.statement.field import decode_signed
from prover.statement.layout import OutputKind

if TYPE_CHECKING:
    from prover.systems.ezkl.manifest import Manifest


@dataclass(frozen=True)
class Prediction:
    """One item's outputs: `words` are signed integers, `scores` real numbers (None for labels).

    `label` is None on a tie. `decisive` is False where a prover could have chosen another label
    within the tolerance.
    """

    words: tuple[int, ...]
    scores: tuple[float, ...] | None
    label: int | None
    decisive: bool
    tolerance: float

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "output_words": list(self.words),
            "scores": None if self.scores is None else list(self.scores),
            "label": self.label,
            "decisive": self.decisive,
            "score_tolerance": self.tolerance,
        }

    def message(self) -> str:
        """One line."""
        label = "a tie, no label" if self.label is None else f"label {self.label}"
        if self.scores is None:
            return f"proven {label}"
        scores = " ".join(f"{score:.3f}" for score in self.scores)
        doubt = "" if self.decisive else f"; NOT decisive at a tolerance of {self.tolerance:g}"
        return f"proven {label}; scores {scores}{doubt}"


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
