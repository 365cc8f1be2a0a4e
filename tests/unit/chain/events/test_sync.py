"""The event store: little is asked, and what it gives is what the chain tells now."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from prover.base.errors import ChainError, StoreDamaged
from prover.chain.events import finality, sync
from prover.chain.events.log import Log
from prover.chain.events.reading import fetch_events
from prover.chain.events.store import FILE, opened
from prover.chain.events.sync import TAIL_BLOCKS, read_logs, source_of
from prover.chain.state import replay
from prover.chain.state.replay import load_world
from prover.protocol.events import ZERO_ADDRESS as ETH
from prover.protocol.prediction.state import State
from prover.protocol.world import Finding
from tests.unit.chain.fakenode import (
    CONSUMER,
    FIRST,
    Block,
    FakeNode,
    chain,
    deployment,
    jobs,
    posted_in,
    registered,
)

HERE = deployment()
JOBS = 60  # three blocks each, and six events


def logs_of(node: FakeNode, last: int | None = None) -> list[Log]:
    return list(read_logs(node.client, HERE, last))


def requests_for(node: FakeNode, work: Callable[[], Any]) -> int:
    before = node.requests
    work()
    return node.requests - before


@pytest.fixture(autouse=True)
def fresh(home: Path) -> None:
    replay._loaded.clear()


def test_what_was_read_once_is_not_read_again() -> None:
    node = FakeNode(chain(JOBS))
    first = logs_of(node)
    assert len(first) == 6 * JOBS + 2
    ranges: list[tuple[int, int]] = []
    serve = node.eth_getLogs
    node.eth_getLogs = lambda query: (ranges.append(query), serve(query))[1]  # type: ignore[method-assign]
    assert logs_of(node) == first
    ((asked),) = ranges
    assert int(asked["fromBlock"], 16) == max(node.blocks) - TAIL_BLOCKS + 1


@pytest.mark.parametrize("count", [1, JOBS, 4 * JOBS])
def test_a_world_takes_a_handful_of_requests_however_long_its_history(count: int) -> None:
    node = FakeNode(chain(count))
    load_world(node.client, HERE)
    replay._loaded.clear()  # as another process
    assert requests_for(node, lambda: load_world(node.client, HERE)) <= 4
    world = load_world(node.client, HERE)
    assert requests_for(node, lambda: load_world(node.client, HERE)) == 1
    assert {one.state for one in world.prediction.jobs.values()} == {State.PAID}
    assert len(world.prediction.jobs) == count
    assert world.findings == ()


def test_the_first_time_takes_one_request_for_each_range() -> None:
    node = FakeNode(chain(JOBS))
    assert requests_for(node, lambda: logs_of(node)) <= 4
    assert node.asked["eth_getLogs"] == 1


def test_times_that_the_node_leaves_out_are_asked_for_together() -> None:
    stamped, plain = FakeNode(chain(JOBS)), FakeNode(chain(JOBS), stamped=False)
    plain.endpoint_uri = "http://plain.invalid"
    expected = logs_of(stamped)
    assert requests_for(plain, lambda: logs_of(plain)) <= 4 + 2 * (3 * JOBS + 1) // 100
    assert logs_of(plain) == expected


@pytest.fixture
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that became shorter is not waited for."""
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.0)
    monkeypatch.setattr(finality, "LOCAL_POLL_SECONDS", 0.0)


@pytest.mark.usefixtures("_no_patience")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.integers(0, 130), st.integers(0, 3), st.integers(-40, 90))
def test_after_any_reorganisation_it_is_what_a_new_reader_gets(
    depth: int, kept: int, more: int
) -> None:
    """A fork of any depth, with other jobs, shorter or longer than what it replaced."""
    before = chain(40)
    top = before[-1].number
    node = FakeNode(before)
    node.endpoint_uri = f"http://{depth}-{kept}-{more}.invalid"
    logs_of(node)
    base = max(top - depth, FIRST)
    fork = [Block(one.number, one.transactions, b"fork") for one in jobs(kept, base + 1)]
    empty = range(base + 1 + len(fork), max(base + 2, top + more))
    fork += [Block(number, salt=b"fork") for number in empty]
    node.blocks = {one.number: one for one in before if one.number <= base}
    node.blocks |= {one.number: one for one in fork}
    found = logs_of(node)
    other = FakeNode(node.blocks.values())
    other.endpoint_uri = node.endpoint_uri + "/new"
    assert found == logs_of(other)
    assert logs_of(node) == found


def test_an_earlier_block_is_served_from_what_is_stored() -> None:
    node = FakeNode(chain(JOBS))
    everything = logs_of(node)
    for last in (FIRST, 50, max(node.blocks)):
        assert logs_of(node, last) == [log for log in everything if log.block <= last]
    assert logs_of(node) == everything


def test_a_chain_that_moves_while_it_is_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    node = FakeNode(chain(10))
    other = [Block(one.number, one.transactions, b"other") for one in chain(10)]
    honest = sync.fetch_pages

    def moving(*arguments: Any) -> Any:
        pages = list(honest(*arguments))
        node.blocks = {one.number: one for one in other}
        return pages

    monkeypatch.setattr(sync, "fetch_pages", moving)
    assert {log.block_hash for log in logs_of(node)} <= {one.hash for one in other}


def test_logs_of_a_branch_that_was_left_meanwhile_are_not_stored() -> None:
    """Nothing would ever show it: the cursor would stand on the new branch."""
    length = TAIL_BLOCKS + 40
    node = FakeNode(chain(length))
    other = [Block(one.number, one.transactions, b"other") for one in chain(length)]
    serve, turned = node.eth_getLogs, list[bool]()

    def left(*arguments: Any) -> Any:
        found = serve(*arguments)
        if not turned:
            turned.append(True)
            node.blocks = {one.number: one for one in other}
        return found

    node.eth_getLogs = left  # type: ignore[method-assign]
    assert {log.block_hash for log in logs_of(node)} <= {one.hash for one in other}
    assert {log.block_hash for log in logs_of(node)} <= {one.hash for one in other}
    assert turned


def test_a_chain_that_never_rests_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    node, salts = FakeNode(chain(5)), iter(range(100))
    honest = sync.fetch_pages

    def restless(*arguments: Any) -> Any:
        pages, salt = list(honest(*arguments)), bytes([next(salts)])
        node.blocks = {one.number: Block(one.number, one.transactions, salt) for one in chain(5)}
        return pages

    monkeypatch.setattr(sync, "fetch_pages", restless)
    with pytest.raises(ChainError, match="reorganised 3 times"):
        logs_of(node)


def test_what_one_node_told_is_not_believed_of_another() -> None:
    liar, honest = FakeNode(chain(JOBS)), FakeNode(chain(JOBS))
    liar.endpoint_uri = "http://liar.invalid"
    liar.eth_getLogs = lambda _query: []  # type: ignore[method-assign]
    assert logs_of(liar) == []
    assert len(logs_of(honest)) == 6 * JOBS + 2


def test_a_first_reading_that_stopped_goes_on_where_it_was(home: Path) -> None:
    node = FakeNode(chain(JOBS), limit=20)
    serve, asked = node.eth_getLogs, [0]

    def failing(query: Any) -> Any:
        asked[0] += 1
        if asked[0] > 10:
            raise ChainError("gone")
        return serve(query)

    node.eth_getLogs = failing  # type: ignore[method-assign]
    with pytest.raises(ChainError, match="gone"):
        logs_of(node)
    node.eth_getLogs = serve  # type: ignore[method-assign]
    cursor = opened(home / FILE).cursor(source_of(node.client, HERE))
    assert cursor is not None
    assert len(logs_of(node)) == 6 * JOBS + 2


@pytest.mark.parametrize("damage", ["content", "head"])
def test_a_damaged_file_is_made_anew(home: Path, damage: str) -> None:
    node = FakeNode(chain(JOBS))
    expected = logs_of(node)
    path = home / "events.sqlite"
    opened(path)._engine.dispose()
    opened.cache_clear()  # as another process
    content = bytearray(path.read_bytes())
    content = {
        "head": bytearray(b"not a database at all" * 100),
        "content": content[:100] + bytearray(b"\xff" * (len(content) - 100)),
    }[damage]
    path.write_bytes(bytes(content))
    with capture_logs() as told:
        assert logs_of(node) == expected
        assert logs_of(node) == expected
    assert [one["event"] for one in told] == ["all events are read from the node again"]


def test_a_source_that_is_forgotten_is_read_again(home: Path) -> None:
    node = FakeNode(chain(JOBS))
    expected = logs_of(node)
    assert sync.forget(node.client, HERE)
    assert not sync.forget(node.client, HERE)
    node.asked.clear()
    assert logs_of(node) == expected
    assert opened(home / FILE).cursor(source_of(node.client, HERE)) is not None


def test_events_come_in_the_order_of_the_chain() -> None:
    events = list(fetch_events(FakeNode(chain(3)).client, HERE))
    places = [(one.block, one.index) for one in events]
    assert places == sorted(places)
    assert len(places) == 20


def test_what_another_command_stores_before_a_reading_is_used_does_not_change_it() -> None:
    """One that began earlier, with an earlier head, ends between the reading and its use."""
    node = FakeNode(chain(JOBS))
    top, serve = max(node.blocks), node.eth_getLogs
    readings: list[Any] = []

    def meanwhile(query: Any) -> Any:
        node.eth_getLogs = serve  # type: ignore[method-assign]
        readings.append(read_logs(node.client, HERE))
        return serve(query)

    node.eth_getLogs = meanwhile  # type: ignore[method-assign]
    earlier = logs_of(node, top - 20)
    assert len(list(readings[0])) == 6 * JOBS + 2
    assert earlier == [log for log in logs_of(node) if log.block <= top - 20]


def test_a_store_that_is_made_anew_while_it_is_read_into_has_no_hole(home: Path) -> None:
    """Another command found it damaged: what was stored before is read again."""
    node = FakeNode(chain(JOBS), limit=20)
    serve, asked = node.eth_getLogs, [0]

    def losing(query: Any) -> Any:
        asked[0] += 1
        if asked[0] == 10:
            opened(home / FILE)._make_anew(StoreDamaged("as it was found"))
        return serve(query)

    node.eth_getLogs = losing  # type: ignore[method-assign]
    assert len(logs_of(node)) == 6 * JOBS + 2
    assert len(logs_of(node)) == 6 * JOBS + 2


def test_commands_that_read_at_once_leave_no_hole_where_each_stops() -> None:
    """Two take turns at each page; the one that lags is interrupted, and the other goes on."""
    node = FakeNode(chain(JOBS), limit=20)
    one_by_one, serve = threading.Semaphore(0), node.eth_getLogs
    steps = {"slow": threading.Semaphore(0), "fast": threading.Semaphore(0)}
    failed: list[BaseException] = []

    def stepping(query: Any) -> Any:
        name = threading.current_thread().name
        found = serve(query)
        if name in steps and isinstance(found, list):
            one_by_one.release()
            steps[name].acquire()
            if stopped.get(name):
                raise ChainError("interrupted")
        return found

    def reading() -> None:
        try:
            logs_of(node)
        except ChainError as error:
            failed.append(error)

    stopped: dict[str, bool] = {}
    node.eth_getLogs = stepping  # type: ignore[method-assign]
    threads = {name: threading.Thread(target=reading, name=name) for name in steps}
    for thread in threads.values():
        thread.start()
        one_by_one.acquire()
    for name in ("fast", "fast", "fast", "slow", "fast"):
        steps[name].release()
        one_by_one.acquire()
    stopped.update(slow=True, fast=True)
    for name, thread in threads.items():
        steps[name].release()
        thread.join()
    node.eth_getLogs = serve  # type: ignore[method-assign]
    assert len(failed) == 2
    assert len(logs_of(node)) == 6 * JOBS + 2


def test_what_makes_no_sense_is_told_once_and_not_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Strangers can post odd jobs without number; the audit tells of all of them."""
    monkeypatch.setattr(replay, "_SHOWN", set[Finding]())
    odd = [posted_in(ETH, CONSUMER, nonce)[:1] for nonce in range(replay._MAX_SHOWN + 5)]
    node = FakeNode([Block(0), Block(FIRST, [registered()]), Block(FIRST + 1, odd)])
    with capture_logs() as told:
        world = load_world(node.client, HERE)
        replay._loaded.clear()
        load_world(node.client, HERE)
    assert len(world.findings) == len(odd)
    names = [f"job 0x{job_id.hex()}" for job_id in world.prediction.set_aside]
    assert [line.get("where") for line in told] == [*names[: replay._MAX_SHOWN], None]
    assert "`zkescrow audit replay` tells all of it" in told[-1]["event"]
