"""Serving rounds through the command line, with real proofs: each way in which one can end."""

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
from prover.chain.abi.contract import Call
from prover.chain.contracts.serving import ServingRound
from prover.chain.state.replay import load_world
from prover.cli.app import run
from prover.clients.common.job_files import JobFiles
from prover.clients.common.models import remember
from prover.clients.register import register
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.serving.state import Job, Record, State
from prover.solidity.compile import compile_contracts
from prover.statement.documents.inputs_file import InputsFile, data_hash
from prover.statement.runs import encode_outputs, inputs_tree
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.evaluate import evaluate
from tests.conftest import ELEMENTS, Proven
from tests.killing import crashed
from tests.localchain import (
    CONSUMER,
    DEPLOYER,
    PROVIDER,
    STRANGER,
    Chain,
    address_of,
    install,
    settings_of,
    started,
)

ROWS, CONTESTS = 9, 3
PRICE, FEE, STAKE = 10**15, 2 * 10**15, 5 * 10**16
WINDOW = 600
UNIT = 10**6  # PlainToken has 6 decimals


@dataclass(frozen=True)
class World:
    """A chain with a tiny model of two items a proof, and data for it."""

    chain: Chain
    artifacts: Artifacts
    data: Path
    environment: dict[str, str]

    @property
    def serving(self) -> ServingRound:
        return ServingRound(self.chain.client, self.chain.deployment.serving)

    def run(self, *arguments: object, status: int = 0) -> tuple[str, str]:
        """Output and errors of a command, run in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = run(["serving", *(str(argument) for argument in arguments)])
        assert found == status, (arguments, out.getvalue(), err.getvalue())
        return out.getvalue(), err.getvalue()

    def json(self, *arguments: object) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.run(*arguments, "--json")[0])
        return loaded

    def refused(self, *arguments: object, status: int = 1) -> str:
        """The one sentence of an error."""
        err = self.run(*arguments, status=status)[1]
        lines = [line for line in err.splitlines() if not line.startswith("  ")]
        assert len(lines) == 1, err
        assert lines[0].startswith("zkescrow: "), err
        return lines[0]

    @property
    def opening(self) -> tuple[object, ...]:
        """The command that opens a round."""
        return (
            *(
                "open",
                "--model",
                "tiny",
                "--inputs",
                self.data,
                "--account",
                CONSUMER,
                "--in-clear",
            ),
            *("--price", "0.001", "--proof-fee", "0.002", "--stake", "0.05"),
            *("--bad-share", "64%", "--serve-within", "10m", "--contest-within", "10m"),
            *("--answer-within", "10m"),
        )

    def open(self, *extra: object) -> dict[str, Any]:
        return self.json(*self.opening, *extra)

    def join(self, *extra: object) -> dict[str, Any]:
        return self.json("join", "--account", PROVIDER, "--proof-time", "1s", *extra)

    def serve(self) -> dict[str, Any]:
        return self.json("serve", "--account", PROVIDER)

    def served(self) -> bytes:
        """A round with honest outputs; its id."""
        job = self.open()["job"]
        self.join()
        self.serve()
        return bytes.fromhex(job[2:])

    def record(self, job_id: bytes) -> Record:
        return load_world(self.chain.client, self.chain.deployment).serving.jobs[job_id]

    def state(self, job_id: bytes) -> State:
        return State(self.record(job_id).state)

    def credit(self, number: int) -> int:
        return self.serving.credit(ETH, address_of(number))

    def settle(self) -> dict[str, Any]:
        return self.json("settle", "--account", STRANGER)

    def audit(self) -> dict[str, Any]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            run(["audit", "replay", "--json"])
        loaded: dict[str, Any] = json.loads(out.getvalue())
        return loaded

    def crash(self, step: str, *arguments: object) -> None:
        """Run a command in a process that dies at a step."""
        crashed(step, self.environment, "serving", *arguments)


@pytest.fixture(scope="session")
def served_chain(
    tmp_path_factory: pytest.TempPathFactory, proven: Callable[[str], Proven]
) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("serving")
    artifacts = proven("batch").artifacts
    data = directory / "rows.npz"
    draw = np.random.default_rng(3)
    np.savez(data, inputs=draw.uniform(-8, 8, (ROWS, ELEMENTS)).astype(np.float32))
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
        yield World(chain, artifacts, data, environment)


@pytest.fixture
def world(served_chain: World) -> Iterator[World]:
    """The shared world; the chain is put back afterwards."""
    named = {
        name.removeprefix("ZKESCROW_").lower(): value
        for name, value in served_chain.environment.items()
    }
    with settings_of(**named), served_chain.chain.put_back():
        yield served_chain


def own_outputs(world: World, record: Record) -> tuple[tuple[int, ...], ...]:
    path = get_settings().home / "inputs" / f"{record.data_hash.hex()}.json"
    return evaluate(world.artifacts, InputsFile.from_bytes(path.read_bytes()).items)


def tampered(world: World, *items: int) -> bytes:
    """A round whose provider posted other outputs for some items, past the command line."""
    job_id = bytes.fromhex(world.open()["job"][2:])
    world.join()
    record = world.record(job_id)
    rows = [list(row) for row in own_outputs(world, record)]
    for item in items:
        rows[item][0] += 1
    call = world.serving.commit_outputs(
        record.job, encode_outputs(rows, record.job.terms.word_bytes)
    )
    world.chain.sender(PROVIDER).send(f"tamper:{job_id.hex()}", call)
    return job_id


# ---------------------------------------------------------------- settled


def test_a_round_that_nobody_contests_is_settled(world: World, tmp_path: Path) -> None:
    opened = world.open()
    assert (opened["items"], opened["max_contests"]) == (ROWS, CONTESTS)
    assert opened["escrow"] == ROWS * PRICE + CONTESTS * FEE
    assert opened["gas"] < opened["total_gas"] < 16_777_216
    assert "may join" in world.json("status")["next"]
    joined = world.json("join", "--account", PROVIDER)
    assert joined["expected_proofs"] == 2
    assert joined["expected_proof_seconds"] > 0
    assert f"must post all {ROWS} outputs" in world.json("status")["next"]
    world.serve()
    status = world.json("status", opened["job"])
    assert (status["state"], status["contested"]) == ("served", 0)
    assert f"may contest up to {CONTESTS} of {ROWS}" in status["next"]
    assert "Jobs_Early" in world.refused("settle", "--account", STRANGER)
    world.chain.pass_time(WINDOW + 1)
    assert "anyone may settle" in world.json("status")["next"]
    assert world.settle()["state"] == "settled"
    assert world.credit(PROVIDER) == ROWS * PRICE + STAKE
    assert world.credit(CONSUMER) == CONTESTS * FEE
    found = world.json("results", "--out", tmp_path / "out.json", "--compare")
    assert (found["items"], found["proven"], found["differing_items"]) == (ROWS, 0, [])
    assert world.audit()["mismatches"] == []


def test_contested_items_are_proven_and_paid(world: World, tmp_path: Path) -> None:
    job_id = world.served()
    contested = world.json("contest", "--account", CONSUMER)
    assert contested["random"]
    assert len(set(contested["contested_items"])) == CONTESTS
    assert f"must prove {CONTESTS} more" in world.json("status")["next"]
    answered = world.json("answer", "--account", PROVIDER)
    assert (answered["state"], answered["proven"], answered["proofs_made"]) == (
        "settled",
        CONTESTS,
        2,
    )
    assert answered["transactions_sent"] == 1
    assert world.credit(PROVIDER) == ROWS * PRICE + CONTESTS * FEE + STAKE
    assert world.credit(CONSUMER) == 0
    world.json("results", "--out", tmp_path / "out.json")
    outputs = json.loads((tmp_path / "out.json").read_text())["outputs"]
    proven = [entry["index"] for entry in outputs if entry["proven"]]
    assert proven == contested["contested_items"]
    rows = own_outputs(world, world.record(job_id))
    assert [tuple(entry["output_words"]) for entry in outputs] == list(rows)
    audit = world.audit()
    assert (audit["proofs_reverified"], audit["mismatches"]) == (2, [])


def test_items_contested_by_hand_are_opened_together_where_they_stand_so(world: World) -> None:
    job_id = world.served()
    chosen = (2, 3, 8)  # an aligned pair, and the last
    options = [word for index in chosen for word in ("--index", index)]
    contested = world.json("contest", "--account", CONSUMER, *options)
    assert (contested["contested_items"], contested["random"]) == (list(chosen), False)
    assert world.json("answer", "--account", PROVIDER)["proofs_made"] == 2
    record = world.record(job_id)
    assert record.state is State.SETTLED
    assert record.contested == chosen


def test_a_round_is_paid_in_tokens(world: World) -> None:
    made = compile_contracts(["PlainToken"])["PlainToken"]
    deployer = world.chain.sender(DEPLOYER)
    receipt = deployer.send("new:token", Call("a token", None, made.bytecode))
    token = world.chain.client.web3.eth.contract(address=receipt["contractAddress"], abi=made.abi)
    for number in (CONSUMER, PROVIDER):
        data = token.encode_abi("mint", args=[address_of(number), 100 * UNIT])
        call = Call("minting", str(token.address), bytes.fromhex(data[2:]))
        deployer.send(f"mint:{number}", call)
    world.open("--token", token.address, "--price", "1", "--proof-fee", "2.5", "--stake", "20")
    assert f"PLN (token {token.address})" in world.json("status")["next"]
    join = ("join", "--account", PROVIDER, "--min-reward", ROWS)
    assert "limits are missing" in world.refused(*join, status=2)
    assert "(--max-stake)" in world.refused(*join, "--max-stake", "19.5", status=2)
    world.join("--max-stake", "20", "--min-reward", ROWS)
    world.serve()
    world.json("contest", "--account", CONSUMER, "--count", 1)
    world.json("answer", "--account", PROVIDER)
    balances = [
        world.serving.credit(str(token.address), address_of(number))
        for number in (PROVIDER, CONSUMER)
    ]
    fee = 5 * UNIT // 2
    assert balances == [ROWS * UNIT + fee + 20 * UNIT, (CONTESTS - 1) * fee]
    assert world.audit()["mismatches"] == []


# ---------------------------------------------------------------- the provider fails


def test_outputs_that_never_come_cost_the_stake(world: World) -> None:
    world.open()
    world.join()
    world.chain.pass_time(WINDOW + 1)
    late = world.refused("serve", "--account", PROVIDER, status=2)
    assert "it is too late" in late
    assert world.settle()["state"] == "unserved"
    assert world.credit(CONSUMER) == ROWS * PRICE + CONTESTS * FEE + STAKE
    assert world.credit(PROVIDER) == world.credit(STRANGER) == 0
    assert world.audit()["mismatches"] == []


def test_a_tampered_output_cannot_be_proven_and_costs_the_stake(world: World) -> None:
    job_id = tampered(world, 4)
    found = world.json("contest", "--account", CONSUMER, "--differing")
    assert found["differing_items"] == [4]
    assert 4 in found["contested_items"]
    assert len(found["contested_items"]) == CONTESTS
    refused = world.refused("answer", "--account", PROVIDER)
    assert "contested item(s) 4 are not what the circuit gives" in refused
    world.chain.pass_time(WINDOW + 1)
    assert "it is too late" in world.refused("answer", "--account", PROVIDER, status=2)
    assert "were not proven" in world.json("status")["next"]
    assert world.settle()["state"] == "unanswered"
    assert world.credit(CONSUMER) == ROWS * PRICE + CONTESTS * FEE + STAKE
    assert world.credit(PROVIDER) == 0
    assert world.state(job_id) is State.UNANSWERED


def test_a_tampered_output_that_is_not_contested_is_paid_for(world: World, tmp_path: Path) -> None:
    """What the sample does not support, as the commands say."""
    tampered(world, 0)
    lines = world.run("contest", "--account", CONSUMER, "--index", 7)[0]
    assert "they say nothing about the others" in lines
    assert world.json("answer", "--account", PROVIDER)["state"] == "settled"
    found = world.json("results", "--out", tmp_path / "out.json", "--compare")
    assert found["differing_items"] == [0]


# ---------------------------------------------------------------- nobody joins


def test_a_round_that_nobody_joins_expires(world: World) -> None:
    world.open("--open-for", "60s")
    world.chain.pass_time(61)
    assert "nobody joined" in world.json("status")["next"]
    assert "it is too late" in world.refused("join", "--account", PROVIDER, status=2)
    assert world.settle()["state"] == "expired"
    assert world.credit(CONSUMER) == ROWS * PRICE + CONTESTS * FEE


def test_a_round_is_taken_back_before_a_join(world: World) -> None:
    world.open()
    assert "Jobs_NotConsumer" in world.refused("cancel", "--account", STRANGER)
    assert world.json("cancel", "--account", CONSUMER)["state"] == "cancelled"
    assert world.credit(CONSUMER) == ROWS * PRICE + CONTESTS * FEE
    assert "is cancelled" in world.refused("join", "--account", PROVIDER, status=2)
    world.open()
    world.join()
    assert "ServingRound_WrongState" in world.refused("cancel", "--account", CONSUMER)


# ---------------------------------------------------------------- crashes and relays


@pytest.mark.deep
def test_a_killed_provider_goes_on_with_the_proofs_it_has(world: World) -> None:
    world.served()
    world.json("contest", "--account", CONSUMER)
    world.crash("after a proof", "answer", "--account", PROVIDER)
    world.crash("before answer", "answer", "--account", PROVIDER)
    answered = world.json("answer", "--account", PROVIDER)
    assert (answered["proofs_made"], answered["state"]) == (0, "settled")


@pytest.mark.parametrize("step", ["before join", "after join"])
def test_a_provider_that_is_killed_as_it_joins_goes_on(world: World, step: str) -> None:
    job = world.open()["job"]
    world.crash(step, "join", job, "--account", PROVIDER, "--proof-time", "1s")
    if step == "before join":
        world.join()
    assert world.json("serve", job, "--account", PROVIDER)["state"] == "served"


def test_answers_sent_before_the_provider_was_killed_count(world: World) -> None:
    job_id = world.served()
    world.json("contest", "--account", CONSUMER, "--count", 1)
    world.crash("after answer", "answer", "--account", PROVIDER)
    assert world.state(job_id) is State.SETTLED
    again = world.json("answer", "--account", PROVIDER)
    assert (again["state"], again["already"]) == ("settled", True)


def relay(world: World, job_id: bytes, first: int, count: int) -> None:
    """A stranger sends some of the proofs that the provider has made."""
    from prover.clients.serving.answer import Openings, parts

    record = world.record(job_id)
    scope = f"{world.chain.client.scope}:{world.serving.address}"
    files = JobFiles.of(scope, job_id, record.payee)
    content = files.inputs()
    assert content is not None
    items = InputsFile.from_bytes(content).items
    opened = Openings(record, [item.commitment() for item in items])
    answers = []
    for part in parts(record, 2)[first : first + count]:
        proof = files.proof(part.indices)
        assert proof is not None
        answers.append(opened.answer(part, proof))
    call = world.serving.answer(record.job, record.contested, answers)
    world.chain.sender(STRANGER).send(f"relay:{job_id.hex()}:{first}", call)


def test_a_relayed_answer_pays_the_payee_and_is_not_repeated(world: World) -> None:
    job_id = world.served()
    world.json("contest", "--account", CONSUMER)
    world.crash("before answer", "answer", "--account", PROVIDER)
    relay(world, job_id, 0, 1)
    assert len(world.record(job_id).answered) == 2
    assert f"must prove {CONTESTS - 2} more" in world.json("status")["next"]
    relay(world, job_id, 0, 1)
    assert len(world.record(job_id).answered) == 2
    answered = world.json("answer", "--account", PROVIDER)
    assert (answered["proven"], answered["state"]) == (CONTESTS, "settled")
    assert world.credit(PROVIDER) == ROWS * PRICE + CONTESTS * FEE + STAKE
    assert world.credit(STRANGER) == 0
    assert world.audit()["mismatches"] == []


# ---------------------------------------------------------------- nothing is staked on bad rounds


def posted_badly(
    world: World, change: Callable[[InputsFile], InputsFile], **terms: object
) -> bytes:
    """A round whose file or terms no client of ours would post."""
    opened = world.open()
    record = world.record(bytes.fromhex(opened["job"][2:]))
    world.json("cancel", "--account", CONSUMER)
    inputs_file = change(InputsFile.from_bytes(Path(opened["inputs_file"]).read_bytes()))
    content = inputs_file.to_bytes()
    path = get_settings().home / "inputs" / f"bad-{data_hash(content).hex()}.json"
    path.write_bytes(content)
    root = inputs_tree(item.commitment() for item in inputs_file.items).root
    wanted = replace(record.job.terms, **({"inputs_root": root} | terms))  # type: ignore[arg-type]
    job = Job(record.job.consumer, record.job.nonce + 1, wanted)
    call = world.serving.post(job, data_hash(content), path.as_uri())
    world.chain.sender(CONSUMER).send(f"bad:{job.nonce}", call)
    return world.serving.job_id(job)


def same(inputs_file: InputsFile) -> InputsFile:
    return inputs_file


def one_less(inputs_file: InputsFile) -> InputsFile:
    return replace(inputs_file, items=inputs_file.items[:-1])


def outside(inputs_file: InputsFile) -> InputsFile:
    first, *others = inputs_file.items
    return replace(inputs_file, items=(replace(first, values=(129, 0, 0, 0)), *others))


@pytest.mark.parametrize(
    ("change", "terms", "words"),
    [
        (same, {"inputs_root": b"\x11" * 32}, "root"),
        (one_less, {}, f"{ROWS - 1} items: expected exactly the {ROWS}"),
        (outside, {}, "item 0 has the value 129"),
        (same, {"word_bytes": 1}, "by the proven bounds of this model"),
        (same, {"answer_seconds": 3}, "times what it takes; do not join"),
    ],
)
def test_a_bad_round_is_refused_before_the_stake(
    world: World, change: Callable[[InputsFile], InputsFile], terms: dict[str, Any], words: str
) -> None:
    job_id = posted_badly(world, change, **terms)
    refused = world.refused(
        "join", "0x" + job_id.hex(), "--account", PROVIDER, "--proof-time", "1s"
    )
    assert words in refused
    assert world.state(job_id) is State.OPEN


def test_a_file_that_is_not_the_rounds_is_refused_before_the_stake(world: World) -> None:
    opened = world.open()
    path = Path(opened["inputs_file"])
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2'))
    refused = world.refused("join", "--account", PROVIDER)
    assert "as the job names it" in refused
    assert world.state(bytes.fromhex(opened["job"][2:])) is State.OPEN


def test_a_model_that_is_not_the_chains_is_refused_by_both_sides(world: World) -> None:
    job = world.open()["job"]
    verifier = load_world(world.chain.client, world.chain.deployment)
    address = next(iter(verifier.registry.circuits.values()))[0]
    code = world.chain.client.code(address) + b"\0"  # it takes every proof as before
    world.chain.rpc("anvil_setCode", address, "0x" + code.hex())
    assert "differ from the rebuilt" in world.refused("join", job, "--account", PROVIDER)
    assert "differ from the rebuilt" in world.refused(
        *("open", "--model", "tiny", "--inputs", world.data, "--account", CONSUMER, "--in-clear")
    )


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--rows", "0:10"), 2, "a part of 0:9"),
        (("--rows", "5:5"), 2, "A:B with A below B"),
        (("--rows", "x"), 2, "A:B with A below B"),
        (("--confidence", "100"), 2, "above 0 and below 100"),
        (("--bad-share", "0%"), 2, "above 0 and below 100"),
        (("--bad-share", "x"), 2, "above 0 and below 100"),
        (("--price", "-1"), 2, "a number from 0"),
        (("--price", "0"), 1, "Jobs_ZeroReward"),
        (("--stake", "0"), 1, "Jobs_OpenNeedsStake"),
        (("--serve-within", "0s"), 1, "Jobs_BadWindow"),
        (("--contest-within", "181d"), 1, "Jobs_BadWindow"),
        (("--open-for", "181d"), 1, "Jobs_BadWindow"),
        (("--provider", "0x12"), 2, "40 hex digits"),
        (("--token", "0x" + "11" * 20, "--stake", "1"), 2, "--price, --proof-fee missing"),
        (("--inputs", "/nowhere.npz"), 2, "cannot read the data"),
    ],
)
def test_a_bad_option_is_refused_before_money_moves(
    world: World, options: tuple[str, ...], status: int, words: str
) -> None:
    base = ("open", "--model", "tiny", "--inputs", world.data, "--account", CONSUMER, "--in-clear")
    before = world.chain.client.balance(address_of(CONSUMER))
    assert words in world.refused(*base, *options, status=status)
    assert world.chain.client.balance(address_of(CONSUMER)) == before


def test_a_contest_is_refused_where_it_makes_no_sense(world: World) -> None:
    world.open()
    early = world.refused("contest", "--account", CONSUMER, status=2)
    assert "is open: it can be contested once" in early
    world.join()
    world.serve()
    contest = ("contest", "--account", CONSUMER)
    for options, words in (
        (("--index", ROWS), f"expected 0 to {ROWS - 1}"),
        (("--index", 1, "--index", 1), "different ones"),
        (("--count", CONTESTS + 1), f"expected 1 to {CONTESTS}, which may be contested"),
        (("--index", 1, "--count", 1), "leave one out"),
    ):
        assert words in world.refused(*contest, *options, status=2)
    stranger = world.refused("contest", "--account", STRANGER)
    assert "Jobs_NotConsumer" in stranger
    assert "only contested items" in world.refused("answer", "--account", PROVIDER, status=2)
    world.json(*contest, "--count", 2)
    assert "can be contested once" in world.refused(*contest, "--index", 1, status=2)


def test_only_the_provider_that_joined_serves(world: World) -> None:
    job = world.open()["job"]
    world.join()
    assert "Jobs_NotProvider" in world.refused("serve", job, "--account", STRANGER)
    assert "is joined" in world.refused("join", job, "--account", STRANGER, status=2)
    reserved = world.open("--provider", address_of(STRANGER))["job"]
    refused = world.refused("join", reserved, "--account", PROVIDER, status=2)
    assert "is for provider" in refused
    limited = world.open()["job"]
    options = ("--account", PROVIDER, "--max-stake", "0.01")
    assert "--max-stake" in world.refused("join", limited, *options, status=2)


def test_amounts_that_nobody_gave_cover_the_cost(world: World) -> None:
    base = ("open", "--model", "tiny", "--inputs", world.data, "--account", CONSUMER, "--in-clear")
    opened = world.json(*base, "--rows", "2:5")
    assert opened["items"] == 3
    assert opened["max_contests"] == 3
    assert min(opened["price"], opened["proof_fee"], opened["stake"]) > 0


def test_rounds_that_are_not_there_are_named(world: World) -> None:
    assert "is not on this chain" in world.refused("status", "0x" + "11" * 32, status=2)
    assert "its first 4 or more" in world.refused("status", "12", status=2)
    world.open()
    assert [one["state"] for one in world.json("status", "--all")["rounds"]] == ["open"]
    assert "no outputs are posted" in world.refused("results", "--out", "out.json", status=2)
