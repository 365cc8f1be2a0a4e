"""Accuracy bounties through the command line, with real proofs: each way in which one can end."""

import contextlib
import io
import json
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eth_utils.crypto import keccak

from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.registry import Registry
from prover.chain.state.replay import load_world
from prover.cli.app import run
from prover.clients.accuracy import consumer
from prover.clients.accuracy.test_items import sealed_form
from prover.clients.common.models import remember
from prover.clients.register import register
from prover.protocol.accuracy.state import Record, State, Terms
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.statement.documents.seeds import Seed
from prover.statement.documents.testset import SealedTest, SealedTestSet, Test
from prover.statement.label import proven_label
from prover.systems.ezkl.artifacts import PK, Artifacts
from prover.systems.ezkl.evaluate import evaluate
from prover.systems.ezkl.inputs import quantised
from tests import kept
from tests.conftest import ELEMENTS, Proven, tiny_model
from tests.killing import crashed
from tests.localchain import (
    CONSUMER,
    PROVIDER,
    STRANGER,
    Chain,
    address_of,
    install,
    settings_of,
    started,
)

ROWS, ITEMS = 24, 6
REWARD, BOND, STAKE, PENALTY = 5 * 10**16, 3 * 10**16, 2 * 10**16, 10**16
WINDOW = 600


@dataclass(frozen=True)
class World:
    """A chain with a tiny model of hidden weights, two items a proof, and labelled data for it.

    The model gets all labels of `data` right but that of row 1, and none of `lies`.
    """

    chain: Chain
    artifacts: Artifacts
    data: Path
    lies: Path
    environment: dict[str, str]

    @property
    def accuracy(self) -> AccuracyBounty:
        return AccuracyBounty(self.chain.client, self.chain.deployment.accuracy)

    def run(self, *arguments: object, status: int = 0) -> tuple[str, str]:
        """Output and errors of a command, run in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = run([str(argument) for argument in arguments])
        assert found == status, (arguments, out.getvalue(), err.getvalue())
        return out.getvalue(), err.getvalue()

    def json(self, *arguments: object, status: int = 0) -> dict[str, Any]:
        told = self.run("accuracy", *arguments, "--json", status=status)[0]
        loaded: dict[str, Any] = json.loads(told)
        return loaded

    def refused(self, *arguments: object, status: int = 1) -> str:
        """The one sentence of an error."""
        err = self.run("accuracy", *arguments, status=status)[1]
        lines = [line for line in err.splitlines() if not line.startswith("  ")]
        assert len(lines) == 1, err
        assert lines[0].startswith("zkescrow: "), err
        return lines[0]

    def posting(self, *extra: object, data: Path | None = None) -> tuple[object, ...]:
        return (
            *("post", "--model", "tiny", "--data", data or self.data, "--account", CONSUMER),
            *("--target", "4/6", "--rows", f"0:{ITEMS}", "--reward", "0.05", "--bond", "0.03"),
            *("--stake", "0.02", "--miss-penalty", "0.01", "--open-for", "10m"),
            *("--reveal-within", "10m", "--prove-within", "10m"),
            *extra,
        )

    def post(self, *extra: object, data: Path | None = None) -> dict[str, Any]:
        return self.json(*self.posting(*extra, data=data))

    def accept(self, *extra: object) -> dict[str, Any]:
        return self.json(
            "accept", "--model", "tiny", "--account", PROVIDER, "--proof-time", "1s", *extra
        )

    def reveal(self) -> dict[str, Any]:
        return self.json("reveal-key", "--account", CONSUMER)

    def prove(self, *extra: object, status: int = 0) -> dict[str, Any]:
        return self.json("prove", "--account", PROVIDER, *extra, status=status)

    def proving(self, *extra: object, data: Path | None = None) -> dict[str, Any]:
        """A bounty whose key is revealed."""
        posted = self.post(*extra, data=data)
        self.accept()
        self.reveal()
        return posted

    def settle(self) -> dict[str, Any]:
        return self.json("settle", "--account", STRANGER)

    def record(self) -> Record:
        """The last bounty that was posted."""
        return list(load_world(self.chain.client, self.chain.deployment).accuracy.jobs.values())[-1]

    def credits(self) -> tuple[int, int]:
        """What consumer and provider may withdraw."""
        consumers, providers = (
            self.accuracy.credit(ETH, address_of(number)) for number in (CONSUMER, PROVIDER)
        )
        return consumers, providers

    def audit(self) -> tuple[int, int]:
        """Proofs verified again, and mismatches."""
        found = json.loads(self.run("audit", "replay", "--json")[0])
        return found["proofs_reverified"], len(found["mismatches"])

    def crash(self, step: str, *arguments: object) -> None:
        """Run a command in a process that dies at a step."""
        crashed(step, self.environment, "accuracy", *arguments)


def labelled(artifacts: Artifacts, directory: Path) -> tuple[Path, Path]:
    """Data whose labels are the model's own but one, and data whose labels are all wrong."""
    draw = np.random.default_rng(3)
    inputs = draw.uniform(-8, 8, (ROWS, ELEMENTS)).astype(np.float32)
    layout = artifacts.manifest.layout
    outputs = evaluate(artifacts, quantised(artifacts.manifest, inputs))
    own = np.array([proven_label(row, layout.output_kind) or 0 for row in outputs])
    told = own.copy()
    told[1] = (own[1] + 1) % layout.classes
    made = directory / "data.npz", directory / "lies.npz"
    for path, labels in zip(made, (told, (own + 1) % layout.classes), strict=True):
        np.savez(path, inputs=inputs, labels=labels)
    return made


@pytest.fixture(scope="session")
def bounty_chain(
    tmp_path_factory: pytest.TempPathFactory, proven: Callable[[str], Proven]
) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("accuracy")
    artifacts = proven("hidden").artifacts
    data = labelled(artifacts, directory)
    with started(directory) as chain:
        settings = {
            "home": str(directory / "home"),
            "deployments": str(directory / "deployments"),
            "rpc_url": chain.url,
        }
        with settings_of(**settings):
            install(artifacts)
            registered = register(chain.sender(PROVIDER), chain.deployment, artifacts)
            remember(chain.client, "tiny", registered.model_id)
        environment = {f"ZKESCROW_{name.upper()}": value for name, value in settings.items()}
        yield World(chain, artifacts, *data, environment)


@pytest.fixture
def world(bounty_chain: World, tmp_path: Path) -> Iterator[World]:
    """The shared world with a home of its own; the chain is put back afterwards."""
    home = tmp_path / "home"
    shared = Path(bounty_chain.environment["ZKESCROW_HOME"])
    home.mkdir()
    for name in ("artifacts", "models.json", "verdicts"):
        (shared / name).exists() or (shared / name).mkdir()
        (home / name).symlink_to(shared / name)
    settings = bounty_chain.environment | {"ZKESCROW_HOME": str(home)}
    named = {name.removeprefix("ZKESCROW_").lower(): value for name, value in settings.items()}
    with settings_of(**named), bounty_chain.chain.put_back():
        yield replace(bounty_chain, environment=settings)


# ---------------------------------------------------------------- the target is reached


def test_a_model_that_reaches_the_target_is_paid(world: World) -> None:
    posted = world.post()
    assert (posted["items"], posted["needed"]) == (ITEMS, 4)
    assert "with 95% for one attempt" in posted["supports"][0]
    assert posted["gas"] < posted["total_gas"] < 16_777_216
    assert stat.S_IMODE(Path(posted["seed"]).stat().st_mode) == 0o600
    assert "any provider may accept" in world.json("status")["next"]
    accepted = world.accept()
    assert (accepted["state"], accepted["consumers_past"]["paid"]) == ("accepted", 0)
    assert "must reveal the key" in accepted["next"]
    assert "must prove the target" in world.reveal()["next"]
    proven = world.prove()
    assert (proven["state"], proven["expected_correct"], proven["needed"]) == ("paid", 5, 4)
    assert (proven["proofs_made"], proven["transactions_sent"]) == (2, 1)
    assert world.credits() == (BOND, REWARD + STAKE)
    status = world.json("status", posted["job"])
    assert (status["correct"], status["needed"], status["consumers_past"]["paid"]) == (4, 4, 1)
    assert world.prove()["already"]
    assert world.audit() == (2, 0)


@pytest.mark.deep
def test_a_killed_provider_goes_on_without_proving_twice(world: World) -> None:
    world.proving("--target", "5/6")
    prove = ("prove", "--account", PROVIDER)
    world.crash("after a proof", *prove)
    assert world.record().proven == frozenset()
    world.crash("after submit", *prove)
    assert world.record().state.name == "PAID"
    assert world.record().correct == 5
    assert world.audit() == (3, 0)


def test_proofs_that_are_on_the_chain_are_not_made_again(world: World) -> None:
    """Somebody relayed one, and the provider's own files are lost."""
    posted = world.proving("--target", "5/6")
    worker, record, part = provider_of(world), world.record(), (2, 3)
    submitter = worker.submitter(worker.opened())
    proof = submitter.prove(part)
    call = world.accuracy.submit(record.job, [submitter.submission(part, proof)])
    world.chain.sender(STRANGER).send(f"relay:{posted['job']}", call)
    for path in (Path(world.environment["ZKESCROW_HOME"]) / "rounds").rglob("proof-*"):
        path.unlink()
    assert world.json("status")["correct"] == 2
    proven = world.prove()
    assert (proven["state"], proven["proofs_made"]) == ("paid", 2)


def provider_of(world: World) -> Any:
    """The provider's part in the last bounty, without the command line."""
    from prover.cli.accuracy.job import find_bounty
    from prover.clients.accuracy.provider import BountyProvider
    from prover.clients.common.models import find

    client, deployment = world.chain.client, world.chain.deployment
    found = find_bounty(client, deployment, None)
    known = find(client, deployment, "tiny")
    sender = world.chain.sender(PROVIDER)
    me = sender.address
    return BountyProvider.of(sender, deployment, found, known.artifacts, me, allow_files=True)


def artifacts_named(name: str, world: World) -> Artifacts:
    """A model's artifacts in the present home."""
    from prover.clients.common.models import find

    return find(world.chain.client, world.chain.deployment, name).artifacts


@pytest.mark.deep
def test_other_hidden_weights_enter_under_the_same_circuit(world: World, tmp_path: Path) -> None:
    """Whoever has the circuit's public files can make a model of it, and is judged by it."""
    rival = tiny_model(tmp_path / "rival.onnx", seed=1)
    world.run("model", "export", "tiny", "--out", tmp_path / "public")
    with settings_of(home=str(tmp_path / "rival")):
        world.run("model", "import", tmp_path / "public", "--name", "tiny")
        made = world.run(
            *("model", "add", rival.path, "--like", "tiny", "--account", STRANGER, "--json")
        )[0]
        facts = json.loads(made)
        posted = world.post()
        assert posted["needed"] == 4
        accept = ("accept", posted["job"], "--account", STRANGER, "--proof-time", "1s")
        no_key = world.refused(*accept, "--model", "tiny")
        assert "there is no proving key at" in no_key
        assert "nothing is staked" in no_key
        shutil.copy(world.artifacts.path(PK), artifacts_named("tiny", world).path(PK))
        assert "weights are not on this machine" in world.refused(*accept, "--model", "tiny")
        assert world.record().state.name == "OPEN"
        world.json(*accept, "--model", "rival")
        like = ("--like", "tiny", "--name", "tiny", "--account", STRANGER)
        assert "the name means another model" in world.run("model", "add", rival.path, *like)[1]
    record = world.record()
    assert record.model_id.hex() == facts["model_id"][2:]
    assert record.job.terms.circuit_id.hex() == facts["circuit_id"][2:]


# ---------------------------------------------------------------- the provider fails


def test_a_model_that_misses_proves_nothing_and_loses_the_penalty(world: World) -> None:
    world.proving(data=world.lies)
    gave_up = world.prove(status=1)
    assert (gave_up["state"], gave_up["expected_correct"], gave_up["reaches"]) == (
        "proving",
        0,
        False,
    )
    assert (gave_up["proofs_made"], gave_up["transactions_sent"]) == (0, 0)
    assert "Jobs_Early" in world.refused("settle", "--account", STRANGER)
    world.chain.pass_time(WINDOW + 1)
    assert "anyone may settle" in world.json("status")["next"]
    assert "were due until" in world.refused("prove", "--account", PROVIDER, status=2)
    assert world.settle()["state"] == "missed"
    assert world.credits() == (REWARD + BOND + PENALTY, STAKE - PENALTY)
    assert world.json("status")["consumers_past"]["missed"] == 1
    assert world.audit() == (0, 0)


def test_what_is_right_is_proven_by_force_and_does_not_pay(world: World) -> None:
    world.proving("--rows", "0:2", "--target", "2/2")
    assert world.prove(status=1)["expected_correct"] == 1
    forced = world.prove("--force")
    assert (forced["state"], forced["proofs_made"], forced["transactions_sent"]) == (
        "proving",
        1,
        1,
    )
    assert (world.record().proven, world.record().correct) == ({0}, 1)
    world.chain.pass_time(WINDOW + 1)
    assert world.settle()["state"] == "missed"


# ---------------------------------------------------------------- the consumer fails


def test_a_key_that_never_comes_costs_the_bond(world: World) -> None:
    world.post()
    world.accept()
    assert "nobody may" not in world.json("status")["next"]
    world.chain.pass_time(WINDOW + 1)
    assert "key was due" in world.refused("reveal-key", "--account", CONSUMER, status=2)
    assert world.settle()["state"] == "key_withheld"
    assert world.credits() == (REWARD, BOND + STAKE)
    assert world.json("status")["consumers_past"]["key_withheld"] == 1
    assert world.audit() == (0, 0)


Sealing = Callable[[Test], SealedTest]
Plant = Callable[[Test, Sealing], SealedTest]


def out_of_domain(test: Test, sealed: Sealing) -> SealedTest:
    """An item that no proof can be about, though it is committed to well."""
    ((_, *elements),) = test.chunks
    return sealed(replace(test, chunks=((129, *elements),)))


def impossible_label(test: Test, sealed: Sealing) -> SealedTest:
    return sealed(replace(test, label=3))


def other_content(test: Test, sealed: Sealing) -> SealedTest:
    return replace(sealed(test), digests=(1,))


def put_in(monkeypatch: pytest.MonkeyPatch, plant: Plant) -> None:
    """Have test sets sealed with a planted item in the place of item 4."""

    def planted(
        circuit_id: bytes, artifacts: Artifacts, tests: Any, seed: Seed, nonce: int
    ) -> SealedTestSet:
        honest, form = sealed(circuit_id, artifacts, tests, seed, nonce), sealed_form(artifacts)
        key, index = consumer.key_of(seed, nonce), 4
        opened = honest.items[index].opened(index, key, form, 3)
        test = Test(opened.chunks, opened.label, opened.label_salt)
        bad = plant(test, lambda one: one.sealed(index, key, form))
        return replace(honest, items=(*honest.items[:index], bad, *honest.items[index + 1 :]))

    sealed = consumer.sealed_tests
    monkeypatch.setattr(consumer, "sealed_tests", planted)


def test_a_planted_item_is_disputed_by_hand(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(monkeypatch, impossible_label)
    world.proving()
    assert world.json("dispute", "--index", 4, "--account", PROVIDER)["state"] == "malformed"
    assert world.credits() == (0, REWARD + BOND + STAKE)


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (out_of_domain, "element 0 of chunk 0 is 129"),
        (impossible_label, "the label is 3: expected 0 to 2"),
        (other_content, "not what its digest hashes"),
    ],
)
def test_a_planted_item_is_disputed_and_costs_everything(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    plant: Plant,
    why: str,
) -> None:
    put_in(monkeypatch, plant)
    world.proving()
    honest = world.refused("dispute", "--index", 0, "--account", PROVIDER, status=2)
    assert "item 0 is well formed, with label" in honest
    found = world.prove()
    assert found["state"] == "malformed"
    assert found["disputed_item"]["item"] == 4
    assert why in found["disputed_item"]["why"]
    assert world.credits() == (0, REWARD + BOND + STAKE)
    assert world.audit() == (0, 0)


def test_another_file_than_the_terms_name_is_refused_before_staking(world: World) -> None:
    file = Path(world.post()["given"])
    file.write_bytes(file.read_bytes() + b" ")
    refused = world.refused("accept", "--model", "tiny", "--account", PROVIDER)
    assert "as the job names it" in refused
    assert "do not stake on it" in refused
    assert world.record().state.name == "OPEN"


def test_another_root_than_the_file_has_is_refused_before_staking(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_root(*arguments: Any) -> Terms:
        return replace(terms(*arguments), test_root=keccak(b"other"))

    terms = consumer._terms
    monkeypatch.setattr(consumer, "_terms", other_root)
    world.post()
    refused = world.refused("accept", "--model", "tiny", "--account", PROVIDER)
    assert "has the root" in refused
    assert world.record().state.name == "OPEN"


# ---------------------------------------------------------------- nobody accepts


def test_a_bounty_that_nobody_accepts_expires(world: World) -> None:
    world.post()
    world.chain.pass_time(WINDOW + 1)
    late = world.refused("accept", "--model", "tiny", "--account", PROVIDER, status=2)
    assert "was open until" in late
    assert world.settle()["state"] == "expired"
    assert world.credits() == (REWARD + BOND, 0)


def test_an_open_bounty_is_taken_back_by_its_consumer_only(world: World) -> None:
    world.post()
    assert "Jobs_NotConsumer" in world.refused("cancel", "--account", STRANGER)
    assert world.json("cancel", "--account", CONSUMER)["state"] == "cancelled"
    assert world.credits() == (REWARD + BOND, 0)
    assert "is cancelled" in world.refused("reveal-key", "--account", CONSUMER, status=2)
    assert world.audit() == (0, 0)


def test_a_condemned_circuit_gives_the_deposits_back(world: World) -> None:
    """The registry's own storage says so: an honest circuit cannot be condemned."""
    posted = world.proving()
    record = world.record()
    circuit_id, now = record.job.terms.circuit_id, world.chain.client.now()
    registry = Registry(world.chain.client, world.chain.deployment.registry)
    for slot in range(8):
        place = "0x" + keccak(circuit_id + slot.to_bytes(32, "big")).hex()
        before = world.chain.rpc("eth_getStorageAt", registry.address, place, "latest")
        world.chain.rpc("anvil_setStorageAt", registry.address, place, f"0x{now:064x}")
        world.chain.rpc("evm_mine")
        if registry.condemned_at(circuit_id) == now:
            break
        world.chain.rpc("anvil_setStorageAt", registry.address, place, before)
    assert "was condemned at" in world.refused("prove", "--account", PROVIDER)
    call = world.accuracy.settle(record.job)
    world.chain.sender(STRANGER).send(f"settle:{posted['job']}", call)
    status = world.accuracy.status(bytes.fromhex(posted["job"][2:]))
    assert status.state is State.VOIDED
    assert world.credits() == (REWARD + BOND, STAKE)


# ---------------------------------------------------------------- before money moves


def test_rows_whose_key_was_revealed_are_never_posted_again(world: World) -> None:
    other = world.post()["job"]
    second = world.post()  # nobody has the key yet
    assert f"bounty {other} has rows of this test set too" in second["notes"][0]
    world.accept()
    refused = world.refused("reveal-key", "--account", CONSUMER, status=2)
    assert f"bounty {other} has rows of this test set and is open until" in refused
    world.json("cancel", other, "--account", CONSUMER)
    world.reveal()
    refused = world.refused(*world.posting("--rows", "5:8"), status=2)
    assert "1 of the 3 rows were in the test set" in refused
    world.post("--rows", f"{ITEMS}:{2 * ITEMS}")


def test_the_key_needs_its_own_seed(world: World, tmp_path: Path) -> None:
    posted = world.post("--seed", tmp_path / "mine.json")
    assert posted["seed"] == str(tmp_path / "mine.json")
    world.accept()
    (tmp_path / "other.json").write_bytes(Seed.fresh().to_bytes())
    reveal = ("reveal-key", "--account", CONSUMER, "--seed")
    assert "not the seed" in world.refused(*reveal, tmp_path / "other.json", status=2)
    assert "no seed file" in world.refused(*reveal, tmp_path / "none.json", status=2)
    assert world.json(*reveal, tmp_path / "mine.json")["state"] == "proving"


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--target", "101%"), 2, "above 0% and at most 100%"),
        (("--target", "7/6"), 2, "above 0% and at most 100%"),
        (("--target", "0%"), 2, "above 0% and at most 100%"),
        (("--target", "most"), 2, "a percentage (90%) or a fraction"),
        (("--rows", "0:99"), 2, "a part of 0:24"),
        (("--items", "0"), 2, "1 or more"),
        (("--items", "7"), 2, "7 test items: expected 1 to 6"),
        (("--eps", "5%"), 2, "600 test items: expected 1 to"),
        (("--eps", "5%", "--items", "3"), 2, "give one of them"),
        (
            ("--miss-penalty", "0.03"),
            2,
            "--stake 0.02 ETH: expected at most the stake",
        ),
        (("--stake", "0", "--miss-penalty", "0"), 2, "a stake above 0"),
        (("--reward", "0"), 2, "expected above 0"),
        (("--reward", "much"), 2, "--reward 'much'"),
        (("--open-for", "0s"), 2, "--open-for is 0 s: expected 2 to 15552000 s"),
        (("--prove-within", "0s"), 2, "--prove-within is 0 s: expected 1 to 15552000 s"),
        (("--reveal-within", "200d"), 2, "--reveal-within is 17280000 s"),
        (("--model", "nobody"), 2, "'nobody' is not known"),
        (("--token", "0x" + "75" * 20, "--low-penalty"), 2, "no code is at"),
        (("--provider", "me"), 2, "--provider 'me'"),
    ],
)
def test_odd_terms_are_refused_before_money_moves(
    world: World, options: tuple[str, ...], status: int, words: str
) -> None:
    before = world.chain.client.balance(address_of(CONSUMER))
    assert words in world.refused(*world.posting(*options), status=status)
    assert world.chain.client.balance(address_of(CONSUMER)) == before


def test_data_without_labels_or_outside_the_domain_is_refused(world: World, tmp_path: Path) -> None:
    inputs = np.load(world.data)["inputs"]
    np.savez(tmp_path / "bare.npz", inputs=inputs)
    refused = world.refused(*world.posting(data=tmp_path / "bare.npz"), status=2)
    assert "no array `labels`" in refused
    inputs[2, 1] = 9
    np.savez(tmp_path / "far.npz", inputs=inputs, labels=np.zeros(ROWS, np.int64))
    assert "row 2: value 144 at place 1" in world.refused(*world.posting(data=tmp_path / "far.npz"))


def test_a_provider_checks_what_it_risks(world: World) -> None:
    world.post("--provider", address_of(STRANGER))
    accept = ("accept", "--model", "tiny", "--account", PROVIDER)
    assert "cannot accept" in world.refused(*accept, status=2)
    world.post("--prove-within", "2s")
    with kept.anew():  # the rehearsal takes its time
        assert "may be needed" in world.refused(*accept)
    world.post()
    assert "at most" in world.refused(*accept, "--max-stake", "0.001", status=2)
    assert "expected one that a provider accepted" in world.refused(
        "prove", "--account", PROVIDER, status=2
    )
    assert world.record().state.name == "OPEN"
