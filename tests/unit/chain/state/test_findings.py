"""What is skipped on a chain is told once in the life of a process, and not without end."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.chain.state import replay
from prover.protocol.world import Finding


def test_each_finding_is_told_once_and_many_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    log = SimpleNamespace(warning=lambda text, **about: told.append((text, about)))
    monkeypatch.setattr(replay, "logger", lambda _name: log)
    monkeypatch.setattr(replay, "_SHOWN", set())
    findings = [Finding(f"block {number}", "odd") for number in range(25)]
    for shown in (findings[:20], findings[:20], findings, findings):
        replay._tell(shown)
    one_each = [("skipped", {"where": f"block {number}", "what": "odd"}) for number in range(20)]
    assert told == [*one_each, ("skipped more; `zkescrow audit replay` tells all of it", {})]
