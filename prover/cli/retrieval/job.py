"""What the commands about one retrieval request share: which of them, and the owner's secrets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from prover.base.console import progress
from prover.base.errors import UsageError
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.cli.job import find_on
from prover.clients.common.jobs.choosing import UNENDED, Wanted, in_state
from prover.clients.common.jobs.kinds import REQUEST
from prover.clients.common.models import find
from prover.clients.common.seeds import read_seed
from prover.clients.retrieval.owner import Request
from prover.clients.retrieval.secrets import Secrets, read_secrets, source_of
from prover.protocol.retrieval.state import Dataset, Record, State
from prover.protocol.world import World
from prover.systems.interface import Artifacts


@dataclass(frozen=True)
class Found:
    """A request of the chain, and its dataset."""

    job_id: bytes
    record: Record
    dataset: Dataset
    world: World

    @property
    def name(self) -> str:
        """The id in hexadecimal."""
        return "0x" + self.job_id.hex()


def find_request(
    client: Client, deployment: Deployment, text: str | None, wanted: Wanted = UNENDED
) -> Found:
    """A request by its id or the id's beginning, else the one that is wanted."""
    world, job_id, record = find_on(client, deployment, REQUEST, text, wanted)
    dataset = world.retrieval.datasets[record.job.terms.dataset_id]
    return Found(job_id, record, dataset, world)


def artifacts_of(client: Client, deployment: Deployment, found: Found) -> Artifacts:
    """This machine's artifacts of a request's model. Raises ArtifactMismatch if there are none."""
    return find(client, deployment, "0x" + found.record.job.terms.model_id.hex()).artifacts


def of_owner(
    deployment: Deployment, sender: Sender, state: State, message: str, move: str
) -> Wanted:
    """Requests in a state whose dataset is the account's, and which a move of it takes on."""
    datasets = load_world(sender.client, deployment).retrieval.datasets
    mine = {one.id for one in datasets.values() if one.owner == sender.address}
    there = in_state(message, state)

    def fits(one: Record, now: int) -> bool:
        return one.job.terms.dataset_id in mine and there.fits(one, now)

    return Wanted(message, fits, moves=(move,), who=sender.address)


def acceptable(
    deployment: Deployment, sender: Sender, payee: str, accept: Callable[[str], None]
) -> Wanted:
    """Open requests to an owner, in the currencies that `accept` does not refuse."""
    mine = of_owner(deployment, sender, State.OPEN, "open and on your data", "accept")

    def done(one: Record) -> bool:
        return one.joined and not one.ended and one.provider == sender.address

    return replace(mine, accept=accept, done=done, same=lambda one: one.payee == payee)


PROVEN = Wanted("partly or wholly proven", lambda one, _: len(one.proven) > 0)


def to_dispute(who: str) -> Wanted:
    """Requests of a requester whose matches may be disputed."""
    return in_state("yours and open to dispute", State.CLOSING, by="consumer", who=who)


def require_proven(found: Found) -> None:
    """Raise UsageError where nothing is proven yet, so that there is nothing to read."""
    if not found.record.proven:
        raise UsageError(
            f"request {found.name} is {found.record.state.name.lower()}: none of its "
            f"{found.record.count} records is proven yet, so there is nothing to read"
        )


def secrets_of(request: Request, data: Path | None, seed: Path | None) -> Secrets:
    """The dataset's records from data and seed, where the owner says or said they are."""
    source = source_of(request.dataset.id, data, seed)
    progress(f"reading {source.data}")
    return read_secrets(request.artifacts, source.data, read_seed(source.seed))
