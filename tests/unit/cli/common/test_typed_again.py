"""A command that was killed once its transaction was mined, and is typed again: it is done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prover.cli.app import run
from prover.clients.common.jobs.recent import last_used
from tests.conftest import Proven
from tests.killing import killed
from tests.localchain import CONSUMER, PROVIDER, STRANGER, Chain, address_of, with_models
from tests.unit.cli.common.test_reorganised import ROWS, Play

node_with_contracts = with_models("batch")

POST = ("accuracy", "post", "--model", "tiny", "--target", f"4/{ROWS}", "--data")
ACCEPT = ("accuracy", "accept", "--model", "tiny", "--proof-time", "1s")


@pytest.fixture
def play(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Play:
    return Play(chain, proven("batch"), tmp_path)


def again(play: Play, account: int, *words: object) -> dict[str, Any]:
    """What a command prints that is typed again after it died, its transaction mined."""
    killed("sent", 1, *words, "--account", account, "--rpc", play.url)
    nonce = play.nonce(account)
    told = play.run(account, *words)
    assert (told["already"], play.nonce(account)) == (True, nonce)
    assert play.run(account, *words)["state"] == told["state"]
    return told


def posted(play: Play) -> str:
    return str(play.run(CONSUMER, *POST, play.data)["job"])


def test_each_move_of_a_bounty_is_done_once_and_said(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    job = posted(play)
    accepted = again(play, PROVIDER, *ACCEPT)
    assert (accepted["job"], accepted["state"]) == (job, "accepted")
    assert "must reveal the key" in accepted["next"]
    assert again(play, CONSUMER, "accuracy", "reveal-key", job)["state"] == "proving"
    assert again(play, PROVIDER, "accuracy", "prove", job[:12])["state"] == "paid"
    words = ("accuracy", "prove", "--account", str(PROVIDER), "--rpc", play.url)
    capsys.readouterr()
    assert run(list(words)) == 0
    assert (
        f"was done already: bounty {job} is paid by your proofs of block" in capsys.readouterr().out
    )


def test_each_move_of_a_round_is_done_once_and_said(play: Play) -> None:
    play.open()
    join = ("serving", "join", "--proof-time", "1s")
    moves = (
        (PROVIDER, join, "joined"),
        (PROVIDER, ("serving", "serve"), "served"),
        (CONSUMER, ("serving", "contest"), "contested"),
        (PROVIDER, ("serving", "answer"), "settled"),
    )
    for account, words, state in moves:
        assert again(play, account, *words)["state"] == state
        if state == "contested":
            refused = play.refused(account, *words, "--index", 0)
            assert "it can be contested once" in refused


def test_each_move_of_a_request_is_done_once_and_said(play: Play) -> None:
    play.run(PROVIDER, "retrieval", "commit", play.data, "--model", "tiny")
    words = ("--label", 0, "--price", "0.002", "--stake", "0.05", "--prove-within", "1h")
    play.run(CONSUMER, "retrieval", "post", "--model", "tiny", *words)
    accept = ("retrieval", "accept", "--proof-time", "1s", "--max-matches", ROWS)
    assert again(play, PROVIDER, *accept)["state"] == "proving"
    assert again(play, PROVIDER, "retrieval", "prove")["state"] == "closing"


def test_a_job_is_taken_back_once_and_said(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    job = posted(play)
    told = again(play, CONSUMER, "accuracy", "cancel", job)
    assert (told["job"], told["state"]) == (job, "cancelled")
    capsys.readouterr()
    assert run(["accuracy", "cancel", "--account", str(CONSUMER), "--rpc", play.url]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"was done already: bounty {job} is cancelled by your cancellation")
    assert second.startswith("next: nothing: the consumer took the bounty back")


def test_a_move_of_a_job_that_went_on_is_not_done(play: Play) -> None:
    play.open()
    play.join()
    play.run(PROVIDER, "serving", "serve")
    assert "is served" in play.refused(PROVIDER, "serving", "join", "--proof-time", "1s")


def test_the_job_that_was_ended_is_the_last_one_used(play: Play) -> None:
    first, second = posted(play), play.run(CONSUMER, *POST, play.data)["job"]
    assert first != second
    play.run(CONSUMER, "accuracy", "cancel", first)
    bounties = play.chain.deployment.accuracy
    assert last_used(play.chain.client, bounties) == bytes.fromhex(first[2:])


def test_what_another_account_did_is_not_done(play: Play) -> None:
    job = posted(play)
    again(play, PROVIDER, *ACCEPT)
    assert "is accepted" in play.refused(STRANGER, *ACCEPT, job)


def test_what_was_done_with_another_choice_is_not_done(play: Play) -> None:
    job = posted(play)
    again(play, PROVIDER, *ACCEPT)
    refused = play.refused(PROVIDER, *ACCEPT, job, "--payee", address_of(STRANGER))
    assert "is accepted" in refused or "with other options" in refused
