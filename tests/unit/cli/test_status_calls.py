"""What `zkescrow status` asks a node about tokens, of which strangers can make any number."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from prover.base import text
from prover.chain.node.client import checksum
from prover.chain.state import replay
from prover.cli import status
from prover.cli.accuracy import commands as accuracy
from prover.cli.app import run
from prover.cli.prediction import commands as prediction
from prover.cli.retrieval import commands as retrieval
from prover.cli.serving import commands as serving
from tests.unit.chain.fakenode import (
    CONSUMER,
    FIRST,
    PAYEE,
    Block,
    FakeNode,
    chain,
    deployment,
    posted_in,
    registered,
)

MINE = str(checksum("0x" + "70" * 20))
STRANGERS = [str(checksum(f"0x{0xBAD0000 + number:040x}")) for number in range(300)]


@pytest.fixture
def node(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNode]:
    """A stranger's jobs, each in a token of its own, and then mine."""
    posts = [posted_in(one, PAYEE, nonce) for nonce, one in enumerate(STRANGERS)]
    posts.append(posted_in(MINE, CONSUMER, 0))
    node = FakeNode([Block(0), Block(FIRST, [registered()]), Block(FIRST + 1, posts)])
    monkeypatch.setattr(status, "deployed", lambda _rpc: (node.client, deployment()))
    replay._loaded.clear()
    text._units.clear()
    yield node
    text._units.clear()


def test_only_the_tokens_of_the_jobs_shown_are_asked(
    node: FakeNode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", "--address", CONSUMER, "--json"]) == 0
    (job,) = json.loads(capsys.readouterr().out)["jobs"]
    assert f"COIN (token {MINE})" in job["next"]
    assert node.asked["eth_call"] == 2 + 1  # and where the job stands


def test_everybodys_tokens_are_asked_up_to_a_limit(
    node: FakeNode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", "--all", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["jobs"]) == len(STRANGERS) + 1
    assert node.asked["eth_call"] == 100
    assert node.requests <= 10


@pytest.mark.parametrize("stamped", [True, False])
def test_three_thousand_events_are_read_by_ranges_and_then_from_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, stamped: bool
) -> None:
    """Not a request for each block, where the node's logs have no times either."""
    node = FakeNode(chain(500), stamped=stamped)
    for module in (status, prediction, serving, accuracy, retrieval):
        monkeypatch.setattr(module, "deployed", lambda _rpc: (node.client, deployment()))
    groups = [("status",), *((one, "status") for one in ("prediction", "serving", "accuracy"))]
    for command in (*groups, ("retrieval", "status")):
        replay._loaded.clear()  # as another process
        requests, ranges = node.requests, node.asked["eth_getLogs"]
        assert run([*command, "--all", "--json"]) == 0
        assert node.asked["eth_getLogs"] == ranges + 1
        first = not requests
        assert node.requests - requests <= (10 if stamped or not first else 10 + 1_500 // 100)
