"""What the objects of several commands share: kinds of values, rows, and the forms of a wallet."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import core_schema
from typing_extensions import TypeAliasType

from prover.chain.state.deeds import KINDS
from prover.clients.common.jobs.kinds import BOUNTY, PREDICTION, REQUEST, ROUND
from prover.protocol.accuracy.state import State as BountyState
from prover.protocol.prediction.state import State as PredictionState
from prover.protocol.retrieval.state import State as RequestState
from prover.protocol.serving.state import State as RoundState


class Printed(BaseModel):
    """An object that a command prints: no other keys, no value converted."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


def states(*kinds: type[IntEnum]) -> list[str]:
    """The states of protocols as they are printed, each once."""
    found = (state.name.lower() for kind in kinds for state in kind if state)
    return list(dict.fromkeys(found))


class OneOf:
    """A string of a list that stands elsewhere in the code."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = list(allowed)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        return core_schema.literal_schema(self._allowed)


Address = TypeAliasType(
    "Address",
    Annotated[
        str,
        Field(
            pattern="^0x[0-9a-fA-F]{40}$",
            description="An account or contract, with the checksum of EIP-55; where nobody is "
            "named, zeros.",
        ),
    ],
)
Currency = TypeAliasType(
    "Currency",
    Annotated[
        str,
        Field(
            pattern="^0x[0-9a-fA-F]{40}$", description="Address of an ERC-20 token; zeros are ETH."
        ),
    ],
)
Word = TypeAliasType(
    "Word", Annotated[str, Field(pattern="^0x[0-9a-f]{64}$", description="32 bytes.")]
)
JobId = TypeAliasType(
    "JobId",
    Annotated[
        str,
        Field(
            pattern="^0x[0-9a-f]{64}$",
            description="Id of a job: of predictions, a round, a bounty or a request.",
        ),
    ],
)
Sha256 = TypeAliasType(
    "Sha256",
    Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="A SHA-256 in hexadecimal.")],
)
Data = TypeAliasType(
    "Data", Annotated[str, Field(pattern="^0x([0-9a-f]{2})*$", description="Bytes.")]
)
Amount = TypeAliasType(
    "Amount",
    Annotated[
        int,
        Field(
            ge=0,
            description="Wei, or the smallest units of the currency where that is a token. It may "
            "be above 2^53: read it as an integer of any size.",
        ),
    ],
)
Wei = TypeAliasType(
    "Wei", Annotated[int, Field(ge=0, description="Wei. It may be above 2^53, as an Amount.")]
)
Gas = TypeAliasType("Gas", Annotated[int, Field(ge=0, description="Units of gas.")])
Time = TypeAliasType(
    "Time", Annotated[int, Field(ge=0, description="Seconds since 1970 (Unix time).")]
)
Window = TypeAliasType(
    "Window", Annotated[int, Field(ge=0, description="Seconds that the terms allow.")]
)
Seconds = TypeAliasType(
    "Seconds",
    Annotated[float, Field(ge=0, allow_inf_nan=False, description="Seconds, with fractions.")],
)
Count = TypeAliasType("Count", Annotated[int, Field(ge=0, description="A number of things.")])
Index = TypeAliasType("Index", Annotated[int, Field(ge=0, description="A place, from 0 on.")])
ByteCount = TypeAliasType("ByteCount", Annotated[int, Field(ge=0, description="Bytes.")])
Real = TypeAliasType(
    "Real", Annotated[float, Field(allow_inf_nan=False, description="A real number.")]
)
ChainId = TypeAliasType("ChainId", Annotated[int, Field(ge=0, description="EIP-155's number.")])
Block = TypeAliasType("Block", Annotated[int, Field(ge=0, description="The number of a block.")])
Log2 = TypeAliasType("Log2", Annotated[int, Field(ge=0, description="A logarithm to base 2.")])
Share = TypeAliasType(
    "Share", Annotated[float, Field(ge=0, le=1, description="A share, from 0 to 1.")]
)
FilePath = TypeAliasType("FilePath", Annotated[str, Field(description="A file or folder.")])
Message = TypeAliasType(
    "Message", Annotated[str, Field(description="Plain English for people: it may change.")]
)
Protocol = TypeAliasType(
    "Protocol",
    Annotated[
        str,
        OneOf(kind.group for kind in (PREDICTION, ROUND, BOUNTY, REQUEST)),
        Field(description="The protocol of a job."),
    ],
)
JobState = TypeAliasType(
    "JobState",
    Annotated[
        str,
        OneOf(states(PredictionState, RoundState, BountyState, RequestState)),
        Field(description="The state of a job of any protocol."),
    ],
)
Inputs = TypeAliasType(
    "Inputs",
    Annotated[
        Literal["public", "hashed", "point"],
        Field(
            description="What a proof shows of an input: all of it, a salted digest, or a hiding "
            "commitment."
        ),
    ],
)
Weights = TypeAliasType(
    "Weights",
    Annotated[
        Literal["public", "hidden"], Field(description="Whether everybody may know a model.")
    ],
)
Check = TypeAliasType(
    "Check",
    Annotated[
        Literal["proof", "inputs", "context", "reference"],
        Field(
            description="What holds of a proof: itself, that it is about these inputs, about this "
            "job, and the verifier in Python's word too."
        ),
    ],
)
Move = TypeAliasType(
    "Move",
    Annotated[str, OneOf(sorted(KINDS)), Field(description="What an account did to a job.")],
)


class Already(Printed):
    """Instead of the usual object: an earlier run of the very command did it, this one nothing."""

    job: JobId
    state: JobState
    next: Message
    already: Literal[True]


class WalletTransaction(BaseModel):
    """A parameter of eth_sendTransaction, with the names of EIP-1193; numbers in hexadecimal."""

    model_config = Printed.model_config

    chainId: str
    from_: Address = Field(alias="from")
    to: Address
    value: str
    """Wei."""
    data: Data
    gas: str = ""
    """Left out where it depends on a transaction before it."""


class SafeTransaction(BaseModel):
    """A transaction in Safe's form; numbers in decimal."""

    model_config = Printed.model_config

    to: Address
    value: str
    """Wei."""
    data: Data


class SafeMeta(BaseModel):
    """Who made a batch, in Safe's form."""

    model_config = Printed.model_config

    name: Literal["zkescrow"]
    createdFromSafeAddress: Address


class SafeBatch(BaseModel):
    """A file for the transaction builder of Safe, with Safe's names."""

    model_config = Printed.model_config

    version: Literal["1.0"]
    chainId: str
    meta: SafeMeta
    transactions: list[SafeTransaction]


# Objects that other programs take as they are: their keys are those of the standards.
STANDARD = (WalletTransaction, SafeTransaction, SafeMeta, SafeBatch)


class Unsent(Printed):
    """A credit that was not withdrawn."""

    currency: Currency
    contract: str
    """Its name."""
    why: Message


class Unsigned(Printed):
    """With --unsigned, instead of the usual object: what a wallet or multisig is to sign.

    A posting has `job`, the job that it will be, and what else there is to know of it.
    """

    unsigned: Literal[True]
    chain_id: ChainId
    from_: Address = Field(alias="from")
    """Who is to sign."""
    transactions: list[WalletTransaction]
    """To be signed in this order."""
    says: list[Message]
    """What each of the transactions does."""
    safe: SafeBatch
    """The same for Safe's transaction builder."""
    job: JobId = ""
    given: FilePath = ""
    """The file for the other side."""
    uri: str = ""
    """Where the file for the other side can be fetched. Empty if it is given by hand."""
    notes: list[Message] = Field(default_factory=list)
    """What else there is to know."""
    left: list[Unsent] = Field(default_factory=list)
    """What cannot be withdrawn."""


class JobRow(Printed):
    """Where a job of any protocol stands."""

    protocol: Protocol
    job: JobId
    state: JobState
    who: Address | Literal["anyone"] | None
    """Who must act. Null if the job has ended."""
    until: Time
    """The last second to act. 0 if the job has ended."""
    next: Message
    currency: Currency


class DeedRow(Printed):
    """What was done to a job from this home and is not final, or was taken away by a fork."""

    protocol: Protocol
    job: JobId
    move: Move
    account: Address
    """Whose this is."""
    block: Block
    """That it is in. Of a lost one, in which it was seen last."""
    lost: bool
    """Whether a reorganisation took it away."""
    blocks_to_go: Count | None
    """Blocks until it is final. Null if it is lost."""
    again: str | None
    """The command that does a lost one again. Null where none can."""


class UnminedRow(Printed):
    """What was signed from this home and is not on the chain."""

    protocol: Protocol
    job: JobId
    move: Move
    account: Address
    """Whose this is."""


class SetUp(Printed):
    """The set-up (structured reference string) of a circuit."""

    name: str
    """What it is called."""
    sha256: Sha256
    """Of its file. Of a set-up, in halo2's raw format."""


class Prediction(Printed):
    """What a model says of one input, as it was proven."""

    output_words: list[int]
    """Outputs as signed integers."""
    scores: list[Real] | None
    """Outputs in the model's own units. Null where the output is a label."""
    label: Index | None
    """Of the largest score. Null if it is a tie."""
    class_name: str | None
    """What the label is called. Null if nobody said so."""
    decisive: bool
    """Whether no other label is within the tolerance."""
    score_tolerance: Real
    """How far a score may be from the exact one."""


class Ended(Printed):
    """A job that was taken back, or ended once its deadline had passed."""

    job: JobId
    state: JobState
    next: Message
    gas: Gas
    """That this command's transactions took."""


class Withdrawal(Printed):
    """Money that was withdrawn from a contract."""

    contract: str
    """Its name."""
    currency: Currency
    to: Address
    amount: Amount


class Withdrawn(Printed):
    """What was withdrawn. Exit status 1 if something is left."""

    to: Address
    withdrawn: dict[Currency, Amount]
    """By currency."""
    withdrawals: list[Withdrawal]
    left: list[Unsent]
    """What cannot be withdrawn."""
