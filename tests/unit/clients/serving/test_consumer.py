"""The consumer's side of serving rounds: who may be drawn, and what a sample is said to support."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import ChainError, StatementInvalid, UsageError
from prover.base.files import write_atomically
from prover.base.settings import get_settings
from prover.clients.serving import consumer as serving
from prover.clients.serving import contest as serving_contest
from prover.clients.serving.consumer import make_inputs
from prover.clients.serving.contest import (
    checked,
    differing,
    draw,
    least_found,
    own_inputs,
    posted_outputs,
    supports,
    wrong_answers,
)
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.events import OutputsCommitted
from prover.protocol.limits import LOCAL
from prover.protocol.serving.economics import chance_to_catch
from prover.protocol.serving.state import Job, Record, State, Terms
from prover.statement.documents.inputs_file import InputsFile, Item, data_hash
from prover.statement.runs import encode_outputs, inputs_tree
from prover.systems.ezkl.evaluate import evaluate
from tests.conftest import Proven
from tests.unit.systems.ezkl.test_evaluate import items_for

TERMS = Terms(
    model_id=b"\x01" * 32,
    provider=ETH,
    currency=ETH,
    inputs_root=b"\x02" * 32,
    n=20,
    word_bytes=2,
    price=3,
    proof_fee=7,
    max_contests=4,
    stake=100,
    open_until=1000,
    serve_seconds=10,
    contest_seconds=10,
    answer_seconds=10,
)


def record(terms: Terms = TERMS, **changes: object) -> Record:
    fields = {"data_hash": bytes(32), "uri": "file:///x"} | changes
    return Record(job=Job("0x" + "33" * 20, 1, terms), posted_at=0, **fields)  # type: ignore[arg-type]


@given(st.integers(1, 60), st.integers(1, 60), st.sets(st.integers(0, 59)))
def test_a_draw_has_the_wanted_and_others_each_once(n: int, count: int, wanted: set[int]) -> None:
    wanted = {index for index in wanted if index < n}
    drawn = draw(n, count, wanted)
    assert list(drawn) == sorted(set(drawn))
    assert len(drawn) == min(count, n)
    assert set(drawn) <= set(range(n))
    assert wanted <= set(drawn) or set(drawn) <= wanted


def test_every_item_is_drawn_as_often_as_the_others() -> None:
    counts = Counter(index for _ in range(2000) for index in draw(10, 3))
    assert set(counts) == set(range(10))
    assert max(abs(count - 600) for count in counts.values()) < 150  # over 7 standard deviations


def test_draws_come_from_the_systems_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Generator:
        def __init__(self) -> None:
            made.append(self)

        def sample(self, population: list[int], count: int) -> list[int]:
            return population[-count:] if count else []

    monkeypatch.setattr(serving_contest.secrets, "SystemRandom", Generator)
    assert draw(9, 3) == (6, 7, 8)
    assert draw(9, 3, [0]) == (0, 7, 8)
    assert draw(9, 2, [0, 1, 2]) == (1, 2)
    assert len(made) == 3


def test_indices_by_hand_are_sorted() -> None:
    assert checked(record(), (5, 0, 19)) == (0, 5, 19)


@pytest.mark.parametrize("indices", [(20,), (-1,), (1, 1), (), (1, 2, 3, 4, 5)])
def test_indices_that_the_contract_refuses_are_refused_before(indices: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        checked(record(), indices)


def test_the_words_about_a_sample_carry_its_chances() -> None:
    found, missed = supports(256, 59, wrong_answers(256, 0.05))
    assert "13 or more of the 256 posted answers (5.1%)" in found
    assert f"with {chance_to_catch(256, 13, 59):.1%}" in found
    assert "23.0% (59 of 256)" in missed
    assert "197 other answers" in missed


def test_nothing_is_left_open_where_every_answer_is_contested() -> None:
    assert supports(5, 5, 1) == ("all 5 answers must be proven: no wrong one can pass",)


@given(st.integers(1, 400), st.data())
def test_the_least_share_found_is_the_least(n: int, data: st.DataObject) -> None:
    contested = data.draw(st.integers(1, n))
    wrong = least_found(n, contested)
    assert chance_to_catch(n, wrong, contested) >= 0.95
    assert wrong == 1 or chance_to_catch(n, wrong - 1, contested) < 0.95


@pytest.mark.parametrize(
    ("n", "share", "count"), [(256, 0.05, 13), (100, 0.05, 5), (10, 0.01, 1), (3, 0.999, 3)]
)
def test_a_share_is_rounded_up(n: int, share: float, count: int) -> None:
    assert wrong_answers(n, share) == count


def test_outputs_are_read_when_they_are_posted() -> None:
    with pytest.raises(UsageError, match="no outputs are posted"):
        posted_outputs(record())
    rows = tuple((n, -n) for n in range(20))
    assert posted_outputs(record(outputs=encode_outputs(rows, 2))) == rows


def test_own_inputs_are_those_of_the_round(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts: Any = None
    monkeypatch.setattr(
        serving_contest, "commitments", lambda _, items: [item.commitment() for item in items]
    )
    items = tuple(Item((n,)) for n in range(20))
    content = InputsFile(bytes(32), items).to_bytes()
    root = inputs_tree(item.commitment() for item in items).root
    ours = record(replace(TERMS, inputs_root=root), data_hash=data_hash(content))
    with pytest.raises(StatementInvalid, match="only where the round was opened"):
        own_inputs(ours, artifacts)
    write_atomically(get_settings().home / "inputs" / f"{data_hash(content).hex()}.json", content)
    assert own_inputs(ours, artifacts).items == items
    with pytest.raises(StatementInvalid, match="expected the inputs file of the round"):
        own_inputs(record(data_hash=data_hash(content)), artifacts)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    np.savez(tmp_path / "rows.npz", inputs=np.ones((6, 4), dtype=np.float32))
    return tmp_path / "rows.npz"


def test_rows_become_items(data: Path, proven: Callable[[str], Proven]) -> None:
    artifacts = proven("plain").artifacts
    assert len(make_inputs(b"\x05" * 32, artifacts, data, None, LOCAL).items) == 6
    assert len(make_inputs(b"\x05" * 32, artifacts, data, range(2, 5), LOCAL).items) == 3
    for rows in (range(0, 7), range(6, 7)):
        with pytest.raises(UsageError, match="a part of 0:6"):
            make_inputs(b"\x05" * 32, artifacts, data, rows, LOCAL)


def test_more_outputs_than_a_transaction_carries_are_refused(
    data: Path, proven: Callable[[str], Proven]
) -> None:
    artifacts = proven("plain").artifacts  # 3 words of 3 bytes
    make_inputs(bytes(32), artifacts, data, None, replace(LOCAL, max_output_bytes=6 * 9))
    for row in (replace(LOCAL, max_output_bytes=6 * 9 - 1), replace(LOCAL, max_round_items=5)):
        with pytest.raises(StatementInvalid, match="at most 5 rows"):
            make_inputs(bytes(32), artifacts, data, None, row)


# ---------------------------------------------------------------- contesting


def test_what_is_contested_is_told_as_the_chain_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that was interrupted may have contested other items before: these stand."""
    stands = record(state=State.CONTESTED, contested=(1, 2), payee="0x" + "44" * 20, deadline=77)
    jobs = {ID: stands}
    world = SimpleNamespace(serving=SimpleNamespace(jobs=jobs))
    sent = list[object]()

    def send(action: str, call: object) -> dict[str, int]:
        sent.append((action, call))
        return {"gasUsed": 7}

    contract = SimpleNamespace(contest=lambda job, indices: (job, indices))
    monkeypatch.setattr(serving_contest, "ServingRound", lambda *_: contract)
    monkeypatch.setattr(serving_contest, "load_world", lambda *_: world)
    sender: Any = SimpleNamespace(client=None, send=send)
    deployment: Any = SimpleNamespace(serving="")
    contested = serving_contest.contest(sender, deployment, ID, SERVED, (3, 4))
    assert contested == serving_contest.Contested((1, 2), 77, 7)
    assert sent == [(f"contest:{ID.hex()}", (SERVED.job, (3, 4)))]
    jobs.clear()
    with pytest.raises(ChainError, match="the node does not know it any more"):
        serving_contest.contest(sender, deployment, ID, SERVED, (3, 4))


def test_the_block_of_the_outputs_is_that_of_this_round(monkeypatch: pytest.MonkeyPatch) -> None:
    def posted(job_id: bytes, block: int) -> object:
        event = OutputsCommitted(
            at=1, contract=ETH, job_id=job_id, root=bytes(32), outputs=b"", deadline=9
        )
        return SimpleNamespace(event=event, block=block)

    found = [SimpleNamespace(event=None, block=2), posted(bytes(32), 3), posted(ID, 5)]
    monkeypatch.setattr(serving_contest, "fetch_events", lambda *_: iter(found))
    assert serving_contest._block_of_outputs(None, None, ID) == 5  # type: ignore[arg-type]
    found.pop()
    assert serving_contest._block_of_outputs(None, None, ID) is None  # type: ignore[arg-type]


def test_outputs_that_differ_from_the_models_are_named(
    home: Path, proven: Callable[[str], Proven]
) -> None:
    artifacts = proven("batch").artifacts
    items = items_for(artifacts, 20)
    content = InputsFile(bytes(32), tuple(items)).to_bytes()
    write_atomically(get_settings().home / "inputs" / f"{data_hash(content).hex()}.json", content)
    root = inputs_tree(item.commitment() for item in items).root
    rows = [list(row) for row in evaluate(artifacts, items)]
    told = {"data_hash": data_hash(content), "outputs": encode_outputs(rows, 3)}
    terms = replace(TERMS, inputs_root=root, word_bytes=3)
    assert differing(record(terms, **told), artifacts) == ()
    rows[4][1] += 1
    rows[19][0] -= 1
    lying = record(terms, **(told | {"outputs": encode_outputs(rows, 3)}))
    assert differing(lying, artifacts) == (4, 19)


# ---------------------------------------------------------------- finality


class Played:
    """A chain whose rounds change while the consumer waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *records: Record | None) -> None:
        self.waited: list[int] = []
        self.read: list[int | None] = []  # the blocks after which the world was read
        self._records = list(records)
        monkeypatch.setattr(serving_contest, "load_world", self._world)
        monkeypatch.setattr(serving_contest, "once_final", self._once_final)
        monkeypatch.setattr(serving_contest, "_block_of_outputs", lambda *_: 17)

    def _world(self, _client: object, _deployment: object, last: int | None = None) -> object:
        self.read.append(last)
        found = self._records.pop(0)
        return SimpleNamespace(serving=SimpleNamespace(jobs={} if found is None else {ID: found}))

    def _once_final(
        self, _client: object, block_of: Callable[[], int], _gone: str, _progress: object
    ) -> int:
        self.waited.append(block_of())
        return FINAL

    def outputs(self) -> Record:
        return serving_contest.wait_for_outputs(None, None, ID, print)  # type: ignore[arg-type]


ID, FINAL = b"\x09" * 32, 21
SERVED = record(state=State.SERVED, outputs_root=b"\x01" * 32)


def test_a_contest_waits_until_the_outputs_are_final(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, SERVED, SERVED)
    assert played.outputs() == SERVED
    assert played.waited == [17]
    assert played.read == [None, FINAL]


@pytest.mark.parametrize("change", [{"outputs_root": b"\x02" * 32}, {"payee": "0x" + "44" * 20}])
def test_outputs_that_changed_meanwhile_are_not_contested(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    other = replace(SERVED, **change)
    with pytest.raises(ChainError, match="reorganised"):
        Played(monkeypatch, SERVED, other).outputs()


@pytest.mark.parametrize("gone", [None, record(state=State.JOINED)])
def test_outputs_that_vanished_meanwhile_are_not_contested(
    monkeypatch: pytest.MonkeyPatch, gone: Record | None
) -> None:
    with pytest.raises(UsageError, match="can be contested once"):
        Played(monkeypatch, SERVED, gone).outputs()


def test_the_time_to_contest_covers_finality(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "confirmations", lambda _: 64)
    monkeypatch.setattr(serving, "final_seconds", lambda _: 768)
    serving._check_finality(None, 1536)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected at least 1536 s"):
        serving._check_finality(None, 1535)  # type: ignore[arg-type]
