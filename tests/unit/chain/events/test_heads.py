"""The newest block, what is final and what is lost, on blocks in memory."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from hexbytes import HexBytes
from web3.exceptions import BlockNotFound, Web3RPCError

from prover.base.errors import ChainError
from prover.chain.events import finality
from prover.chain.events.finality import (
    Block,
    Head,
    Heads,
    block_at,
    final_block,
    final_seconds,
    hashes_at,
    lost_of,
    now_on,
    once_final,
    patience_of,
    seen,
    wait_final,
)
from prover.chain.node.client import Client
from tests.localchain import settings_of
from tests.unit.chain.fakenode import SECONDS, START, FakeNode
from tests.unit.chain.fakenode import Block as Served
from tests.unit.chain.sending.memory import Clock


@pytest.fixture
def clock(home: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(1, START + 10**6)
    monkeypatch.setattr(finality, "time", made)
    return made


def node_of(last: int) -> FakeNode:
    return FakeNode(map(Served, range(last + 1)))


def known(node: FakeNode, number: int) -> Block:
    one = node.blocks[number]
    return Block(number, one.hash, one.time)


def public(node: FakeNode) -> Client:
    return replace(node.client, chain_id=1)


def cut(node: FakeNode, last: int) -> None:
    """The node knows no block after this one."""
    node.blocks = {number: one for number, one in node.blocks.items() if number <= last}


# ---------------------------------------------------------------- the newest block


def test_the_newest_of_what_was_seen_and_what_is_known_already_binds(clock: Clock) -> None:
    node = node_of(9)
    ahead, behind = Block(11, b"\1" * 32, START * 2), Block(7, b"\1" * 32, START)
    assert Heads(node.client, behind).head() == Head(known(node, 9))
    assert Heads(node.client, ahead).head() == Head(known(node, 9), behind=True)


def test_another_block_of_the_same_number_is_not_older(clock: Clock) -> None:
    """A reorganisation of one block: nobody waits."""
    node = node_of(9)
    heads = Heads(node.client)
    heads.head()
    node.blocks[9] = Served(9, salt=b"other")
    assert heads.head() == Head(known(node, 9))
    assert seen(node.client) == known(node, 9)
    assert not clock.slept


@pytest.mark.parametrize("later", [0, 1])
def test_a_lower_block_is_older_unless_its_time_is_later(clock: Clock, later: int) -> None:
    node = node_of(9)
    time = node.blocks[9].time - later
    heads = Heads(public(node), Block(12, b"\1" * 32, time))
    assert heads.head() == Head(known(node, 9), behind=not later)


def test_a_block_whose_time_nobody_knows_is_not_outgrown(clock: Clock) -> None:
    node = node_of(9)
    assert Heads(public(node), Block(12, b"\1" * 32)).head().behind


@pytest.mark.parametrize(("chain", "patience"), [(31337, 5), (1, 60)])
def test_a_node_that_stays_behind_is_given_up_later_than_its_patience(
    clock: Clock, chain: int, patience: int
) -> None:
    node = node_of(9)
    client = replace(node.client, chain_id=chain)
    newest = Heads(client).head().block
    cut(node, 8)
    assert patience_of(client) == patience
    assert Heads(client).head() == Head(known(node, 8), behind=True)
    assert clock.slept == [0.1 if chain == 31337 else 2.0] * (patience + 1)
    assert seen(client) == (known(node, 8) if chain == 31337 else newest)


def test_a_block_that_is_seen_again_behind_the_latest_is_the_head(clock: Clock) -> None:
    """One node behind the address lags in its latest block, and has the newest all the same."""
    node = node_of(9)
    heads, serve = Heads(public(node)), node.eth_getBlockByNumber
    heads.head()

    def lagging(number: str, full: bool) -> Any:
        return serve("0x8" if number == "latest" else number, full)

    node.eth_getBlockByNumber = lagging  # type: ignore[method-assign]
    assert heads.head() == Head(known(node, 9))
    assert not clock.slept


def test_another_block_of_the_number_that_was_seen_is_not_that_block(clock: Clock) -> None:
    node = node_of(9)
    seen_before = replace(known(node, 9), hash=b"\1" * 32)
    serve = node.eth_getBlockByNumber

    def lagging(number: str, full: bool) -> Any:
        return serve("0x8" if number == "latest" else number, full)

    node.eth_getBlockByNumber = lagging  # type: ignore[method-assign]
    assert Heads(public(node), seen_before).head() == Head(known(node, 8), behind=True)


def test_a_higher_block_is_newer_than_one_whose_time_nobody_knows(clock: Clock) -> None:
    node = node_of(9)
    assert Heads(public(node), Block(7, b"\1" * 32)).head() == Head(known(node, 9))


@pytest.mark.parametrize("other", [b"\0" * 32, b"\xff" * 32])
def test_a_receipt_binds_to_its_own_block_whatever_the_node_has_there(
    clock: Clock, other: bytes
) -> None:
    node = node_of(9)
    Heads(public(node)).saw({"blockNumber": 9, "blockHash": other})  # type: ignore[typeddict-item]
    assert seen(public(node)) == Block(9, other, int(clock.time()))


def test_a_receipt_of_a_block_that_nobody_has_binds_until_the_chain_is_older(clock: Clock) -> None:
    """A node that made it up would else bind all honest ones for ever."""
    node, clock.began = node_of(9), START + 9 * SECONDS + 1
    Heads(public(node)).saw({"blockNumber": 2**40, "blockHash": b"\1" * 32})  # type: ignore[typeddict-item]
    assert Heads(public(node)).head().behind
    node.blocks[10] = Served(10)
    assert not Heads(public(node)).head().behind
    assert not Heads(public(node)).head().behind


def test_a_block_without_a_time_is_not_remembered(clock: Clock) -> None:
    client = public(node_of(9))
    finality._write(client, Block(2**40, b"\1" * 32, 0))
    assert seen(client) is None
    finality._store().see(client.scope, 2**40, b"\1" * 32, 0, back=False)  # as earlier versions
    assert seen(client) is None


@pytest.mark.parametrize(("ahead", "kept"), [(900, True), (901, False)])
def test_a_block_a_quarter_of_an_hour_ahead_may_be_there(
    clock: Clock, ahead: int, kept: bool
) -> None:
    client, block = public(node_of(0)), Block(7, b"\1" * 32, int(clock.time()) + ahead)
    finality._write(client, block)
    assert seen(client) == (block if kept else None)


def test_the_greatest_number_that_the_store_holds_is_kept(clock: Clock) -> None:
    client = node_of(0).client
    for block in (Block(2**63 - 1, b"\1" * 32, 1), Block(1, b"\1" * 32, 2**63 - 1)):
        finality._write(client, block, back=True)
        assert seen(client) == block


def test_what_is_seen_is_written_down_once(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    node, written, write = node_of(9), list[int](), finality._write

    def counted(client: Client, block: Block, *, back: bool = False) -> None:
        written.append(block.number)
        write(client, block, back=back)

    monkeypatch.setattr(finality, "_write", counted)
    heads = Heads(node.client)
    for _ in range(3):
        heads.head()
    node.blocks[10] = Served(10)
    heads.head()
    heads.saw({"blockNumber": 4, "blockHash": node.blocks[4].hash})  # type: ignore[typeddict-item]
    assert written == [9, 10]
    assert heads.head().block == known(node, 10)


def test_a_receipt_of_a_newer_block_than_the_node_has_binds(clock: Clock) -> None:
    node = node_of(9)
    heads = Heads(public(node))
    told = heads.saw({"blockNumber": 10, "blockHash": b"\1" * 32})  # type: ignore[typeddict-item]
    assert told == Block(10, b"\1" * 32)
    assert heads.head().behind


def test_the_time_is_the_latest_of_both(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    node = node_of(9)
    client = node.client
    assert now_on(client) == client.now() == START + 9 * SECONDS
    Heads(client).head()
    cut(node, 5)
    assert now_on(client) == START + 9 * SECONDS
    assert client.now() == START + 5 * SECONDS


# ---------------------------------------------------------------- what is lost


def forked(block: Block) -> Block:
    return replace(block, hash=b"\1" * 32)


@pytest.mark.parametrize("distance", [63, 64, 65])
def test_each_recent_block_is_looked_at_and_a_deeper_one_answers_for_those_below(
    clock: Clock, distance: int
) -> None:
    node = node_of(200)
    top, other, below = known(node, 190), forked(known(node, 190 - distance)), known(node, 100)
    assert lost_of(node.client, [below, top, other]) == {other}
    status = known(node, 120)
    found = lost_of(node.client, [top, status, forked(known(node, 119))])
    assert found == set()
    assert lost_of(node.client, [top, forked(status), forked(known(node, 119)), below]) == {
        forked(status),
        forked(known(node, 119)),
    }


def test_two_epochs_are_recent(clock: Clock) -> None:
    """A block that stands answers for one below it if it is 64 blocks deep, and not before."""
    node = node_of(200)
    top = known(node, 190)
    assert lost_of(node.client, [top, known(node, 126), forked(known(node, 125))]) == set()
    below = forked(known(node, 126))
    assert lost_of(node.client, [top, known(node, 127), below]) == {below}


def test_recent_ones_answer_for_themselves_alone(clock: Clock) -> None:
    node = node_of(200)
    blocks = [
        known(node, 190),
        forked(known(node, 189)),
        known(node, 188),
        forked(known(node, 127)),
    ]
    assert lost_of(node.client, blocks) == {blocks[1], blocks[3]}
    assert lost_of(node.client, [*blocks[:3], forked(known(node, 126))]) == {
        blocks[1],
        forked(known(node, 126)),
    }
    both = [known(node, 190), forked(known(node, 190))]
    assert lost_of(node.client, both) == {both[1]}


def test_a_rollup_looks_as_deep_as_its_blocks_become_final(clock: Clock) -> None:
    node = node_of(200)
    rollup = replace(node.client, chain_id=42_161)
    wrong = [forked(known(node, 20)), forked(known(node, 10))]
    assert lost_of(rollup, [known(node, 190), wrong[0], known(node, 15), wrong[1]]) == set(wrong)
    assert lost_of(node.client, [known(node, 190), known(node, 15), wrong[1]]) == set()


def test_a_block_that_is_no_block_has_no_hash() -> None:
    answers = [{"hash": "0x" + "07" * 32}, None, {}, {"hash": None}, {"hash": "0xzz"}, "0x07"]
    node = node_of(0)
    node.eth_getBlockByNumber = lambda _number, _full: answers.pop(0)  # type: ignore[method-assign]
    assert hashes_at(node.client, range(6)) == [b"\7" * 32, None, None, None, None, None]


# ---------------------------------------------------------------- what is final


class Eth:
    """A chain that grows by a block with each wait; `called`: what its node calls final."""

    def __init__(self, head: int, called: int | Exception) -> None:
        self.head, self.called = head, called

    def get_block(self, which: int | str) -> Any:
        if which == "finalized" and isinstance(self.called, Exception):
            raise self.called
        number = {"latest": self.head, "finalized": self.called}.get(which, which)
        if not isinstance(number, int) or number > self.head:
            raise BlockNotFound("none")
        return {"number": number, "hash": HexBytes(bytes([number])), "timestamp": number}

    def client(self, chain: int = 1) -> Client:
        return Client(SimpleNamespace(eth=self), chain, f"{chain}:00")  # type: ignore[arg-type]

    def grow(self) -> None:
        self.head += 1


@pytest.mark.parametrize(
    ("called", "final"),
    [
        (30, 30),
        (99, 36),
        (0, 0),
        (BlockNotFound("none"), 36),
        (Web3RPCError("what is finalized?"), 36),
    ],
)
def test_final_is_the_older_of_what_is_deep_enough_and_what_is_called_so(
    home: Path, called: int | Exception, final: int
) -> None:
    eth = Eth(100, called)
    assert final_block(eth.client()) == final
    assert final_block(eth.client(31337)) == 100
    assert final_block(eth.client(), 0) == 100
    with settings_of(confirmations="0", home=str(home)):
        assert final_block(eth.client()) == 100
        assert final_block(eth.client(), 7) == 93
        assert final_seconds(eth.client()) == 0
    with settings_of(confirmations="3", home=str(home)):
        assert final_seconds(eth.client()) == 36


def test_a_node_that_falls_silent_calls_nothing_final(home: Path) -> None:
    with pytest.raises(ChainError, match="does not answer"):
        final_block(Eth(100, requests.ConnectionError()).client())


def test_a_block_that_is_not_there_is_none_and_one_that_is_not_told_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    eth = Eth(100, 0)
    assert block_at(eth.client(), 100) == Block(100, b"\x64", 100)
    assert block_at(eth.client(), 101) is None

    def silent(_which: Any) -> Any:
        raise requests.ConnectionError

    monkeypatch.setattr(eth, "get_block", silent)
    with pytest.raises(ChainError, match="does not answer"):
        block_at(eth.client(), 100)


def test_a_progress_is_told_when_it_changes(clock: Clock) -> None:
    eth, told, waits = Eth(100, 0), list[str](), iter(range(99))
    clock.then = lambda: eth.grow() if next(waits) % 2 else None
    wait_final(eth.client(), 100, 2, told.append)
    assert told == [f"waiting for finality: {missing} blocks to go" for missing in (2, 1)]
    assert clock.slept == [2.0] * 4
    wait_final(eth.client(), 100, 2, told.append)
    wait_final(eth.client(), 99, 2)
    assert len(told) == 2


def test_what_is_final_when_it_is_looked_at_again_is_read_at_the_newest_final_block(
    clock: Clock,
) -> None:
    eth, looks = Eth(100, 0), iter([98, 99, 99, 99, 97, 97])
    clock.then = eth.grow
    with settings_of(confirmations="2"):
        assert once_final(eth.client(), lambda: next(looks), "gone") == 99
        assert eth.head == 101
        assert once_final(eth.client(), lambda: next(looks), "gone") == 99
