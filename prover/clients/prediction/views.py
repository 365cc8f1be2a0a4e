"""Prediction jobs as the chain shows them in one stated block, and what may be concluded."""

from dataclasses import dataclass

from prover.chain.contracts.prediction import PredictionMarket, Status
from prover.chain.events.finality import Block, Heads
from prover.clients.prediction.store import Stage, TrackedJob
from prover.protocol.prediction.state import State

_ENDS = {State.PAID: Stage.DELIVERED, State.SLASHED: Stage.LATE, State.VOIDED: Stage.VOIDED}
UNTAKEN = frozenset({State.NONE, State.OPEN})


@dataclass(frozen=True)
class View:
    """A job in a block; `behind` if newer ones were seen: what is missing may be there."""

    block: Block
    behind: bool
    status: Status

    @property
    def state(self) -> State:
        """The job's state in the contract's storage."""
        return self.status.state

    def where(self) -> str:
        """The block as text."""
        old = ", which is older than what was seen before" if self.behind else ""
        return f"block {self.block.number}{old}"


def look(heads: Heads, predictions: PredictionMarket, job_id: bytes) -> View:
    """A job in the newest block. Raises ChainError."""
    head = heads.head()
    return View(head.block, head.behind, predictions.status(job_id, head.block.hash))


def is_ours(job: TrackedJob, view: View) -> bool:
    """Whether the job is locked for the payee that its proof will be for."""
    return view.state is State.LOCKED and view.status.payee == job.payee


def end_of(job: TrackedJob, view: View) -> Stage | None:
    """How a job has ended for this provider, or None while something can or may be done.

    That somebody else has it is never concluded from a block older than what was seen.
    """
    if view.state in UNTAKEN:
        return None
    if view.status.payee == job.payee:
        if view.state is State.LOCKED:
            return Stage.LATE if view.block.time > view.status.deadline else None
        return _ENDS.get(view.state, Stage.LOST)
    return None if view.behind else Stage.LOST
