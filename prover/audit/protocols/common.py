"""What an audit asks of each protocol: its views, and the evidence in its calls."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from prover.audit.calls import job_calls
from prover.audit.proofs import Accepted, Bound
from prover.audit.steps import Step
from prover.base.errors import StatementInvalid
from prover.chain.contracts.jobs import JobContract
from prover.chain.node.client import Client
from prover.statement.commitment import proven_input
from prover.statement.tree import check_membership, fold
from prover.systems.proof import Proof

C = TypeVar("C", bound=JobContract)


class ProtocolAudit(ABC, Generic[C]):
    """One protocol's contract, compared with its reducer and with the proofs it accepted."""

    TITLE: ClassVar[str]
    CONTRACT: ClassVar[type[JobContract]]

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.contract: C = self.CONTRACT(client, address)  # type: ignore[assignment]

    @abstractmethod
    def differences(self, job_id: bytes, record: Any, block: int) -> Iterator[str]:
        """What the contract's views say at a block that the reducer does not."""

    def marks(self, step: Step) -> Iterator[str]:
        """What the contract's marks of the step's items say that the events do not."""
        yield from ()

    @abstractmethod
    def evidence(self, step: Step) -> Iterator[Accepted | str]:
        """The proofs that a step rests on, and as text what in its calls is not as it must be.

        Raises StatementInvalid if a call is not what the ABI or the layout allows.
        """

    def calls(self, step: Step, function: str) -> Iterator[tuple[Any, ...]]:
        """Arguments, after the job, of the step's calls of a function for its job."""
        terms = type(step.after.job.terms)
        name, address = self.contract.NAME, self.contract.address
        found = job_calls(self.client, name, address, step.transaction, function, terms)
        for job, arguments in found:
            if self.contract.job_id(job) == step.job_id:
                yield arguments

    def accepted(
        self, step: Step, model_id: bytes, items: int, proof: bytes, instances: Iterable[int]
    ) -> Accepted:
        """A proof in a call of the step."""
        where = (step.contract, step.job_id, step.after.payee)
        bound = Bound.to_model(self._chain_ids(step), where, model_id, step.world.registry)
        return Accepted(step.name, step.block, bound, items, Proof(proof, tuple(instances)))

    def _chain_ids(self, step: Step) -> tuple[int, ...]:
        """Ids that the chain may have had when the step was mined: a fork may have changed it.

        It is the one that the transaction was signed for, which the chain demands. One that was
        signed for any chain does not tell.
        """
        live, first = self.client.chain_id, self.contract.deployment_chain
        if live == first:
            return (live,)
        signed = self.client.transaction(step.transaction).get("chainId")
        return (live, first) if signed is None else (int(signed),)

    def compared(self, found: object, record: object) -> Iterator[str]:
        """A difference between a view and the reducer."""
        if found != record:
            yield f"the contract says {found}, the events {record}"


def commitments(accepted: Accepted) -> list[bytes]:
    """Input commitments of the items in a proof's first slots."""
    layout, proof = accepted.bound.circuit.layout, accepted.proof
    slots = range(accepted.items)
    return [proven_input(layout, proof.proof, proof.instances, at) for at in slots]


def indices_of(runs: Iterable[tuple[int, int, Any]]) -> list[int]:
    """Indices of the items in the runs (first, size, path) of a call, in its order."""
    return [index for first, size, _ in runs for index in range(first, first + size)]


def not_under(
    root: bytes, count: int, first: int, leaves: Sequence[bytes], path: Sequence[bytes]
) -> Iterator[str]:
    """Why leaves are not those from `first` on of the tree, if they are not."""
    try:
        check_membership(root, count, first, fold(leaves), path, len(leaves).bit_length() - 1)
    except StatementInvalid as error:
        yield f"items from {first} on: {error}"
