"""Jobs of which the events make no sense are told: one of them may be yours."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prover.base.errors import IllegalEvent, UsageError
from prover.chain.state import replay
from prover.cli import status
from prover.cli.app import run
from prover.clients.common.jobs.choosing import Wanted, choose
from prover.clients.common.jobs.kinds import BOUNTY
from prover.protocol.jobs import Jobs
from tests.unit.chain.fakenode import (
    CONSUMER,
    FIRST,
    Block,
    FakeNode,
    deployment,
    posted_in,
    registered,
)
from tests.unit.protocol.plays import ETH


@pytest.fixture
def node(home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNode:
    """Postings without the deposit that belongs to them."""
    odd = [posted_in(ETH, CONSUMER, nonce)[:1] for nonce in range(status.MAX_SET_ASIDE + 2)]
    node = FakeNode([Block(0), Block(FIRST, [registered()]), Block(FIRST + 1, odd)])
    monkeypatch.setattr(status, "deployed", lambda _rpc: (node.client, deployment()))
    replay._loaded.clear()
    return node


@pytest.mark.parametrize("whose", [("--all",), ("--address", CONSUMER)])
def test_a_status_lists_them(
    node: FakeNode, capsys: pytest.CaptureFixture[str], whose: tuple[str, ...]
) -> None:
    assert run(["status", *whose, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["set_aside"]
    assert len(rows) == status.MAX_SET_ASIDE + 2
    assert {row["protocol"] for row in rows} == {"prediction"}
    assert run(["status", *whose]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if "is set aside, as its events make no sense" in line]
    assert [row["job"] in line for row, line in zip(rows, told, strict=False)] == [True] * 20
    assert "2 more jobs are set aside" in lines


def test_none_is_not_concluded_while_some_are_set_aside() -> None:
    client: Any = type("Node", (), {"scope": "1:0x", "now": lambda _: 0})()
    jobs: Jobs[Any] = Jobs(1, "0x" + "aa" * 20)
    wanted = Wanted("yours to reveal", lambda *_: True)
    with pytest.raises(UsageError, match="is yours to reveal: `zkescrow"):
        choose(client, jobs, BOUNTY, None, wanted)
    odd = replace(jobs, set_aside={bytes(32): "why"})
    with pytest.raises(UsageError, match="is yours to reveal, and 1 were set aside: their events"):
        choose(client, odd, BOUNTY, None, wanted)
    with pytest.raises(IllegalEvent, match="set aside: why"):
        choose(client, odd, BOUNTY, "00" * 32, wanted)
