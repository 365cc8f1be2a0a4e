"""The key of a test set is given away only where nobody can use its rows in another bounty."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.chain.sending.fees import GWEI
from prover.clients.accuracy.posted_sets import PostedSet, key_is_out, posted_set
from prover.clients.accuracy.test_items import key_of
from prover.clients.common.seeds import read_seed
from prover.protocol.accuracy.state import Record, State
from tests.conftest import Proven
from tests.killing import command, killed
from tests.localchain import CONSUMER, PROVIDER, Chain, address_of, settings_of, with_models
from tests.unit.chain.sending.test_stuck import set_base_fee
from tests.unit.cli.common.test_reorganised import Play

node_with_contracts = with_models("batch")

ABOUT = ("--target", "50%", "--open-for", "1d")


@pytest.fixture
def play(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Play:
    return Play(chain, proven("batch"), tmp_path)


def posted(play: Play, *words: object) -> str:
    post = ("accuracy", "post", "--model", "tiny", "--data", play.data, *ABOUT, *words)
    return str(play.run(CONSUMER, *post)["job"])


def accepted(play: Play) -> str:
    job = posted(play)
    play.run(PROVIDER, "accuracy", "accept", job, "--model", "tiny", "--proof-time", "1s")
    return job


def record(play: Play, job: str) -> Record:
    found: Record = play.world().accuracy.jobs[bytes.fromhex(job[2:])]
    return found


def posted_of(job: str) -> PostedSet:
    found = posted_set(bytes.fromhex(job[2:]))
    assert found is not None
    return found


def test_a_bounty_that_a_reorganisation_took_away_keeps_the_key(play: Play) -> None:
    job, other = accepted(play), posted(play, "--reward", "0.3")
    play.take_away(1)
    refused = play.refused(CONSUMER, "accuracy", "reveal-key", job)
    assert f"bounty {other} has rows of this test set, and its posting is signed" in refused
    assert record(play, job).key is None
    assert not posted_of(job).revealed


def test_a_bounty_that_a_wallet_has_keeps_the_key_until_it_is_never_signed(play: Play) -> None:
    job, whom = accepted(play), ("--unsigned", "--from", address_of(CONSUMER), "--rpc", play.url)
    words = ("accuracy", "post", "--model", "tiny", "--data", play.data, *ABOUT, *whom)
    other = command(*words, "--reward", "0.3")["job"]
    refused = play.refused(CONSUMER, "accuracy", "reveal-key", job)
    assert f"bounty {other} has rows of this test set, and was given to a wallet" in refused
    assert not posted_of(job).revealed
    play.run(CONSUMER, "accuracy", "reveal-key", job, "--never-signed")
    assert record(play, job).key is not None


def test_one_that_no_wallet_can_send_any_more_keeps_no_key(play: Play) -> None:
    job, whom = accepted(play), ("--unsigned", "--from", address_of(CONSUMER), "--rpc", play.url)
    words = ("accuracy", "post", "--model", "tiny", "--data", play.data, "--target", "50%")
    command(*words, "--open-for", "2m", "--reward", "0.3", *whom)
    play.chain.pass_time(180)
    play.run(CONSUMER, "accuracy", "reveal-key", job)
    assert record(play, job).key is not None


def test_a_key_that_was_not_signed_is_not_known(play: Play) -> None:
    job = accepted(play)
    base = play.chain.client.block()["baseFeePerGas"]
    set_base_fee(play.chain, 2 * GWEI)
    with settings_of(max_fee_gwei="1"):
        told = play.run(CONSUMER, "accuracy", "reveal-key", job, status=1)
    set_base_fee(play.chain, base)  # it outlives the snapshot
    assert "nothing was sent" in told["error"]
    assert not posted_of(job).revealed


def test_a_key_whose_command_died_before_it_was_signed_is_not_known(play: Play) -> None:
    """The rows may be posted again, and are then looked at when the key is to be revealed."""
    job = accepted(play)
    killed("drawn", 1, "accuracy", "reveal-key", job, "--account", CONSUMER, "--rpc", play.url)
    assert not key_is_out(play.chain.client.scope, bytes.fromhex(job[2:]))
    other = posted(play, "--reward", "0.3")
    refused = play.refused(CONSUMER, "accuracy", "reveal-key", job)
    assert f"bounty {other} has rows of this test set and is open" in refused
    play.run(CONSUMER, "accuracy", "cancel", other)
    play.run(CONSUMER, "accuracy", "reveal-key", job)
    assert posted_of(job).revealed


def test_a_key_that_was_signed_is_known_though_its_command_died(play: Play) -> None:
    job = accepted(play)
    killed("signed", 1, "accuracy", "reveal-key", job, "--account", CONSUMER, "--rpc", play.url)
    assert record(play, job).key is None
    assert key_is_out(play.chain.client.scope, bytes.fromhex(job[2:]))
    again = ("accuracy", "post", "--model", "tiny", "--data", play.data, *ABOUT)
    assert "whose key was revealed" in play.refused(CONSUMER, *again, "--reward", "0.3")


def test_a_key_that_a_wallet_was_given_is_known(play: Play) -> None:
    job, whom = accepted(play), ("--unsigned", "--from", address_of(CONSUMER), "--rpc", play.url)
    command("accuracy", "reveal-key", job, *whom)
    assert posted_of(job).revealed


def test_a_home_that_has_only_the_seed_keeps_the_key_while_another_bounty_is_open(
    play: Play, tmp_path: Path
) -> None:
    """It does not know which rows the bounties have: any other one may have the same."""
    job, other = accepted(play), posted(play, "--reward", "0.3")
    reveal = ("accuracy", "reveal-key", job, "--seed", posted_of(job).seed)
    with settings_of(home=str(tmp_path / "new")):
        refused = play.refused(CONSUMER, *reveal)
        assert f"bounty {other} may have rows of this test set and is open until" in refused
        assert "or give --never-shared if it has none of them" in refused
        assert record(play, job).key is None
        play.run(CONSUMER, *reveal, "--never-shared")
    assert record(play, job).key is not None


def test_a_home_that_has_only_the_seed_reveals_the_key_of_the_only_bounty(
    play: Play, tmp_path: Path
) -> None:
    job, other = accepted(play), posted(play, "--reward", "0.3")
    play.run(CONSUMER, "accuracy", "cancel", other)
    reveal = ("accuracy", "reveal-key", job, "--seed", posted_of(job).seed)
    with settings_of(home=str(tmp_path / "new")):
        play.run(CONSUMER, *reveal)
    assert record(play, job).key is not None


def test_a_late_key_goes_out_with_no_other_transaction(play: Play) -> None:
    job = accepted(play)
    killed("signed", 1, "accuracy", "reveal-key", job, "--account", CONSUMER, "--rpc", play.url)
    key = key_of(read_seed(Path(posted_of(job).seed)), record(play, job).job.nonce)
    play.chain.pass_time(100_000)
    assert "keep it" in play.refused(CONSUMER, "accuracy", "reveal-key", job)
    play.run(CONSUMER, "accuracy", "settle", job)
    assert record(play, job).state is State.KEY_WITHHELD
    eth = play.chain.client.web3.eth
    blocks = [eth.get_block(n, full_transactions=True) for n in range(eth.block_number + 1)]
    assert not [one for block in blocks for one in block["transactions"] if key in one["input"]]  # type: ignore[index]
