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
    """Of the dataset."""
    records_root: Word
    data_hash: Word
    """keccak256 of the public file."""
    given: FilePath
    """The file for the other side. It is the dataset's public file."""
    uri: str
    """Where the file for the other side can be fetched. Empty if it is given by hand."""
    seed: FilePath
    """From which keys and salts come: to be kept."""
    committed_at: Time
    gas: Gas
    """That this command's transactions took. 0 if it was committed before."""


class Dataset(Printed):
    """A dataset on the chain."""

    dataset: Word
    """Its id."""
    owner: Address
    records: Count
    """Of the dataset."""
    committed_at: Time
    uri: str
    """Where the file for the other side can be fetched. Empty if it is given by hand."""


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
    """Of the dataset."""
    predicate: Predicate
    wanted: Message
    """The predicate in words."""
    price: Amount
    """Of one item or record."""
    stake: Amount
    currency: Currency
    escrow: Amount
    """That the posting paid in."""
    open_until: Time
    prove_window_seconds: Window
    """From joining to the last proof."""
    dispute_window_seconds: Window
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


class AcceptedRequest(Printed):
    """A request that its owner accepted, or with --preview looked at."""

    job: JobId
    state: RetrievalState
    records: Count
    """Of the dataset."""
    expected_matches: Count
    """Records that match on this machine."""
    expected_matching_records: list[Index]
    earns: Amount
    """If all is proven in time."""
    stake: Amount
    currency: Currency
    payee: Address
    expected_proofs: Count
    """That the job takes."""
    expected_proof_seconds: Seconds
    """That one proof takes on this machine."""
    gas: Gas | None
    """That this command's transactions took. Null with --preview."""


class Request(JobRow):
    """A retrieval request."""

    state: RetrievalState
    dataset: Word
    """Its id."""
    records: Count
    """Of the dataset."""
    proven: Count
    """Items or records that are proven."""
    matches: Count
    """Of the proven records, those that match."""
    price: Amount
    """Of one item or record."""
    stake: Amount
    requester: Address
    payee: Address


class Requests(Printed):
    """All retrieval requests, oldest first."""

    requests: list[Request]


class RequestStatus(Request):
    """Where a retrieval request stands."""

    now: Time
    """Of the chain's last block."""
    owner: Address
    matching_records: list[Index]
    malformed_records: list[Index]
    """Matches that do not read as proven."""
    provisional: list[DeedRow]
    reminders: list[JobRow]
    """Other jobs that wait for whoever uses this home."""


class ProvenRequest(RequestStatus):
    """A request after proving."""

    proofs_made: Count
    proof_seconds: Seconds
    """That the proofs took."""
    transactions_sent: Count
    gas: Gas
    """That this command's transactions took."""


class DisputedRequest(RequestStatus):
    """A request of which a match was disputed."""

    disputed_record: Index
    gas: Gas
    """That this command's transactions took."""


class ReadRecords(Printed):
    """What was read of the matches. Exit status 1 if one does not read as proven."""

    job: JobId
    records: Count
    """Of the dataset."""
    proven: Count
    """Items or records that are proven."""
    matches: Count
    """Of the proven records, those that match."""
    readable_records: list[Index]
    why_malformed: dict[str, Message]
    """Record -> why it does not read as proven."""
    file: FilePath
    """That was written."""
