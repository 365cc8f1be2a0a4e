"""Of serving rounds."""

from typing import Annotated, Literal

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
    price: Amount
    """Of one prediction."""
    proof_fee: Amount
    """For each contested one that is proven."""
    stake: Amount
    currency: Currency
    escrow: Amount
    """That was paid in."""
    max_contests: Count
    """Items that may be contested."""
    word_bytes: ByteCount
    """Of one output word as it is posted."""
    inputs_root: Word
    inputs: FilePath
    """The inputs file, with its salts."""
    given: FilePath
    """The file for the provider: an envelope where its key is known."""
    uri: str
    """Where it can be fetched; empty if it is given by hand."""
    open_until: Time
    serve_seconds: Window
    contest_seconds: Window
    answer_seconds: Window
    gas: Gas
    """Of the posting."""
    total_gas: Gas
    """Of the whole round, if all that may be contested is."""
    total_fee_wei: Wei
    """The same at the present fee."""
    resumed: bool
    """Whether an earlier command began it."""
    notes: list[Message]


class JoinedRound(Printed):
    """A round that a provider joined."""

    job: JobId
    state: Literal["joined"]
    payee: Address
    proof_seconds: Seconds
    """That one proof takes here."""
    proofs: Count
    """If all that may be contested is."""
    gas: Gas
    outputs_gas: Gas
    """That posting the outputs will take."""
    answers_gas: Gas
    """That the proofs will take, if all that may be contested is."""


class ServedRound(Printed):
    """A round whose outputs were posted."""

    job: JobId
    state: Literal["served"]
    items: Count
    gas: Gas


class ContestedRound(Printed):
    """A round of which items were contested."""

    job: JobId
    contested: list[Index]
    """The items."""
    random: bool
    """Whether they were drawn, and not named by hand."""
    differing: list[Index]
    """With --differing: all items that this machine's evaluation contradicts."""
    deadline: Time
    """For the proofs."""
    gas: Gas


class AnsweredRound(Printed):
    """A round of which contested items were proven."""

    job: JobId
    state: ServingState
    contested: Count
    proven: Count
    proofs: Count
    """Made now."""
    proof_seconds: Seconds
    """That they took."""
    transactions: Count
    gas: Gas


class Round(JobRow):
    """A serving round."""

    state: ServingState
    items: Count
    price: Amount
    """Of one prediction."""
    proof_fee: Amount
    """For each contested one that is proven."""
    stake: Amount
    contested: Count
    proven: Count
    """Of the contested items."""
    consumer: Address
    provider: Address
    payee: Address
    deadline: Time
    """Of the state; 0 if the round has ended."""


class Rounds(Printed):
    """All serving rounds, oldest first."""

    rounds: list[Round]


class RoundStatus(Round):
    """Where a serving round stands."""

    now: Time
    """Of the chain's last block."""
    condemned: Time | None
    """When the circuit was condemned, if the round can be ended for that."""
    uri: str
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
    proven: Count
    differing: list[Index] | None
    """Items that this machine's evaluation contradicts; null without --compare."""
    out: FilePath
