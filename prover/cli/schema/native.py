"""Of native circuits, and their proofs."""

from typing import Literal

from pydantic import Field

from prover.cli.schema.parts import (
    Count,
    FilePath,
    Index,
    Printed,
    Seconds,
    SetUp,
    Share,
    Word,
)


class NativeExample(Printed):
    """The files that were written."""

    model: FilePath
    data: FilePath
    photograph: FilePath


class NativeLayout(Printed):
    """The circuit's parameters."""

    k: Count
    """log2 of its rows."""
    lanes: Count
    """Cells of a row."""
    weight_lanes: Count
    """Weights of a row."""


class NativeCircuit(Printed):
    """A native circuit."""

    directory: FilePath
    digest: Word
    """SHA-256 of the manifest."""
    layers: Count
    layout: NativeLayout
    agreement: Share
    """Of calibration labels that the integers keep."""
    labels: Count
    """Labels that are public, the best first; 0: all scores are."""
    inputs: Literal["point", "hashed"]
    """What of the input is public: a hiding commitment, or salted digests."""
    weights: Literal["public", "hidden"]
    srs: SetUp
    input: list[int]
    """The least and the largest integer of an input."""


class RebuiltCircuit(Printed):
    """A native circuit whose verifying key is the one that its network gives."""

    rebuilt: Literal[True]
    except_: list[Literal["weights", "biases"]] = Field(alias="except", default_factory=list)
    """Only of hidden weights: what was not compared."""


class InputDigests(Printed):
    """The digests that a proof about an input will show."""

    digests: list[Word]
    salts: FilePath


class _Outcome(Printed):
    digests: list[Word] = Field(default_factory=list)
    """Of the input, where the circuit shows them."""
    scores: list[int] = Field(default_factory=list)
    """Of each label, where the circuit shows them: signed integers."""
    top: list[Index]
    """Labels, the best first."""


class NativeProof(_Outcome):
    """A proof of a native circuit."""

    proof: FilePath
    seconds: Seconds
    """For witness and proof."""
    total: Seconds
    """With reading and placing the circuit."""


class VerifiedNativeProof(_Outcome):
    """What was checked of a proof of a native circuit, and what it says."""

    verified: list[Literal["proof", "reference", "context"]]
    """What was checked, and with the verifier in Python too."""
    srs: str
    """Name of the set-up that the circuit stands on."""
