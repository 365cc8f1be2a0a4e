"""What the commands about one accuracy bounty share: finding it, and the provider's part."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from prover.base.parsing import units
from prover.base.text import ETHER_DECIMALS
from prover.chain.contracts.accuracy import AccuracyBounty
from prover.chain.contracts.tokens import decimals_of
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.cli.job import find_on
from prover.clients.common.jobs.choosing import UNENDED, Wanted, in_state, open_to
from prover.clients.common.jobs.kinds import BOUNTY
from prover.clients.common.models import KnownModel
from prover.protocol.accuracy.state import Record, State
from prover.protocol.events import ZERO_ADDRESS

if TYPE_CHECKING:
    from prover.chain.sending.transactions import Sender
    from prover.clients.accuracy.provider import BountyProvider, Outcome


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


def worker_on(
    sender: "Sender",
    deployment: Deployment,
    found: tuple[bytes, Record],
    known: KnownModel,
    payee: str,
    allow_files: bool,
) -> "BountyProvider":
    """The provider's part in a bounty with a model of this machine."""
    from prover.clients.accuracy.provider import BountyProvider
    from prover.clients.common.tools import tools_of

    contract = AccuracyBounty(sender.client, deployment.accuracy)
    tools = tools_of(sender, deployment, contract, allow_files=allow_files)
    return BountyProvider(tools, *found, known.artifacts, payee)


def proven(
    sender: "Sender",
    deployment: Deployment,
    found: tuple[bytes, Record],
    known: KnownModel,
    allow_files: bool,
    force: bool,
) -> "Outcome":
    """Send again what a reorganisation took away of the proofs, then prove what is left."""
    from prover.clients.accuracy.provider import Outcome

    job_id, record = found
    again = sender.retry_lost(f"submit:{job_id.hex()}:")
    if again:
        _, record = find_bounty(sender.client, deployment, "0x" + job_id.hex())
    outcome = Outcome(None)
    if not (again and record.ended):
        worker = worker_on(sender, deployment, (job_id, record), known, record.payee, allow_files)
        outcome = worker.prove(force=force)
    gas = sum(int(one["gasUsed"]) for one in again)
    transactions = outcome.transactions + len(again)
    return replace(outcome, transactions=transactions, gas=outcome.gas + gas)


def in_units(client: Client, currency: str | None, text: str, name: str) -> int:
    """An amount of a currency (None or zero: ETH) in its smallest units. Raises UsageError."""
    is_ether = currency in (None, ZERO_ADDRESS)
    return units(text, name, ETHER_DECIMALS if is_ether else decimals_of(client, str(currency)))
