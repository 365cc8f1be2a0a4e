"""Accuracy bounties and retrieval over a native circuit with hashed inputs, by the command line."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.cli.app import run
from prover.clients.accuracy import consumer
from prover.clients.retrieval.secrets import Secrets
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.statement.documents.dataset import PublicDataset
from prover.statement.documents.seeds import Seed
from prover.statement.documents.testset import SealedTestSet, Test
from prover.statement.sealing import Chunks, SealedForm, check_sealable
from prover.systems.circuits import list_artifacts
from prover.systems.interface import Artifacts
from tests.localchain import CONSUMER, PROVIDER, STRANGER, Chain, address_of, settings_of, started

pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")

EXAMPLES = Path(__file__).parents[2] / "examples"
ITEMS, RECORDS, BAD = 4, 3, 2
REWARD, BOND, STAKE = 5 * 10**16, 3 * 10**16, 2 * 10**16
PRICE = 10**16


@dataclass(frozen=True)
class World:
    """A chain with the digits model as a native circuit, whose inputs are hashed."""

    chain: Chain
    artifacts: Artifacts
    folder: Path

    @property
    def form(self) -> SealedForm:
        return check_sealable(self.artifacts.facts.sealed)

    def json(self, *arguments: object, status: int = 0) -> dict[str, Any]:
        """What a command prints, run in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = run([*map(str, arguments), "--json"])
        assert found == status, (arguments, out.getvalue(), err.getvalue())
        loaded: dict[str, Any] = json.loads(out.getvalue())
        return loaded

    def proving(self) -> None:
        """A bounty whose key is revealed."""
        self.json(
            *("accuracy", "post", "--model", "digits", "--account", CONSUMER),
            *("--data", EXAMPLES / "digits-test.npz", "--rows", f"0:{ITEMS}", "--target", "1/2"),
            *("--reward", "0.05", "--bond", "0.03", "--stake", "0.02", "--miss-penalty", "0.01"),
            *("--open-for", "10m", "--reveal-within", "10m", "--prove-within", "1h"),
        )
        timed = ("--proof-time", "1s")
        self.json("accuracy", "accept", "--model", "digits", "--account", PROVIDER, *timed)
        self.json("accuracy", "reveal-key", "--account", CONSUMER)

    def commit(self) -> dict[str, Any]:
        data = self.folder / "records.npz"
        if not data.exists():
            with np.load(EXAMPLES / "digits-test.npz") as found:
                np.savez(data, inputs=found["inputs"][:RECORDS])
        owner = ("--account", PROVIDER, "--seed", self.folder / "owner.json")
        return self.json("retrieval", "commit", data, "--model", "digits", *owner)

    def closing(self, label: int) -> dict[str, Any]:
        """A request of which all records are proven."""
        committed = self.commit()
        self.json(
            *("retrieval", "post", committed["dataset"], "--model", "digits"),
            *("--file", committed["given"], "--label", label, "--account", CONSUMER),
            *("--price", "0.01", "--stake", "0.02", "--open-for", "10m"),
            *("--prove-within", "1h", "--dispute-within", "10m"),
        )
        allowed = ("--max-matches", RECORDS, "--proof-time", "1s")
        self.json("retrieval", "accept", "--account", PROVIDER, *allowed)
        return self.json("retrieval", "prove", "--account", PROVIDER)

    def audit(self) -> tuple[int, int]:
        """Proofs verified again, and mismatches."""
        found = self.json("audit", "replay")
        return found["proofs_reverified"], len(found["mismatches"])

    def credits(self, contract: Any) -> tuple[int, int]:
        """What consumer and provider may withdraw."""
        consumers, providers = (
            contract.credit(ETH, address_of(number)) for number in (CONSUMER, PROVIDER)
        )
        return consumers, providers

    @property
    def accuracy(self) -> AccuracyBounty:
        return AccuracyBounty(self.chain.client, self.chain.deployment.accuracy)

    @property
    def retrieval(self) -> RetrievalBounty:
        return RetrievalBounty(self.chain.client, self.chain.deployment.retrieval)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("sealed")
    with started(folder) as chain:
        settings = {
            "home": str(folder / "home"),
            "deployments": str(folder / "deployments"),
            "rpc_url": chain.url,
        }
        with settings_of(**settings):
            world = World(chain, None, folder)  # type: ignore[arg-type]
            world.json(
                *("model", "add", EXAMPLES / "digits-cnn.onnx", "--name", "digits"),
                *("--data", EXAMPLES / "digits-calibration.npz", "--account", PROVIDER),
                *("--system", "native", "--inputs", "hashed"),
            )
            (artifacts,) = list_artifacts()
            yield replace(world, artifacts=artifacts)


@pytest.fixture
def world(shared: World, tmp_path: Path) -> Iterator[World]:
    """The shared world with a home of its own; the chain is put back afterwards."""
    home, made = tmp_path / "home", shared.folder / "home"
    home.mkdir()
    for name in ("artifacts", "models.json", "verdicts"):
        (made / name).exists() or (made / name).mkdir()
        (home / name).symlink_to(made / name)
    settings = {"deployments": str(shared.folder / "deployments"), "rpc_url": shared.chain.url}
    with settings_of(home=str(home), **settings), shared.chain.put_back():
        yield replace(shared, folder=tmp_path)


# ---------------------------------------------------------------- accuracy


def test_a_bounty_is_paid(world: World) -> None:
    world.proving()
    proven = world.json("accuracy", "prove", "--account", PROVIDER)
    assert (proven["state"], proven["proofs_made"], proven["needed"]) == ("paid", 2, 2)
    assert world.credits(world.accuracy) == (BOND, REWARD + STAKE)
    assert world.audit() == (2, 0)


def other_salt(test: Test, form: SealedForm) -> Test:
    """An element beyond the field: nothing hashes it."""
    *elements, _salt = test.chunks[0]
    return replace(test, chunks=((*elements, 2**256 - 1),))


def bright_pixel(test: Test, form: SealedForm) -> Test:
    """The first digit that is a pixel is greater than any."""
    return replace(test, chunks=with_illegal_digit(test.chunks, form))


def no_class(test: Test, _form: SealedForm) -> Test:
    return replace(test, label=10)


def with_illegal_digit(chunks_: Chunks, form: SealedForm) -> Chunks:
    bits, most = form.sealing.digit_bits, form.input_max - form.input_min
    word, first = form.words[0], chunks_[0][0]
    digit = next(at for at in range(word.count) if not (word.padding >> at) & 1)
    illegal = most + 1
    assert illegal < 1 << bits, "every digit is a value"
    cleared = first & ~(((1 << bits) - 1) << (bits * digit))
    return ((cleared | illegal << (bits * digit), *chunks_[0][1:]), *chunks_[1:])


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (other_salt, "salt element 0 of chunk 0"),
        (bright_pixel, "none that an input has"),
        (no_class, "the label is 10: expected 0 to 9"),
    ],
)
def test_a_malformed_part_is_disputed(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[Test, SealedForm], Test],
    why: str,
) -> None:
    def planted(
        circuit_id: bytes, artifacts: Artifacts, tests: Any, seed: Seed, nonce: int
    ) -> SealedTestSet:
        honest, key = (
            sealed(circuit_id, artifacts, tests, seed, nonce),
            consumer.key_of(seed, nonce),
        )
        opened = honest.items[BAD].opened(BAD, key, world.form, 10)
        bad = plant(Test(opened.chunks, opened.label, opened.label_salt), world.form)
        items = (*honest.items[:BAD], bad.sealed(BAD, key, world.form), *honest.items[BAD + 1 :])
        return replace(honest, items=items)

    sealed = consumer.sealed_tests
    monkeypatch.setattr(consumer, "sealed_tests", planted)
    world.proving()
    found = world.json("accuracy", "prove", "--account", PROVIDER)
    assert found["state"] == "malformed"
    assert found["disputed_item"]["item"] == BAD
    assert why in found["disputed_item"]["why"]
    assert found["gas"] < 2**24
    assert world.credits(world.accuracy) == (0, REWARD + BOND + STAKE)
    assert world.audit() == (0, 0)


# ---------------------------------------------------------------- retrieval


def labels() -> list[int]:
    with np.load(EXAMPLES / "digits-test.npz") as found:
        return [int(label) for label in found["labels"][:RECORDS]]


def test_a_request_is_paid_and_its_matches_are_read(world: World) -> None:
    label = labels()[1]
    proven = world.closing(label)
    assert (proven["state"], proven["proofs_made"]) == ("closing", RECORDS)
    out = world.folder / "matches.npz"
    read = world.json("retrieval", "read", "--out", out)
    assert 1 in read["readable_records"]
    with np.load(out) as found, np.load(EXAMPLES / "digits-test.npz") as data:
        place = found["indices"].tolist().index(1)
        unit = world.artifacts.facts.input_unit
        assert np.abs(found["inputs"][place] - data["inputs"][1].reshape(-1)).max() <= unit
    world.chain.pass_time(601)
    world.json("retrieval", "settle", "--account", STRANGER)
    assert world.credits(world.retrieval) == (0, RECORDS * PRICE + STAKE)
    assert world.audit() == (RECORDS, 0)


def test_a_match_that_is_not_what_was_proven_is_disputed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner's program seals a record otherwise than it proves it."""

    def sealed(self: Secrets) -> PublicDataset:
        proven, ((*elements, salt),) = honest(self), self.chunks[1]
        changed = (self.chunks[0], ((*elements, salt ^ 1),), *self.chunks[2:])
        junk = honest(replace(self, chunks=changed)).records[1]
        junk = replace(junk, digests=proven.records[1].digests)
        return replace(proven, records=(proven.records[0], junk, *proven.records[2:]))

    honest = Secrets.sealed
    monkeypatch.setattr(Secrets, "sealed", sealed)
    monkeypatch.setattr("prover.clients.retrieval.owner.match_secrets", lambda *_: None)
    world.closing(labels()[1])
    disputed = world.json("retrieval", "dispute", "--account", CONSUMER)
    assert (disputed["state"], disputed["disputed_record"]) == ("malformed", 1)
    assert disputed["gas"] < 2**24
    assert world.credits(world.retrieval) == (RECORDS * PRICE + STAKE, 0)
    assert world.audit() == (RECORDS, 0)


def test_all_of_an_image_is_sealed_and_nothing_else(world: World) -> None:
    form = world.form
    assert form.chunks == world.artifacts.facts.layout.input_words == 1
    assert sum(word.count - word.padding.bit_count() for word in form.words) == 64
