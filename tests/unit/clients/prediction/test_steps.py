"""Where a job goes on from what is kept of it."""

import pytest

from prover.chain.contracts.prediction import Status
from prover.chain.events.finality import Block
from prover.clients.prediction.steps import _locked
from prover.clients.prediction.store import Stage, TrackedJob
from prover.clients.prediction.views import View, is_ours
from prover.protocol.prediction.state import State
from prover.systems.proof import Proof


@pytest.mark.parametrize(
    ("proof", "stage"), [(None, Stage.LOCKED), (Proof(b"\1", (1,)), Stage.PROVEN)]
)
def test_a_proof_that_is_kept_is_not_made_again_after_a_lock(
    proof: Proof | None, stage: Stage
) -> None:
    assert _locked(TrackedJob("1:aa", "0x1", bytes(32), "0x2", b"", proof=proof)) is stage


def test_a_block_that_is_behind_is_called_old() -> None:
    status = Status(State.LOCKED, "0x1", 0)
    now, old = (View(Block(7, b""), behind, status) for behind in (False, True))
    assert now.where() == "block 7"
    assert old.where() == "block 7, which is older than what was seen before"


@pytest.mark.parametrize(
    ("state", "payee", "ours"),
    [
        (State.LOCKED, "0x2", True),
        (State.LOCKED, "0x3", False),
        (State.PAID, "0x2", False),
        (State.OPEN, "0x0", False),
    ],
)
def test_a_job_is_ours_while_it_is_locked_for_our_payee(
    state: State, payee: str, ours: bool
) -> None:
    job = TrackedJob("1:aa", "0x1", bytes(32), "0x2", b"")
    assert is_ours(job, View(Block(7, b""), False, Status(state, payee, 0))) is ours
