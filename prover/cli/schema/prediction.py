"""Of predictions, and of the provider who serves them."""

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
    inputs: FilePath
    """The inputs file, with its salts."""
    given: FilePath
    """The file for the provider: an envelope where its key is known."""
    uri: str
    """Where it can be fetched; empty if it is given by hand."""
    reward: Amount
    stake: Amount
    currency: Currency
    open_until: Time
    prove_seconds: Window
    """From lock to proof."""
    gas: Gas
    """Of the posting."""
    total_gas: Gas
    """Of post, lock and delivery together."""
    total_fee_wei: Wei
    """The same at the present fee."""
    resumed: bool
    """Whether an earlier command began it."""
    notes: list[Message]


class PredictionJob(JobRow):
    """A job for predictions."""

    state: PredictionState
    reward: Amount
    stake: Amount
    consumer: Address
    provider: Address
    payee: Address
    deadline: Time
    """Of the state; 0 if the job has ended."""


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
    """Null if nothing is proven, or the model is not here."""
    outputs: list[str]
    """Proven output words: field elements in hexadecimal."""


class ServedJob(Printed):
    """What became of a job in a provider's pass."""

    job: JobId
    result: Annotated[str, OneOf([*Stage, WAITING, SKIPPED, FAILED])]
    words: Message
    proof_seconds: Seconds
    """That the proof took."""
    gas: Gas


class ProviderRound(Printed):
    """A provider's pass; without --once one is printed for each pass that has news."""

    jobs: list[ServedJob]
    withdrawn: dict[Currency, Amount]
    """By currency."""
    trouble: Message | None
    """Why a credit could not be taken out."""


class TrackedJob(Printed):
    """A job that this machine took."""

    job: JobId
    stage: Annotated[str, OneOf(Stage)]
    """How far it is here."""
    final: bool
    """Whether its end is final."""
    on_chain: PredictionState | Literal["none", "set aside"]
    """Its state on the chain."""
    due: Time
    """Its deadline; 0 if the chain does not have it."""
    proof_seconds: Seconds
    """That the proof took."""


class ProviderStatus(Printed):
    """The jobs that this machine took, and the account's credit."""

    account: Address
    credit_wei: Wei
    credits: dict[Currency, Amount]
    """By currency, of all contracts; those that are 0 are left out."""
    jobs: list[TrackedJob]


class ProviderKey(Printed):
    """The key to which consumers encrypt inputs."""

    account: Address
    public_key: Word
    """X25519."""
    file: FilePath
