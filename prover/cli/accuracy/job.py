"""What the commands about one accuracy bounty share: which of them, and amounts."""

from collections.abc import Callable
from dataclasses import replace

from prover.base.parsing import units
from prover.base.text import ETHER_DECIMALS
from prover.chain.contracts.tokens import decimals_of
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.cli.job import find_on
from prover.clients.common.jobs.choosing import UNENDED, Wanted, in_state, open_to
from prover.clients.common.jobs.kinds import BOUNTY
from prover.protocol.accuracy.state import Record, State
from prover.protocol.events import ZERO_ADDRESS


def find_bounty(
    client: Client, deployment: Deployment, text: str | None, wanted: Wanted = UNENDED
) -> tuple[bytes, Record]:
    """A bounty of the chain by its id or the id's beginning, else the one that is wanted."""
    _, job_id, record = find_on(client, deployment, BOUNTY, text, wanted)
    return job_id, record


def acceptable(who: str, accept: Callable[[str], None], same: Callable[[Record], bool]) -> Wanted:
    """Bounties that an account may accept, in the currencies that `accept` does not refuse."""
    there = open_to("open to you", State.OPEN, who, accept)
    return replace(there, moves=("accept",), who=who, same=same)


def to_reveal(who: str) -> Wanted:
    """Bounties of a consumer whose key is awaited."""
    message = "yours and waiting for the key"
    return in_state(message, State.ACCEPTED, by="consumer", who=who, moves=("reveal",))


def to_prove(who: str) -> Wanted:
    """Bounties that a provider accepted, and whose key is public."""
    message, moves = "accepted by you and open", ("submit", "dispute")
    return in_state(message, State.PROVING, by="provider", who=who, moves=moves)


def in_units(client: Client, currency: str | None, text: str, name: str) -> int:
    """An amount of a currency (None or zero: ETH) in its smallest units. Raises UsageError."""
    is_ether = currency in (None, ZERO_ADDRESS)
    return units(text, name, ETHER_DECIMALS if is_ether else decimals_of(client, str(currency)))
