"""Of serving rounds."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypeAliasType

from prover.cli.schema.parts import (
    Address,
    Amount,
    ByteCount,
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
from prover.protocol.serving.state import State

ServingState = TypeAliasType(
    "ServingState",
    Annotated[
        str,
        OneOf(states(State)),
        Field(description="The state of a round."),
    ],
)


class OpenedRound(Printed):
    """A round that was posted."""

    job: JobId
    items: Count
    """Of the job."""
    price: Amount
    """Of one item or record."""
    proof_fee: Amount
    """For each contested item that is proven."""
    stake: Amount
    currency: Currency
    escrow: Amount
    """That the posting paid in."""
    max_contests: Count
    """Items that may be contested."""
    word_bytes: ByteCount
    """Of one output word as it is posted."""
    inputs_root: Word
    inputs_file: FilePath
    """With its salts: to be kept."""
    given: FilePath
    """The file for the other side. It is an envelope where the provider's key is known."""
    uri: str
    """Where the file for the other side can be fetched. Empty if it is given by hand."""
    open_until: Time
    serve_window_seconds: Window
    contest_window_seconds: Window
    answer_window_seconds: Window
    gas: Gas
    """That this command's transactions took."""
    total_gas: Gas
    """Expected of all moves of the job. Of a round, if all that may be contested is."""
    total_fee_wei: Wei
    """Of `total_gas` at the present fee."""
    resumed: bool
    """Whether an earlier command began it."""
    notes: list[Message]
    """What else there is to know."""


class JoinedRound(Printed):
    """A round that a provider joined."""

    job: JobId
    state: ServingState
    payee: Address
    expected_proof_seconds: Seconds
    """That one proof takes on this machine."""
    expected_proofs: Count
    """That the job takes. Of a round, if all that may be contested is."""
    gas: Gas
    """That this command's transactions took."""
    expected_outputs_gas: Gas
    """That posting the outputs takes."""
    expected_answers_gas: Gas
    """That the proofs take, if all that may be contested is."""


class ServedRound(Printed):
    """A round whose outputs were posted."""

    job: JobId
    state: ServingState
    items: Count
    """Of the job."""
    gas: Gas
    """That this command's transactions took."""


class ContestedRound(Printed):
    """A round of which items were contested."""

    job: JobId
    contested_items: list[Index]
    random: bool
    """Whether they were drawn, and not named by hand."""
    differing_items: list[Index]
    """That this machine's evaluation contradicts. Empty without --differing."""
    until: Time
    """The last second to act. It is the provider who must, by proving."""
    gas: Gas
    """That this command's transactions took."""


class AnsweredRound(Printed):
    """A round of which contested items were proven."""

    job: JobId
    state: ServingState
    contested: Count
    """Items that are contested."""
    proven: Count
    """Items or records that are proven."""
    proofs_made: Count
    proof_seconds: Seconds
    """That the proofs took."""
    transactions_sent: Count
    gas: Gas
    """That this command's transactions took."""


class Round(JobRow):
    """A serving round."""

    state: ServingState
    items: Count
    """Of the job."""
    price: Amount
    """Of one item or record."""
    proof_fee: Amount
    """For each contested item that is proven."""
    stake: Amount
    contested: Count
    """Items that are contested."""
    proven: Count
    """Items or records that are proven. Of a round, of the contested ones."""
    consumer: Address
    provider: Address
    payee: Address


class Rounds(Printed):
    """All serving rounds, oldest first."""

    rounds: list[Round]


class RoundStatus(Round):
    """Where a serving round stands."""

    now: Time
    """Of the chain's last block."""
    condemned_at: Time | None
    """When the circuit was. Null if the round cannot be ended for that."""
    uri: str
    """Where the file for the other side can be fetched. Empty if it is given by hand."""
    contested_items: list[Index]
    proven_items: list[Index]
    provisional: list[DeedRow]
    reminders: list[JobRow]
    """Other jobs that wait for whoever uses this home."""


class RoundResults(Printed):
    """What was written of a round's outputs."""

    job: JobId
    state: ServingState
    items: Count
    """Of the job."""
    proven: Count
    """Items or records that are proven."""
    differing_items: list[Index] | None
    """That this machine's evaluation contradicts. Null without --compare."""
    file: FilePath
    """That was written."""
