"""What this home did to jobs: found in its journal, looked at again, and told when it is gone."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.settings import get_settings
from prover.chain.events.finality import Block
from prover.chain.sending.fees import Fees
from prover.chain.sending.journal import Attempt, Fate
from prover.chain.sending.pool import Pool
from prover.chain.state import deeds
from prover.chain.state.deeds import (
    Deed,
    deeds_of,
    done_by,
    gone,
    jobs_at,
    mark_reported,
    not_shown,
    on_the_way,
    undone,
    unreported,
    unsettled,
)
from prover.protocol.accuracy import state as accuracy
from prover.protocol.prediction import state as prediction
from prover.protocol.retrieval import state as retrieval
from prover.protocol.serving import state as serving
from tests.localchain import settings_of
from tests.unit.chain.sending.memory import ACCOUNT, RECEIVER, Eth, client_of, journal_of

JOB, OTHER = "0a" * 32, "0b" * 32
HASH = b"\7" * 32
Kind = tuple[type[Any], Any]


@pytest.fixture
def eth(home: Path) -> Eth:
    deeds._journal.cache_clear()
    return Eth()


def mined(eth: Eth, action: str, block: int, nonce: int, **fields: object) -> Attempt:
    """An attempt of an action, seen mined in a block."""
    what = {"to": RECEIVER, "data": b"", "value": 0, "gas": 1} | fields
    what = {name: value for name, value in what.items() if value is not None}
    attempt = Pool(client_of(eth), ACCOUNT, journal_of()).sign(action, nonce, what, Fees(1, 1))
    journal_of().set_fate([attempt], Fate.MINED)
    journal_of().set_block(attempt.scope, attempt.hash, block, HASH)
    return replace(attempt, fate=Fate.MINED, block=block, block_hash=HASH)


def signed(eth: Eth, action: str, nonce: int) -> Attempt:
    """An attempt of an action that nobody has seen mined."""
    what = {"to": RECEIVER, "data": b"", "value": 0, "gas": 1}
    return Pool(client_of(eth), ACCOUNT, journal_of()).sign(action, nonce, what, Fees(1, 1))


# ---------------------------------------------------------------- found in the journal


def test_a_home_without_a_journal_did_nothing_and_gets_none(eth: Eth) -> None:
    assert deeds_of(client_of(eth)) == []
    assert not (get_settings().home / "journal.sqlite").exists()


def test_a_deed_is_told_by_its_action(eth: Eth) -> None:
    attempt = mined(eth, f"post:{JOB}", 7, 0)
    (deed,) = deeds_of(client_of(eth))
    assert deed == Deed(
        str(ACCOUNT.address), RECEIVER, "post", bytes.fromhex(JOB), Block(7, HASH), (attempt,)
    )
    assert deed.says == "your posting of block 7"
    assert replace(deed, kind="lock").says == "your lock of block 7"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (f"approve:{RECEIVER}:{RECEIVER}:7", {}),
        (f"withdraw:{RECEIVER}:{RECEIVER}", {}),
        (f"register:{JOB}", {}),
        ("post", {}),
        (f"post:{JOB[2:]}", {}),
        (f"post:{JOB}00", {}),
        (f"post:{JOB}", {"to": None}),
    ],
)
def test_what_is_about_no_job_is_no_deed(eth: Eth, action: str, fields: dict[str, Any]) -> None:
    mined(eth, action, 7, 0, **fields)
    assert deeds_of(client_of(eth)) == []


def test_the_newest_block_comes_first_and_proofs_go_together(eth: Eth) -> None:
    first = mined(eth, f"answer:{JOB}:0:4", 5, 0)
    again = mined(eth, f"answer:{JOB}:0:4", 9, 1)
    other = mined(eth, f"answer:{JOB}:4:4", 7, 2)
    found = deeds_of(client_of(eth))
    assert [deed.attempts for deed in found] == [(again, first), (other,)]
    assert [deed.block.number for deed in found] == [9, 7]
    assert {(deed.kind, deed.job_id.hex()) for deed in found} == {("answer", JOB)}
    assert [deed.block.number for deed in deeds_of(client_of(eth), 8)] == [9]
    assert [deed.block.number for deed in deeds_of(client_of(eth), 9)] == [9]
    assert deeds_of(client_of(eth), 10) == []
    assert deeds_of(client_of(eth, 1)) == []


# ---------------------------------------------------------------- gone, or not final


def deed_of(eth: Eth, kind: str = "post", job: str = JOB, block: int = 7, nonce: int = 0) -> Deed:
    mined(eth, f"{kind}:{job}", block, nonce)
    return deeds_of(client_of(eth))[0]


def losing(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """The blocks of these numbers are lost."""

    def lost(_client: Any, blocks: Any) -> set[Block]:
        assert blocks, "nothing to ask the node for"
        return {block for block in blocks if block.number in numbers}

    monkeypatch.setattr(deeds, "lost_of", lost)


def test_a_deed_is_gone_when_its_block_is_and_it_stands_in_no_other(
    eth: Eth, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, earlier = deed_of(eth, job=OTHER, block=8, nonce=1), deed_of(eth, block=9)
    losing(monkeypatch, 8)
    assert gone(client_of(eth), [later, earlier]) == [later]
    assert gone(client_of(eth), [earlier]) == []
    assert gone(client_of(eth), []) == []


@pytest.mark.parametrize("effect", [True, False])
def test_a_deed_that_is_found_in_another_block_is_noted_with_its_end(
    eth: Eth, monkeypatch: pytest.MonkeyPatch, effect: bool
) -> None:
    deed = deed_of(eth)
    (attempt,) = deed.attempts
    eth.blocks += [[], [attempt.raw]]
    if not effect:
        eth.reverting.add(attempt.hash)
    losing(monkeypatch, 7)
    assert gone(client_of(eth), [deed]) == []
    found = deeds_of(client_of(eth))
    block = Block(2, bytes(eth.get_block(2)["hash"]))
    assert [one.block for one in found] == ([block] if effect else [])


def test_any_transaction_of_a_deed_will_do(eth: Eth, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fee was raised: the earlier one is what was mined in the end."""
    first = mined(eth, f"post:{JOB}", 7, 0)
    second = mined(eth, f"post:{JOB}", 7, 0, gas=2)
    (deed,) = deeds_of(client_of(eth))
    assert [one.hash for one in deed.attempts] == [second.hash, first.hash]
    eth.blocks.append([first.raw])
    losing(monkeypatch, 7)
    assert gone(client_of(eth), [deed]) == []


def test_what_is_not_final_is_told_with_the_blocks_that_must_still_come(eth: Eth) -> None:
    eth.blocks += [[] for _ in range(10)]
    made = [
        deed_of(eth, job=f"{block:02x}" * 32, block=block, nonce=block) for block in (7, 8, 10, 15)
    ]
    assert (
        list(unsettled(client_of(eth), made)) == []
    )  # on a local chain all is final, though a node lags
    with settings_of(confirmations="3", home=str(get_settings().home)):
        assert list(unsettled(client_of(eth), made)) == [
            (one, missing) for one, missing in zip(made[1:], (1, 3, 8), strict=True)
        ]
        assert list(unsettled(client_of(eth), [])) == []


# ---------------------------------------------------------------- what has to be done again

PREDICTION = {"data_hash": b"", "uri": b""}
FROM: list[tuple[type[Any], dict[str, Any], str, Any]] = [
    (prediction.Record, PREDICTION, "lock", prediction.State.OPEN),
    (prediction.Record, PREDICTION, "cancel", prediction.State.OPEN),
    (prediction.Record, PREDICTION, "deliver", prediction.State.LOCKED),
    (serving.Record, PREDICTION, "join", serving.State.OPEN),
    (serving.Record, PREDICTION, "cancel", serving.State.OPEN),
    (serving.Record, PREDICTION, "serve", serving.State.JOINED),
    (serving.Record, PREDICTION, "contest", serving.State.SERVED),
    (serving.Record, PREDICTION, "answer", serving.State.CONTESTED),
    (accuracy.Record, {"uri": b""}, "accept", accuracy.State.OPEN),
    (accuracy.Record, {"uri": b""}, "cancel", accuracy.State.OPEN),
    (accuracy.Record, {"uri": b""}, "reveal", accuracy.State.ACCEPTED),
    (accuracy.Record, {"uri": b""}, "submit", accuracy.State.PROVING),
    (accuracy.Record, {"uri": b""}, "dispute", accuracy.State.PROVING),
    (retrieval.Record, {"count": 1}, "accept", retrieval.State.OPEN),
    (retrieval.Record, {"count": 1}, "cancel", retrieval.State.OPEN),
    (retrieval.Record, {"count": 1}, "submit", retrieval.State.PROVING),
    (retrieval.Record, {"count": 1}, "dispute", retrieval.State.CLOSING),
]


def jobs_of(record: object | None = None, *, aside: bool = False) -> Any:
    known = {} if record is None else {bytes.fromhex(JOB): record}
    set_aside = {bytes.fromhex(JOB): "odd"} if aside else {}
    return SimpleNamespace(contract=RECEIVER, jobs=known, set_aside=set_aside)


def plain(kind: str, block: int = 7) -> Deed:
    return Deed("0x", RECEIVER, kind, bytes.fromhex(JOB), Block(block, HASH), ())


@pytest.mark.parametrize(("record", "fields", "kind", "state"), FROM)
def test_a_move_is_undone_in_the_state_that_it_starts_from_alone(
    record: type[Any], fields: dict[str, Any], kind: str, state: Any
) -> None:
    found = [
        one
        for one in type(state)
        if undone(jobs_of(record(job=None, posted_at=0, state=one, **fields)), plain(kind))
    ]
    assert found == [state]


@pytest.mark.parametrize("kind", ["settle", "refund"])
def test_an_end_is_undone_until_the_job_has_ended(kind: str) -> None:
    states = {
        state: undone(
            jobs_of(prediction.Record(job=None, posted_at=0, state=state, **PREDICTION)),  # type: ignore[arg-type]
            plain(kind),
        )
        for state in prediction.State
        if state is not prediction.State.NONE
    }
    open_ = {state for state, again in states.items() if again}
    assert open_ == {prediction.State.OPEN, prediction.State.LOCKED}


@pytest.mark.parametrize("kind", sorted(deeds.KINDS))
def test_of_a_job_that_is_not_there_only_the_posting_is_undone(kind: str) -> None:
    assert undone(jobs_of(), plain(kind)) is (kind == "post")
    assert undone(jobs_of(aside=True), plain(kind)) is False


def test_the_posting_of_a_job_that_is_there_is_done() -> None:
    for state in prediction.State:
        record = prediction.Record(job=None, posted_at=0, state=state, **PREDICTION)  # type: ignore[arg-type]
        assert undone(jobs_of(record), plain("post")) is False


def test_a_move_of_another_protocol_is_not_undone() -> None:
    record = prediction.Record(job=None, posted_at=0, **PREDICTION)  # type: ignore[arg-type]
    assert undone(jobs_of(record), plain("join")) is False


# ---------------------------------------------------------------- events that are old


def world_of(*jobs: Any) -> Any:
    return SimpleNamespace(protocols=jobs)


def test_the_jobs_of_a_contract_are_found_by_its_address() -> None:
    here, there = jobs_of(), SimpleNamespace(contract="0x")
    assert jobs_at(world_of(there, here), RECEIVER) is here
    assert jobs_at(world_of(there), RECEIVER) is None


@pytest.mark.parametrize("stands", [True, False])
def test_a_deed_that_stands_and_is_not_shown_tells_that_events_are_old(
    eth: Eth, monkeypatch: pytest.MonkeyPatch, stands: bool
) -> None:
    deed = deed_of(eth)
    monkeypatch.setattr(deeds, "stands", lambda _client, block: stands and block == deed.block)
    world = world_of(jobs_of())
    assert not_shown(client_of(eth), world, 0) == (deed if stands else None)
    assert not_shown(client_of(eth), world, 7) == (deed if stands else None)
    assert not_shown(client_of(eth), world, 8) is None
    assert not_shown(client_of(eth), world_of(), 0) is None
    shown = prediction.Record(job=None, posted_at=0, **PREDICTION)  # type: ignore[arg-type]
    assert not_shown(client_of(eth), world_of(jobs_of(shown)), 0) is None


def test_one_of_several_proofs_tells_nothing_of_its_kind(
    eth: Eth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round stays contested while other items are proven."""
    mined(eth, f"answer:{JOB}:0:4", 7, 0)
    monkeypatch.setattr(deeds, "stands", lambda _client, _block: True)
    contested = serving.Record(
        job=None,
        posted_at=0,
        state=serving.State.CONTESTED,
        **PREDICTION,  # type: ignore[arg-type]
    )
    assert not_shown(client_of(eth), world_of(jobs_of(contested)), 0) is None


# ---------------------------------------------------------------- may come, or came unreported


def test_a_command_was_done_only_while_the_job_is_where_it_brought_it(eth: Eth) -> None:
    locked = signed(eth, f"lock:{JOB}", 0)
    client, me, job_id = client_of(eth), str(ACCOUNT.address), bytes.fromhex(JOB)
    eth.blocks.append([locked.raw])
    found: dict[str, Deed | None] = {}
    for state in (prediction.State.OPEN, prediction.State.LOCKED, prediction.State.PAID):
        record = prediction.Record(job=None, posted_at=0, state=state, **PREDICTION)  # type: ignore[arg-type]
        found[state.name] = done_by(client, me, "lock", job_id, record)
    assert [name for name, deed in found.items() if deed is not None] == ["LOCKED"]


def test_what_was_signed_and_is_not_on_the_chain_is_on_its_way(eth: Eth) -> None:
    client = client_of(eth)
    assert on_the_way(client) == frozenset()
    pending, given_up = signed(eth, f"post:{JOB}", 0), signed(eth, f"post:{OTHER}", 1)
    assert on_the_way(client) == {bytes.fromhex(JOB), bytes.fromhex(OTHER)}
    journal_of().set_fate([given_up], Fate.GIVEN_UP)
    assert on_the_way(client) == {bytes.fromhex(JOB), bytes.fromhex(OTHER)}
    journal_of().set_fate([pending], Fate.REPLACED)
    assert on_the_way(client) == {bytes.fromhex(OTHER)}
    eth.blocks.append([pending.raw])
    assert on_the_way(client) == {bytes.fromhex(OTHER)}
    eth.blocks.append([b"another of nonce 1"])
    assert on_the_way(client) == frozenset()


def test_so_is_a_posting_that_a_reorganisation_took_away_until_its_nonce_is_used(
    eth: Eth, monkeypatch: pytest.MonkeyPatch
) -> None:
    mined(eth, f"post:{JOB}", 7, 0)
    mined(eth, f"accept:{OTHER}", 7, 1)
    losing(monkeypatch, 7)
    assert on_the_way(client_of(eth)) == {bytes.fromhex(JOB)}
    eth.blocks.append([b"another"])
    assert on_the_way(client_of(eth)) == frozenset()


def test_a_posting_that_was_interrupted_is_told_once_it_is_mined_and_before(eth: Eth) -> None:
    client, me = client_of(eth), str(ACCOUNT.address)
    assert unreported(client, me) == []
    first, other = signed(eth, f"post:{JOB}", 0), signed(eth, f"cancel:{OTHER}", 1)
    journal_of().set_fate([other], Fate.GIVEN_UP)
    assert [deed.job_id.hex() for deed in unreported(client, me)] == [JOB]
    assert unreported(client, RECEIVER) == []
    eth.blocks.append([first.raw])
    for _ in range(2):
        assert [deed.job_id.hex() for deed in unreported(client, me)] == [JOB]
    mark_reported(client, unreported(client, me))
    (attempt,) = journal_of().attempts(first.scope, me, first.action)
    assert (attempt.fate, attempt.block) == (Fate.MINED, 1)
    assert unreported(client, me) == []


def test_one_that_had_no_effect_or_is_excluded_is_not_told(eth: Eth) -> None:
    first, second = signed(eth, f"post:{JOB}", 0), signed(eth, f"post:{OTHER}", 1)
    eth.reverting.add(first.hash)
    eth.blocks.append([first.raw, b"another of nonce 1"])
    assert unreported(client_of(eth), str(ACCOUNT.address)) == []
    kept = journal_of().attempts(second.scope, second.sender, second.action)
    assert [one.fate for one in kept] == [Fate.PENDING]
