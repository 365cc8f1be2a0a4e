"""What a provider does for a round: stake last, post all outputs, prove what is contested."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ContractRefused, ProvingError, StatementInvalid, UsageError
from prover.chain.abi.contract import Call
from prover.chain.contracts.serving import Answer
from prover.chain.sending.transactions import GAS_CAP, Cost
from prover.clients.common import money
from prover.clients.common.limits import ProviderLimits
from prover.clients.common.money import Account
from prover.clients.common.packing import ProofsSent
from prover.clients.common.readiness import Rehearsal
from prover.clients.common.tools import Tools
from prover.clients.serving import provider as module
from prover.clients.serving.answer import require_provable
from prover.clients.serving.checks import worth_of
from prover.clients.serving.provider import Round, RoundProvider
from prover.protocol.serving.gas import RoundGas
from prover.protocol.serving.state import Job, Record, State
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import InputsFile, Item, data_hash
from prover.statement.runs import encode_outputs, inputs_tree, list_hash
from prover.systems.ezkl import evaluate as bulk
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.evaluate import evaluate
from prover.systems.ezkl.system import Ezkl
from prover.systems.proof import Proof
from tests.conftest import Proven
from tests.unit.clients.deciding import alone_in, noted_in, while_alone
from tests.unit.clients.serving.test_provider import TERMS
from tests.unit.systems.ezkl.test_evaluate import items_for, off_by_one

BROKEN = b"\x09"
JOB_ID, NONE = b"\x05" * 32, "0x" + "00" * 20
ME, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
NOW, DUE, N = 100, 1000, 20
CONTESTED = (0, 4, 5, 9, 13)


class Desk:
    """What a provider works with: notes what is done, and what is sent."""

    def __init__(self, artifacts: Artifacts, path: Path) -> None:
        self.artifacts, self.path = artifacts, path
        self.done: list[str] = []
        self.refused: list[str] = []
        self.settled: list[str] = []
        self.weighed: list[tuple[int, int]] = []
        self.sent: list[list[Any]] = []
        self.proven: list[tuple[Item, ...]] = []
        self.contexts: set[JobContext] = set()
        self.refusal: ContractRefused | None = None
        self.status, self.gas, self.now = State.CONTESTED, 1, NOW
        self.items = items_for(artifacts, N)
        self.content = InputsFile(bytes(32), tuple(self.items)).to_bytes()
        path.write_bytes(self.content)

    def worker(self, record: Record) -> RoundProvider:
        tools: Any = Tools(
            client=SimpleNamespace(  # type: ignore[arg-type]
                now=lambda: self.now, scope="x", chain_id=31337, local=True
            ),
            contract=self._contract(),
            deployment=SimpleNamespace(),  # type: ignore[arg-type]
            system=Ezkl(),
            sender=SimpleNamespace(  # type: ignore[arg-type]
                address=ME,
                send=self._send,
                deciding=noted_in(self.refused),
                estimate=lambda _call: Cost(self.gas, 0),
                client=SimpleNamespace(chain_id=31337),
                settle_stakes=lambda but: self.settled.append(but),
                require_worth=lambda _says, gas, worth: self.weighed.append((gas, worth)),
            ),
            check_model=lambda *_: self.done.append("model checked"),
            readiness=self,  # type: ignore[arg-type]
            account=lambda _currency: Account(10**18, 0, 10**18),
            progress=self.done.append,
            allow_files=True,
        )
        circuit: Any = SimpleNamespace(verifier=OTHER)
        return RoundProvider(tools, Round(JOB_ID, record, circuit, self.artifacts), ME)

    def record(self, state: State = State.CONTESTED, **changes: object) -> Record:
        """A round that waits for its provider, on these items."""
        terms = {"n": N, "inputs_root": inputs_tree(i.commitment() for i in self.items).root}
        fields = {
            "outputs": encode_outputs(evaluate(self.artifacts, self.items), 3),
            "contested": CONTESTED,
            "payee": NONE if state is State.OPEN else ME,
            "deadline": 0 if state is State.OPEN else DUE,
            "uri": self.path.as_uri().encode(),
            "data_hash": data_hash(self.content),
        }
        ours = {name: changes.pop(name) for name in list(changes) if name not in fields}
        answered = ours.pop("answered", frozenset())
        job = Job(OTHER, 1, replace(TERMS, **(terms | ours)))  # type: ignore[arg-type]
        told: Any = fields | changes | {"state": state, "answered": answered}
        return Record(job=job, posted_at=0, **told)

    def ready(self, _artifacts: object, items: Sequence[Item]) -> Rehearsal:
        assert list(items) == self.items
        self.done.append("rehearsed")
        return Rehearsal("", "", 2.0, 0)

    def prove(self, _artifacts: object, items: Sequence[Item], context: JobContext) -> Proof:
        self.proven.append(tuple(items))
        self.contexts.add(context)
        return Proof(bytes([len(self.proven)]), (1,))

    def faults(self, _artifacts: object, proofs: Sequence[Proof]) -> list[str | None]:
        return ["no" if one.proof == BROKEN else None for one in proofs]

    def allow(self, _sender: object, currency: str, spender: str, amount: int) -> None:
        self.done.append(f"allowed {amount} of {currency[:4]} to {spender[:4]}")

    def _contract(self) -> Any:
        return SimpleNamespace(
            client=SimpleNamespace(chain_id=31337),
            address=OTHER,
            join=lambda *told: Call("join", None, repr(told[1:]).encode()),
            commit_outputs=lambda _job, outputs: Call("serve", None, outputs),
            answer=self._answer,
            status=lambda _job_id: SimpleNamespace(state=self.status),
        )

    def _answer(self, _job: Job, contested: tuple[int, ...], group: list[Answer]) -> Any:
        assert contested == CONTESTED
        return SimpleNamespace(data=b"", group=list(group))

    def _send(
        self, action: str, call: Any, *, exact: bool = False, worth: int | None = None
    ) -> dict[str, int]:
        assert exact is action.startswith("join:"), "the payee was chosen"
        terms = self.record().job.terms
        most = terms.n * terms.price + terms.max_contests * terms.proof_fee + terms.stake
        assert worth == (None if exact else most)
        if self.refusal:
            raise self.refusal
        self.done.append(action)
        self.sent.append(getattr(call, "group", [getattr(call, "data", b"")]))
        return {"gasUsed": 7}


@pytest.fixture
def desk(
    proven: Callable[[str], Proven], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    made = Desk(proven("batch").artifacts, tmp_path / "inputs.json")
    monkeypatch.setattr(module, "gas_price", lambda _client: 0)
    monkeypatch.setattr(module, "verification_gas", lambda *_: 700_000)
    monkeypatch.setattr(money, "allow", made.allow)
    return made


# ---------------------------------------------------------------- the stake


def test_money_is_looked_at_again_when_the_stake_is_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fees rose while proofs were rehearsed, so that nothing is earned any more."""
    prices = iter([0, 10**12])
    monkeypatch.setattr(module, "gas_price", lambda _client: next(prices))
    with pytest.raises(UsageError, match="its gas costs"):
        desk.worker(desk.record(State.OPEN, stake=600)).join(ProviderLimits())
    assert desk.done[-1] == "rehearsed"
    assert next(prices, None) is None


def test_no_other_process_stakes_between_the_last_look_and_the_stake(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two, each within the limit over all stakes, would together be above it."""
    monkeypatch.setattr(module, "staking", alone_in(desk.done, module, monkeypatch))
    desk.worker(desk.record(State.OPEN, stake=600)).join(ProviderLimits())
    assert while_alone(desk.done) == ["alone", "looked", f"join:{JOB_ID.hex()}", "not alone"]


def test_the_stake_is_sent_when_all_is_checked(desk: Desk) -> None:
    joined = desk.worker(desk.record(State.OPEN, stake=600)).join(ProviderLimits())
    assert desk.done == [
        "model checked",
        f"fetching the inputs from {desk.path.as_uri()}",
        "computing the root of the inputs",
        "evaluating 20 items",
        "rehearsed",
        f"allowed 600 of 0x00 to {OTHER[:4]}",
        f"join:{JOB_ID.hex()}",
    ]
    assert desk.sent == [[repr((ME,)).encode()]]
    assert (joined.proof_seconds, joined.proofs, joined.gas) == (2.0, 4, 7)
    assert desk.settled == [f"join:{JOB_ID.hex()}"]
    layout = desk.artifacts.manifest.layout
    assert joined.round_gas == RoundGas.of(N, 3, 7, layout, 700_000)


@pytest.mark.parametrize(
    ("limits", "least"), [(ProviderLimits(), 16), (ProviderLimits(proof_seconds=3.0), 24)]
)
def test_all_that_may_be_contested_must_fit_the_time_by_the_rehearsal_or_the_option(
    desk: Desk, limits: ProviderLimits, least: int
) -> None:
    """Seven contests of two to a proof: four proofs, for which twice the time is wanted."""
    desk.worker(desk.record(State.OPEN, answer_seconds=least)).join(limits)
    desk.sent.clear()
    with pytest.raises(StatementInvalid, match="4 proofs of"):
        desk.worker(desk.record(State.OPEN, answer_seconds=least - 1)).join(limits)
    assert desk.sent == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"open_until": NOW + 1}, "was open until"),
        ({"stake": 601}, "10 times what it earns"),
        ({"currency": "0x" + "dd" * 20}, "limits are missing"),
        ({"inputs_root": bytes(32)}, "do not join"),
        ({"data_hash": bytes(32)}, "as the job names it"),
        ({"n": N - 1}, "exactly the 19"),
    ],
)
def test_nothing_is_staked_on_a_round_that_is_not_wanted(
    desk: Desk, changes: dict[str, object], why: str
) -> None:
    with pytest.raises((UsageError, StatementInvalid), match=why):
        desk.worker(desk.record(State.OPEN, **changes)).join(ProviderLimits())
    assert desk.sent == []
    assert desk.refused == [f"no to join:{JOB_ID.hex()}"]


# ---------------------------------------------------------------- the inputs


def test_inputs_are_fetched_once(desk: Desk) -> None:
    """By the time they are contested the consumer may have taken them away."""
    desk.worker(desk.record(State.JOINED)).serve()
    desk.path.unlink()
    assert desk.worker(desk.record()).answer().proofs == 3


def test_a_file_that_is_kept_and_is_another_one_is_fetched_anew(desk: Desk) -> None:
    worker = desk.worker(desk.record(State.JOINED))
    worker._files.save_inputs(b"something else")
    worker.serve()
    assert worker._files.inputs() == desk.content


# ---------------------------------------------------------------- outputs


def test_the_outputs_of_all_items_are_posted(desk: Desk) -> None:
    record = desk.record(State.JOINED)
    assert desk.worker(record).serve() == 7
    assert desk.sent == [[record.outputs]]
    assert desk.done[-1] == f"serve:{JOB_ID.hex()}"


def test_outputs_that_no_proof_shows_are_not_posted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = desk.record(State.JOINED)
    monkeypatch.setattr(bulk, "evaluate", off_by_one(bulk.evaluate))
    with pytest.raises(ProvingError, match=", as evaluated"):
        desk.worker(record).serve()
    assert desk.sent == []


@pytest.mark.parametrize("state", list(State))
def test_each_step_is_taken_in_its_state_alone(desk: Desk, state: State) -> None:
    worker = desk.worker(desk.record(state))
    steps = {
        State.OPEN: lambda: worker.join(ProviderLimits()),
        State.JOINED: worker.serve,
        State.CONTESTED: worker.answer,
    }
    for allowed, step in steps.items():
        if allowed is not state:
            said = f"round 0x{JOB_ID.hex()[:10]} is {state.name.lower()}: "
            with pytest.raises(UsageError, match=said):
                step()
    assert desk.done == []


@pytest.mark.parametrize("state", [State.JOINED, State.CONTESTED])
def test_a_step_may_be_taken_until_the_last_second(desk: Desk, state: State) -> None:
    worker = desk.worker(desk.record(state))
    step = worker.serve if state is State.JOINED else worker.answer
    desk.now = DUE
    step()
    desk.now, sent = DUE + 1, len(desk.sent)
    with pytest.raises(UsageError, match=f"was {state.name.lower()} until 1970-01-01 00:16:40 UTC"):
        step()
    assert len(desk.sent) == sent


# ---------------------------------------------------------------- proofs


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds pass between two looks."""
    times: Iterator[int] = iter(range(5, 1000, 5))
    monkeypatch.setattr("prover.clients.serving.answer.time.monotonic", lambda: next(times))


def test_contested_items_are_proven_and_sent_together(desk: Desk, clock: None) -> None:
    assert desk.worker(desk.record()).answer() == ProofsSent(3, 5, 1, 7)
    items = desk.items
    assert desk.proven == [(items[0], items[4]), (items[5], items[9]), (items[13],)]
    assert desk.contexts == {
        JobContext.of(31337, OTHER, JOB_ID, ME, desk.record().job.terms.model_id)
    }
    ((first, second, third),) = desk.sent
    places = [[one.position for one in answer.contests] for answer in (first, second, third)]
    assert places == [[0, 1], [2, 3], [4]]
    assert desk.weighed == [(3, worth_of(desk.record().job.terms))]
    assert [answer.proof for answer in (first, second, third)] == [b"\1", b"\2", b"\3"]
    told = [message for message in desk.done if message.startswith("proof ")]
    assert told == [
        "proof 1 of 3: items 0, 4",
        "proof 2 of 3: items 5, 9",
        "proof 3 of 3: items 13",
    ]
    assert desk.done[-1] == f"answer:{JOB_ID.hex()}:{list_hash(range(5)).hex()}"


def test_proofs_that_were_made_or_relayed_are_not_made_again(desk: Desk, clock: None) -> None:
    worker = desk.worker(desk.record(answered=frozenset({0, 1})))
    worker._files.save_proof((5, 9), Proof(b"\7", (1,)))
    assert worker.answer().proofs == 1
    assert desk.proven == [(desk.items[13],)]
    assert [answer.proof for answer in desk.sent[0]] == [b"\7", b"\1"]
    assert desk.worker(desk.record()).answer().proofs == 1  # of 0 and 4
    assert desk.worker(desk.record()).answer() == ProofsSent(0, 0.0, 1, 7)


def test_a_kept_proof_that_does_not_hold_is_made_again(desk: Desk) -> None:
    worker = desk.worker(desk.record())
    worker._files.save_proof((0, 4), Proof(b"\7", (1,)))
    worker._files.save_proof((5, 9), Proof(BROKEN, (1,)))
    assert worker.answer().proofs == 2
    assert desk.proven == [(desk.items[5], desk.items[9]), (desk.items[13],)]
    assert [answer.proof for answer in desk.sent[0]] == [b"\7", b"\1", b"\2"]


def test_as_many_proofs_as_fit_go_into_a_transaction(desk: Desk) -> None:
    desk.gas = GAS_CAP // 2
    answered = desk.worker(desk.record()).answer()
    assert [len(group) for group in desk.sent] == [2, 1]
    assert (answered.transactions, answered.gas) == (2, 14)
    names = [list_hash(places).hex() for places in ((0, 1, 2, 3), (4,))]
    assert desk.done[-2:] == [f"answer:{JOB_ID.hex()}:{name}" for name in names]


def test_a_refusal_is_good_news_only_if_all_is_settled(desk: Desk) -> None:
    """Somebody has relayed the last proofs meanwhile: then the round is paid, and only then."""
    desk.refusal, desk.status = ContractRefused("no"), State.SETTLED
    assert desk.worker(desk.record()).answer() == ProofsSent(0, 0.0, 0, 0)
    for state in set(State) - {State.SETTLED}:
        desk.status = state
        with pytest.raises(ContractRefused):
            desk.worker(desk.record()).answer()


@pytest.mark.parametrize(
    ("count", "items"),
    [
        (8, "0, 1, 2, 3, 4, 5, 6, 7 are"),
        (9, "0, 1, 2, 3, 4, 5, 6, 7 and 1 more are"),
        (20, "0, 1, 2, 3, 4, 5, 6, 7 and 12 more are"),
    ],
)
def test_items_that_no_proof_can_show_are_listed_in_short(
    desk: Desk, count: int, items: str
) -> None:
    record = desk.record(contested=tuple(range(count)))
    wrong = encode_outputs(off_by_one(evaluate)(desk.artifacts, desk.items), 3)
    with pytest.raises(StatementInvalid) as refused:
        require_provable(replace(record, outputs=wrong), desk.artifacts, desk.items)
    assert f"contested item(s) {items} not what the circuit gives" in str(refused.value)


def test_nothing_is_proven_where_an_item_cannot_be(desk: Desk) -> None:
    wrong = encode_outputs(off_by_one(evaluate)(desk.artifacts, desk.items), 3)
    with pytest.raises(StatementInvalid, match="no proof of them exists"):
        desk.worker(desk.record(outputs=wrong)).answer()
    assert desk.proven == []
