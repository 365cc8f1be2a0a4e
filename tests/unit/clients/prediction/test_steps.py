"""Where a job goes on from what is kept of it."""

import pytest

from prover.clients.prediction.steps import _locked
from prover.clients.prediction.store import Stage, TrackedJob
from prover.systems.proof import Proof


@pytest.mark.parametrize(
    ("proof", "stage"), [(None, Stage.LOCKED), (Proof(b"\1", (1,)), Stage.PROVEN)]
)
def test_a_proof_that_is_kept_is_not_made_again_after_a_lock(
    proof: Proof | None, stage: Stage
) -> None:
    assert _locked(TrackedJob("1:aa", "0x1", bytes(32), "0x2", b"", proof=proof)) is stage
