"""Of native circuits, and their proofs."""

from typing import Literal

from pydantic import Field

from prover.cli.schema.parts import (
    Check,
    Count,
    FilePath,
    Index,
    Inputs,
    Log2,
    Printed,
    Seconds,
    SetUp,
    Share,
    Weights,
    Word,
)


class NativeExample(Printed):
    """The files that were written."""

    model: FilePath
    data: FilePath
    photograph: FilePath
    classes: FilePath


class CircuitLayout(Printed):
    """The circuit's parameters."""

    logrows: Log2
    """Of the number of rows."""
    lanes: Count
    """Cells of a row."""
    weight_lanes: Count
    """Weights of a row."""
    packing: Count
    """Fixed columns to a commitment."""


class NativeCircuit(Printed):
    """A native circuit."""

    artifacts: FilePath
    """The circuit's folder."""
    artifact_digest: Word
    """SHA-256 of the manifest."""
    layers: Count
    layout: CircuitLayout
    label_agreement: Share | None
    """Of calibration labels that the integers keep."""
    labels: Count
    """That are public, the best first. 0 if all scores are."""
    inputs: Inputs
    weights: Weights
    weights_commitment: Word | None
    """What hidden weights are known by: keccak256 of what every proof begins with."""
    srs: SetUp
    input_range: list[int]
    """The least and the largest integer of an input."""


class RebuiltCircuit(Printed):
    """A native circuit whose verifying key is the one that its network gives."""

    rebuilt: Literal[True]
    except_: list[Literal["weights", "biases"]] = Field(alias="except", default_factory=list)
    """What was not compared."""


class InputDigests(Printed):
    """The digests that a proof about an input will show."""

    digests: list[Word]
    """Of the input."""
    salts: FilePath


class _Outcome(Printed):
    digests: list[Word] = Field(default_factory=list)
    """Of the input. Only if the circuit shows them."""
    output_words: list[int] = Field(default_factory=list)
    """Outputs as signed integers. Only if the circuit shows them."""
    top: list[Index]
    """Labels, the best first."""


class NativeProof(_Outcome):
    """A proof of a native circuit."""

    proof: FilePath
    proof_seconds: Seconds
    """That the proofs took."""
    total_seconds: Seconds
    """With reading the circuit."""


class VerifiedNativeProof(_Outcome):
    """What was checked of a proof of a native circuit, and what it says."""

    checked: list[Check]
    srs_name: str
    """Of the set-up that the keys were made with."""
