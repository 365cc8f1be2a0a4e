"""What a command chooses is what is done: never what an earlier one chose, nor another job."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prover.chain.contracts.serving import ServingRound
from prover.chain.state.replay import load_world
from prover.cli.app import run
from prover.clients.prediction.store import Stage
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction import state as prediction
from prover.protocol.prediction.state import State
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from tests.conftest import Proven
from tests.killing import command, killed
from tests.localchain import CONSUMER, PROVIDER, STRANGER, Chain, address_of, with_models
from tests.unit.cli.common.test_postings import Consumer
from tests.unit.cli.common.test_reorganised import ROWS, Play
from tests.unit.clients.scene import REWARD, STAKE, Scene

node_with_contracts = with_models("batch")

WRONG, RIGHT = address_of(STRANGER), address_of(4)
OTHERWISE = "an earlier command did this with other options"


@pytest.fixture
def play(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Play:
    return Play(chain, proven("batch"), tmp_path)


def twice(play: Play, step: str, *stake: object, status: int = 0) -> dict[str, Any]:
    """A command that dies with one payee, then the same with another one."""
    account = ("--account", PROVIDER, "--rpc", play.url)
    killed(step, 1, *stake, "--payee", WRONG, *account)
    return play.run(PROVIDER, *stake, "--payee", RIGHT, status=status)


def test_a_round_is_joined_for_the_payee_of_the_last_command(play: Play) -> None:
    job = play.open()
    twice(play, "signed", "serving", "join", "--proof-time", "1s")
    found = play.round(job)
    assert (found.state, found.payee) == (serving.State.JOINED, RIGHT)


def test_who_has_joined_for_another_payee_is_told(play: Play) -> None:
    """The first one's transaction was with the node: it counts, and nothing else is sent."""
    job = play.open()
    told = twice(play, "sent", "serving", "join", job, "--proof-time", "1s", status=2)
    assert OTHERWISE in told["error"] or f"round {job[:12]} is joined" in told["error"]
    assert play.round(job).payee == WRONG
    assert play.chain.client.balance(address_of(PROVIDER)) > 0


def test_a_request_is_accepted_for_the_payee_of_the_last_command(play: Play) -> None:
    play.run(PROVIDER, "retrieval", "commit", play.data, "--model", "tiny")
    words = ("--label", 0, "--price", "0.002", "--stake", "0.05", "--prove-within", "1h")
    job = play.run(CONSUMER, "retrieval", "post", "--model", "tiny", *words)["job"]
    twice(play, "signed", "retrieval", "accept", "--proof-time", "1s", "--max-matches", ROWS)
    found = play.world().retrieval.jobs[bytes.fromhex(job[2:])]
    assert (found.state, found.payee) == (retrieval.State.PROVING, RIGHT)


def test_a_bounty_is_accepted_for_the_payee_of_the_last_command(play: Play) -> None:
    chosen = ("--data", play.data, "--target", "50%", "--items", 4)
    job = play.run(CONSUMER, "accuracy", "post", "--model", "tiny", *chosen)["job"]
    twice(play, "signed", "accuracy", "accept", "--model", "tiny", "--proof-time", "1s")
    assert play.world().accuracy.jobs[bytes.fromhex(job[2:])].payee == RIGHT


def test_a_dataset_is_committed_with_the_address_of_the_last_command(play: Play) -> None:
    commit = ("retrieval", "commit", play.data, "--model", "tiny")
    account = ("--account", PROVIDER, "--rpc", play.url)
    killed("signed", 1, *commit, "--uri", "https://wrong.example/x", *account)
    play.run(PROVIDER, *commit, "--uri", "https://right.example/x")
    (dataset,) = play.world().retrieval.datasets.values()
    assert dataset.uri == b"https://right.example/x"


# ---------------------------------------------------------------- predictions


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven]) -> Scene:
    return Scene(chain, proven("plain"))


@pytest.mark.parametrize("signed", [True, False])
def test_a_prediction_is_paid_to_the_payee_of_this_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, signed: bool
) -> None:
    """Whether an earlier run had signed its lock for another payee, or written that down only."""
    from prover.base.errors import ChainError
    from prover.chain.sending.pool import Pool
    from prover.chain.sending.transactions import Sender

    def dead(*_: object, **__: object) -> None:
        raise ChainError("the line is dead")

    job_id = scene.post()
    with monkeypatch.context() as patched:
        patched.setattr(*((Pool, "offer") if signed else (Sender, "send")), dead)
        (outcome,) = scene.provider(payee=WRONG).run_once()
    assert outcome.result == "failed"
    (outcome,) = scene.provider().run_once()
    assert outcome.result == Stage.DELIVERED
    predictions = scene.chain.prediction
    assert predictions.credit(ETH, WRONG) == 0
    assert predictions.credit(ETH, address_of(PROVIDER)) == REWARD + STAKE
    assert scene.state(job_id) is State.PAID


def test_a_lock_that_stands_for_another_payee_is_kept_and_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stake would be lost otherwise."""
    from prover.clients.prediction.steps import Steps

    scene.post()
    with monkeypatch.context() as patched:
        patched.setattr(Steps, "prove", lambda *_: 1 / 0)
        scene.provider(payee=WRONG).run_once()
    (outcome,) = scene.provider().run_once()
    assert outcome.result == Stage.DELIVERED
    assert f"delivered for payee {WRONG}" in outcome.message
    assert scene.chain.prediction.credit(ETH, WRONG) == REWARD + STAKE


# ---------------------------------------------------------------- money out, money in


@pytest.fixture
def consumer(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Consumer:
    return Consumer(chain, proven("salted"), tmp_path / "data.npz")


def test_a_withdrawal_goes_where_the_last_command_says(consumer: Consumer) -> None:
    command(*consumer.prediction())
    command("prediction", "cancel", "--account", CONSUMER)
    before = consumer.chain.client.balance(WRONG)
    killed("signed", 1, "withdraw", "--account", CONSUMER, "--to", WRONG)
    told = command("withdraw", "--account", CONSUMER, "--to", RIGHT)
    assert told["to"] == RIGHT
    assert [one["to"] for one in told["withdrawals"]] == [RIGHT]
    assert consumer.chain.client.balance(WRONG) == before


def test_a_posting_that_no_node_has_is_not_paid_beside_a_better_one(consumer: Consumer) -> None:
    """Typed wrong, not sent, typed right."""
    killed("signed", 1, *consumer.prediction("--reward", "0.5"))
    posted = command(*consumer.prediction())
    assert ["0x" + one.hex() for one in consumer.world().prediction.jobs] == [posted["job"]]


def test_a_posting_that_no_node_has_is_not_paid_by_an_unrelated_command(
    consumer: Consumer,
) -> None:
    command(*consumer.prediction())
    killed("signed", 1, *consumer.accuracy())
    command("prediction", "cancel", "--account", CONSUMER)
    assert not consumer.world().accuracy.jobs


def test_what_is_signed_and_not_on_the_chain_is_listed(
    consumer: Consumer, capsys: pytest.CaptureFixture[str]
) -> None:
    def unmined() -> list[Any]:
        return list(command("status", "--account", CONSUMER)["unmined"])

    assert unmined() == []
    killed("signed", 1, *consumer.prediction())
    (row,) = unmined()
    assert (row["protocol"], row["move"], row["account"]) == (
        *("prediction", "post"),
        address_of(CONSUMER),
    )
    capsys.readouterr()
    assert run(["status", "--account", str(CONSUMER)]) == 0
    (line,) = [one for one in capsys.readouterr().out.splitlines() if "signed" in one]
    assert line.startswith(f"job {row['job'][:12]}: your posting is signed and not on the chain: ")
    assert line.endswith("If the node has it not, any other command gives it up.")
    assert command("status", "--account", PROVIDER)["unmined"] == []
    assert command(*consumer.prediction())["job"] == row["job"]
    assert unmined() == []


# ---------------------------------------------------------------- the same command once more


def posted_elsewhere(play: Play, like: str) -> str:
    """Another round with the same terms, posted from another home."""
    job = replace(play.round(like).job, nonce=7)
    contract = ServingRound(play.chain.client, play.chain.deployment.serving)
    call = contract.post(job, play.round(like).data_hash, "")
    play.chain.sender(CONSUMER).send("another", call)
    return "0x" + contract.job_id(job).hex()


def test_a_join_that_is_typed_again_joins_no_other_round(play: Play) -> None:
    first = play.open()
    killed("sent", 1, "serving", "join", "--proof-time", "1s", "--account", PROVIDER)
    second = posted_elsewhere(play, first)
    told = play.refused(PROVIDER, "serving", "join", "--proof-time", "1s")
    assert f"round {first[:12]}, the last one used here, is joined by this command already" in told
    assert second[:12] in told
    assert play.round(second).state is serving.State.OPEN


def test_a_cancel_that_is_typed_again_takes_no_other_job_back(consumer: Consumer) -> None:
    for reward in ("0.01", "0.02"):
        command(*consumer.prediction("--reward", reward))
    command("prediction", "cancel", "--account", CONSUMER)
    told = command("prediction", "cancel", "--account", CONSUMER, status=2)
    assert "is cancelled by this command already" in told["error"]
    world = load_world(consumer.chain.client, consumer.chain.deployment)
    states = sorted(one.state for one in world.prediction.jobs.values())
    assert states == [prediction.State.OPEN, prediction.State.CANCELLED]
