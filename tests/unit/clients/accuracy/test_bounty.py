"""What a provider does for a bounty: stake last, dispute what no proof can be about, prove."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ArtifactMismatch, ProvingError, StatementInvalid, UsageError
from prover.chain.contracts.accuracy import Committed
from prover.clients.accuracy import provider as module
from prover.clients.accuracy.plan import Evaluation
from prover.clients.accuracy.provider import BountyProvider, Outcome
from prover.clients.accuracy.submit import MalformedItem, Opened
from prover.clients.common import money
from prover.clients.common.limits import ProviderLimits
from prover.clients.common.money import Account
from prover.clients.common.packing import ProofsSent
from prover.clients.common.readiness import Rehearsal
from prover.clients.common.tools import Tools
from prover.protocol.accuracy.state import Job, Record, State
from prover.statement.documents.inputs_file import data_hash
from prover.statement.documents.sealed import label_hash
from prover.statement.documents.testset import SealedTestSet
from prover.statement.label import proven_label
from prover.statement.tree import check_membership
from prover.systems.ezkl import evaluate as bulk
from prover.systems.ezkl.artifacts import MODEL as MODEL_FILE
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.evaluate import evaluate
from prover.systems.ezkl.system import Ezkl
from tests.conftest import Proven
from tests.unit.clients.accuracy.test_provider import TERMS
from tests.unit.clients.deciding import alone_in, noted_in, while_alone
from tests.unit.clients.sealing import sealed_items
from tests.unit.systems.ezkl.test_evaluate import items_for, off_by_one

JOB_ID, KEY, CIRCUIT, MODEL = b"\x05" * 32, b"\x07" * 32, b"\x01" * 32, b"\x02" * 32
ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
NOW, DUE, N = 100, 1000, 5


class Desk:
    """What a provider works with: notes what is done, and what is sent."""

    def __init__(self, artifacts: Artifacts, path: Path) -> None:
        self.artifacts, self.path = artifacts, path
        self.done: list[str] = []
        self.refused: list[str] = []
        self.settled: list[str] = []
        self.calls: list[tuple[object, ...]] = []
        self.submitted: list[tuple[int, ...]] = []
        self.items = items_for(artifacts, N)
        kind = artifacts.manifest.layout.output_kind
        self.truth = [proven_label(row, kind) or 0 for row in evaluate(artifacts, self.items)]

    def tools(self, **changes: object) -> Tools[Any]:
        fields: dict[str, Any] = {
            "client": SimpleNamespace(now=lambda: NOW, scope="x", chain_id=31337, local=True),
            "contract": SimpleNamespace(address=OTHER, accept=self._call, **self._disputes()),
            "deployment": SimpleNamespace(registry=OTHER),
            "sender": SimpleNamespace(
                address=ME,
                send=self._send,
                deciding=noted_in(self.refused),
                settle_stakes=lambda but: self.settled.append(but),
            ),
            "system": Ezkl(),
            "check_model": lambda model_id, _: self.done.append(f"model {model_id.hex()[:2]}"),
            "readiness": self,
            "account": lambda _currency: Account(10**18, 0, 10**18),
            "progress": lambda _stage: None,
            "allow_files": True,
        }
        return Tools(**(fields | changes))

    def worker(self, record: Record, **changes: object) -> BountyProvider:
        return BountyProvider(self.tools(**changes), JOB_ID, record, self.artifacts, ME)

    def record(self, *labels: int, **changes: object) -> Record:
        """A bounty whose key is revealed, on a test set with these labels (default: all right)."""
        sealed = sealed_items(self.artifacts, CIRCUIT, self.items, labels or self.truth, KEY)
        self.path.write_bytes(sealed.to_bytes())
        terms = replace(
            TERMS,
            circuit_id=CIRCUIT,
            n=N,
            test_root=sealed.tree.root,
            data_hash=data_hash(sealed.to_bytes()),
            open_until=DUE,
        )
        fields = {"state": State.PROVING, "key": KEY, "payee": ME, "deadline": DUE}
        return Record(
            job=Job(OTHER, 1, replace(terms, **changes)),  # type: ignore[arg-type]
            posted_at=0,
            uri=self.path.as_uri().encode(),
            model_id=MODEL,
            **fields,  # type: ignore[arg-type]
        )

    def wrong(self, *places: int) -> list[int]:
        """Labels of which the model misses those at these places."""
        return [(one + (at in places)) % 3 for at, one in enumerate(self.truth)]

    def ready(self, *_: object) -> Rehearsal:
        self.done.append("rehearsed")
        return Rehearsal("", "", 2.0, 0)

    def submit(self, planned: list[tuple[int, ...]]) -> ProofsSent:
        self.submitted.extend(planned)
        return ProofsSent(len(planned), 5.0, 1, 9)

    def allow(self, _sender: object, currency: str, spender: str, amount: int) -> None:
        self.done.append(f"allowed {amount} of {currency[:4]} to {spender[:4]}")

    def _call(self, *arguments: object) -> tuple[object, ...]:
        return arguments

    def _disputes(self) -> dict[str, object]:
        names = ("dispute_chunk", "dispute_digit", "dispute_label")
        return {name: partial(self._call, name) for name in names}

    def _send(
        self, action: str, call: tuple[object, ...], *, exact: bool = False
    ) -> dict[str, int]:
        assert exact is action.startswith("accept:"), "the payee and the model were chosen"
        self.done.append(action)
        self.calls.append(call)
        return {"gasUsed": 7}


@pytest.fixture
def desk(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    made = Desk(proven("hidden").artifacts, tmp_path / "tests.json")
    monkeypatch.setattr(BountyProvider, "submitter", lambda *_: made)
    circuit = SimpleNamespace(circuit=lambda _id: SimpleNamespace(verifier=OTHER))
    monkeypatch.setattr(module, "Registry", lambda *_: circuit)
    monkeypatch.setattr(module, "gas_price", lambda _client: 0)
    monkeypatch.setattr(module, "verification_gas", lambda *_: 700_000)
    monkeypatch.setattr(money, "allow", made.allow)
    return made


# ---------------------------------------------------------------- the test set


def test_a_test_set_is_fetched_once(desk: Desk) -> None:
    """By the second look its consumer may have taken it away."""
    record = desk.record()
    opened = desk.worker(record).opened()
    desk.path.unlink()
    assert desk.worker(record).opened() == opened


def test_a_file_that_is_kept_and_is_another_one_is_fetched_anew(desk: Desk) -> None:
    worker = desk.worker(desk.record())
    worker._files.save_inputs(b"something else")
    assert worker.opened().items == tuple(desk.items)
    assert worker._files.inputs() == desk.path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"test_root": bytes(32)}, "no item could be proven"),
        ({"n": N + 1}, "exactly the 6 of the terms"),
        ({"circuit_id": bytes(32)}, "is for circuit"),
    ],
)
def test_a_test_set_that_the_terms_do_not_name_is_refused_and_not_kept(
    desk: Desk, changes: dict[str, object], why: str
) -> None:
    worker = desk.worker(desk.record(**changes))
    with pytest.raises(StatementInvalid, match=why):
        worker.opened()
    assert worker._files.inputs() is None


def test_all_items_are_opened_with_their_labels(desk: Desk) -> None:
    labels = (0, 1, 2, 1, 0)
    opened = desk.worker(desk.record(*labels)).opened()
    assert opened == Opened(tuple(desk.items), labels, (bytes(32),) * N, None)


def test_the_first_item_that_no_proof_can_be_about_is_named(desk: Desk) -> None:
    opened = desk.worker(desk.record(0, 1, 3, 4, 0)).opened()
    assert (opened.items, opened.labels) == (tuple(desk.items[:2]), (0, 1))
    assert opened.malformed is not None
    assert opened.malformed.index == 2
    assert "the label is 3: expected 0 to 2" in opened.malformed.why


def test_nothing_is_opened_before_the_key_is_known(desk: Desk) -> None:
    with pytest.raises(UsageError, match="the key is not revealed"):
        desk.worker(replace(desk.record(), key=None)).opened()


# ---------------------------------------------------------------- proving


def test_a_malformed_item_is_disputed_and_nothing_is_proven(desk: Desk) -> None:
    """Whatever became of the model meanwhile: it is not even looked at."""
    record = desk.record(0, 1, 3, 1, 0)
    outcome = desk.worker(record).prove()
    assert (outcome.judged, outcome.proofs, outcome.seconds) == (None, 0, 0.0)
    assert (outcome.transactions, outcome.gas, outcome.gave_up) == (1, 7, False)
    assert outcome.disputed is not None
    assert outcome.disputed.index == 2
    assert desk.done == [f"dispute:{JOB_ID.hex()}:2"]
    assert desk.submitted == []
    sealed = SealedTestSet.from_bytes(desk.path.read_bytes())
    ((name, job, index, text, committed),) = desk.calls
    item = sealed.items[2]
    assert (name, job, index, text) == ("dispute_label", record.job, 2, item.parts[-1])
    assert isinstance(committed, Committed)
    assert (committed.parts, committed.digests) == (item.hashes, item.digests)
    assert committed.label_hash == label_hash(3, bytes(32))
    check_membership(record.job.terms.test_root, N, 2, item.leaf(2), committed.path)


def test_the_part_that_is_malformed_is_disputed(desk: Desk) -> None:
    record = desk.record()
    sealed = SealedTestSet.from_bytes(desk.path.read_bytes())
    bad = replace(sealed.items[1], digests=(7,))
    items = (sealed.items[0], bad, *sealed.items[2:])
    content = replace(sealed, items=items).to_bytes()
    desk.path.write_bytes(content)
    root = SealedTestSet.from_bytes(content).tree.root
    terms = replace(record.job.terms, test_root=root, data_hash=data_hash(content))
    record = replace(record, job=replace(record.job, terms=terms))
    outcome = desk.worker(record).prove()
    assert outcome.disputed is not None
    assert (outcome.disputed.index, outcome.disputed.part) == (1, 0)
    ((name, _, index, chunk, text, committed),) = desk.calls
    assert (name, index, chunk, text) == ("dispute_chunk", 1, 0, bad.parts[0])
    assert isinstance(committed, Committed)
    assert committed.digests == (7,)


def test_an_item_that_is_well_formed_is_not_disputed(desk: Desk) -> None:
    with pytest.raises(UsageError, match="item 1 is well formed, with label"):
        desk.worker(desk.record()).dispute(1)
    assert desk.calls == []


def test_a_model_that_reaches_the_target_is_proven(desk: Desk) -> None:
    """Four of five are wanted: the parts that are proven already are left out."""
    labels = desk.wrong(4)
    record = desk.record(*labels)
    judged = Evaluation((0, 1, 2, 3), N, 4)
    assert desk.worker(record).prove() == Outcome(judged, 2, 5.0, 1, 9)
    assert desk.submitted == [(0, 1), (2, 3)]
    assert desk.done == [f"model {MODEL.hex()[:2]}"]
    desk.submitted.clear()
    desk.worker(replace(record, proven=frozenset({0, 1}))).prove()
    assert desk.submitted == [(2, 3)]


def test_a_model_that_misses_the_target_proves_nothing_unless_it_is_told_to(desk: Desk) -> None:
    record = desk.record(*desk.wrong(1, 4))
    judged = Evaluation((0, 2, 3), N, 4)
    outcome = desk.worker(record).prove()
    assert (outcome, outcome.gave_up) == (Outcome(judged), True)
    assert desk.submitted == []
    forced = desk.worker(record).prove(force=True)
    assert (forced, forced.gave_up) == (Outcome(judged, 2, 5.0, 1, 9), False)
    assert desk.submitted == [(0, 2), (3,)]


def test_a_model_that_is_evaluated_to_what_no_proof_shows_is_not_judged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "evaluate", off_by_one(bulk.evaluate))
    with pytest.raises(ProvingError, match=", as evaluated"):
        desk.worker(desk.record()).prove()
    assert desk.submitted == []


@pytest.mark.parametrize(
    ("outcome", "gave_up"),
    [
        (Outcome(Evaluation((), 4, 3)), True),
        (Outcome(Evaluation((), 4, 3), transactions=1), False),
        (Outcome(Evaluation((0, 1, 2), 4, 3), transactions=1), False),
        (Outcome(Evaluation((0, 1, 2), 4, 3)), False),  # somebody else has relayed its proofs
        (Outcome(None, transactions=1, disputed=MalformedItem(0, 0, "")), False),
    ],
)
def test_a_provider_gives_up_only_where_its_model_misses_and_nothing_was_sent(
    outcome: Outcome, gave_up: bool
) -> None:
    assert outcome.gave_up is gave_up


@pytest.mark.parametrize("state", [State.OPEN, State.ACCEPTED, State.PAID])
def test_items_are_proven_after_the_key_alone(desk: Desk, state: State) -> None:
    worker = desk.worker(replace(desk.record(), state=state))
    for work in (worker.prove, lambda: worker.dispute(0)):
        with pytest.raises(UsageError, match=f"is {state.name.lower()}: items are proven"):
            work()
    assert desk.done == []


def test_items_are_proven_until_the_last_second(desk: Desk) -> None:
    last = desk.tools().client
    last.now = lambda: DUE  # type: ignore[method-assign]
    assert desk.worker(desk.record(), client=last).prove().transactions == 1
    last.now = lambda: DUE + 1  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="the proofs were due until 1970-01-01 00:16:40"):
        desk.worker(desk.record(), client=last).prove()


def test_an_item_that_is_not_there_cannot_be_disputed(desk: Desk) -> None:
    worker = desk.worker(desk.record())
    for index in (-1, N):
        with pytest.raises(UsageError, match=f"--index {index}: expected 0 to 4"):
            worker.dispute(index)
    worker = desk.worker(desk.record(3, *desk.truth[1:-1], 3))
    assert [worker.dispute(index) for index in (0, N - 1)] == [7, 7]


# ---------------------------------------------------------------- the stake


def accepted(desk: Desk, limits: ProviderLimits | None = None, **changes: object) -> int:
    record = replace(desk.record(**changes), state=State.OPEN, key=None, payee="0x" + "00" * 20)
    return desk.worker(record).accept(MODEL, CIRCUIT, limits or ProviderLimits())


def test_money_is_looked_at_again_when_the_stake_is_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fees rose while proofs were rehearsed, so that nothing is earned any more."""
    prices = iter([0, 10**12])
    monkeypatch.setattr(module, "gas_price", lambda _client: next(prices))
    with pytest.raises(UsageError, match="its gas costs"):
        accepted(desk)
    assert desk.done[-1] == "rehearsed"
    assert next(prices, None) is None


def test_no_other_process_stakes_between_the_last_look_and_the_stake(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two, each within the limit over all stakes, would together be above it."""
    monkeypatch.setattr(module, "staking", alone_in(desk.done, module, monkeypatch))
    accepted(desk)
    assert while_alone(desk.done) == ["alone", "looked", f"accept:{JOB_ID.hex()}", "not alone"]


def test_the_stake_is_sent_when_all_is_checked(desk: Desk) -> None:
    assert accepted(desk) == 7
    model = f"model {MODEL.hex()[:2]}"
    allowed = f"allowed {TERMS.stake} of 0x00 to {OTHER[:4]}"
    assert desk.done == [model, "rehearsed", allowed, f"accept:{JOB_ID.hex()}"]
    assert desk.settled == [f"accept:{JOB_ID.hex()}"]
    ((job, model_id, payee),) = desk.calls
    assert (job.terms.n, model_id, payee) == (N, MODEL, ME)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("limits", "least"), [(ProviderLimits(), 12), (ProviderLimits(proof_seconds=3.0), 18)]
)
def test_all_items_must_fit_the_time_by_the_rehearsal_or_the_option(
    desk: Desk, limits: ProviderLimits, least: int
) -> None:
    """Five items of two to a proof: three proofs, for which twice the time is wanted."""
    accepted(desk, limits, prove_seconds=least)
    desk.done.clear()
    with pytest.raises(StatementInvalid, match=r"3 proofs of"):
        accepted(desk, limits, prove_seconds=least - 1)
    assert f"accept:{JOB_ID.hex()}" not in desk.done


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"open_until": NOW + 1}, "was open until"),
        ({"provider": OTHER}, "is for provider"),
        ({"stake": 51}, "10 times what it earns"),
        ({"currency": "0x" + "dd" * 20}, "limits are missing"),
        ({"test_root": bytes(32)}, "do not accept"),
        ({"circuit_id": bytes(32)}, "expected one of the bounty's circuit"),
    ],
)
def test_nothing_is_staked_on_a_bounty_that_is_not_wanted(
    desk: Desk, changes: dict[str, object], why: str
) -> None:
    with pytest.raises((UsageError, StatementInvalid), match=why):
        accepted(desk, **changes)  # type: ignore[arg-type]
    assert desk.calls == []
    assert desk.refused == [f"no to accept:{JOB_ID.hex()}"]


def test_nothing_is_staked_on_a_bounty_that_is_not_open(desk: Desk) -> None:
    with pytest.raises(UsageError, match="only an open bounty"):
        desk.worker(desk.record()).accept(MODEL, CIRCUIT, ProviderLimits())
    assert desk.done == []


def test_weights_that_are_not_on_this_machine_are_missed_first_of_all(
    desk: Desk, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "bare"
    elsewhere.mkdir()
    for path in desk.artifacts.directory.iterdir():
        if path.name != MODEL_FILE:
            (elsewhere / path.name).symlink_to(path)
    desk.artifacts = replace(desk.artifacts, directory=elsewhere)
    with pytest.raises(ArtifactMismatch, match="weights are not on this machine"):
        accepted(desk)
    assert desk.done == []


def test_nothing_is_staked_on_weights_that_are_not_the_registered_ones(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Artifacts, "weights_commitment", 1)
    with pytest.raises(ProvingError, match="has other weights than the model"):
        accepted(desk)
    assert desk.calls == []
