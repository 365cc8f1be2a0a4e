"""Of models and proofs of the ezkl system, and of set-ups."""

from typing import Literal

from pydantic import JsonValue

from prover.cli.schema.parts import (
    Address,
    ByteCount,
    Count,
    FilePath,
    Gas,
    Message,
    Prediction,
    Printed,
    Real,
    Seconds,
    SetUp,
    Sha256,
    Share,
    Word,
)


class Accuracy(Printed):
    """The quantised model against the float model, on the calibration data."""

    label_agreement: Share
    """Of equal labels."""
    worst_error: Real
    """Of a score, in the model's own units."""
    samples: Count
    labelled_accuracy_float: Share | None
    """Null without labels."""
    labelled_accuracy_quantised: Share | None
    """Null without labels."""


class Candidate(Printed):
    """A set of parameters that the planner tried; what was not computed before it fell is null."""

    input_scale: int
    param_scale: int
    rebase_multiplier: int
    verdict: Message
    decomp_base: Count | None
    decomp_legs: Count | None
    num_inner_cols: Count | None
    rows: Count | None
    logrows: Count | None
    key_bytes: ByteCount | None
    """Of the proving key, as predicted."""
    accuracy: Accuracy | None


class ModelFacts(Printed):
    """What a model is."""

    artifact_digest: Word
    """SHA-256 of the manifest."""
    artifacts: FilePath
    items: Count
    """Predictions that one proof can hold."""
    inputs: Literal["public", "hashed"]
    weights: Literal["public", "hidden"]
    exact: bool
    tolerance: Count
    """Worst error of an output word that a proof can hide; 0 if it is exact."""
    logrows: Count
    """log2 of the circuit's rows."""
    input_scale: int
    """Binary digits after the point of an input."""
    instances: Count
    """Public words of a proof."""
    code_bytes: ByteCount
    """Of the verifier."""
    proof_bytes: ByteCount
    srs: SetUp
    accuracy: Accuracy | None
    """Null of hidden weights."""
    model_id: Word
    circuit_id: Word


class SpentGas(Printed):
    """Gas of the steps that were taken now."""

    verifier: Gas = 0
    circuit: Gas = 0
    model: Gas = 0


class AddedModel(ModelFacts):
    """A model that was added."""

    name: str
    """On this machine."""
    verifier: Address
    gas: SpentGas
    candidates: list[Candidate]
    """What the planner tried; none with --like."""


class ShownModel(ModelFacts):
    """A model of this machine."""

    manifest: dict[str, JsonValue]
    """What manifest.json holds, with that file's keys."""


class Model(Printed):
    """A model on the chain."""

    name: str
    """On this machine; empty if it has none."""
    model: Word
    """Its id."""
    weights: Literal["public", "hidden"]
    items: Count
    """Predictions that one proof can hold."""
    exact: bool
    artifacts: bool
    """Whether its files are on this machine."""
    condemned: bool
    """Whether its circuit is."""


class Models(Printed):
    """All models on the chain."""

    models: list[Model]


class VerifiedModel(Printed):
    """A model whose verifier is the one that it gives."""

    model_id: Word
    circuit_id: Word
    code_hash: Word
    """keccak256 of the verifier's code on the chain."""
    verified: Literal[True]


class ExportedModel(Printed):
    """The files that were written."""

    directory: FilePath
    files: list[str]


class ImportedModel(Printed):
    """A model that was taken in."""

    name: str
    """On this machine."""
    model_id: Word


class ModelKeys(Printed):
    """A proving key that was made."""

    model_id: Word
    proving_key: FilePath
    sha256: Sha256
    """Of the key."""


class EzklProof(Printed):
    """A proof of an ezkl circuit."""

    proof: FilePath
    seconds: Seconds
    """For witness and proof."""
    total: Seconds
    """With reading the circuit."""
    predictions: list[Prediction]


class VerifiedEzklProof(Printed):
    """What was checked of a proof of an ezkl circuit, and what it says."""

    verified: list[Literal["proof", "inputs", "context"]]
    """What was checked."""
    predictions: list[Prediction]
    srs: str
    """Name of the set-up that the circuit stands on."""


class KeptSetUp(Printed):
    """A set-up on this machine."""

    name: str
    logrows: Count
    """log2 of its rows."""
    sha256: Sha256


class NewSetUp(KeptSetUp):
    """A set-up that was taken in."""

    path: FilePath


class CheckedSetUp(Printed):
    """A set-up whose every point was checked."""

    name: str
    sha256: Sha256
    """In halo2's raw format, of so many rows."""
    logrows: Count
    """log2 of its rows."""
    known_by: str
    """How it was recognised."""
    format: Literal["raw", "ptau"]


class SetUps(Printed):
    """Set-ups on this machine, and ceremonies that are known."""

    set_ups: list[KeptSetUp]
    """On this machine."""
    known: dict[str, Message]
    """Name of a ceremony -> what it is, and how it is recognised."""
