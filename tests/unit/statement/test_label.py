"""Labels are proven by a strictly greatest score, or said by the circuit."""

import pytest

from prover.protocol.retrieval.terms import Predicate, PredicateKind
from prover.statement.label import proven_label, untied_label
from prover.statement.layout import OutputKind


@pytest.mark.parametrize(
    ("outputs", "kind", "label"),
    [
        ((1, 3, 2), OutputKind.SCORES, 1),
        ((-5, -7), OutputKind.SCORES, 0),
        ((3, 1, 3), OutputKind.SCORES, None),
        ((2, 2, 3), OutputKind.SCORES, 2),
        ((0,), OutputKind.SCORES, 0),
        ((7,), OutputKind.LABEL, 7),
        ((-1,), OutputKind.LABEL, None),
    ],
)
def test_the_label_of_outputs(outputs: tuple[int, ...], kind: OutputKind, label: int) -> None:
    assert proven_label(outputs, kind) == label


@pytest.mark.parametrize(("scores", "label"), [((4,), 0), ((4, 4), None), ((4, 4, 5), 2)])
def test_a_tie_at_the_top_has_no_label(scores: tuple[int, ...], label: int | None) -> None:
    assert untied_label(scores) == label


def test_a_threshold_flags_from_itself_on() -> None:
    flag = Predicate(PredicateKind.AT_LEAST, 1, -4)
    flagged = [flag.flags((9, score), OutputKind.SCORES) for score in (-5, -4, -3)]
    assert flagged == [False, True, True]


def test_a_label_flags_if_it_is_decided() -> None:
    flag = Predicate(PredicateKind.LABEL, 1)
    rows = ((1, 2), (2, 1), (2, 2))
    assert [flag.flags(row, OutputKind.SCORES) for row in rows] == [True, False, False]
