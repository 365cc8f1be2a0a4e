"""Every protocol with each role on a machine of its own: between them goes only what README names.

That is the folder of `model export`, the inputs file or test set file of a job, and the public file
of a dataset. Each role has a home and a cache of its own; nobody gives an id to anybody.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.chain import node
from prover.models.floating import outputs_of
from tests.conftest import ELEMENTS, tiny_model
from tests.e2e.conftest import Cli, running_node

OWNER, CONSUMER = ("--account", 1), ("--account", 2)
ROWS = 6


@dataclass(frozen=True)
class Machines:
    """Homes of their own on one chain; `post` is where files are handed over."""

    provider: Cli
    consumer: Cli
    auditor: Cli
    onnx: Path
    data: Path
    post: Path

    def give_model(self, name: str, by: Cli, *to: Cli) -> None:
        """One side exports a model's folder, the others take it in under a name of their own."""
        folder = self.post / f"model-{name}"
        by.run("model", "export", name, "--out", folder)
        for one in to:
            one.run("model", "import", folder, "--name", name)
            assert one.json("model", "verify", name)["verified"]

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
        for name in ("provider", "consumer", "auditor")
    ]
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
    assert found["mismatches"] == 0
    return found


def test_a_round_is_served_contested_and_answered(machines: Machines) -> None:
    provider, consumer = machines.provider, machines.consumer
    add(machines, provider, "many", *OWNER)
    machines.give_model("many", provider, consumer, machines.auditor)
    opened = consumer.json(
        *("serving", "open", "--model", "many", "--inputs", machines.data, "--rows", f"0:{ROWS}"),
        *("--uri", "", "--contest-within", "10m", *CONSUMER),
    )
    given = machines.give_file(opened["given"])
    joined = provider.json("serving", "join", "--inputs", given, *OWNER)
    assert joined["job"] == opened["job"]
    provider.run("serving", "serve", *OWNER)
    consumer.run("serving", "contest", "--count", 1, *CONSUMER)
    assert provider.json("serving", "answer", *OWNER)["state"] == "settled"
    results = consumer.json(
        *("serving", "results", "--compare", "--out", machines.post / "answers.json")
    )
    assert (results["items"], results["proven"], results["differing"]) == (ROWS, 1, [])
    assert provider.json("serving", "status")["state"] == "settled"
    assert audited(machines)["proofs_reverified"] >= 1


def test_a_hidden_model_reaches_a_target_on_a_sealed_test_set(machines: Machines) -> None:
    provider, consumer = machines.provider, machines.consumer
    add(machines, provider, "expert", "--inputs", "hashed", "--weights", "hidden", *OWNER)
    machines.give_model("expert", provider, consumer, machines.auditor)
    posted = consumer.json(
        *("accuracy", "post", "--model", "expert", "--data", machines.data, "--target", "2/4"),
        *("--rows", "0:4", "--uri", "", *CONSUMER),
    )
    given = machines.give_file(posted["testSet"])
    provider.run("accuracy", "accept", "--model", "expert", "--inputs", given, *OWNER)
    consumer.run("accuracy", "reveal-key", *CONSUMER)
    provider.run("accuracy", "prove", *OWNER)
    assert consumer.json("accuracy", "status")["state"] == "paid"
    assert provider.json("accuracy", "status")["state"] == "paid"
    audited(machines)


def test_an_owner_proves_with_a_model_that_it_imported(machines: Machines) -> None:
    """The requester made the model; the owner of the records makes only its proving key."""
    owner, requester = machines.provider, machines.consumer
    add(machines, requester, "judge", "--inputs", "hashed", *CONSUMER)
    machines.give_model("judge", requester, owner, machines.auditor)
    owner.run("model", "keys", "judge")
    records = machines.post / "records.npz"
    with np.load(machines.data) as data:
        np.savez(records, inputs=data["inputs"][:4])
    committed = owner.json("retrieval", "commit", records, "--model", "judge", "--uri", "", *OWNER)
    given = machines.give_file(committed["file"])
    requester.run(
        *("retrieval", "post", "--model", "judge", "--label", 0, "--file", given),
        *("--dispute-within", "5m", *CONSUMER),
    )
    early = requester.run("retrieval", "read", "--out", machines.post / "none.npz", status=2)
    assert "is open: none of its 4 records is proven yet" in early.sentence()
    owner.run("retrieval", "accept", "--max-matches", 4, *OWNER)
    owner.run("retrieval", "prove", *OWNER)
    read = requester.json("retrieval", "read", "--out", machines.post / "matches.npz")
    assert (read["proven"], read["malformed"]) == (4, {})
    assert owner.json("retrieval", "status")["state"] == "closing"
    audited(machines)


def test_everybody_sees_what_is_due(machines: Machines) -> None:
    """Runs last: the request above waits for the requester, who has credit from nothing."""
    mine = machines.consumer.json("status", *CONSUMER)
    assert [(one["protocol"], one["state"]) for one in mine["jobs"]] == [("retrieval", "closing")]
    assert mine["jobs"][0]["who"] == mine["account"]
    earned = machines.provider.json("status", *OWNER)["credits"]
    assert sum(earned.values()) > 0
    machines.provider.run("withdraw", *OWNER)
    assert machines.provider.json("status", *OWNER)["credits"] == {}
    ended = machines.provider.json("serving", "status", "--all")["rounds"]
    assert [("taken out" in one["next"]) for one in ended] == [True]
