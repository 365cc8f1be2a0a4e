"""Every protocol with each role on a machine of its own: between them goes only what README names.

That is the folder of `model export`, the inputs file or test set file of a job, and the public
file of a dataset. Each role has a home of its own, and a cache but for the compiler's; nobody gives
an id to anybody. The ends that a party's move or its silence brings are played from the home that
would do so, and all others see them; what a condemned circuit, or an owner's false records, leads
to has other tests.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.base.settings import get_settings
from prover.chain.accounts import anvil_account
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.deployments import Deployment, read
from prover.chain.node import anvil as node
from prover.chain.node.client import Client, connect
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.cli.app import run
from prover.clients.accuracy import consumer as accuracy
from prover.statement.documents.testset import SealedTestSet
from prover.systems.onnx.floating import outputs_of
from tests.conftest import ELEMENTS, tiny_model
from tests.e2e.conftest import Cli, running_node
from tests.localchain import rpc, settings_of

PROVIDER, CONSUMER, OWNER = (("--account", number) for number in (1, 2, 3))
ROWS = 6


@dataclass(frozen=True)
class Machines:
    """Homes of their own on one chain; `post` is where files are handed over."""

    provider: Cli
    consumer: Cli
    owner: Cli
    auditor: Cli
    onnx: Path
    data: Path
    post: Path

    def give_model(self, name: str, by: Cli, *to: Cli) -> None:
        """One side exports a model's folder, the others take it in under a name of their own."""
        folder = self.post / f"model-{name}"
        by.run("model", "export", name, "--out", folder)
        for one in to:
            said = one.run("model", "import", folder, "--name", name).out
            assert (f"zkescrow model keys {name}" in said) is (name != "expert")  # hidden weights
            assert one.json("model", "verify", name)["verified"]

    def late(self, group: str, job: str) -> None:
        """Let the deadline of a job pass, which nobody met."""
        client = connect(self.auditor.environment["ZKESCROW_RPC_URL"])
        until = self.auditor.json(group, "status", job)["until"]
        rpc(client, "evm_setNextBlockTimestamp", until + 1)
        rpc(client, "evm_mine")

    def seen(self, group: str, job: str, state: str) -> None:
        """Whoever asks, with a home of their own, hears that the job is in this state."""
        for one in (self.provider, self.consumer, self.owner, self.auditor):
            assert one.json(group, "status", job)["state"] == state

    def give_file(self, source: str) -> Path:
        """A file as the other side has it: a copy, at another path."""
        given = self.post / f"given-{Path(source).name}"
        shutil.copyfile(source, given)
        return given


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder, port = tmp_path_factory.mktemp("machines"), node.free_port()
    shared = {
        "ZKESCROW_RPC_URL": f"http://127.0.0.1:{port}",
        "ZKESCROW_DEPLOYMENTS": str(folder / "deployments"),
    }
    people = [
        Cli(
            shared
            | {"ZKESCROW_HOME": str(folder / name), "ZKESCROW_CACHE": str(folder / name / "cache")}
        )
        for name in ("provider", "consumer", "owner", "auditor")
    ]
    for one in people:  # what a compiler makes of the same source takes half a minute a role
        cache = Path(one.environment["ZKESCROW_CACHE"])
        cache.mkdir(parents=True)
        compiled = get_settings().cache / "solidity"
        compiled.mkdir(parents=True, exist_ok=True)
        (cache / "solidity").symlink_to(compiled)
    onnx = folder / "tiny.onnx"
    model = tiny_model(onnx)
    draw = np.random.default_rng(3)
    inputs = draw.uniform(-1, 1, (40, ELEMENTS)).astype(np.float32)
    labels = outputs_of(model.proto, inputs[:, None]).argmax(axis=1)
    np.savez(folder / "data.npz", inputs=inputs, labels=labels)
    (folder / "post").mkdir()
    with running_node(people[0], port):
        people[0].run("deploy", "--account", 0)
        yield Machines(*people, onnx, folder / "data.npz", folder / "post")


def add(machines: Machines, cli: Cli, name: str, *options: object) -> None:
    words = ("model", "add", machines.onnx, "--data", machines.data, "--name", name)
    cli.run(*words, "--items", 2, *options)


def audited(machines: Machines) -> dict[str, Any]:
    found = machines.auditor.json("audit", "replay")
    assert found["mismatches"] == []
    return found


@pytest.fixture(scope="module")
def many(machines: Machines) -> str:
    """A model that the provider made and gave away; its name."""
    add(machines, machines.provider, "many", *PROVIDER)
    machines.give_model("many", machines.provider, machines.consumer, machines.auditor)
    return "many"


@pytest.fixture(scope="module")
def expert(machines: Machines) -> str:
    """One with hidden weights."""
    provider = machines.provider
    add(machines, provider, "expert", "--inputs", "hashed", "--weights", "hidden", *PROVIDER)
    machines.give_model("expert", provider, machines.consumer, machines.auditor)
    return "expert"


@pytest.fixture(scope="module")
def judge(machines: Machines) -> str:
    """One that the requester made; the owner of the records makes only its proving key."""
    owner, requester = machines.owner, machines.consumer
    add(machines, requester, "judge", "--inputs", "hashed", *CONSUMER)
    machines.give_model("judge", requester, owner, machines.auditor)
    owner.run("model", "keys", "judge")
    return "judge"


def opened(machines: Machines, model: str) -> dict[str, Any]:
    return machines.consumer.json(
        *("serving", "open", "--model", model, "--inputs", machines.data, "--rows", f"0:{ROWS}"),
        *("--uri", "", "--contest-within", "10m", *CONSUMER),
    )


def joined(machines: Machines, model: str) -> str:
    """A round that the provider joined, with the file that it was given."""
    round_ = opened(machines, model)
    given = machines.give_file(round_["given"])
    found = machines.provider.json("serving", "join", "--inputs", given, *PROVIDER)
    assert found["job"] == round_["job"]
    return str(found["job"])


def test_a_round_is_served_contested_and_answered(machines: Machines, many: str) -> None:
    provider, consumer = machines.provider, machines.consumer
    joined(machines, many)
    provider.run("serving", "serve", *PROVIDER)
    consumer.run("serving", "contest", "--count", 1, *CONSUMER)
    assert provider.json("serving", "answer", *PROVIDER)["state"] == "settled"
    results = consumer.json(
        *("serving", "results", "--compare", "--out", machines.post / "answers.json")
    )
    assert (results["items"], results["proven"], results["differing_items"]) == (ROWS, 1, [])
    assert provider.json("serving", "status")["state"] == "settled"
    assert audited(machines)["proofs_reverified"] >= 1


def test_whose_name_a_model_takes_is_said(machines: Machines, many: str, expert: str) -> None:
    """Jobs are posted by it."""
    consumer, post = machines.consumer, machines.post
    first = consumer.json("model", "show", many)["model_id"]
    taken = [
        consumer.run("model", "import", post / f"model-{name}", "--name", "both").err
        for name in (many, many, expert)
    ]
    assert ["means another model" in said for said in taken] == [False, False, True]
    assert first in taken[-1]


def bounty(machines: Machines, model: str, first: int) -> tuple[object, ...]:
    """What posts one on four rows; each on others, as rows whose key is known are refused."""
    return (
        *("accuracy", "post", "--model", model, "--data", machines.data, "--target", "2/4"),
        *("--rows", f"{first}:{first + 4}", "--uri", "", *CONSUMER),
    )


def accepted(machines: Machines, model: str, posted: dict[str, Any]) -> str:
    given = machines.give_file(posted["given"])
    words = ("accuracy", "accept", "--model", model, "--inputs", given, *PROVIDER)
    assert machines.provider.json(*words)["job"] == posted["job"]
    return str(posted["job"])


def test_a_hidden_model_reaches_a_target_on_a_sealed_test_set(
    machines: Machines, expert: str
) -> None:
    provider, consumer = machines.provider, machines.consumer
    accepted(machines, expert, consumer.json(*bounty(machines, expert, 0)))
    consumer.run("accuracy", "reveal-key", *CONSUMER)
    provider.run("accuracy", "prove", *PROVIDER)
    assert consumer.json("accuracy", "status")["state"] == "paid"
    assert provider.json("accuracy", "status")["state"] == "paid"
    audited(machines)


def committing(machines: Machines, model: str, name: str, first: int) -> tuple[object, ...]:
    """What commits to four records of the owner's."""
    records = machines.post / f"{name}.npz"
    with np.load(machines.data) as data:
        np.savez(records, inputs=data["inputs"][first : first + 4])
    return ("retrieval", "commit", records, "--model", model, "--uri", "", *OWNER)


def requested(machines: Machines, model: str, committed: dict[str, Any], *chosen: object) -> str:
    """A request of the requester, with the file that it was given; by default for label 0."""
    given = machines.give_file(committed["given"])
    posted = machines.consumer.json(
        *("retrieval", "post", committed["dataset"], "--model", model, "--file", given),
        *(chosen or ("--label", 0)),
        *("--dispute-within", "5m", *CONSUMER),
    )
    return str(posted["job"])


@pytest.fixture(scope="module")
def dataset(machines: Machines, judge: str) -> dict[str, Any]:
    """Four records, committed to."""
    return machines.owner.json(*committing(machines, judge, "records", 0))


def test_an_owner_proves_with_a_model_that_it_imported(
    machines: Machines, judge: str, dataset: dict[str, Any]
) -> None:
    owner, requester = machines.owner, machines.consumer
    requested(machines, judge, dataset)
    early = requester.run("retrieval", "read", "--out", machines.post / "none.npz", status=2)
    assert "is open: none of its 4 records is proven yet" in early.message()
    owner.run("retrieval", "accept", "--max-matches", 4, *OWNER)
    owner.run("retrieval", "prove", *OWNER)
    read = requester.json("retrieval", "read", "--out", machines.post / "matches.npz")
    assert (read["proven"], read["why_malformed"]) == (4, {})
    assert owner.json("retrieval", "status")["state"] == "closing"
    audited(machines)


def test_everybody_sees_what_is_due(machines: Machines) -> None:
    """The request above waits for the requester, who has credit from nothing."""
    mine = machines.consumer.json("status", *CONSUMER)
    assert [(one["protocol"], one["state"]) for one in mine["jobs"]] == [("retrieval", "closing")]
    assert mine["jobs"][0]["who"] == mine["account"]
    earned = machines.provider.json("status", *PROVIDER)["credits"]
    assert sum(earned.values()) > 0
    machines.provider.run("withdraw", *PROVIDER)
    assert machines.provider.json("status", *PROVIDER)["credits"] == {}
    ended = machines.provider.json("serving", "status", "--all")["rounds"]
    assert [("withdrawn" in one["next"]) for one in ended] == [True]
    machines.late("retrieval", mine["jobs"][0]["job"])
    machines.owner.run("retrieval", "settle", *OWNER)
    machines.seen("retrieval", mine["jobs"][0]["job"], "settled")


# ---------------------------------------------------------------- the other ends


def posted(machines: Machines, model: str) -> dict[str, Any]:
    return machines.consumer.json(
        *("prediction", "post", "--model", model, "--inputs", machines.data, "--index", 0),
        *("--reward", "0.01", "--stake", "0.005", "--uri", "", *CONSUMER),
    )


def test_a_prediction_is_paid_taken_back_refunded_or_left(machines: Machines, many: str) -> None:
    provider, consumer = machines.provider, machines.consumer
    paid = posted(machines, many)
    given = machines.give_file(paid["given"])
    ran = provider.json("provider", "run", "--once", "--inputs", given, *PROVIDER)
    assert [one["result"] for one in ran["jobs"]] == ["delivered"]
    assert provider.json("prediction", "status")["job"] == paid["job"]
    back = posted(machines, many)
    consumer.run("prediction", "cancel", *CONSUMER)
    missed = posted(machines, many)
    locked_and_left(machines, missed["job"])
    machines.late("prediction", missed["job"])
    consumer.run("prediction", "refund", *CONSUMER)
    unwanted = posted(machines, many)
    machines.late("prediction", unwanted["job"])
    provider.run("prediction", "refund", *PROVIDER)
    states = ((paid, "paid"), (back, "cancelled"), (missed, "slashed"), (unwanted, "expired"))
    for job, state in states:
        machines.seen("prediction", job["job"], state)
    took = provider.json("provider", "status", *PROVIDER)["jobs"]
    assert [one["job"] for one in took] == [paid["job"]]  # of the other its store knows nothing
    ended = provider.json("status", "--ended", *PROVIDER)["jobs"]
    assert missed["job"] in {one["job"] for one in ended}
    audited(machines)


def locked_and_left(machines: Machines, job: str) -> None:
    """The provider stakes on a job, and its machine is gone."""
    with at_home(machines.provider) as (client, deployment):
        predictions, sender = (
            PredictionMarket(client, deployment.prediction),
            Sender(client, anvil_account(1)),
        )
        record = load_world(client, deployment).prediction.jobs[bytes.fromhex(job[2:])]
        sender.send(f"lock:{job}", predictions.lock(record.job, sender.address))


@contextmanager
def at_home(cli: Cli) -> Iterator[tuple[Client, Deployment]]:
    """In this process, with the settings of somebody's home."""
    settings = {name.removeprefix("ZKESCROW_"): value for name, value in cli.environment.items()}
    with settings_of(**settings):
        client = connect(settings["RPC_URL"])
        yield client, read(Path(settings["DEPLOYMENTS"]) / "31337.json")


def test_a_round_is_taken_back_missed_or_not_contested(machines: Machines, many: str) -> None:
    provider, consumer = machines.provider, machines.consumer
    back = opened(machines, many)["job"]
    consumer.run("serving", "cancel", *CONSUMER)
    missed = joined(machines, many)
    machines.late("serving", missed)
    consumer.run("serving", "settle", *CONSUMER)
    served = joined(machines, many)
    provider.run("serving", "serve", *PROVIDER)
    machines.late("serving", served)
    provider.run("serving", "settle", *PROVIDER)
    for job, state in ((back, "cancelled"), (missed, "unserved"), (served, "settled")):
        machines.seen("serving", job, state)
    out = machines.post / "unproven.json"
    assert consumer.json("serving", "results", served, "--out", out)["proven"] == 0
    audited(machines)


def test_a_bounty_is_taken_back_missed_or_judged(
    machines: Machines,
    expert: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider, consumer = machines.provider, machines.consumer
    back = consumer.json(*bounty(machines, expert, 4))["job"]
    consumer.run("accuracy", "cancel", *CONSUMER)
    withheld = accepted(machines, expert, consumer.json(*bounty(machines, expert, 8)))
    machines.late("accuracy", withheld)
    provider.run("accuracy", "settle", *PROVIDER)
    missed = accepted(machines, expert, consumer.json(*bounty(machines, expert, 12)))
    consumer.run("accuracy", "reveal-key", *CONSUMER)
    machines.late("accuracy", missed)
    consumer.run("accuracy", "settle", *CONSUMER)
    monkeypatch.setattr(accuracy, "sealed_tests", planted(accuracy.sealed_tests))
    cheat = cheated(consumer, capsys, *bounty(machines, expert, 16))
    disputed = accepted(machines, expert, cheat)
    consumer.run("accuracy", "reveal-key", *CONSUMER)
    provider.run("accuracy", "dispute", "--index", 2, *PROVIDER)
    states = ((back, "cancelled"), (withheld, "key_withheld"), (missed, "missed"))
    for job, state in (*states, (disputed, "malformed")):
        machines.seen("accuracy", job, state)
    audited(machines)


def planted(honest: Any) -> Any:
    """A consumer's program that seals an item about which there is no proof."""

    def sealed(circuit_id: bytes, made_of: Any, tests: Any, seed: Any, nonce: int) -> SealedTestSet:
        made: SealedTestSet = honest(circuit_id, made_of, tests, seed, nonce)
        items = list(made.items)
        items[2] = replace(items[2], label_hash=bytes(32))
        return replace(made, items=tuple(items))

    return sealed


def cheated(cli: Cli, capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """What a command says whose program was changed."""
    capsys.readouterr()
    with at_home(cli):
        assert run([*map(str, words), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_request_is_taken_back_or_missed(
    machines: Machines, judge: str, dataset: dict[str, Any]
) -> None:
    owner, requester = machines.owner, machines.consumer
    back = requested(machines, judge, dataset)
    requester.run("retrieval", "cancel", *CONSUMER)
    missed = requested(machines, judge, dataset)
    owner.run("retrieval", "accept", "--max-matches", 4, *OWNER)
    machines.late("retrieval", missed)  # to prove; what follows is the time to dispute
    machines.late("retrieval", missed)
    requester.run("retrieval", "settle", *CONSUMER)
    for job, state in ((back, "cancelled"), (missed, "settled")):
        machines.seen("retrieval", job, state)
    audited(machines)
