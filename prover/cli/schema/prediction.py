"""Of predictions, and of the provider who proves them."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from prover.cli.schema.parts import (
    Address,
    Amount,
    Currency,
    DeedRow,
    FilePath,
    Gas,
    JobId,
    JobRow,
    Message,
    OneOf,
    Prediction,
    Printed,
    Seconds,
    Time,
    Wei,
    Window,
    Word,
    states,
)
from prover.clients.prediction.steps import FAILED, SKIPPED, WAITING
from prover.clients.prediction.store import Stage
from prover.protocol.prediction.state import State

PredictionState = TypeAliasType(
    "PredictionState",
    Annotated[str, OneOf(states(State)), Field(description="The state of a job.")],
)


class PostedJob(Printed):
    """A job for predictions that was posted."""

    job: JobId
    inputs_file: FilePath
    """With its salts: to be kept."""
    given: FilePath
    """The file for the other side. It is an envelope where the provider's key is known."""
    uri: str
    """Where the file for the other side can be fetched. Empty if it is given by hand."""
    reward: Amount
    stake: Amount
    currency: Currency
    open_until: Time
    prove_window_seconds: Window
    """From joining to the last proof."""
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


class PredictionJob(JobRow):
    """A job for predictions."""

    state: PredictionState
    reward: Amount
    stake: Amount
    consumer: Address
    provider: Address
    payee: Address


class PredictionJobs(Printed):
    """All jobs for predictions, oldest first."""

    jobs: list[PredictionJob]


class JobStatus(PredictionJob):
    """Where a job for predictions stands."""

    now: Time
    """Of the chain's last block."""
    provisional: list[DeedRow]
    reminders: list[JobRow]
    """Other jobs that wait for whoever uses this home."""
    predictions: list[Prediction] | None
    """By item. Null without a proof, or without the model."""
    outputs: list[str]
    """Proven outputs as field elements, in hexadecimal."""


class JobOutcome(Printed):
    """What became of a job in a provider's pass."""

    job: JobId
    result: Annotated[str, OneOf([*Stage, WAITING, SKIPPED, FAILED])]
    message: Message
    """What happened."""
    proof_seconds: Seconds
    """That the proofs took."""
    gas: Gas
    """That this command's transactions took."""


class ProviderPass(Printed):
    """A provider's pass; without --once one is printed for each pass that has news."""

    jobs: list[JobOutcome]
    withdrawn: dict[Currency, Amount]
    """By currency."""
    trouble: Message | None
    """Why a credit could not be withdrawn."""


class TrackedJob(Printed):
    """A job that this machine took."""

    job: JobId
    stage: Annotated[str, OneOf(Stage)]
    """How far it is here."""
    final: bool
    """Whether its end is final."""
    on_chain: PredictionState | Literal["none", "set aside"]
    """Its state on the chain."""
    until: Time
    """The last second to act. 0 if the job has ended, or the chain does not have it."""
    proof_seconds: Seconds
    """That the proofs took."""


class ProviderStatus(Printed):
    """The jobs that this machine took, and the account's credit."""

    account: Address
    """Whose this is."""
    credits: dict[Currency, Amount]
    """What may be withdrawn from all contracts, by currency. Those that are 0 are left out."""
    jobs: list[TrackedJob]


class ProviderKey(Printed):
    """The key to which consumers encrypt inputs."""

    account: Address
    """Whose this is."""
    public_key: Word
    """X25519."""
    file: FilePath
    """That was written."""
