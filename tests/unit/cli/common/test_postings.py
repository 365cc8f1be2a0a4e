"""A posting command that is killed and run again posts, and pays, one job."""

import sqlite3
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.base.settings import get_settings
from prover.chain.sending.journal import Fate
from prover.chain.sending.pool import Pool
from prover.chain.state.replay import load_world
from prover.clients.register import register
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.statement.documents.inputs_file import InputsFile, data_hash
from tests.conftest import ELEMENTS, Proven
from tests.killing import STEPS, command, killed
from tests.localchain import CONSUMER, PROVIDER, Chain, address_of, install_used, with_models

node_with_contracts = with_models("salted", "batch")

REWARD = 10**16


class Consumer:
    """A consumer with a registered model, rows of data, and the chain's jobs."""

    def __init__(self, chain: Chain, proven: Proven, data: Path) -> None:
        self.chain = chain
        install_used(proven.artifacts, rebuilt=True)
        self.model = register(chain.sender(PROVIDER), chain.deployment, proven.artifacts)
        rows = np.arange(6 * ELEMENTS, dtype=np.float32).reshape(6, ELEMENTS) / 16
        np.savez(data, inputs=rows, labels=np.zeros(6, dtype=np.int64))
        self.data = data

    def prediction(self, *changed: object) -> Sequence[object]:
        return (
            *("prediction", "post", "--model", "0x" + self.model.model_id.hex()),
            *("--account", CONSUMER, "--inputs", self.data, "--index", 1),
            *("--reward", "0.01", "--stake", "0.005", "--in-clear"),
            *changed,
        )

    def serving(self) -> Sequence[object]:
        return (
            *("serving", "open", "--model", "0x" + self.model.model_id.hex()),
            *("--account", CONSUMER, "--inputs", self.data, "--price", "0.001"),
            "--in-clear",
        )

    def accuracy(self) -> Sequence[object]:
        return (
            *("accuracy", "post", "--model", "0x" + self.model.model_id.hex()),
            *("--account", CONSUMER, "--data", self.data, "--target", "50%", "--items", 4),
        )

    def commit(self) -> Sequence[object]:
        model = ("--model", "0x" + self.model.model_id.hex())
        return ("retrieval", "commit", self.data, *model, "--account", PROVIDER)

    def world(self) -> Any:
        return load_world(self.chain.client, self.chain.deployment)

    def paid(self) -> int:
        """Wei of all jobs for predictions."""
        return self.chain.prediction.holdings(ETH)


@pytest.fixture
def consumer(chain: Chain, proven: Callable[[str], Proven], tmp_path: Path) -> Consumer:
    return Consumer(chain, proven("salted"), tmp_path / "data.npz")


@pytest.mark.parametrize("step", ["signed", "sent", "told"])
def test_a_prediction_is_paid_once(consumer: Consumer, step: str) -> None:
    """Killed before or after the broadcast, or when all was done: the same job, the same salts."""
    killed(step, 1, *consumer.prediction())
    posted = command(*consumer.prediction())
    ((job_id, record),) = consumer.world().prediction.jobs.items()
    assert posted["job"] == "0x" + job_id.hex()
    assert posted["resumed"]
    assert consumer.paid() == REWARD
    content = Path(posted["inputs_file"]).read_bytes()
    assert data_hash(content) == record.data_hash
    assert InputsFile.from_bytes(content).inputs_hash() == record.job.terms.inputs_hash
    again = command(*consumer.prediction())
    assert not again["resumed"]
    assert consumer.paid() == 2 * REWARD


def test_other_options_are_another_job(consumer: Consumer) -> None:
    """Every option counts, and so does the data."""
    killed("sent", 1, *consumer.prediction())
    wishes: list[Sequence[object]] = [
        consumer.prediction("--reward", "0.02"),
        consumer.prediction("--stake", "0.006"),
        consumer.prediction("--open-for", "2d"),
        consumer.prediction("--prove-within", "2h"),
        consumer.prediction("--provider", address_of(PROVIDER)),
        consumer.prediction("--uri", "https://example.org/x"),
        [2 if word == 1 else word for word in consumer.prediction()],
        consumer.prediction("--account", 3),
    ]
    for chosen in wishes:
        assert not command(*chosen)["resumed"]
    assert len(consumer.world().prediction.jobs) == 1 + len(wishes)
    assert command(*consumer.prediction())["resumed"]
    assert len(consumer.world().prediction.jobs) == 1 + len(wishes)


def test_who_pays_less_than_a_proof_costs_is_told(consumer: Consumer) -> None:
    """By default no provider takes such a job, whose consumer would wait for nothing."""
    few = command(*consumer.prediction("--reward", "0.0009", "--stake", "0.001"))
    (warning,) = [note for note in few["notes"] if "may find nobody" in note]
    assert "a reward of 0.0009 ETH" in warning
    least = Decimal(warning.split("content with ")[1].split(" ETH")[0])
    enough = command(*consumer.prediction("--reward", least))
    assert not any("may find nobody" in note for note in enough["notes"])


def test_what_was_refused_is_drawn_anew(consumer: Consumer) -> None:
    """Nothing of it was signed: its times begin with the command that works."""
    consumer.chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(10**15))
    command(*consumer.prediction(), status=1)
    consumer.chain.pass_time(1000)
    consumer.chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(10**18))
    now = consumer.chain.client.now()
    posted = command(*consumer.prediction())
    assert not posted["resumed"]
    assert posted["open_until"] >= now + 86400


def left() -> list[str]:
    """Files of jobs, and intents, in the home."""
    home = get_settings().home
    places = ("inputs", "testsets", "datasets")
    files = [path.name for name in places for path in (home / name).glob("*")]
    if not (home / "intents.sqlite").exists():
        return files
    journal = sqlite3.connect(home / "intents.sqlite")
    rows = [str(row) for row in journal.execute("SELECT name FROM intents")]
    journal.close()
    return files + rows


@pytest.mark.parametrize("chosen", ["prediction", "serving"])
def test_what_was_refused_leaves_no_file_behind(consumer: Consumer, chosen: str) -> None:
    """For lack of money, and by the contract; nor does a wallet's."""
    arguments = getattr(consumer, chosen)()
    words = [word for word in arguments if word not in ("--account", CONSUMER)]
    wallet = ("--unsigned", "--from", address_of(CONSUMER))
    command(*arguments, "--open-for", "200d", status=1)
    command(*words, *wallet, "--open-for", "200d", status=1)
    consumer.chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(10**15))
    command(*arguments, status=1)
    command(*words, *wallet, status=1)
    assert left() == []


def test_a_bounty_that_was_refused_leaves_no_file_behind(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path
) -> None:
    consumer = Consumer(chain, proven("batch"), tmp_path / "data.npz")
    chain.rpc("anvil_setBalance", address_of(CONSUMER), hex(10**14))
    command(*consumer.accuracy(), status=1)
    assert left() == []
    assert (get_settings().home / "seed.json").is_file()


def test_a_rounds_hidden_inputs_are_not_posted_for_anybody_to_read(consumer: Consumer) -> None:
    words = [word for word in consumer.serving() if word != "--in-clear"]
    told = command(*words, status=2)["error"]
    assert "whoever asks for the inputs file must be given it, and can read it" in told
    assert consumer.world().serving.jobs == {}


@pytest.mark.parametrize("chosen", ["prediction", "serving", "accuracy", "commit"])
def test_an_address_that_nobody_fetches_from_is_refused_and_leaves_nothing(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path, chosen: str
) -> None:
    consumer = Consumer(chain, proven("batch"), tmp_path / "data.npz")
    told = command(*getattr(consumer, chosen)(), "--uri", "http://example.org/x", status=2)["error"]
    assert "no address from which a file can be fetched" in told
    assert left() == []


def test_a_refused_job_keeps_a_file_that_others_may_have(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path
) -> None:
    """Without salt the same rows are the same file, whichever job they are for."""
    consumer = Consumer(chain, proven("plain"), tmp_path / "data.npz")
    posted = command(*consumer.prediction())
    command(*consumer.prediction("--open-for", "200d"), status=1)
    assert Path(posted["inputs_file"]).is_file()


def test_an_interrupted_command_keeps_what_it_has_signed(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Pool, "offer", interrupted)
        command(*consumer.prediction(), status=130)
    assert len(left()) == 2
    assert command(*consumer.prediction())["resumed"]
    assert consumer.paid() == REWARD


def fated(fate: Fate) -> None:
    """What the journal says of everything that was signed."""
    journal = sqlite3.connect(get_settings().home / "journal.sqlite")
    with journal:
        journal.execute("UPDATE attempts SET fate = ?", [fate.value])
    journal.close()


def test_a_job_that_was_taken_for_replaced_is_not_paid_again(consumer: Consumer) -> None:
    """A node that lagged said that another transaction has its nonce, but it is mined."""
    killed("sent", 1, *consumer.prediction())
    fated(Fate.REPLACED)
    posted = command(*consumer.prediction())
    (job_id,) = consumer.world().prediction.jobs
    assert (posted["job"], posted["resumed"]) == ("0x" + job_id.hex(), True)
    assert consumer.paid() == REWARD


def test_a_job_that_the_chain_has_is_not_drawn_anew(consumer: Consumer) -> None:
    """The journal is lost: it is told, and no other takes its place before it ends."""
    killed("sent", 1, *consumer.prediction("--open-for", "10m"))
    for path in get_settings().home.glob("journal.sqlite*"):
        path.unlink()
    (job_id,) = consumer.world().prediction.jobs
    for _ in range(2):
        told = command(*consumer.prediction("--open-for", "10m"), status=1)
        assert f"job 0x{job_id.hex()} of an earlier run is on the chain" in told["error"]
    assert consumer.paid() == REWARD
    consumer.chain.pass_time(601)
    assert command(*consumer.prediction("--open-for", "10m"))["job"] != "0x" + job_id.hex()


def test_a_receipt_that_lied_hides_no_job(consumer: Consumer) -> None:
    """The node told of a revert once: the same command is asked again, and tells the job."""
    killed("sent", 1, *consumer.prediction())
    fated(Fate.REVERTED)
    (job_id,) = consumer.world().prediction.jobs
    told = command(*consumer.prediction())
    assert (told["job"], told["resumed"]) == ("0x" + job_id.hex(), True)
    assert consumer.paid() == REWARD


def test_a_job_that_was_told_and_reorganised_away_is_posted_again(consumer: Consumer) -> None:
    """The same job at the same nonce: none comes back beside it."""
    job_id = command(*consumer.prediction())["job"]
    consumer.chain.rpc("anvil_reorg", 1, [])
    assert consumer.world().prediction.jobs == {}
    posted = command(*consumer.prediction())
    assert (posted["job"], posted["resumed"]) == (job_id, True)
    assert "a reorganisation of the chain had taken away" in posted["notes"][0]
    assert consumer.paid() == REWARD
    assert not command(*consumer.prediction())["resumed"]
    assert consumer.paid() == 2 * REWARD


def test_a_job_that_comes_back_beside_another_is_said(consumer: Consumer) -> None:
    job_id = command(*consumer.prediction())["job"]
    consumer.chain.rpc("anvil_reorg", 1, [])
    posted = command(*consumer.prediction("--reward", "0.02"))
    assert f"job {job_id}, which you posted before" in posted["notes"][0]
    assert {"0x" + one.hex() for one in consumer.world().prediction.jobs} == {job_id, posted["job"]}
    assert consumer.paid() == 3 * REWARD


def test_intents_of_an_earlier_version_are_taken_on(consumer: Consumer) -> None:
    killed("sent", 1, *consumer.prediction())
    intents = sqlite3.connect(get_settings().home / "intents.sqlite")
    with intents:
        intents.execute("PRAGMA user_version=0")
        intents.execute("ALTER TABLE intents DROP COLUMN told")
    intents.close()
    assert command(*consumer.prediction())["resumed"]
    assert consumer.paid() == REWARD


def test_intents_are_for_this_user_only(consumer: Consumer) -> None:
    command(*consumer.prediction())
    path = get_settings().home / "intents.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("step", STEPS)
def test_a_round_is_paid_once(consumer: Consumer, step: str) -> None:
    killed(step, 1, *consumer.serving())
    opened = command(*consumer.serving())
    ((job_id, record),) = consumer.world().serving.jobs.items()
    assert (opened["job"], opened["resumed"]) == ("0x" + job_id.hex(), True)
    assert data_hash(Path(opened["inputs_file"]).read_bytes()) == record.data_hash
    command(*consumer.serving())
    assert len(consumer.world().serving.jobs) == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_bounty_is_paid_once(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path, step: str
) -> None:
    """With the test items that were drawn at random the first time."""
    consumer = Consumer(chain, proven("batch"), tmp_path / "data.npz")
    killed(step, 1, *consumer.accuracy())
    posted = command(*consumer.accuracy())
    ((job_id, record),) = consumer.world().accuracy.jobs.items()
    assert (posted["job"], posted["resumed"]) == ("0x" + job_id.hex(), True)
    assert data_hash(Path(posted["given"]).read_bytes()) == record.job.terms.data_hash
    command(*consumer.accuracy())
    assert len(consumer.world().accuracy.jobs) == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_commitment_and_a_request_happen_once(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path, step: str
) -> None:
    consumer = Consumer(chain, proven("batch"), tmp_path / "data.npz")
    model = ("--model", "0x" + consumer.model.model_id.hex())
    commit = ("retrieval", "commit", consumer.data, *model, "--account", PROVIDER)
    killed(step, 1, *commit)
    committed = command(*commit)
    assert len(consumer.world().retrieval.datasets) == 1
    post = (
        *("retrieval", "post", committed["dataset"], *model, "--account", CONSUMER),
        *("--label", 0, "--price", "0.001", "--stake", "0.005"),
    )
    killed(step, 1, *post)
    posted = command(*post)
    (job_id,) = consumer.world().retrieval.jobs
    assert (posted["job"], posted["resumed"]) == ("0x" + job_id.hex(), True)
    command(*post)
    assert len(consumer.world().retrieval.jobs) == 2


# ---------------------------------------------------------------- a verifier that is another


def falsify(consumer: Consumer) -> None:
    """The verifier's code is longer by a byte that does nothing: it takes every proof as before."""
    address = consumer.model.verifier
    code = consumer.chain.client.code(address) + b"\0"
    consumer.chain.rpc("anvil_setCode", address, "0x" + code.hex())


@pytest.mark.parametrize("chosen", ["prediction", "serving", "accuracy"])
def test_nobody_pays_on_a_verifier_that_is_not_the_models(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path, chosen: str
) -> None:
    consumer = Consumer(chain, proven("batch"), tmp_path / "data.npz")
    falsify(consumer)
    told = command(*getattr(consumer, chosen)(), status=1)["error"]
    assert "that differ from the rebuilt" in told
    assert all(not one.jobs for one in consumer.world().protocols)


def test_nobody_stakes_on_a_bounty_whose_verifier_is_not_the_models(
    chain: Chain, proven: Callable[[str], Proven], tmp_path: Path
) -> None:
    consumer = Consumer(chain, proven("batch"), tmp_path / "data.npz")
    command(*consumer.accuracy())
    falsify(consumer)
    model = "0x" + consumer.model.model_id.hex()
    words = ("accuracy", "accept", "--model", model, "--account", PROVIDER)
    assert "that differ from the rebuilt" in command(*words, status=1)["error"]
    (record,) = consumer.world().accuracy.jobs.values()
    assert record.state.name == "OPEN"


def test_no_provider_stakes_on_a_verifier_that_is_not_the_models(consumer: Consumer) -> None:
    command(*consumer.prediction())
    falsify(consumer)
    words = ("provider", "run", "--once", "--account", PROVIDER, "--proof-time", "1s")
    (job,) = command(*words)["jobs"]
    assert job["result"] == "skipped"
    assert "that differ from the rebuilt" in job["message"]
    (record,) = consumer.world().prediction.jobs.values()
    assert record.state.name == "OPEN"
