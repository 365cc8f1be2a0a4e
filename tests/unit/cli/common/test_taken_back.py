"""A stake that was signed and that no node has is taken back once its command refuses it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.base.settings import get_settings
from prover.chain.abi.contract import Call
from prover.chain.accounts import anvil_account
from prover.protocol.accuracy import state as accuracy
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from tests.conftest import Proven
from tests.killing import killed
from tests.localchain import CONSUMER, PROVIDER, STRANGER, Chain, with_models
from tests.unit.cli.common.test_reorganised import ROWS, Play

node_with_contracts = with_models("batch")

GIFT = Call("a gift", str(anvil_account(STRANGER).address), b"", 1)


@pytest.fixture
def play(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Play:
    return Play(chain, proven("batch"), tmp_path)


def dies_and_is_refused(play: Play, *stake: object) -> None:
    """The command dies with its stake signed; then the model is gone, and the account sends."""
    killed("signed", 1, *stake, "--account", PROVIDER, "--rpc", play.url)
    for link in get_settings().artifacts.iterdir():
        link.unlink()
    assert "no artifacts" in play.run(PROVIDER, *stake, status=1)["error"]
    play.chain.sender(PROVIDER).send("another", GIFT)


def test_a_join_is_taken_back(play: Play) -> None:
    job = play.open()
    dies_and_is_refused(play, "serving", "join", "--proof-time", "1s")
    assert play.round(job).state is serving.State.OPEN


def test_an_acceptance_is_taken_back(play: Play) -> None:
    chosen = ("--data", play.data, "--target", "50%", "--items", 4)
    job = play.run(CONSUMER, "accuracy", "post", "--model", "tiny", *chosen)["job"]
    dies_and_is_refused(play, "accuracy", "accept", "--model", "tiny", "--proof-time", "1s")
    assert play.world().accuracy.jobs[bytes.fromhex(job[2:])].state is accuracy.State.OPEN


def test_an_acceptance_of_a_request_is_taken_back(play: Play) -> None:
    play.run(PROVIDER, "retrieval", "commit", play.data, "--model", "tiny")
    words = ("--label", 0, "--price", "0.002", "--stake", "0.05", "--prove-within", "1h")
    job = play.run(CONSUMER, "retrieval", "post", "--model", "tiny", *words)["job"]
    accept = ("retrieval", "accept", "--proof-time", "1s", "--max-matches", ROWS)
    dies_and_is_refused(play, *accept)
    assert play.world().retrieval.jobs[bytes.fromhex(job[2:])].state is retrieval.State.OPEN
