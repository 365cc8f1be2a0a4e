"""A stake that was signed and that no node has is taken back once its command refuses it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.chain.accounts import anvil_account
from prover.chain.contracts import Call
from prover.protocol import accuracy, retrieval, serving
from prover.settings import get_settings
from tests.conftest import Proven
from tests.killing import command, killed
from tests.localchain import CONSUMER, PROVIDER, STRANGER, Chain
from tests.unit.cli.test_reorganised import ROWS, Play

GIFT = Call("a gift", str(anvil_account(STRANGER).address), b"", 1)


@pytest.fixture
def play(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Play:
    return Play(chain, proven("batch"), tmp_path)


def lose_the_model() -> None:
    for link in get_settings().artifacts.iterdir():
        link.unlink()


def test_a_join_is_taken_back(play: Play) -> None:
    job = play.open()
    join = ("serving", "join", "--proof-time", "1s", "--account", PROVIDER, "--rpc", play.url)
    killed("signed", 1, *join)
    lose_the_model()
    assert "no artifacts" in command(*join, status=1)["error"]
    play.chain.sender(PROVIDER).send("another", GIFT)
    assert play.round(job).state is serving.State.OPEN


def test_an_acceptance_is_taken_back(play: Play) -> None:
    wish = ("--data", play.data, "--target", "50%", "--items", 4)
    job = play.run(CONSUMER, "accuracy", "post", "--model", "tiny", *wish)["job"]
    accept = ("accuracy", "accept", "--model", "tiny", "--proof-time", "1s")
    killed("signed", 1, *accept, "--account", PROVIDER, "--rpc", play.url)
    lose_the_model()
    assert "no artifacts" in play.run(PROVIDER, *accept, status=1)["error"]
    play.chain.sender(PROVIDER).send("another", GIFT)
    record = play.world().accuracy.jobs[bytes.fromhex(job[2:])]
    assert record.state is accuracy.State.OPEN


def test_an_acceptance_of_a_request_is_taken_back(play: Play) -> None:
    play.run(PROVIDER, "retrieval", "commit", play.data, "--model", "tiny")
    words = ("--label", 0, "--price", "0.002", "--stake", "0.05", "--prove-within", "1h")
    job = play.run(CONSUMER, "retrieval", "post", "--model", "tiny", *words)["job"]
    accept = ("retrieval", "accept", "--proof-time", "1s", "--max-matches", ROWS)
    killed("signed", 1, *accept, "--account", PROVIDER, "--rpc", play.url)
    lose_the_model()
    assert "no artifacts" in play.run(PROVIDER, *accept, status=1)["error"]
    play.chain.sender(PROVIDER).send("another", GIFT)
    record = play.world().retrieval.jobs[bytes.fromhex(job[2:])]
    assert record.state is retrieval.State.OPEN
