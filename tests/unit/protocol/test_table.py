"""Tables as documents show them."""

from prover.protocol.accuracy import state as accuracy
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from prover.protocol.table import markdown, mermaid, title


def test_states_are_spelt_as_in_the_contracts() -> None:
    assert title(accuracy.State.KEY_WITHHELD) == "KeyWithheld"
    assert title(accuracy.State.OPEN) == "Open"


def test_a_table_tells_moves_conditions_and_what_time_does_alone() -> None:
    row = next(line for line in markdown(retrieval.TABLE).splitlines() if "| Proving |" in line)
    assert "anyone `submit` (all are proven) -> Closing" in row
    assert row.endswith("| by time alone -> Closing |")


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
