"""Secrets wait until the other side's move is buried deep enough."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ChainError, UsageError
from prover.base.settings import get_settings
from prover.chain.events import finality
from prover.chain.events.finality import (
    Block,
    Heads,
    block_at,
    confirmations,
    final_block,
    final_seconds,
    lost_of,
    newest_block,
    now_on,
    once_final,
    seen,
    stands,
    wait_final,
)
from tests.latenode import late_node
from tests.localchain import Chain, settings_of


def head(chain: Chain) -> int:
    return int(chain.client.block()["number"])


def test_a_local_chain_is_final_at_once_and_others_after_two_epochs(chain: Chain) -> None:
    assert confirmations(chain.client) == 0
    assert confirmations(replace(chain.client, chain_id=1)) == 64
    assert final_seconds(replace(chain.client, chain_id=1)) == 768
    assert confirmations(replace(chain.client, chain_id=42_161)) == 4_800
    assert final_seconds(replace(chain.client, chain_id=42_161)) == 1_200
    with settings_of(confirmations="3"):
        assert confirmations(chain.client) == 3
    wait_final(chain.client, head(chain))


def test_waiting_ends_with_the_last_block_that_is_wanted(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, told = head(chain), list[str]()
    monkeypatch.setattr(finality.time, "sleep", lambda _seconds: chain.rpc("evm_mine"))
    wait_final(chain.client, start, 2, told.append)
    assert head(chain) == start + 2
    assert told == [f"waiting for finality: {missing} blocks to go" for missing in (2, 1)]


@pytest.mark.parametrize(
    ("called", "depth", "final"),
    [
        (30, None, 30),  # a rollup whose blocks Ethereum does not have yet
        (99, None, 36),  # a node that calls final what may still go
        (None, None, 36),  # one that does not know the word
        (30, 2, 98),  # the caller says how many
    ],
)
def test_final_is_what_is_deep_enough_and_what_the_node_calls_final(
    chain: Chain,
    monkeypatch: pytest.MonkeyPatch,
    called: int | None,
    depth: int | None,
    final: int,
) -> None:
    monkeypatch.setattr(finality, "_called_final", lambda _client: called)
    chain.rpc("anvil_mine", hex(100 - head(chain)))
    public = replace(chain.client, chain_id=1)
    assert final_block(public, depth) == final
    assert final_block(chain.client) == 100
    if depth is None:
        block = block_at(public, final)
        assert block is not None
        assert Heads(public).is_final(block)
        above = block_at(public, final + 1)
        assert above is not None
        assert not Heads(public).is_final(above)
    with settings_of(confirmations="3"):
        assert final_block(public) == 97


def test_the_node_is_asked_what_it_calls_final(chain: Chain) -> None:
    chain.rpc("anvil_mine", hex(100 - head(chain)))
    assert final_block(replace(chain.client, chain_id=1)) <= 36
    assert finality._called_final(chain.client) in range(101)


@pytest.mark.parametrize("value", ["soon", "-1"])
def test_a_wrong_number_of_confirmations_is_said(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKESCROW_CONFIRMATIONS", value)
    get_settings.cache_clear()
    with pytest.raises(UsageError, match=f"ZKESCROW_CONFIRMATIONS is '{value}'"):
        get_settings()


# ---------------------------------------------------------------- what a secret rests on


class Report:
    """Where something stands, look by look; the last answer stays."""

    def __init__(self, *blocks: int | None) -> None:
        self.blocks = list(blocks)

    def __call__(self) -> int | None:
        return self.blocks.pop(0) if len(self.blocks) > 1 else self.blocks[0]


def mining(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finality.time, "sleep", lambda _seconds: chain.rpc("evm_mine"))


def test_a_secret_rests_on_the_newest_final_block(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = head(chain)
    mining(chain, monkeypatch)
    with settings_of(confirmations="3"):
        assert once_final(chain.client, Report(start), "gone") == start
        assert head(chain) == start + 3
        chain.rpc("anvil_mine", 5)
        assert once_final(chain.client, Report(start), "gone") == start + 5


def test_what_moves_to_a_later_block_is_waited_for_there(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = head(chain)
    mining(chain, monkeypatch)
    with settings_of(confirmations="2"):
        assert once_final(chain.client, Report(start, start + 4), "gone") == start + 4
    assert head(chain) == start + 6


@pytest.mark.parametrize("blocks", [(None,), (1, None)])
def test_what_is_gone_is_told(chain: Chain, blocks: tuple[int | None, ...]) -> None:
    with pytest.raises(ChainError, match="it is gone"):
        once_final(chain.client, Report(*blocks), "it is gone")


# ---------------------------------------------------------------- blocks that were seen


def block(chain: Chain) -> Block:
    return Block.of(chain.client.block())


def test_a_block_stands_until_it_is_replaced(chain: Chain) -> None:
    chain.rpc("anvil_mine", 2)
    seen = block(chain)
    assert stands(chain.client, seen)
    assert not stands(chain.client, replace(seen, hash=b"\1" * 32))
    assert not stands(chain.client, replace(seen, number=seen.number + 1))
    assert block_at(chain.client, seen.number + 1) is None


def test_the_head_is_the_latest_block(chain: Chain) -> None:
    heads = Heads(chain.client)
    assert heads.head().block == block(chain)
    chain.rpc("evm_mine")
    assert heads.head().block == block(chain)
    assert not heads.head().behind


def receipt_of(seen: Block) -> dict[str, object]:
    return {"blockNumber": seen.number, "blockHash": seen.hash}


def test_a_node_that_lags_is_asked_for_the_block_that_was_seen(chain: Chain) -> None:
    chain.rpc("anvil_mine", 2)
    with late_node(chain.url) as (node, client):
        heads = Heads(client)
        seen = block(chain)
        heads.saw(receipt_of(seen))  # type: ignore[arg-type]
        node.late = 1
        assert heads.head().block == seen
        assert node.told


def test_a_node_that_lags_is_waited_for(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.rpc("anvil_mine", 2)
    with late_node(chain.url) as (node, client):
        seen = block(chain)
        node.late, node.hides = 1, True
        waited: list[float] = []

        def caught_up(seconds: float) -> None:
            waited.append(seconds)
            node.late = 0

        monkeypatch.setattr(finality.time, "sleep", caught_up)
        found = Heads(client, seen).head()
        assert (found.block, found.behind) == (seen, False)
        assert waited == [finality.LOCAL_POLL_SECONDS]


def test_a_node_that_stays_behind_is_said_to_be(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.0)
    chain.rpc("anvil_mine", 2)
    seen = block(chain)
    with late_node(chain.url) as (node, client):
        node.late, node.hides = 1, True
        found = Heads(client, seen).head()
    assert found.behind
    assert found.block.number == seen.number - 1


def test_what_one_command_saw_binds_the_next(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that lags is refused in one sentence; on a local chain it was put back."""
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.0)
    monkeypatch.setattr(finality, "BEHIND_SECONDS", 0.0)
    chain.rpc("anvil_mine", 2)
    newest = newest_block(chain.client)
    with late_node(chain.url) as (node, client):
        assert newest_block(client) == newest
        node.late, node.hides = 1, True
        with pytest.raises(ChainError, match=f"and block {newest.number} was seen before: it lags"):
            newest_block(replace(client, chain_id=1))
        assert seen(client) == newest
        assert newest_block(client).number == newest.number - 1
        assert seen(client) == block_at(chain.client, newest.number - 1)
        node.late = 0
        assert newest_block(replace(client, chain_id=1)) == newest


def test_a_block_that_a_node_made_up_binds_others_only_until_the_chain_is_later(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One false answer would else stop all commands on the chain for ever."""
    monkeypatch.setattr(finality, "BEHIND_SECONDS", 0.3)
    monkeypatch.setattr(finality, "POLL_SECONDS", 0.1)
    public, latest = replace(chain.client, chain_id=1), block(chain)
    finality._write(public, Block(10**9, b"\1" * 32, latest.time))
    with pytest.raises(ChainError, match=r"block 1000000000 was seen before: it lags"):
        newest_block(public)
    chain.pass_time(1)
    assert newest_block(public) == block(chain) == seen(public)


def test_a_block_of_the_future_is_not_remembered(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = replace(chain.client, chain_id=1)
    now = block(chain).time
    monkeypatch.setattr(finality.time, "time", lambda: now - finality.AHEAD_SECONDS)
    known = newest_block(public)
    assert seen(public) == known
    chain.pass_time(1)
    assert newest_block(public) == block(chain) != known
    assert seen(public) == known


@pytest.mark.parametrize("block", [Block(2**63, b"\1" * 32, 1), Block(1, b"\1" * 32, 2**63)])
def test_a_number_that_no_store_holds_is_not_remembered(chain: Chain, block: Block) -> None:
    known = newest_block(chain.client)
    finality._write(chain.client, block, back=True)
    assert seen(chain.client) == known


def test_a_receipts_block_is_remembered_with_its_time(chain: Chain) -> None:
    public, latest = replace(chain.client, chain_id=1), block(chain)
    Heads(public).saw(receipt_of(latest))  # type: ignore[arg-type]
    assert seen(public) == latest
    gone = Block(latest.number, b"\1" * 32)
    Heads(public).saw(receipt_of(gone))  # type: ignore[arg-type]
    found = seen(public)
    assert found is not None
    assert (found.number, found.hash) == (gone.number, gone.hash)
    assert found.time <= time.time()


def test_a_block_whose_time_is_not_known_is_not_outgrown(chain: Chain) -> None:
    """On a local chain: a receipt's block that the node does not give has no time."""
    latest = block(chain)
    heads = Heads(chain.client)
    heads.saw(receipt_of(Block(latest.number + 5, b"\1" * 32)))  # type: ignore[arg-type]
    heads.saw(receipt_of(latest))  # type: ignore[arg-type]
    newest = seen(chain.client)
    assert newest is not None
    assert newest.number == latest.number + 5


def test_what_is_sent_has_two_blocks_of_ethereum_to_be_mined() -> None:
    ethereum: Any = SimpleNamespace(chain_id=1, local=False)
    block = finality.final_seconds(ethereum) / finality.confirmations(ethereum)
    assert 2 * block == finality.SEND_SECONDS


def test_time_does_not_go_back(chain: Chain) -> None:
    chain.pass_time(1000)
    newest = newest_block(chain.client)
    with late_node(chain.url) as (node, client):
        node.late = 1
        assert client.now() < newest.time
        assert now_on(client) >= newest.time


def test_a_block_of_another_branch_is_lost_although_a_later_one_stands(chain: Chain) -> None:
    chain.rpc("anvil_mine", 3)
    known = [block_at(chain.client, head(chain) - back) for back in (2, 1, 0)]
    first, second, third = (one for one in known if one is not None)
    other = replace(second, hash=b"\1" * 32)
    assert lost_of(chain.client, [first, other, third]) == {other}
    assert lost_of(chain.client, [first, second, third]) == set()
    deep = [replace(first, hash=b"\1" * 32), second]
    chain.rpc("anvil_mine", 100)
    assert lost_of(chain.client, [*deep, block(chain)]) == set()  # one that stands answers for them
    assert lost_of(chain.client, [deep[0]]) == {deep[0]}


def test_a_block_is_final_when_enough_lie_on_it(chain: Chain) -> None:
    seen = block(chain)
    with settings_of(confirmations="2"):
        heads = Heads(chain.client)
        for buried in (False, False, True):
            assert heads.is_final(seen) is buried
            chain.rpc("evm_mine")
