"""What the protocols call their jobs, where a world has them, and how an id is shown."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the help of all commands reads this module
    from prover.protocol.jobs import Jobs
    from prover.protocol.world import World


@dataclass(frozen=True)
class Kind:
    """What a protocol calls its jobs (or datasets), and the command that lists them."""

    name: str
    group: str
    plural: str
    lists: str = "status --all"

    @property
    def listing(self) -> str:
        """Where all ids are."""
        return f"`zkescrow {self.group} {self.lists}` lists them"


PREDICTION = Kind("job", "prediction", "jobs")
ROUND = Kind("round", "serving", "rounds")
BOUNTY = Kind("bounty", "accuracy", "bounties")
REQUEST = Kind("request", "retrieval", "requests")
DATASET = Kind("dataset", "retrieval", "datasets", "datasets")


def protocols(world: "World") -> "tuple[tuple[Kind, Jobs[Any]], ...]":
    """The jobs of each protocol, with what it calls them."""
    return (
        (PREDICTION, world.prediction),
        (ROUND, world.serving),
        (BOUNTY, world.accuracy),
        (REQUEST, world.retrieval),
    )


def short(job_id: bytes) -> str:
    """The first digits of an id, which every command takes in its place."""
    return f"0x{job_id.hex()[:SHOWN_DIGITS]}"


SHOWN_DIGITS = 10  # of an id, in lists; every command takes them in its place
