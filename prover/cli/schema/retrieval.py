"""Of retrieval: datasets, and requests on them."""

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
    Window,
    Word,
    states,
)
from prover.protocol.retrieval.state import PredicateKind, State

RetrievalState = TypeAliasType(
    "RetrievalState",
    Annotated[
        str,
        OneOf(states(State)),
        Field(description="The state of a request."),
    ],
)


class CommittedDataset(Printed):
    """A dataset that was committed."""

    dataset: Word
    """Its id."""
    owner: Address
    records: Count
    root: Word
    data_hash: Word
    """keccak256 of the public file."""
    file: FilePath
    """The public file."""
    uri: str
    """Where it can be fetched; empty if it is given by hand."""
    seed: FilePath
    """From which keys and salts come: to be kept."""
    committed_at: Time
    gas: Gas
    """0 if it was committed before."""


class Dataset(Printed):
    """A dataset on the chain."""

    dataset: Word
    """Its id."""
    owner: Address
    records: Count
    committed_at: Time
    uri: str


class Datasets(Printed):
    """All datasets on the chain."""

    datasets: list[Dataset]


class Predicate(Printed):
    """Which records match."""

    kind: Annotated[str, OneOf(kind.name.lower() for kind in PredicateKind)]
    index: Index
    """Of the output to compare, or the label."""
    threshold: int
    """Least value of an output word; 0 of a label."""


class PostedRequest(Printed):
    """A request that was posted."""

    job: JobId
    dataset: Word
    """Its id."""
    records: Count
    predicate: Predicate
    wanted: Message
    """The predicate in words."""
    price_per_record: Amount
    stake: Amount
    currency: Currency
    escrow: Amount
    """That was paid in."""
    open_until: Time
    prove_seconds: Window
    """From acceptance to the last proof."""
    dispute_seconds: Window
    gas: Gas
    """Of the posting."""
    total_gas: Gas
    """Of the whole request."""
    total_fee_wei: Wei
    """The same at the present fee."""
    resumed: bool
    """Whether an earlier command began it."""
    notes: list[Message]


class AcceptedRequest(Printed):
    """A request that its owner accepted, or with --preview looked at."""

    job: JobId
    state: RetrievalState
    records: Count
    matches: Count
    matching_records: list[Index]
    earns: Amount
    """If all is proven in time."""
    stake: Amount
    payee: Address
    proofs: Count
    """That it takes."""
    proof_seconds: Seconds
    """That one of them takes here."""
    gas: Gas | None
    """Null with --preview."""


class Request(JobRow):
    """A retrieval request."""

    state: RetrievalState
    dataset: Word
    """Its id."""
    records: Count
    proven: Count
    matches: Count
    """Of the proven records."""
    price: Amount
    """Of one record."""
    stake: Amount
    requester: Address
    payee: Address
    deadline: Time
    """Of the state; 0 if the request has ended."""


class Requests(Printed):
    """All retrieval requests, oldest first."""

    requests: list[Request]


class RequestStatus(Request):
    """Where a retrieval request stands."""

    now: Time
    """Of the chain's last block."""
    owner: Address
    matching_records: list[Index]
    malformed: list[Index]
    """Matches that do not read as proven."""
    provisional: list[DeedRow]
    reminders: list[JobRow]
    """Other jobs that wait for whoever uses this home."""


class ProvenRequest(RequestStatus):
    """A request after proving."""

    proofs: Count
    """Made now."""
    proof_seconds: Seconds
    """That they took."""
    transactions: Count
    gas: Gas


class DisputedRequest(RequestStatus):
    """A request of which a match was disputed."""

    disputed: Index
    """The record."""
    gas: Gas


class ReadRecords(Printed):
    """What was read of the matches. Exit status 1 if one does not read as proven."""

    job: JobId
    records: Count
    proven: Count
    matches: Count
    """Of the proven records."""
    readable: list[Index]
    malformed: dict[str, Message]
    """Record -> why it does not read as proven."""
    file: FilePath
