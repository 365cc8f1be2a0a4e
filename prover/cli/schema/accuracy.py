"""Of accuracy bounties."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypeAliasType

from prover.cli.schema.parts import (
    Address,
    Amount,
    Count,
    Currency,
    DeedRow,
    FilePath,
    Gas,
    Index,
    JobId,
    JobRow,
    Message,
    OneOf,
    Printed,
    Seconds,
    Time,
    Wei,
    Word,
    states,
)
from prover.protocol.accuracy.state import State

AccuracyState = TypeAliasType(
    "AccuracyState",
    Annotated[
        str,
        OneOf(states(State)),
        Field(description="The state of a bounty."),
    ],
)


class PostedBounty(Printed):
    """A bounty that was posted."""

    job: JobId
    items: Count
    """Of the job."""
    needed: Count
    """Items that must be proven right."""
    target: str
    """The share of all items that must be, as a fraction."""
    reward: Amount
    bond: Amount
    stake: Amount
    miss_penalty: Amount
    """The part of the stake that is lost if the target is missed."""
    currency: Currency
    test_root: Word
    given: FilePath
    """The file for the other side. It is the sealed test set."""
    uri: str
    """Where the file for the other side can be fetched. Empty if it is given by hand."""
    seed: FilePath
    """From which keys and salts come: to be kept."""
    open_until: Time
    supports: list[Message]
    """What the sample says of the model."""
    gas: Gas
    """That this command's transactions took."""
    total_gas: Gas
    """Expected of all moves of the job."""
    total_fee_wei: Wei
    """Of `total_gas` at the present fee."""
    resumed: bool
    """Whether an earlier command began it."""
    notes: list[Message]
    """What else there is to know."""


class MovedBounty(Printed):
    """A bounty after a move."""

    job: JobId
    state: AccuracyState
    next: Message
    gas: Gas
    """That this command's transactions took."""


class ConsumersPast(Printed):
    """How a consumer's bounties ended."""

    posted: Count
    accepted: Count
    paid: Count
    missed: Count
    key_withheld: Count
    malformed: Count


class AcceptedBounty(MovedBounty):
    """A bounty that was accepted."""

    consumers_past: ConsumersPast


class MalformedItem(Printed):
    """A malformed item."""

    item: Index
    why: Message


class ProvenBounty(MovedBounty):
    """A bounty after proving. Exit status 1 if it was given up, as the target cannot be reached."""

    expected_correct: Count | None
    """Items that the model has right on this machine. Null if nothing was evaluated."""
    needed: Count | None
    """Items that must be proven right. Null if nothing was evaluated."""
    reaches: bool | None
    """Whether the target can be reached. Null if nothing was evaluated."""
    proofs_made: Count
    proof_seconds: Seconds
    """That the proofs took."""
    transactions_sent: Count
    disputed_item: MalformedItem | None


class Bounty(JobRow):
    """An accuracy bounty."""

    state: AccuracyState
    reward: Amount
    bond: Amount
    stake: Amount
    miss_penalty: Amount
    """The part of the stake that is lost if the target is missed."""
    items: Count
    """Of the job."""
    needed: Count
    """Items that must be proven right."""
    proven: Count
    """Items or records that are proven."""
    correct: Count
    """Of the proven items, those that are right."""
    consumer: Address
    provider: Address
    payee: Address


class Bounties(Printed):
    """All accuracy bounties, oldest first."""

    bounties: list[Bounty]


class BountyStatus(Bounty):
    """Where an accuracy bounty stands."""

    now: Time
    """Of the chain's last block."""
    consumers_past: ConsumersPast
    provisional: list[DeedRow]
    reminders: list[JobRow]
    """Other jobs that wait for whoever uses this home."""
