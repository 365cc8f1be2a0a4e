"""Test items of a bounty: each proof is made once and kept, and what is sent opens the test set."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ContractRefused, Postponed
from prover.chain.contracts import accuracy
from prover.chain.sending.transactions import GAS_CAP, Cost
from prover.clients.accuracy.submit import Opened, Submitter
from prover.clients.common.job_files import JobFiles
from prover.clients.common.packing import ProofsSent
from prover.protocol.accuracy.state import State
from prover.protocol.events import ZERO_ADDRESS
from prover.statement.documents.inputs_file import Item
from prover.statement.documents.testset import SealedTestSet
from prover.statement.runs import list_hash
from prover.statement.tree import check_membership, fold
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.proof import Proof
from tests.conftest import JOB, Proven
from tests.unit.clients.sealing import sealed_items
from tests.unit.systems.ezkl.test_evaluate import items_for

JOB_ID, N = b"\x05" * 32, 8
LABELS = (0, 1, 2, 0, 1, 2, 0, 1)
PLANNED = [(0, 1), (3, 5), (6, 7)]


class Desk:
    """A contract, a sender and a prover that note what they are given."""

    def __init__(self, artifacts: Artifacts, files: JobFiles) -> None:
        self.items = items_for(artifacts, N)
        self.sealed = sealed_items(artifacts, bytes(32), self.items, LABELS, b"\7" * 32)
        self.proven: list[tuple[Item, ...]] = []
        self.sent: list[tuple[str, list[accuracy.Submission]]] = []
        self.told: list[str] = []
        self.gas, self.state, self.most = 1, State.PROVING, 10**9
        self.refused: set[bytes] = set()
        self.broken: set[bytes] = set()
        client = SimpleNamespace(chain_id=31337)
        tools: Any = SimpleNamespace(
            sender=SimpleNamespace(
                estimate=self._estimate,
                send=self._send,
                client=client,
                require_worth=self._require_worth,
            ),
            contract=SimpleNamespace(
                submit=lambda _job, group: SimpleNamespace(data=b"", group=list(group)),
                status=lambda _job_id: SimpleNamespace(state=self.state),
            ),
            readiness=self,
            progress=self.told.append,
        )
        opened, job = (
            Opened(tuple(self.items), LABELS, (bytes(32),) * N, None),
            SimpleNamespace(terms=SimpleNamespace(currency=ZERO_ADDRESS, reward=7, stake=4)),
        )
        self.submitter = Submitter(
            tools,
            JOB_ID,
            job,  # type: ignore[arg-type]
            artifacts,
            files,
            JOB,
            self.sealed,
            opened,
        )

    def prove(self, _artifacts: object, items: Sequence[Item], context: object) -> Proof:
        assert context == JOB
        self.proven.append(tuple(items))
        return Proof(bytes([len(self.proven)]), (1,))

    def faults(self, _artifacts: object, proofs: Sequence[Proof]) -> list[str | None]:
        return ["no" if one.proof in self.broken else None for one in proofs]

    def _estimate(self, call: Any) -> Cost:
        if self.refused.intersection(one.proof for one in call.group):
            raise ContractRefused("no")
        return Cost(self.gas, 0)

    def _require_worth(self, _says: str, gas: int, worth: int) -> None:
        assert worth == 7 + 4
        if gas > self.most:
            raise Postponed("too dear")

    def _send(self, action: str, call: Any, *, worth: int) -> dict[str, int]:
        assert worth == 7 + 4
        self.sent.append((action, call.group))
        return {"gasUsed": 7}


@pytest.fixture
def desk(proven: Callable[[str], Proven], tmp_path: Path) -> Desk:
    return Desk(proven("batch").artifacts, JobFiles(tmp_path / "proofs"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds pass between two looks."""
    times = iter(range(5, 1000, 5))
    monkeypatch.setattr("prover.clients.accuracy.submit.time.monotonic", lambda: next(times))


def action_of(*starts: int) -> str:
    return f"submit:{JOB_ID.hex()}:{list_hash(starts).hex()}"


def test_a_plan_is_proven_and_sent_together(desk: Desk, clock: None) -> None:
    assert desk.submitter.submit(PLANNED) == ProofsSent(3, 5, 1, 7)
    items = desk.items
    assert desk.proven == [(items[0], items[1]), (items[3], items[5]), (items[6], items[7])]
    ((action, group),) = desk.sent
    assert action == action_of(0, 3, 5, 6)
    assert [one.proof for one in group] == [b"\1", b"\2", b"\3"]
    assert desk.told == [
        "proof 1 of 3: 2 items from 0 on",
        "proof 2 of 3: 2 items from 3 on",
        "proof 3 of 3: 2 items from 6 on",
    ]
    for one, part in zip(group, PLANNED, strict=True):
        check_opened(desk.sealed, one, part)


def check_opened(sealed: SealedTestSet, one: accuracy.Submission, part: tuple[int, ...]) -> None:
    """Each run is a subtree of the test set; hashes and labels are the items' own."""
    told = [accuracy.TestItem(sealed.items[at].parts_hash, LABELS[at], bytes(32)) for at in part]
    assert list(one.items) == told
    assert [run.start + at for run in one.runs for at in range(run.size)] == list(part)
    for run in one.runs:
        indices = range(run.start, run.start + run.size)
        leaves = [sealed.items[at].leaf(at) for at in indices]
        levels = run.size.bit_length() - 1
        check_membership(sealed.tree.root, N, run.start, fold(leaves), run.path, levels)


@pytest.mark.parametrize("part", [(0, 1, 2, 3), tuple(range(8)), (2, 3, 4, 5, 6, 7)])
def test_neighbours_are_opened_as_one_subtree(desk: Desk, part: tuple[int, ...]) -> None:
    sent = desk.submitter.submission(part, Proof(b"\1", (2,)))
    assert len(sent.runs) == (2 if len(part) == 6 else 1)
    assert (sent.proof, sent.instances) == (b"\1", (2,))
    check_opened(desk.sealed, sent, part)


def test_proofs_that_were_made_are_not_made_again(desk: Desk, clock: None) -> None:
    desk.submitter.files.save_proof((3, 5), Proof(b"\x09", (1,)))
    assert desk.submitter.submit(PLANNED).proofs == 2
    assert [one.proof for one in desk.sent[0][1]] == [b"\1", b"\x09", b"\2"]
    assert desk.submitter.submit(PLANNED) == ProofsSent(0, 0.0, 1, 7)
    assert len(desk.proven) == 2


def test_a_kept_proof_that_does_not_hold_is_made_again(desk: Desk) -> None:
    """Else it was sent, and refused, until the deadline had passed."""
    for part, proof in zip(PLANNED, (b"\x08", b"\x09", b"\x0a"), strict=True):
        desk.submitter.files.save_proof(part, Proof(proof, (1,)))
    desk.broken = {b"\x09"}
    assert desk.submitter.submit(PLANNED).proofs == 1
    assert desk.proven == [(desk.items[3], desk.items[5])]
    assert [one.proof for one in desk.sent[0][1]] == [b"\x08", b"\1", b"\x0a"]
    assert desk.submitter.files.proof(PLANNED[1]) == Proof(b"\1", (1,))


def test_nothing_is_sent_where_nothing_is_left(desk: Desk) -> None:
    assert desk.submitter.submit([]) == ProofsSent(0, 0.0, 0, 0)
    assert desk.sent == []


def test_as_many_proofs_as_fit_go_into_a_transaction(desk: Desk) -> None:
    desk.gas = GAS_CAP // 2
    sent = desk.submitter.submit(PLANNED)
    assert (sent.transactions, sent.gas) == (2, 14)
    assert [action for action, _ in desk.sent] == [action_of(0, 3, 5), action_of(6)]


@pytest.mark.parametrize("state", list(State))
def test_a_refusal_is_good_news_only_if_the_bounty_is_paid(desk: Desk, state: State) -> None:
    """Somebody has relayed the proofs that reach the target meanwhile."""
    desk.refused, desk.state = {b"\1"}, state
    if state is State.PAID:
        sent = desk.submitter.submit(PLANNED)
        assert (sent.proofs, sent.transactions, sent.gas) == (3, 0, 0)
    else:
        with pytest.raises(ContractRefused):
            desk.submitter.submit(PLANNED)
    assert desk.sent == []


def test_nothing_is_sent_where_all_together_is_too_dear(desk: Desk) -> None:
    """Each transaction alone is not."""
    desk.gas = GAS_CAP
    desk.most = 3 * GAS_CAP - 1
    with pytest.raises(Postponed):
        desk.submitter.submit(PLANNED)
    assert desk.sent == []
    desk.most += 1
    assert desk.submitter.submit(PLANNED).transactions == 3
