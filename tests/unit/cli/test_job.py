"""What every protocol's status says of one job, and in which order."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.cli import job
from prover.clients.common.jobs.deeds import Report
from prover.clients.common.jobs.kinds import ROUND

FACTS = {"state": "open", "items": 3}


def test_a_status_says_what_was_done_what_is_next_and_what_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[object, ...]] = []

    def noted(name: str, answer: Any) -> Any:
        return lambda *given: asked.append((name, *given)) or answer

    current = SimpleNamespace(to_dict=lambda: {"state": "served", "next": "contest it"})
    monkeypatch.setattr(job, "entry", noted("entry", current))
    monkeypatch.setattr(job, "of_job", noted("done", Report([{"move": "serve"}], ["not final"])))
    monkeypatch.setattr(job, "reminders", noted("due", Report([{"job": "0x2"}], ["another"])))
    client, world, record = "client", "world", "record"
    data, lines = job.job_status(
        client,
        world,
        ROUND,
        b"1",
        record,
        7,
        FACTS,
        ["a round", "contested"],
        ["past"],  # type: ignore[arg-type]
    )
    assert lines == ["a round", "contested", "not final", "next: contest it", "past", "another"]
    assert data == {
        "state": "served",  # as of now: time alone may have changed what the events tell
        "items": 3,
        "now": 7,
        "next": "contest it",
        "provisional": [{"move": "serve"}],
        "reminders": [{"job": "0x2"}],
    }
    assert asked == [
        ("entry", world, ROUND, b"1", record, 7),
        ("done", client, world, b"1"),
        ("due", client, world, b"1", 7),
    ]
