"""PredictionMarket: calls and views, typed."""

from dataclasses import dataclass

from prover.chain.abi.contract import PREDICTION, Call
from prover.chain.contracts.jobs import JobContract, state_in
from prover.chain.node.client import checksum, map_rpc_errors
from prover.protocol.prediction.state import Job, State


@dataclass(frozen=True)
class Status:
    """Where the contract says a job stands; `payee` and `deadline` are zero before a lock."""

    state: State
    payee: str
    deadline: int


class PredictionMarket(JobContract):
    """The contract of predictions at an address."""

    NAME = PREDICTION

    def post(self, job: Job, data_hash: bytes, uri: str) -> Call:
        """Post a job and pay the reward in."""
        arguments = (job.terms.to_abi(), job.nonce, data_hash, uri)
        return self._pay("posting the job", job.terms, job.terms.reward, "post", *arguments)

    def cancel(self, job: Job) -> Call:
        """Take an open job back."""
        return self._call("cancelling the job", "cancel", job.to_abi())

    def lock(self, job: Job, payee: str) -> Call:
        """Promise to deliver, and pay the stake in."""
        arguments = (job.to_abi(), checksum(payee))
        return self._pay("locking the job", job.terms, job.terms.stake, "lock", *arguments)

    def deliver(self, job: Job, items: int, proof: bytes, instances: list[int]) -> Call:
        """Deliver the proof of the first `items` slots."""
        arguments = (job.to_abi(), items, proof, instances)
        return self._call("delivering the proof", "deliver", *arguments)

    def refund(self, job: Job) -> Call:
        """End a job whose deadline passed or whose circuit was condemned in time."""
        return self._call("refunding the job", "refund", job.to_abi())

    @map_rpc_errors
    def status(self, job_id: bytes, block: int | bytes | None = None) -> Status:
        """A job's state in the contract's storage (a deadline that passed is not noticed there)."""
        state, payee, deadline = self._view("jobs", job_id, block=block)
        return Status(state_in(State, state), str(payee), int(deadline))
