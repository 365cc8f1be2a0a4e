"""An audit asks and keeps in proportion to the events, and a world costs no more the longer it is.

`scripts/test --deep` (ZKESCROW_DEEP=1) runs it over 100,000 events.
"""

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from eth_abi.abi import encode

from prover.audit import steps
from prover.audit.replay import Auditor
from prover.audit.report import to_dict
from prover.chain.abi.contract import PREDICTION, REGISTRY, encode_call
from prover.chain.state import replay
from prover.chain.state.replay import load_world
from prover.protocol import events as e
from prover.protocol.prediction.state import State
from prover.protocol.registry.state import CIRCUIT_ABI
from prover.systems.ezkl.system import Ezkl
from tests.unit.chain.fakenode import (
    AT,
    CIRCUIT,
    CIRCUIT_ID,
    PAYEE,
    REWARD,
    STAKE,
    FakeNode,
    chain,
    deployment,
)

HERE, NO_PROOFS = deployment(), 10**9
EVENTS, KIB_AN_EVENT, EVENTS_A_JOB = 100_000, 20, 6


class FakeContracts(FakeNode):
    """A node that answers the views of the contracts too, at every block."""

    def __init__(self, count: int, per_block: int = 1) -> None:
        super().__init__(chain(count, per_block), limit=10**9)
        self.posted = {
            event.job_id: number
            for number, block in self.blocks.items()
            for transaction in block.transactions
            for event in transaction
            if isinstance(event, e.JobPosted)
        }
        self.views: dict[bytes, Callable[[bytes, int], bytes]] = {
            _selector(PREDICTION, "jobs", bytes(32)): self.status,
            _selector(PREDICTION, "credits", PAYEE, PAYEE): self.credit,
            _selector(REGISTRY, "circuits", bytes(32)): lambda *_: encode([CIRCUIT_ABI], [CIRCUIT]),
            _selector(REGISTRY, "models", bytes(32)): lambda *_: encode(
                ["bytes32", "uint256"], [CIRCUIT_ID, 0]
            ),
            _selector(REGISTRY, "condemnedAt", bytes(32)): lambda *_: bytes(32),
        }

    def eth_call(self, call: Any, block: str) -> Any:
        data = bytes.fromhex(call["data"][2:])
        number = max(self.blocks) if block == "latest" else int(block, 16)
        predictions = call["to"].lower() == AT[PREDICTION].lower()
        known = predictions or call["to"].lower() == AT[REGISTRY].lower()
        return "0x" + (self.views[data[:4]](data[4:], number) if known else bytes(32)).hex()

    def status(self, job_id: bytes, number: int) -> bytes:
        passed = number - self.posted[job_id]
        state = (State.OPEN, State.LOCKED, State.PAID)[min(passed, 2)]
        due = self.blocks[self.posted[job_id]].time + 12 + 300 if passed else 0
        payee = PAYEE if passed else e.ZERO_ADDRESS
        return encode(["uint8", "address", "uint40"], [state, payee, due])

    def credit(self, arguments: bytes, _number: int) -> bytes:
        earned = len(self.posted) * (REWARD + STAKE)
        payee = arguments[32:64].hex().endswith(PAYEE[2:].lower())
        return (earned if payee else 0).to_bytes(32, "big")

    def eth_getBalance(self, address: str, _block: str) -> Any:
        holds = address.lower() == AT[PREDICTION].lower()
        return hex(len(self.posted) * (REWARD + STAKE) if holds else 0)


def _selector(name: str, function: str, *arguments: Any) -> bytes:
    return encode_call(name, function, *arguments)[:4]


@pytest.fixture(autouse=True)
def fresh(home: Path) -> None:
    replay._loaded.clear()


def audited(node: FakeNode) -> dict[str, Any]:
    return to_dict(Auditor(node.client, HERE, Ezkl()).run(NO_PROOFS))


@pytest.mark.parametrize("count", [4, 40])
def test_an_audit_asks_in_proportion_to_the_events(count: int) -> None:
    node = FakeContracts(count)
    found = audited(node)
    assert found["mismatches"] == []
    assert (found["events_read"], found["steps_compared"]) == (6 * count + 2, 3 * count)
    assert found["transfers_unknown"] == ""
    assert node.asked["eth_getLogs"] == 2  # our events, and the tokens that came in
    assert node.asked["eth_call"] <= 4 * count + 20
    plain = node.requests - node.asked["eth_chainId"]  # which a real provider asks once
    assert plain <= node.asked["eth_call"] + 16


def test_no_step_is_kept_once_it_was_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[Any]] = []
    most = 0
    honest = steps.Step.__init__

    def counted(self: Any, **fields: Any) -> None:
        nonlocal most
        honest(self, **fields)
        made.append(weakref.ref(self))
        most = max(most, sum(one() is not None for one in made))

    monkeypatch.setattr(steps.Step, "__init__", counted)
    audited(FakeContracts(30))
    assert len(made) == 90
    assert most <= 3


@pytest.mark.deep
def test_a_hundred_thousand_events_are_audited_in_linear_memory() -> None:
    node = FakeContracts(EVENTS // EVENTS_A_JOB, per_block=10)
    process = psutil.Process()
    before = process.memory_info().rss
    found = audited(node)
    assert found["mismatches"] == []
    assert found["events_read"] >= EVENTS - EVENTS_A_JOB
    assert process.memory_info().rss - before < EVENTS * KIB_AN_EVENT * 1024


@pytest.mark.deep
def test_a_hundred_thousand_events_are_read_once() -> None:
    node = FakeContracts(EVENTS // EVENTS_A_JOB, per_block=10)
    load_world(node.client, HERE)
    replay._loaded.clear()
    asked = node.requests
    assert len(load_world(node.client, HERE).prediction.jobs) == EVENTS // EVENTS_A_JOB
    assert node.requests - asked <= 4
