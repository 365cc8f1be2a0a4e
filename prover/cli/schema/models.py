"""Of models and proofs of the ezkl system, and of set-ups."""

from typing import Literal

from pydantic import JsonValue

from prover.cli.schema.parts import (
    Address,
    ByteCount,
    Check,
    Count,
    FilePath,
    Gas,
    Inputs,
    Log2,
    Message,
    Prediction,
    Printed,
    Real,
    Seconds,
    SetUp,
    Sha256,
    Share,
    Weights,
    Word,
)


class Accuracy(Printed):
    """The quantised model against the float model, on the calibration data."""

    label_agreement: Share
    """Of calibration labels that the integers keep."""
    worst_error: Real | None
    """Of a score, in the model's own units. Null of native circuits."""
    samples: Count
    labelled_accuracy_float: Share | None
    """Null without labels."""
    labelled_accuracy_quantised: Share | None
    """Null without labels."""


class Candidate(Printed):
    """A set of parameters that the planner tried; what was not computed before it fell is null."""

    input_scale: int
    """Binary digits after the point of an input."""
    param_scale: int
    rebase_multiplier: int
    verdict: Message
    decomp_base: int | None
    decomp_legs: Count | None
    num_inner_cols: Count | None
    rows: Count | None
    logrows: Log2 | None
    """Of the number of rows."""
    key_bytes: ByteCount | None
    """Of the proving key, as predicted."""
    accuracy: Accuracy | None
    """Of the integers, against the float model."""


class ModelFacts(Printed):
    """What a model is."""

    artifact_digest: Word
    """SHA-256 of the manifest."""
    artifacts: FilePath
    """The circuit's folder."""
    items_per_proof: Count
    inputs: Inputs
    weights: Weights
    exact: bool
    """Whether inputs and weights determine the outputs."""
    tolerance: int
    """Worst error of an output word that a proof can hide. 0 if it is exact."""
    logrows: Log2
    """Of the number of rows."""
    input_unit: Real
    """What integer 1 stands for, of an input."""
    instances: Count
    """Public words of a proof."""
    code_bytes: ByteCount
    """Of the verifier."""
    verifying_key_bytes: ByteCount
    """Of the key that the verifier is told; 0 where it is generated for the circuit."""
    proof_bytes: ByteCount
    srs: SetUp
    accuracy: Accuracy | None
    """Of the integers, against the float model. Null of hidden weights."""
    proofs_hidden: Count | None
    """About one input, in which its salt hides it. Null for any number."""
    model_id: Word
    circuit_id: Word


class AddedModel(ModelFacts):
    """A model that was added."""

    name: str
    """What it is called. Of a model, on this machine."""
    verifier: Address
    gas_by_step: dict[Literal["verifier", "key", "circuit", "model"], Gas]
    """Of the steps that were taken now."""
    candidates: list[Candidate]
    """What the planner tried; none with --like."""


class ShownModel(ModelFacts):
    """A model of this machine."""

    manifest: dict[str, JsonValue]
    """What manifest.json holds, with that file's keys."""


class Model(Printed):
    """A model on the chain."""

    name: str
    """What it is called. Empty if it has no name on this machine."""
    model_id: Word
    weights: Weights
    items_per_proof: Count
    exact: bool
    """Whether inputs and weights determine the outputs."""
    has_artifacts: bool
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
    """keccak256 of the verifier's code on the chain; with a key, of its hash and the key's."""
    verified: Literal[True]


class ExportedModel(Printed):
    """The files that were written."""

    directory: FilePath
    files: list[str]


class ImportedModel(Printed):
    """A model that was taken in."""

    name: str
    """What it is called. Of a model, on this machine."""
    model_id: Word


class ModelKeys(Printed):
    """A proving key that was made."""

    model_id: Word
    proving_key: FilePath
    sha256: Sha256
    """Of its file."""


class EzklProof(Printed):
    """A proof of an ezkl circuit."""

    proof: FilePath
    proof_seconds: Seconds
    """That the proofs took."""
    total_seconds: Seconds
    """With reading the circuit."""
    predictions: list[Prediction]
    """By item."""


class VerifiedEzklProof(Printed):
    """What was checked of a proof of an ezkl circuit, and what it says."""

    checked: list[Check]
    predictions: list[Prediction]
    """By item."""
    srs_name: str
    """Of the set-up that the keys were made with."""


class StoredSetUp(Printed):
    """A set-up on this machine."""

    name: str
    """What it is called."""
    logrows: Log2
    """Of the number of rows."""
    sha256: Sha256
    """Of its file. Of a set-up, in halo2's raw format."""


class NewSetUp(StoredSetUp):
    """A set-up that was taken in."""

    file: FilePath
    """That was written."""


class CheckedSetUp(Printed):
    """A set-up whose every point was checked."""

    name: str
    """What it is called."""
    sha256: Sha256
    """Of its file. Of a set-up, in halo2's raw format."""
    logrows: Log2
    """Of the number of rows."""
    known_by: str
    """How it was recognised."""
    format: Literal["raw", "ptau"]


class SetUps(Printed):
    """Set-ups on this machine, and ceremonies that are known."""

    set_ups: list[StoredSetUp]
    """On this machine."""
    known: dict[str, Message]
    """Name of a ceremony -> what it is, and how it is recognised."""
