"""What an owner does in which order: keys only after the acceptance is final, a stake only last."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ChainError, ContractRefused, StatementInvalid, UsageError
from prover.chain.events import finality
from prover.clients.common import money
from prover.clients.common.money import Account
from prover.clients.common.packing import ProofsSent
from prover.clients.common.readiness import KeyMissing, Rehearsal
from prover.clients.common.tools import Tools
from prover.clients.retrieval import owner as module
from prover.clients.retrieval import secrets as owned
from prover.clients.retrieval.checks import OwnerLimits
from prover.clients.retrieval.owner import DatasetOwner, Request
from prover.clients.retrieval.records import format_of
from prover.protocol.events import RetrievalAccepted
from prover.protocol.retrieval.state import Record, State
from prover.statement.documents.dataset import record_keys, salted_records
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.evaluate import evaluate
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven as ProvenCircuit
from tests.unit.clients.deciding import noted_in
from tests.unit.clients.retrieval.test_owner import DATASET, ME, OTHER, ROWS, SEED, request

JOB_ID, BLOCK, HEAD = b"\x05" * 32, 17, 40


class Stage:
    """A chain and a prover that note what is done, in order."""

    def __init__(self, artifacts: Artifacts, record: Record) -> None:
        self.done: list[str] = []
        self.given: list[Record] = []  # what was proven on
        self.refused: list[str] = []
        self.settled: list[str] = []
        self.artifacts = artifacts
        self.compared: list[Any] | None = None  # with witnesses
        self.records = [record]  # as the chain says, look by look; the last one stays
        self.blocks = [BLOCK]  # of the acceptance, look by look; 0 if it is not there
        self.refusal: ContractRefused | None = None
        self.again: list[int] = []  # gas of what is sent again after a reorganisation
        form = format_of(artifacts)
        items = salted_records(form, ROWS, SEED)
        self.secrets = owned.Secrets(form, tuple(items), tuple(record_keys(form, ROWS, SEED)))
        dataset = replace(DATASET, root=self.secrets.sealed().tree.root)
        client = SimpleNamespace(
            now=lambda: 100, scope="x", chain_id=31337, local=True, block=lambda: {"number": HEAD}
        )
        sender = SimpleNamespace(
            address=ME,
            client=client,
            retry_lost=self.retry_lost,
            deciding=noted_in(self.refused),
            settle_stakes=lambda but: self.settled.append(but),
        )
        deployment = SimpleNamespace(retrieval="0x" + "33" * 20)
        self.contract: Any = SimpleNamespace(address=deployment.retrieval)
        tools: Any = Tools(
            client=client,  # type: ignore[arg-type]
            deployment=deployment,  # type: ignore[arg-type]
            contract=self.contract,
            sender=sender,  # type: ignore[arg-type]
            system=Ezkl(),
            check_model=self._check_model,
            readiness=self,  # type: ignore[arg-type]
            account=lambda _currency: Account(10**18, 0, 10**18),
            progress=self.done.append,
        )
        circuit = SimpleNamespace(verifier=OTHER)
        told = Request(JOB_ID, record, dataset, circuit, artifacts)  # type: ignore[arg-type]
        self.owner = DatasetOwner(tools, told, ME)
        self.owner._prover = self  # type: ignore[assignment]

    def prove(self, _job_id: bytes, record: Record, *_rest: object) -> ProofsSent:
        self.done.append("keys are sent")
        self.given.append(record)
        if self.refusal:
            raise self.refusal
        return ProofsSent(1, 1.0, 1, 1)

    def retry_lost(self, prefix: str) -> list[dict[str, int]]:
        assert prefix == f"submit:{JOB_ID.hex()}:"
        self.done.append("looked for proofs that are gone")
        return [{"gasUsed": gas} for gas in self.again]

    def proof_of(self, *_arguments: object) -> Any:
        raise AssertionError("the time was given")

    def world(self, *_arguments: object) -> Any:
        record = self.records.pop(0) if len(self.records) > 1 else self.records[0]
        return SimpleNamespace(retrieval=SimpleNamespace(jobs={JOB_ID: record}))

    def events(self, *_arguments: object) -> Any:
        block = self.blocks.pop(0) if len(self.blocks) > 1 else self.blocks[0]
        for job_id, at in ((bytes(32), 3), (JOB_ID, block)):
            event = RetrievalAccepted(
                at=1, contract=OTHER, job_id=job_id, owner=ME, payee=ME, deadline=1000
            )
            if at:
                yield SimpleNamespace(event=event, block=at)

    def wait(self, _client: object, block: int, **_options: object) -> None:
        self.done.append(f"block {block} is final")

    def witness(self, artifacts: Artifacts, items: Sequence[Any], *rest: object) -> None:
        assert (artifacts, rest) == (self.artifacts, ())
        self.compared = list(items)

    def ready(self, *_: object) -> Rehearsal:
        self.done.append("rehearsed")
        return Rehearsal("", "", 2.0, 0)

    def verification_gas(self, *_: object) -> int:
        self.done.append("verifier run")
        return 700_000

    def _check_model(self, _model_id: bytes, _artifacts: Artifacts) -> None:
        self.done.append("model checked")


@pytest.fixture
def artifacts(proven: Callable[[str], ProvenCircuit]) -> Artifacts:
    return proven("batch").artifacts


@pytest.fixture
def stage(
    artifacts: Artifacts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Record], Stage]:
    def made(record: Record) -> Stage:
        stage = Stage(artifacts, record)
        monkeypatch.setattr(module, "load_world", stage.world)
        monkeypatch.setattr(module, "fetch_events", stage.events)
        monkeypatch.setattr(finality, "wait_final", stage.wait)
        monkeypatch.setattr(finality, "confirmations", lambda _client: 0)
        monkeypatch.setattr(module, "compare_with_witness", stage.witness)
        monkeypatch.setattr(module, "check_key", lambda *_: stage.done.append("key checked"))
        monkeypatch.setattr(module, "gas_price", lambda *_: 0)
        monkeypatch.setattr(module, "verification_gas", stage.verification_gas)
        return stage

    return made


def test_keys_are_sent_when_the_acceptance_is_final(stage: Callable[[Record], Stage]) -> None:
    play = stage(request())
    play.owner.prove(play.secrets)
    looked = "looked for proofs that are gone"
    assert play.done == [f"block {BLOCK} is final", looked, "keys are sent"]


def test_an_owners_part_is_made_with_its_senders_tools(
    stage: Callable[[Record], Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    play = stage(request())
    tools, told = play.owner._tools, play.owner._request
    made: list[object] = []
    monkeypatch.setattr(module, "RetrievalBounty", lambda _client, address: address)
    monkeypatch.setattr(module, "tools_of", lambda *given: made.extend(given) or tools)
    owner = DatasetOwner.of(tools.sender, tools.deployment, told, OTHER)
    assert made == [tools.sender, tools.deployment, tools.deployment.retrieval]
    assert (owner._tools, owner._request, owner._payee) == (tools, told, OTHER)


def test_what_a_reorganisation_took_of_the_proofs_is_told(stage: Callable[[Record], Stage]) -> None:
    play = stage(request())
    play.again, later = [5, 6], replace(request(), proven=frozenset({1}))
    play.records = [request(), request(), later]
    assert play.owner.prove(play.secrets) == ProofsSent(1, 1.0, 3, 12)
    assert play.given == [later]


@pytest.mark.parametrize(
    "after",
    [request(provider="0x" + "00" * 20, payee="0x" + "00" * 20), request(payee=OTHER)],
)
def test_keys_are_not_sent_if_the_chain_was_reorganised_meanwhile(
    stage: Callable[[Record], Stage], after: Record
) -> None:
    play = stage(request())
    play.records = [after]
    with pytest.raises(ChainError, match="reorganised"):
        play.owner.prove(play.secrets)
    assert "keys are sent" not in play.done


def test_an_acceptance_that_moved_to_another_block_is_waited_for_again(
    stage: Callable[[Record], Stage],
) -> None:
    play = stage(request())
    play.blocks = [BLOCK, BLOCK + 5]
    play.owner.prove(play.secrets)
    assert play.done == [
        f"block {BLOCK} is final",
        f"block {BLOCK + 5} is final",
        "looked for proofs that are gone",
        "keys are sent",
    ]


def test_keys_are_not_sent_for_an_acceptance_that_is_gone(stage: Callable[[Record], Stage]) -> None:
    play = stage(request())
    play.blocks = [BLOCK, 0]
    with pytest.raises(ChainError, match="reorganised"):
        play.owner.prove(play.secrets)
    assert "keys are sent" not in play.done


def test_keys_of_another_dataset_are_not_sent(stage: Callable[[Record], Stage]) -> None:
    play = stage(request())
    with pytest.raises(StatementInvalid, match="do not give dataset"):
        play.owner.prove(replace(play.secrets, keys=play.secrets.keys[::-1]))
    assert play.done == []


@pytest.mark.parametrize("state", [State.OPEN, State.CLOSING, State.CANCELLED])
def test_records_are_proven_after_an_acceptance_only(
    stage: Callable[[Record], Stage], state: State
) -> None:
    play = stage(request(state=state))
    with pytest.raises(UsageError, match="after the acceptance"):
        play.owner.prove(play.secrets)
    assert play.done == []


def test_a_request_whose_time_is_over_is_not_proven(stage: Callable[[Record], Stage]) -> None:
    play = stage(request(deadline=99))
    with pytest.raises(UsageError, match="is closing"):
        play.owner.prove(play.secrets)


def test_a_refusal_is_good_news_only_if_all_is_proven(stage: Callable[[Record], Stage]) -> None:
    play = stage(request())
    play.refusal = ContractRefused("no")
    with pytest.raises(ContractRefused):
        play.owner.prove(play.secrets)
    relayed = stage(request())
    relayed.refusal = ContractRefused("no")
    complete = request(proven=frozenset(range(len(ROWS))))
    relayed.records = [request(), complete]
    assert relayed.owner.prove(relayed.secrets) == ProofsSent(0, 0.0, 0, 0)


def test_all_is_looked_at_and_the_matches_are_named(
    stage: Callable[[Record], Stage], artifacts: Artifacts
) -> None:
    play = stage(opened())
    seen = play.owner.quote(play.secrets, OwnerLimits(proof_seconds=1.0))
    rows = evaluate(artifacts, play.secrets.items)
    kind = artifacts.manifest.layout.output_kind
    predicate = opened().job.terms.predicate
    assert seen.matches == tuple(
        index for index, row in enumerate(rows) if predicate.flags(row, kind)
    )
    assert (seen.proofs, seen.proof_seconds) == (4, 1.0)
    assert play.done[:3] == ["key checked", "model checked", "verifier run"]
    assert play.compared == list(play.secrets.items)
    assert play.done[-1] == "rehearsed"


def test_the_time_of_a_proof_is_that_of_the_rehearsed_one(
    stage: Callable[[Record], Stage],
) -> None:
    play = stage(opened())
    assert play.owner.quote(play.secrets, OwnerLimits()).proof_seconds == 2.0


def test_a_key_that_is_not_there_is_refused_before_anything_else(
    stage: Callable[[Record], Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    play = stage(opened())

    def missing(*_: object) -> None:
        raise KeyMissing("no key")

    monkeypatch.setattr(module, "check_key", missing)
    with pytest.raises(KeyMissing):
        play.owner.quote(play.secrets, OwnerLimits(proof_seconds=1.0))
    assert "model checked" not in play.done


def test_a_token_without_limits_is_not_asked_anything(stage: Callable[[Record], Stage]) -> None:
    record = opened()
    terms = replace(record.job.terms, currency="0x" + "dd" * 20)
    play = stage(replace(record, job=replace(record.job, terms=terms)))
    with pytest.raises(UsageError, match="limits are missing"):
        play.owner.quote(play.secrets, OwnerLimits())
    assert play.done == []


def test_another_root_is_refused_before_the_records_are_run(
    stage: Callable[[Record], Stage],
) -> None:
    play = stage(opened())
    with pytest.raises(StatementInvalid, match="do not give dataset"):
        play.owner.quote(replace(play.secrets, keys=play.secrets.keys[::-1]), OwnerLimits())
    assert play.compared is None
    assert play.refused == [f"no to accept:{JOB_ID.hex()}"]


def test_the_stake_is_sent_for_the_payee(
    stage: Callable[[Record], Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    play = stage(opened())
    monkeypatch.setattr(
        money,
        "allow",
        lambda _sender, currency, spender, amount: play.done.append(
            f"allowed {amount} of {currency[:4]} to {spender[:4]}"
        ),
    )
    play.contract.accept = lambda *told: told
    sent = list[object]()

    def send(action: str, call: object, *, exact: bool) -> dict[str, int]:
        assert exact, "the payee was chosen"
        play.done.append(action)
        sent.append(call)
        return {"gasUsed": 7}

    play.owner._tools.sender.send = send  # type: ignore[method-assign, assignment]
    assert play.owner.accept(OwnerLimits()) == 7
    assert play.done == ["verifier run", "allowed 100 of 0x00 to 0x33", f"accept:{JOB_ID.hex()}"]
    assert sent == [(opened().job, ME)]
    assert play.settled == [f"accept:{JOB_ID.hex()}"]


def test_a_request_is_weighed_again_when_the_stake_is_sent(
    stage: Callable[[Record], Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fees rose while records were run, so that nothing is earned any more."""
    play = stage(opened())
    play.owner.quote(play.secrets, OwnerLimits(proof_seconds=1.0))
    monkeypatch.setattr(module, "gas_price", lambda *_: 10**12)
    with pytest.raises(UsageError, match="its gas costs"):
        play.owner.accept(OwnerLimits())
    assert play.refused == [f"no to accept:{JOB_ID.hex()}"]


def opened() -> Record:
    """A request that waits for its owner."""
    return replace(request(), state=State.OPEN, provider=OTHER, payee="0x" + "00" * 20, deadline=0)
