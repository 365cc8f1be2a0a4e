"""Tables as documents show them."""

from prover.protocol.accuracy import state as accuracy
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.protocol.table import markdown, mermaid, title


def test_states_are_spelt_as_in_the_contracts() -> None:
    assert title(accuracy.State.KEY_WITHHELD) == "KeyWithheld"
    assert title(accuracy.State.OPEN) == "Open"


def test_a_table_tells_moves_conditions_and_what_time_does_alone() -> None:
    lines = markdown(retrieval.TABLE).splitlines()
    at = next(at for at, line in enumerate(lines) if "| Proving |" in line)
    assert lines[at].endswith("| by time alone -> Closing |")
    assert lines[at + 2] == "| | anyone `submit` (all are proven) -> Closing | | |"


def test_a_table_has_a_line_for_each_move() -> None:
    moves = [move for rule in retrieval.TABLE.values() for move in rule.moves]
    assert len(markdown(retrieval.TABLE).splitlines()) == 2 + len(moves)


def test_a_diagram_has_every_move_and_every_end() -> None:
    lines = mermaid(serving.TABLE, serving.VOID).splitlines()
    assert lines[2] == "    [*] --> Open: post"
    assert "    Contested --> Contested: answer" in lines
    assert "    Contested --> Settled: answer (all are proven)" in lines
    assert "    Served --> Settled: settle, deadline missed" in lines
    voided = [line for line in lines if "--> Voided" in line]
    assert len(voided) == len(serving.TABLE)
    ends = {title(state) for state in serving.State if state and state not in serving.TABLE}
    assert {line.split()[0] for line in lines if line.endswith("--> [*]")} == ends


def test_a_diagram_shows_what_time_does_alone() -> None:
    lines = mermaid(retrieval.TABLE, retrieval.VOID).splitlines()
    assert "    Proving --> Closing: deadline missed" in lines
