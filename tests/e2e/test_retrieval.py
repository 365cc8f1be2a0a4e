"""Retrieval requests through the command line, with real proofs: each way in which one can end."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.base.settings import get_settings
from prover.chain.contracts.retrieval import RetrievalBounty
from prover.chain.state.replay import load_world
from prover.cli.app import run
from prover.clients.common.job_files import JobFiles
from prover.clients.common.models import remember
from prover.clients.common.readiness import Readiness
from prover.clients.register import register
from prover.clients.retrieval import secrets as owner
from prover.clients.retrieval.datasets import find_dataset
from prover.clients.retrieval.prove import RecordProver
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.retrieval.state import Dataset, Record, State
from prover.statement.documents.dataset import PublicDataset, PublicRecord, data_hash
from prover.statement.documents.sealed import key_hash, seal
from prover.statement.documents.seeds import Seed
from prover.statement.label import proven_label
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.evaluate import evaluate
from prover.systems.ezkl.system import Ezkl
from tests.conftest import ELEMENTS, Proven
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

RECORDS, PROOFS, LABEL = 5, 3, 1  # records 0 and 4 match
PRICE, STAKE = 2 * 10**15, 5 * 10**16  # more than the gas of proving costs at Anvil's first fees
ESCROW = RECORDS * PRICE
WINDOW = 600


@dataclass(frozen=True)
class World:
    """A chain with a tiny model of two items a proof, and an owner's data for it."""

    chain: Chain
    artifacts: Artifacts
    data: Path
    seed: Path
    environment: dict[str, str]

    @property
    def retrieval(self) -> RetrievalBounty:
        return RetrievalBounty(self.chain.client, self.chain.deployment.retrieval)

    def run(self, *arguments: object, status: int = 0) -> tuple[str, str]:
        """Output and errors of a command, run in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = run(["retrieval", *(str(argument) for argument in arguments)])
        assert found == status, (arguments, out.getvalue(), err.getvalue())
        return out.getvalue(), err.getvalue()

    def json(self, *arguments: object, status: int = 0) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.run(*arguments, "--json", status=status)[0])
        return loaded

    def refused(self, *arguments: object, status: int = 1) -> str:
        """The one sentence of an error."""
        err = self.run(*arguments, status=status)[1]
        lines = [line for line in err.splitlines() if not line.startswith("  ")]
        assert len(lines) == 1, err
        assert lines[0].startswith("zkescrow: "), err
        return lines[0]

    def commit(self, *extra: object) -> dict[str, Any]:
        base = ("commit", self.data, "--model", "tiny", "--seed", self.seed)
        return self.json(*base, "--account", PROVIDER, *extra)

    def post(self, *extra: object) -> dict[str, Any]:
        return self.json(
            *("post", "--model", "tiny", "--label", LABEL, "--account", CONSUMER),
            *("--price", "0.002", "--stake", "0.05"),
            *("--prove-within", "10m", "--dispute-within", "10m", *extra),
        )

    def accept(self, *extra: object) -> dict[str, Any]:
        return self.json("accept", "--account", PROVIDER, "--proof-time", "1s", *extra)

    def prove(self) -> dict[str, Any]:
        return self.json("prove", "--account", PROVIDER)

    def settle(self) -> dict[str, Any]:
        return self.json("settle", "--account", STRANGER)

    def record(self, job: str) -> Record:
        world = load_world(self.chain.client, self.chain.deployment)
        return world.retrieval.jobs[bytes.fromhex(job[2:])]

    def files(self, job: str, payee: str) -> JobFiles:
        """Where an owner keeps its proofs."""
        scope = f"{self.chain.client.scope}:{self.retrieval.address}"
        return JobFiles.of(scope, bytes.fromhex(job[2:]), payee)

    def credit(self, number: int) -> int:
        return self.retrieval.credit(ETH, address_of(number))

    def balance(self, number: int) -> int:
        return self.chain.client.balance(address_of(number))

    def secrets(self) -> owner.Secrets:
        return owner.read_secrets(
            self.artifacts, self.data, Seed.from_bytes(self.seed.read_bytes())
        )

    def matching(self) -> list[int]:
        """The records that the model gives LABEL."""
        rows = evaluate(self.artifacts, self.secrets().items)
        kind = self.artifacts.manifest.layout.output_kind
        return [at for at, row in enumerate(rows) if proven_label(row, kind) == LABEL]

    def audit(self) -> dict[str, Any]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            run(["audit", "replay", "--json"])
        loaded: dict[str, Any] = json.loads(out.getvalue())
        return loaded

    def crash(self, step: str, *arguments: object) -> None:
        """Run a command in a process that dies at a step."""
        crashed(step, self.environment, "retrieval", *arguments)


@pytest.fixture(scope="session")
def retrieval_chain(
    tmp_path_factory: pytest.TempPathFactory, proven: Callable[[str], Proven]
) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("retrieval")
    artifacts = proven("batch").artifacts
    data, seed = directory / "rows.npz", directory / "seed.json"
    draw = np.random.default_rng(8)
    np.savez(data, inputs=draw.uniform(-8, 8, (RECORDS, ELEMENTS)).astype(np.float32))
    seed.write_bytes(Seed(b"\x07" * 32).to_bytes())
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
        yield World(chain, artifacts, data, seed, environment)


@pytest.fixture
def world(retrieval_chain: World) -> Iterator[World]:
    """The shared world; the chain is put back afterwards."""
    named = {
        name.removeprefix("ZKESCROW_").lower(): value
        for name, value in retrieval_chain.environment.items()
    }
    with settings_of(**named), retrieval_chain.chain.put_back():
        yield retrieval_chain


# ---------------------------------------------------------------- complete


def test_every_record_is_proven_and_exactly_the_matches_are_read(
    world: World, tmp_path: Path
) -> None:
    matching = world.matching()
    assert 0 < len(matching) < RECORDS
    committed = world.commit()
    assert committed["records"] == RECORDS
    assert [one["records"] for one in world.json("datasets")["datasets"]] == [RECORDS]
    posted = world.post(committed["dataset"])
    assert posted["escrow"] == ESCROW
    assert posted["gas"] < posted["total_gas"]
    assert "may accept" in world.json("status")["next"]
    accepted = world.json("accept", "--account", PROVIDER)
    assert (accepted["expected_matching_records"], accepted["expected_proofs"]) == (
        matching,
        PROOFS,
    )
    assert accepted["expected_proof_seconds"] > 0
    assert f"must prove {RECORDS} more" in world.json("status")["next"]
    proved = world.prove()
    assert (proved["proofs_made"], proved["transactions_sent"]) == (
        PROOFS,
        1,
    )  # the rehearsal is no job's
    assert (proved["state"], proved["proven"]) == ("closing", RECORDS)
    assert proved["matching_records"] == matching
    assert "may dispute" in world.json("status")["next"]
    check_what_is_read(world, matching, tmp_path / "matches.npz")
    assert "nothing to dispute" in world.refused("dispute", "--account", CONSUMER, status=2)
    assert "Jobs_Early" in world.refused("settle", "--account", STRANGER)
    world.chain.pass_time(WINDOW + 1)
    assert "nothing was disputed" in world.json("status")["next"]
    assert world.settle()["state"] == "settled"
    assert (world.credit(PROVIDER), world.credit(CONSUMER)) == (ESCROW + STAKE, 0)
    assert world.json("status")["next"].startswith("nothing: the request is settled")
    audit = world.audit()
    assert (audit["proofs_reverified"], audit["mismatches"]) == (PROOFS, [])


def check_what_is_read(world: World, matching: list[int], path: Path) -> None:
    """The matches come out as the owner has them, and nothing else can be decrypted."""
    found = world.json("read", "--out", path)
    assert (found["readable_records"], found["why_malformed"]) == (matching, {})
    with np.load(path) as read, np.load(world.data) as data:
        assert list(read["indices"]) == matching
        step = 2.0**-world.artifacts.manifest.scales.input
        assert np.abs(read["inputs"] - data["inputs"][matching]).max() <= step / 2
    keys = world.record(found["job"]).matches
    hidden = set(range(RECORDS)) - set(matching)
    assert hidden.isdisjoint(keys)
    owned = world.secrets().keys
    assert not set(keys.values()) & {owned[index] for index in hidden}


def test_a_score_is_compared_exactly(world: World) -> None:
    world.commit()
    options = ("--model", "tiny", "--score", 0, "--at-least", "90.001", "--account", CONSUMER)
    posted = world.json("post", *options, "--price", "0.002", "--prove-within", "10m")
    assert posted["predicate"]["threshold"] == 23041  # 90.001 * 2^8, rounded up
    assert "23041 in the circuit's units, which is 90.0" in posted["wanted"]
    assert world.accept("--preview")["expected_matches"] == 0


def test_a_look_stakes_nothing(world: World) -> None:
    world.commit()
    job = world.post()["job"]
    seen = world.accept("--preview")
    assert (seen["state"], seen["gas"]) == ("open", None)
    assert world.record(job).state is State.OPEN
    matches = len(world.matching())
    told, _ = world.run("accept", "--preview", "--account", PROVIDER, "--proof-time", "1s")
    assert (f"with --max-matches {matches}: more than half" in told) is (2 * matches > RECORDS)
    few = ("accept", "--account", PROVIDER, "--proof-time", "1s", "--max-matches", matches - 1)
    assert "--max-matches" in world.refused(*few, status=2)
    assert world.record(job).state is State.OPEN
    assert world.accept("--max-matches", matches)["state"] == "proving"


# ---------------------------------------------------------------- the owner fails, or never joins


def walk_away_midway(world: World) -> str:
    """The owner sends one proof of two records and no more; the request's id."""
    world.commit()
    job: str = world.post()["job"]
    world.accept()
    world.crash("after a proof", "prove", "--account", PROVIDER)
    relay(world, job, [0])
    return job


def relay(world: World, job: str, which: list[int]) -> None:
    """A stranger sends some of the proofs that the owner has made."""
    record, secrets = world.record(job), world.secrets()
    files, sender = world.files(job, record.payee), world.chain.sender(STRANGER)
    prover = RecordProver(sender, world.retrieval, Readiness(Ezkl()), world.artifacts, files, print)
    public, submissions = secrets.sealed(), []
    for at in which:
        part = tuple(range(2 * at, min(2 * at + 2, RECORDS)))
        proof = files.proof(part)
        assert proof is not None
        submissions.append(prover.submission(record, part, proof, secrets, public))
    sender.send(f"relay:{job}:{which}", world.retrieval.submit(record.job, submissions))


def test_an_owner_that_walks_away_midway_is_paid_its_part_and_loses_the_stake(
    world: World, tmp_path: Path
) -> None:
    job = walk_away_midway(world)
    assert len(world.record(job).proven) == 2
    world.chain.pass_time(WINDOW + 1)
    late = world.refused("prove", "--account", PROVIDER, status=2)
    assert "is closing" in late
    status = world.json("status")
    assert (status["state"], status["proven"]) == ("closing", 2)
    assert "3 of 5 records were not proven in time" in status["next"]
    early = [index for index in world.matching() if index < 2]
    assert world.json("read", "--out", tmp_path / "part.npz")["readable_records"] == early
    assert "Jobs_Early" in world.refused("settle", "--account", STRANGER)
    world.chain.pass_time(WINDOW)
    assert world.settle()["state"] == "settled"
    assert world.credit(PROVIDER) == 2 * PRICE
    assert world.credit(CONSUMER) == 3 * PRICE + STAKE
    assert world.audit()["mismatches"] == []


def test_an_owner_that_proves_nothing_gets_nothing(world: World) -> None:
    world.commit()
    world.post()
    world.accept()
    world.chain.pass_time(2 * WINDOW + 2)
    assert world.settle()["state"] == "settled"
    assert (world.credit(PROVIDER), world.credit(CONSUMER)) == (0, ESCROW + STAKE)


def test_a_request_that_the_owner_does_not_accept_expires(world: World) -> None:
    world.commit()
    world.post("--open-for", "60s")
    world.chain.pass_time(61)
    assert "did not accept" in world.json("status")["next"]
    assert "was open until" in world.refused("accept", "--account", PROVIDER, status=2)
    assert world.settle()["state"] == "expired"
    assert world.credit(CONSUMER) == ESCROW


def test_a_request_is_taken_back_before_an_acceptance(world: World) -> None:
    world.commit()
    world.post()
    assert "Jobs_NotConsumer" in world.refused("cancel", "--account", STRANGER)
    assert world.json("cancel", "--account", CONSUMER)["state"] == "cancelled"
    assert world.credit(CONSUMER) == ESCROW
    assert "is cancelled" in world.refused("accept", "--account", PROVIDER, status=2)
    world.post()
    world.accept()
    refused = world.refused("cancel", "--account", CONSUMER)
    assert "RetrievalBounty_WrongState" in refused


# ---------------------------------------------------------------- a match that is not as proven


def junk_dataset(world: World, junk: list[int]) -> tuple[owner.Secrets, PublicDataset, Dataset]:
    """A dataset whose records `junk` are proven as they are, and sealed as something else."""
    secrets = world.secrets()
    honest = secrets.sealed()
    records = list(honest.records)
    for index in junk:
        content = bytes(honest.form.sealed.content_bytes)
        junk_chunk = seal(content, secrets.keys[index], index, 0)
        records[index] = replace(records[index], chunks=(junk_chunk,))
    public = PublicDataset(honest.form, tuple(records))
    dataset = committed_with(world, public, public.tree.root, RECORDS)
    return secrets, public, find_dataset(world.chain.client, world.chain.deployment, dataset)


def proven_by_a_cheat(world: World, junk: list[int]) -> str:
    """All records of a dataset with junk ciphertexts proven, past the command line; the id."""
    secrets, public, dataset = junk_dataset(world, junk)
    job: str = world.post("0x" + dataset.id.hex())["job"]
    record, sender = world.record(job), world.chain.sender(PROVIDER)
    sender.send(f"accept:{job}", world.retrieval.accept(record.job, sender.address))
    prover = RecordProver(
        *(sender, world.retrieval, Readiness(Ezkl()), world.artifacts),
        *(world.files(job, sender.address), print),
    )
    prover.prove(bytes.fromhex(job[2:]), world.record(job), secrets, public)
    return job


def test_a_match_that_does_not_read_as_proven_is_disputed_in_time(
    world: World, tmp_path: Path
) -> None:
    """Junk in a record that does not match hurts nobody: it is never read."""
    matching = world.matching()
    junk = matching[-1]
    hidden = next(index for index in range(RECORDS) if index not in matching)
    job = proven_by_a_cheat(world, [junk, hidden])
    assert world.record(job).state is State.CLOSING
    assert world.json("status")["malformed_records"] == [junk]
    lines = world.run("status")[0]
    assert "WARNING" in lines
    assert f"record {junk}" in lines
    assert "retrieval dispute` within" in lines
    read = world.json("read", "--out", tmp_path / "matches.npz", status=1)
    assert read["readable_records"] == matching[:-1]
    assert list(read["why_malformed"]) == [str(junk)]
    assert "Jobs_NotConsumer" in world.refused("dispute", "--account", STRANGER)
    with world.chain.put_back():
        check_late(world)
    disputed = world.json("dispute", "--account", CONSUMER)
    assert (disputed["disputed_record"], disputed["state"]) == (junk, "malformed")
    assert (world.credit(PROVIDER), world.credit(CONSUMER)) == (0, ESCROW + STAKE)
    assert world.audit()["mismatches"] == []


def check_late(world: World) -> None:
    """After the time to dispute, the owner is paid for what cannot be read."""
    world.chain.pass_time(WINDOW + 1)
    assert "too late to dispute" in world.run("status")[0]
    assert "Jobs_Late" in world.refused("dispute", "--account", CONSUMER)
    world.settle()
    assert (world.credit(PROVIDER), world.credit(CONSUMER)) == (ESCROW + STAKE, 0)


# ---------------------------------------------------------------- crashes and relays


def test_a_killed_owner_goes_on_and_what_a_stranger_relayed_is_not_sent_again(
    world: World,
) -> None:
    world.commit()
    job = world.post()["job"]
    world.accept("--payee", address_of(STRANGER))
    world.crash("after a proof", "prove", "--account", PROVIDER)
    world.crash("before submit", "prove", "--account", PROVIDER)
    relay(world, job, [2])
    relay(world, job, [0, 2])
    assert world.record(job).proven == {0, 1, 4}
    proved = world.prove()
    assert (proved["proofs_made"], proved["transactions_sent"], proved["state"]) == (
        0,
        1,
        "closing",
    )
    assert world.prove()["already"]
    world.chain.pass_time(WINDOW + 1)
    world.settle()
    assert (world.credit(STRANGER), world.credit(PROVIDER)) == (ESCROW + STAKE, 0)


@pytest.mark.parametrize("step", ["before accept", "after accept"])
def test_an_owner_that_is_killed_as_it_accepts_stakes_once(world: World, step: str) -> None:
    world.commit()
    job = world.post()["job"]
    world.crash(step, "accept", job, "--account", PROVIDER, "--proof-time", "1s")
    if step == "before accept":
        assert world.record(job).state is State.OPEN
        world.accept()
    again = world.json("accept", job, "--account", PROVIDER)
    assert (again["state"], again["already"]) == ("proving", True)


def test_committing_again_changes_nothing(world: World) -> None:
    first = world.commit()
    again = world.commit()
    assert again["gas"] == 0
    assert again["dataset"] == first["dataset"]
    assert again["committed_at"] == first["committed_at"]
    listed = world.run("datasets")[0].splitlines()
    assert len(listed) == 1
    assert listed[0].startswith(f"dataset {first['dataset']}: {RECORDS} records of ")


# ---------------------------------------------------------------- nothing is paid or staked in vain


def test_a_file_that_is_not_the_datasets_is_refused_before_money_moves(
    world: World, tmp_path: Path
) -> None:
    committed = world.commit()
    content = Path(committed["given"]).read_bytes()
    other = tmp_path / "other.json"
    base = ("post", "--model", "tiny", "--label", LABEL, "--account", CONSUMER, "--file", other)
    before = world.balance(CONSUMER)
    other.write_bytes(content.replace(b'"version":2', b'"version":1'))
    assert "file has the hash" in world.refused(*base)
    other.write_bytes(b"")
    assert "file has the hash" in world.refused(*base)
    other.unlink()
    assert "cannot be had" in world.refused(*base, status=2)
    assert world.balance(CONSUMER) == before
    other.write_bytes(content)
    assert world.json(*base)["records"] == RECORDS


def committed_with(world: World, public: PublicDataset, root: bytes, count: int) -> bytes:
    """A dataset whose file and commitment differ, as no client of ours would make it; its id."""
    content = public.to_bytes()
    file = world.data.with_name(f"{data_hash(content).hex()}.json")
    file.write_bytes(content)
    call = world.retrieval.commit_dataset(root, count, data_hash(content), file.as_uri())
    sender = world.chain.sender(PROVIDER)
    sender.send(f"bad:{root.hex()}:{count}:{data_hash(content).hex()}", call)
    return Dataset(sender.address, root, count, b"", "", 0).id


def another_record(public: PublicDataset) -> PublicDataset:
    first = PublicRecord(public.records[0].chunks, (1,), key_hash(b"\x02" * 32))
    return replace(public, records=(first, *public.records[1:]))


@pytest.mark.parametrize(
    ("change", "count", "words"),
    [
        (another_record, RECORDS, "records have the root"),
        (lambda public: public, RECORDS + 1, f"has {RECORDS} records: expected {RECORDS + 1}"),
        (
            lambda public: replace(public, form=replace(public.form, input_unit=9.0)),
            RECORDS,
            r"input_unit 9.0 (expected 0.0625)",
        ),
    ],
)
def test_a_dataset_that_is_not_what_it_says_is_refused_before_money_moves(
    world: World, change: Callable[[PublicDataset], PublicDataset], count: int, words: str
) -> None:
    honest = world.secrets().sealed()
    dataset = committed_with(world, change(honest), honest.tree.root, count)
    before = world.balance(CONSUMER)
    refused = world.refused(
        *("post", "0x" + dataset.hex(), "--model", "tiny", "--label", LABEL),
        *("--account", CONSUMER),
    )
    assert words in refused
    assert world.balance(CONSUMER) == before


def test_other_data_or_another_seed_is_refused_before_the_stake(
    world: World, tmp_path: Path
) -> None:
    world.commit()
    job = world.post()["job"]
    seed, data = tmp_path / "seed.json", tmp_path / "data.npz"
    seed.write_bytes(Seed(b"\x08" * 32).to_bytes())
    with np.load(world.data) as rows:
        np.savez(data, inputs=rows["inputs"][::-1])
    base = ("--account", PROVIDER)
    for option in (("--seed", seed), ("--data", data)):
        assert "do not give dataset" in world.refused("accept", *base, *option)
    missing = world.refused("accept", *base, "--seed", tmp_path / "none", status=2)
    assert "no seed file" in missing
    assert world.record(job).state is State.OPEN
    world.accept()
    assert "do not give dataset" in world.refused("prove", *base, "--seed", seed)
    assert not world.record(job).proven


def test_a_request_that_can_only_lose_is_refused_before_the_stake(world: World) -> None:
    world.commit()
    job = world.post("--prove-within", "5s")["job"]
    base = ("accept", "--account", PROVIDER, "--proof-time", "1s")
    assert "3 proofs of 1.0 s: 5 s are given" in world.refused(*base)
    assert "who alone can accept" in world.refused(
        *("accept", "--account", STRANGER, "--proof-time", "1s"), status=2
    )
    assert "(--max-stake)" in world.refused(*base, "--max-stake", "0.01", status=2)
    assert "after the acceptance" in world.refused("prove", "--account", PROVIDER, status=2)
    assert world.record(job).state is State.OPEN


def test_a_model_that_is_not_the_chains_is_refused_by_both_sides(world: World) -> None:
    world.commit()
    job = world.post()["job"]
    registry = load_world(world.chain.client, world.chain.deployment).registry
    address = next(iter(registry.circuits.values()))[0]
    code = world.chain.client.code(address) + b"\0"  # it takes every proof as before
    world.chain.rpc("anvil_setCode", address, "0x" + code.hex())
    base = ("post", "--model", "tiny", "--label", LABEL, "--account", CONSUMER)
    assert "differ from the rebuilt" in world.refused(*base)
    refused = world.refused("accept", job, "--account", PROVIDER, "--proof-time", "1s")
    assert "differ from the rebuilt" in refused
    assert world.record(job).state is State.OPEN


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ((), 2, "expected --score INDEX with --at-least VALUE, or --label N"),
        (("--label", "1", "--score", "0"), 2, "expected --score"),
        (("--score", "0"), 2, "expected --score"),
        (("--label", "3"), 2, "--label 3: expected 0 to 2"),
        (("--label", "-1"), 2, "--label -1: expected 0 to 2"),
        (("--score", "3", "--at-least", "0"), 2, "--score 3: expected 0 to 2"),
        (("--score", "0", "--at-least", "high"), 2, "expected a decimal number"),
        (("--score", "0", "--at-least", "nan"), 2, "expected a decimal number"),
        (("--score", "0", "--at-least", "1e9"), 2, "no record could match"),
        (("--score", "0", "--at-least", "-1e9"), 2, "every record would match"),
        (("--label", "1", "--price", "0"), 2, "--price is 0"),
        (("--label", "1", "--stake", "0"), 2, "--stake is 0"),
        (("--label", "1", "--price", "-1"), 2, "a number from 0"),
        (("--label", "1", "--prove-within", "0s"), 1, "Jobs_BadWindow"),
        (("--label", "1", "--dispute-within", "181d"), 1, "Jobs_BadWindow"),
        (("--label", "1", "--open-for", "181d"), 1, "Jobs_BadWindow"),
        (("--label", "1", "--open-for", "soon"), 2, "a number with s, m, h or d"),
        (("--label", "1", "--token", "0x12"), 2, "40 hex digits"),
        (("--label", "1", "--token", "0x" + "11" * 20), 2, "--price, --stake missing"),
        (("--label", "1", "--model", "unknown"), 2, "is not known on this chain"),
        (("0x" + "11" * 32, "--label", "1"), 2, "is not on this chain"),
        (("0x11", "--label", "1"), 2, "64 hex digits"),
    ],
)
def test_a_bad_option_is_refused_before_money_moves(
    world: World, options: tuple[str, ...], status: int, words: str
) -> None:
    world.commit()
    before = world.balance(CONSUMER)
    base = ("post", "--model", "tiny", "--account", CONSUMER)
    assert words in world.refused(*base, *options, status=status)
    assert world.balance(CONSUMER) == before


def test_a_record_outside_the_domain_is_named_and_never_clipped(
    world: World, tmp_path: Path
) -> None:
    data = tmp_path / "far.npz"
    rows = np.zeros((4, ELEMENTS), dtype=np.float32)
    rows[2, 1] = 8.25
    np.savez(data, inputs=rows)
    refused = world.refused("commit", data, "--model", "tiny", "--account", PROVIDER)
    assert "1 of 4 records" in refused
    assert "record 2 has 8.25 at place 1, expected -8 to 8" in refused
    assert world.json("datasets")["datasets"] == []


def test_a_new_seed_file_is_private_and_the_user_is_told_to_keep_it(
    world: World, tmp_path: Path
) -> None:
    seed = tmp_path / "own.json"
    lines = world.run(
        *("commit", world.data, "--model", "tiny", "--seed", seed, "--account", PROVIDER)
    )[0]
    assert "KEEP IT" in lines
    assert str(seed) in lines
    assert seed.stat().st_mode & 0o077 == 0
    assert Seed.from_bytes(seed.read_bytes()).value.hex() not in lines
    (tmp_path / "bad.json").write_text("{}")
    base = ("commit", world.data, "--model", "tiny", "--account", PROVIDER)
    refused = world.refused(*base, "--seed", tmp_path / "bad.json")
    assert f"seed file {tmp_path / 'bad.json'} cannot be read" in refused


def test_amounts_that_nobody_gave_cover_the_cost(world: World) -> None:
    world.commit()
    posted = world.json("post", "--model", "tiny", "--label", LABEL, "--account", CONSUMER)
    assert posted["price"] > 0
    assert posted["stake"] >= posted["escrow"]
    assert posted["prove_window_seconds"] == 3600


def test_what_is_not_there_is_named(world: World) -> None:
    assert "0 datasets are committed" in world.refused(
        *("post", "--model", "tiny", "--label", LABEL, "--account", CONSUMER), status=2
    )
    assert "is not on this chain" in world.refused("status", "0x" + "11" * 32, status=2)
    assert "its first 4 or more" in world.refused("status", "12", status=2)
    world.commit()
    world.post()
    assert [one["state"] for one in world.json("status", "--all")["requests"]] == ["open"]
    source = get_settings().home / "datasets"
    for file in source.glob("*.json"):
        file.unlink()
    forgotten = world.refused("accept", "--account", PROVIDER, status=2)
    assert "was not committed from here" in forgotten
    unread = world.refused("read", "--out", "out.npz", status=2)
    assert "is open: none of its" in unread
    assert not Path("out.npz").exists()
