"""Native circuits on the chain, by the command line: each side in a home of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.base.settings import get_settings
from prover.chain.contracts.registry import Circuit
from prover.chain.deployments import read
from prover.chain.node import anvil as node
from prover.chain.node.client import connect
from prover.chain.state.replay import load_world
from prover.statement.documents.inputs_file import InputsFile
from prover.systems.circuits import commitments, find_artifacts
from prover.systems.native.secret import PROOFS, Secret
from tests.e2e.conftest import EXAMPLES, Cli, running_node
from tests.killing import crashed
from tests.localchain import CONSUMER, PROVIDER, Chain, forget, newest_attempt, settings_of
from tests.unit.systems.native.needs import needs_engine

pytestmark = needs_engine
ONNX, DATA, TEST = (
    EXAMPLES / name for name in ("digits-cnn.onnx", "digits-calibration.npz", "digits-test.npz")
)
PROVIDE = ("provider", "run", "--once", "--account", PROVIDER)
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@dataclass(frozen=True)
class World:
    """A node with a native model of three labels, which the provider made and both know."""

    provider: Cli
    consumer: Cli
    chain: Chain
    model: dict[str, Any]

    @property
    def circuit(self) -> Circuit:
        circuits = load_world(self.chain.client, self.chain.deployment).registry.circuits
        return Circuit.from_abi(circuits[bytes.fromhex(self.model["circuit_id"][2:])])

    def post(self, index: int, *extra: object, status: int = 0) -> dict[str, Any]:
        found = self.consumer.run(
            *("prediction", "post", "--model", "digits", "--inputs", TEST, "--index", index),
            *("--reward", "0.01", "--stake", "0.005", "--account", CONSUMER, "--in-clear"),
            *(*extra, "--json"),
            status=status,
        )
        return found.data if status == 0 else {"message": found.message()}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("native-chain")
    port = node.free_port()
    named = {
        "ZKESCROW_DEPLOYMENTS": str(directory / "deployments"),
        "ZKESCROW_RPC_URL": f"http://127.0.0.1:{port}",
    }
    provider, consumer = (Cli(named | {"ZKESCROW_HOME": str(directory / one)}) for one in "pc")
    classes, public = directory / "names.txt", directory / "public"
    classes.write_text("\n".join(NAMES))
    with running_node(provider, port):
        provider.run("deploy", "--account", 0)
        model = provider.json(
            *("model", "add", ONNX, "--data", DATA, "--name", "digits", "--account", PROVIDER),
            *("--system", "native", "--labels", 3, "--classes", classes),
        )
        provider.run("model", "export", "digits", "--out", public)
        consumer.run("model", "import", public, "--name", "digits")
        client = connect(named["ZKESCROW_RPC_URL"])
        chain = Chain(client, read(directory / "deployments/31337.json"), named["ZKESCROW_RPC_URL"])
        yield World(provider, consumer, chain, model)


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The shared world; the chain is put back, in what both homes know of it too."""
    settings = {
        name.removeprefix("ZKESCROW_").lower(): value
        for name, value in shared.provider.environment.items()
    }
    theirs = settings | {"home": shared.consumer.environment["ZKESCROW_HOME"]}
    with settings_of(**theirs):
        newest = newest_attempt()
    with settings_of(**settings), shared.chain.put_back():
        yield shared
    with settings_of(**theirs):
        forget(newest)


def test_labels_are_proven_paid_and_audited(world: World) -> None:
    labels = np.load(TEST)["labels"]
    assert world.model["inputs"] == "point"
    assert world.model["verifying_key_bytes"] > 1000
    job = world.post(3)["job"]
    (outcome,) = world.provider.json(*PROVIDE)["jobs"]
    assert outcome["result"] == "delivered"
    status = world.consumer.json("prediction", "status", job)
    (prediction,) = status["predictions"]
    assert (status["state"], prediction["label"]) == ("paid", labels[3])
    assert prediction["class_name"] == NAMES[labels[3]]
    assert len(set(prediction["output_words"])) == 3
    said = world.consumer.run("prediction", "status", job).out
    assert f"proven label {labels[3]} ({NAMES[labels[3]]}), then" in said
    audit = world.consumer.json("audit", "replay")
    assert (audit["proofs_reverified"], audit["mismatches"]) == (1, [])


def test_the_verifier_is_created_once_for_all_circuits(world: World) -> None:
    added = world.provider.json(
        *("model", "add", ONNX, "--data", DATA, "--name", "one", "--account", PROVIDER),
        *("--system", "native", "--labels", 1),
    )
    assert added["verifier"] == world.model["verifier"]
    assert set(added["gas_by_step"]) == {"key", "circuit", "model"}
    assert added["gas_by_step"]["key"] < 1_000_000


def test_a_key_that_was_replaced_takes_no_money_and_no_proof(world: World) -> None:
    key, other = world.circuit.key, bytearray(world.chain.client.code(world.circuit.key))
    honest = bytes(other)
    job = world.post(5)["job"]
    crashed("before deliver", world.provider.environment, *PROVIDE)
    other[-1] ^= 1
    world.chain.rpc("anvil_setCode", key, "0x" + other.hex())
    assert "key" in world.post(6, status=1)["message"]
    refused = world.provider.json(*PROVIDE, status=1)["jobs"]
    assert [one["job"] for one in refused] == [job]
    assert world.consumer.json("prediction", "status", job)["state"] == "locked"
    assert "0x" in world.provider.run("model", "verify", "digits", status=1).message()
    world.chain.rpc("anvil_setCode", key, "0x" + honest.hex())
    (outcome,) = world.provider.json(*PROVIDE)["jobs"]
    assert outcome["result"] == "delivered"


def test_a_round_of_labels_is_served_contested_and_proven(world: World, tmp_path: Path) -> None:
    consumer, provider = world.consumer, world.provider
    consumer.run(
        *("serving", "open", "--model", "digits", "--inputs", TEST, "--rows", "0:12"),
        *("--bad-share", "80%", "--account", CONSUMER, "--in-clear"),
    )
    provider.run("serving", "join", "--account", PROVIDER)
    provider.run("serving", "serve", "--account", PROVIDER)
    contested = consumer.json("serving", "contest", "--account", CONSUMER)
    answered = provider.json("serving", "answer", "--account", PROVIDER)
    assert answered["proofs_made"] == len(contested["contested_items"]) > 0
    out = tmp_path / "answers.json"
    results = consumer.json("serving", "results", "--out", out)
    assert results["state"] == "settled"
    labels = np.load(TEST)["labels"][:12]
    found = json.loads(out.read_text())["outputs"]
    right = sum(one["label"] == label for one, label in zip(found, labels, strict=True))
    assert right >= 11
    assert all(len(one["output_words"]) == 3 for one in found)
    audit = consumer.json("audit", "replay")
    assert (audit["proofs_reverified"], audit["mismatches"]) == (answered["proofs_made"], [])


def test_an_imported_model_can_be_proven_with(world: World) -> None:
    missing = world.consumer.run("provider", "run", "--once", "--account", CONSUMER)
    assert not missing.err.count("internal error")
    key = world.consumer.json("model", "keys", "digits")
    assert Path(key["proving_key"]).is_file()
    job = world.post(8)["job"]
    (outcome,) = world.consumer.json("provider", "run", "--once", "--account", 4)["jobs"]
    assert (outcome["job"], outcome["result"]) == (job, "delivered")


def test_what_a_stranger_changed_is_not_taken_in(world: World, tmp_path: Path) -> None:
    public = tmp_path / "public"
    world.provider.run("model", "export", "digits", "--out", public)
    changes = {
        "classes.txt": "classes.txt has SHA-256",
        "description.json": "description.json has SHA-256",
        "network.bin": "network.bin has SHA-256",
    }
    for name, says in changes.items():
        path = public / name
        content = path.read_bytes()
        path.write_bytes(content[:-2] + b"x\n")
        assert says in world.consumer.run("model", "import", public, status=1).message()
        path.write_bytes(content)
    sample = public / "sample.json"
    proof = json.loads(sample.read_text())
    proof["instances"][-1] = "0x" + "00" * 31 + "09"
    sample.write_text(json.dumps(proof))
    refused = world.consumer.run("model", "import", public, status=1).message()
    assert "the sample proof does not hold" in refused
    (public / "more.txt").write_text("")
    assert "too much" in world.consumer.run("model", "import", public, status=1).message()


def test_no_photograph_where_the_model_takes_none(world: World, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(b"")
    words = ("prediction", "post", "--model", "digits", "--reward", 1, "--account", CONSUMER)
    refused = world.consumer.run(*words, "--in-clear", "--image", path, status=2).message()
    assert "1 planes of 8x8" in refused
    both = ("--inputs", TEST, "--index", 1, "--image", path)
    assert "--image alone" in world.consumer.run(*words, *both, "--in-clear", status=2).message()
    assert "--image PHOTO" in world.consumer.run(*words, "--in-clear", status=2).message()


def test_an_input_that_is_hidden_no_more_is_not_staked_on(world: World) -> None:
    shown = world.provider.json("model", "show", "digits")
    allowed = shown["proofs_hidden"]
    assert allowed > 20
    assert f"hides it in {allowed} proofs" in world.provider.run("model", "show", "digits").out
    job = world.post(4)["job"]
    record = load_world(world.chain.client, world.chain.deployment).prediction.jobs[
        bytes.fromhex(job[2:])
    ]
    artifacts = find_artifacts(world.circuit.artifact_digest)
    home = Path(world.consumer.environment["ZKESCROW_HOME"])
    items = InputsFile.from_bytes((home / f"inputs/{record.data_hash.hex()}.json").read_bytes())
    (commitment,) = commitments(artifacts, items.items)
    counts = get_settings().home / "hiding"
    (counts / commitment.hex()).write_text(f"{allowed}\n")
    (outcome,) = world.provider.json(*PROVIDE)["jobs"]
    assert outcome["result"] == "skipped"
    assert "the consumer must post the input again" in outcome["message"]
    (counts / commitment.hex()).unlink()
    (outcome,) = world.provider.json(*PROVIDE)["jobs"]
    assert outcome["result"] == "delivered"
    assert (counts / commitment.hex()).read_text() == "1\n"


def test_one_circuit_serves_many_models_with_hidden_weights(world: World, tmp_path: Path) -> None:
    """Each is known by what its proofs begin with; the circuit, its key and verifier are there."""
    words = ("model", "add", ONNX, "--data", DATA, "--account", PROVIDER, "--labels", 1)
    hidden = ("--system", "native", "--weights", "hidden")
    first = world.provider.json(*words, *hidden, "--name", "first")
    second = world.provider.json(*words, *hidden, "--name", "second")
    assert first["circuit_id"] == second["circuit_id"] != world.model["circuit_id"]
    assert first["model_id"] != second["model_id"]
    assert set(first["gas_by_step"]) == {"key", "circuit", "model"}
    assert set(second["gas_by_step"]) == {"model"}
    assert first["weights"] == "hidden"
    assert first["accuracy"] is None
    for name in ("first", "second"):
        public = tmp_path / name
        given = world.provider.json("model", "export", name, "--out", public)["files"]
        assert not {"model.onnx", "network.bin", "keys/proving.key"} & set(given)
        world.consumer.run("model", "import", public, "--name", name)
    found = world.consumer.json(
        *("prediction", "post", "--model", "second", "--inputs", TEST, "--index", 9),
        *("--reward", "0.01", "--stake", "0.005", "--account", CONSUMER, "--in-clear"),
    )
    registry = load_world(world.chain.client, world.chain.deployment).registry
    _, commitment = registry.models[bytes.fromhex(second["model_id"][2:])]
    digest = bytes.fromhex(second["artifact_digest"][2:])
    secret = Secret(find_artifacts(digest, commitment).directory)
    made = (secret.folder / PROOFS).read_text()
    (secret.folder / PROOFS).write_text(f"{secret.salt().proofs - 1}\n")
    (outcome,) = world.provider.json(*PROVIDE)["jobs"]
    assert outcome["result"] == "skipped"  # the rehearsal took the last
    assert "hidden in 0 proofs more: expected 1" in outcome["message"]
    (secret.folder / PROOFS).write_text(made)
    (outcome,) = world.provider.json(*PROVIDE)["jobs"]
    assert (outcome["job"], outcome["result"]) == (found["job"], "delivered")
    status = world.consumer.json("prediction", "status", found["job"])
    assert status["predictions"][0]["label"] == np.load(TEST)["labels"][9]
    audit = world.consumer.json("audit", "replay")
    assert (audit["proofs_reverified"], audit["mismatches"]) == (1, [])
    refused = world.consumer.run("model", "keys", "first", status=2).message()
    assert "only their owner can make its proving key" in refused
