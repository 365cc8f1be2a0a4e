"""ServingRound: calls and views, typed."""

from collections.abc import Sequence
from dataclasses import dataclass

from prover.chain.abi.contract import SERVING, Call
from prover.chain.contracts.jobs import JobContract, state_in
from prover.chain.node.client import checksum, map_rpc_errors
from prover.protocol.serving.state import Job, State


@dataclass(frozen=True)
class Contest:
    """`IServingRound.Contest`: `size` contested items from `position` on, opened in both trees."""

    position: int
    size: int
    input_path: tuple[bytes, ...]
    output_path: tuple[bytes, ...]


@dataclass(frozen=True)
class Answer:
    """`IServingRound.Answer`: one proof, and the contested items in its first slots."""

    contests: tuple[Contest, ...]
    proof: bytes
    instances: tuple[int, ...]

    def to_abi(self) -> tuple[object, ...]:
        """The fields as the Solidity struct takes them."""
        return ([tuple(vars(one).values()) for one in self.contests], self.proof, self.instances)


@dataclass(frozen=True)
class Status:
    """Where the contract says a round stands; what has not happened yet is zero."""

    state: State
    payee: str
    deadline: int
    provider: str
    contested: int
    answered: int
    outputs_root: bytes
    list_hash: bytes


class ServingRound(JobContract):
    """The serving rounds at an address."""

    NAME = SERVING

    def post(self, job: Job, data_hash: bytes, uri: str) -> Call:
        """Post a round and pay all prices and proof fees in."""
        terms = job.terms
        arguments = (terms.to_abi(), job.nonce, data_hash, uri)
        return self._pay("posting the round", terms, terms.escrow, "post", *arguments)

    def cancel(self, job: Job) -> Call:
        """Take an open round back."""
        return self._call("cancelling the round", "cancel", job.to_abi())

    def join(self, job: Job, payee: str) -> Call:
        """Promise to serve, and pay the stake in."""
        arguments = (job.to_abi(), checksum(payee))
        return self._pay("joining the round", job.terms, job.terms.stake, "join", *arguments)

    def commit_outputs(self, job: Job, outputs: bytes) -> Call:
        """Post the output words of all items."""
        return self._call("posting the outputs", "commitOutputs", job.to_abi(), outputs)

    def contest(self, job: Job, indices: Sequence[int]) -> Call:
        """Demand proofs of these items, ascending."""
        return self._call("contesting the outputs", "contest", job.to_abi(), list(indices))

    def answer(self, job: Job, indices: Sequence[int], answers: Sequence[Answer]) -> Call:
        """Prove contested items; `indices` is the contested list."""
        rows = [one.to_abi() for one in answers]
        arguments = (job.to_abi(), list(indices), rows)
        return self._call("proving contested outputs", "answer", *arguments)

    def settle(self, job: Job) -> Call:
        """End a round whose deadline passed or whose circuit was condemned in time."""
        return self._call("settling the round", "settle", job.to_abi())

    @map_rpc_errors
    def status(self, job_id: bytes, block: int | None = None) -> Status:
        """A round in the contract's storage (a deadline that passed is not noticed there)."""
        state, *rest = self._view("jobs", job_id, block=block)
        return Status(state_in(State, state), *rest)

    @map_rpc_errors
    def is_answered(self, job_id: bytes, position: int, block: int | None = None) -> bool:
        """Whether the item at a place of the contested list was proven."""
        return bool(self._view("isAnswered", job_id, position, block=block))
