"""A node that left events out when they were read and stored: the client sees it, and heals."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from prover.base.errors import ChainError
from prover.base.settings import get_settings
from prover.chain.accounts import anvil_account
from prover.chain.events import finality
from prover.chain.events.sync import TAIL_BLOCKS
from prover.chain.sending.fees import Fees
from prover.chain.sending.journal import Attempt, Fate, Journal
from prover.chain.sending.pool import Pool
from prover.chain.state import replay
from prover.chain.state.replay import load_held, load_world
from prover.clients.common.jobs import kinds
from prover.clients.common.jobs.choosing import Wanted, find_on
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.prediction.state import State
from tests.unit.chain.fakenode import AT, FIRST, JOB_VIEW, PREDICTION, FakeNode, chain, deployment

HERE = deployment()
FAR = 40  # jobs of three blocks each: the first one's are no longer read each time
EARLIER = "0x" + "11" * 20  # where contracts were deployed before
POSTED, LOCKED = FIRST + 1, FIRST + 2


class Forgetful(FakeNode):
    """Leaves out what `hides` is true for; its views tell what the events of all tell."""

    def __init__(self) -> None:
        super().__init__(chain(FAR))
        assert max(self.blocks) > LOCKED + TAIL_BLOCKS
        self.hides = lambda _log: False
        self.honest = load_world(FakeNode(chain(FAR)).client, HERE).prediction.jobs
        self.first = min(self.honest, key=lambda one: self.honest[one].posted_at)
        replay._loaded.clear()

    def eth_getLogs(self, query: Any) -> Any:
        return [log for log in super().eth_getLogs(query) if not self.hides(log)]

    def eth_call(self, call: Any, block: Any) -> Any:
        if not call["data"].startswith(JOB_VIEW):
            return super().eth_call(call, block)
        record = self.honest.get(bytes.fromhex(call["data"][10:]))
        told = (record.state, record.payee, record.deadline) if record else (0, ZERO_ADDRESS, 0)
        return "0x" + encode(["uint256", "address", "uint256"], told).hex()

    def forget_first(self, blocks: range) -> None:
        """Leave the first job's events of these blocks out."""
        topic = "0x" + self.first.hex()
        self.hides = lambda log: topic in log["topics"] and int(log["blockNumber"], 16) in blocks

    def read_once_then_honest(self) -> None:
        """It is read, and stored, while it hides; then it hides nothing more."""
        load_world(self.client, HERE)
        replay._loaded.clear()  # as another process
        self.hides = lambda _log: False


@pytest.fixture
def node(home: Path, monkeypatch: pytest.MonkeyPatch) -> Forgetful:
    monkeypatch.setattr(finality, "LOCAL_BEHIND_SECONDS", 0.0)
    replay._loaded.clear()
    node = Forgetful()
    node.endpoint_uri = "http://forgetful.invalid"
    return node


@pytest.mark.parametrize(
    "blocks", [range(POSTED, LOCKED + 9), range(LOCKED + 1, LOCKED + 2), range(POSTED, LOCKED)]
)
def test_a_job_is_not_shown_otherwise_than_its_contract_has_it(
    node: Forgetful, blocks: range
) -> None:
    """All of its events are missing, the last, or its posting alone, which sets it aside."""
    node.forget_first(blocks)
    node.read_once_then_honest()
    found = load_world(node.client, HERE).prediction.jobs.get(node.first)
    assert found is None or found.state is not State.PAID  # what was stored stays so
    world = load_held(node.client, HERE, [(AT[PREDICTION], node.first)])
    assert world.prediction.jobs == node.honest
    assert world.findings == ()


@pytest.mark.parametrize("digits", [64, 10, None])
def test_a_command_means_a_job_as_its_contract_has_it(node: Forgetful, digits: int | None) -> None:
    """By its id, its first digits, or as the sole one that fits."""
    node.forget_first(range(LOCKED + 1, LOCKED + 2))
    node.read_once_then_honest()
    first = node.honest[node.first]
    wanted = Wanted("the first", lambda one, _now: one.posted_at == first.posted_at)
    text = None if digits is None else "0x" + node.first.hex()[:digits]
    _, job_id, record = find_on(node.client, HERE, kinds.PREDICTION, text, wanted)
    assert (job_id, record) == (node.first, first)


def test_nothing_is_concluded_from_a_node_that_goes_on_leaving_events_out(node: Forgetful) -> None:
    node.forget_first(range(POSTED, LOCKED + 9))
    with pytest.raises(ChainError, match="not what the contract says of it in the same block"):
        load_held(node.client, HERE, [(AT[PREDICTION], node.first)])


@pytest.mark.parametrize("said", ["0x", "0x" + "ff" * 96, None])
def test_a_node_that_does_not_give_the_view_tells_nothing(
    node: Forgetful, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    """It may have lost that state."""
    monkeypatch.setattr(node, "eth_call", lambda _call, _block: said)
    found = load_held(node.client, HERE, [(AT[PREDICTION], node.first)])
    assert found.prediction.jobs == node.honest


def test_a_job_that_nobody_posted_is_read_once(node: Forgetful) -> None:
    load_world(node.client, HERE)
    before = node.asked["eth_getLogs"]
    load_held(node.client, HERE, [(AT[PREDICTION], b"\x77" * 32)])
    assert node.asked["eth_getLogs"] == before


def test_a_job_of_ones_own_that_was_left_out_is_read_again(node: Forgetful) -> None:
    done_from_here(node, AT[PREDICTION])
    node.forget_first(range(POSTED, LOCKED + 9))
    with pytest.raises(ChainError, match="no sign of your posting of block 6"):
        load_world(node.client, HERE)
    node.hides = lambda _log: False
    assert load_world(node.client, HERE).prediction.jobs == node.honest


@pytest.mark.parametrize(("contract", "block"), [(EARLIER, None), (AT[PREDICTION], b"\x55" * 32)])
def test_a_job_of_earlier_contracts_or_of_a_block_that_is_gone_is_not_missed(
    node: Forgetful, contract: str, block: bytes | None
) -> None:
    done_from_here(node, contract, block)
    node.forget_first(range(POSTED, LOCKED + 9))
    assert node.first not in load_world(node.client, HERE).prediction.jobs


def done_from_here(node: Forgetful, contract: str, block_hash: bytes | None = None) -> None:
    """The first job's posting, as the journal of this home has it."""
    journal, client = Journal(get_settings().home / "journal.sqlite"), node.client
    fields = {"to": contract, "data": b"", "value": 0, "gas": 21_000}
    pool = Pool(client, anvil_account(2), journal)
    action = f"post:{node.first.hex()}"
    signed = pool.sign(action, 0, fields, Fees(10**9, 10**6))
    _mined(journal, signed, block_hash or node.blocks[POSTED].hash)


def _mined(journal: Journal, attempt: Attempt, block_hash: bytes) -> None:
    journal.record(replace(attempt, fate=Fate.MINED, block=POSTED, block_hash=block_hash))
