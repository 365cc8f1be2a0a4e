"""Circuits that contracts verify, of whichever proof system: what their clients ask.

Each function asks the system that the artifacts name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from prover.base.errors import ArtifactMismatch, ArtifactsMissing, UsageError
from prover.base.settings import get_settings
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import Item
from prover.statement.sealing import Chunks
from prover.systems import load, stated
from prover.systems.interface import Artifacts, Codes, OnChain, Outputs, Prediction
from prover.systems.onnx.calibration import Calibration, Floats
from prover.systems.places import MANIFEST, directory_name
from prover.systems.proof import Proof
from prover.systems.worker import Progress

# Imported when asked for: their libraries take a second.
_ON_CHAIN = {
    "ezkl": "prover.systems.ezkl.system:Ezkl",
    "native": "prover.systems.native.on_chain.items:NativeOnChain",
}


def find_artifacts(digest: bytes, weights_commitment: int = 0) -> Artifacts:
    """This machine's artifacts of a registered circuit and model.

    Raises ArtifactsMissing if there are none, ArtifactMismatch if they are damaged.
    """
    directory = get_settings().artifacts / directory_name(digest, weights_commitment)
    if not (directory / MANIFEST).exists():
        raise ArtifactsMissing(
            f"no artifacts at {directory}: run `zkescrow model add` with the circuit's ONNX file, "
            "or `zkescrow model import` with what its provider exported"
        )
    return load_own(directory)


def list_artifacts() -> list[Artifacts]:
    """All artifacts of this user, sorted by directory name. Raises if one is damaged."""
    home = get_settings().artifacts
    return [load_own(path.parent) for path in sorted(home.glob(f"[0-9a-f]*/{MANIFEST}"))]


def load_own(directory: Path) -> Artifacts:
    """Artifacts kept on this machine, under the name that their content gives them.

    Raises ArtifactMismatch, as after any edit of the manifest, saying that they are damaged.
    """
    try:
        made: Artifacts = load(directory).made
    except ArtifactMismatch as error:
        raise ArtifactMismatch(f"the artifacts at {directory} are damaged: {error}") from error
    name = directory_name(made.digest, made.weights_commitment)
    if name != directory.name:
        raise ArtifactMismatch(
            f"the artifacts at {directory} are damaged: their manifest is that of {name}; remove "
            "the directory, then add or import the model again"
        )
    return made


def import_artifacts(directory: Path) -> Artifacts:
    """Check files that somebody exported, and keep them; those that are here already stay.

    Raises UsageError if there is no such folder, ArtifactMismatch or UnsoundCircuit.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory} is no folder: give one that `zkescrow model export` wrote")
    return _system(stated(directory)).import_artifacts(directory)


@cache
def _system(name: str) -> OnChain[Any]:
    module, _, system = _ON_CHAIN[name].partition(":")
    made: OnChain[Any] = getattr(import_module(module), system)()
    return made


def on_chain(artifacts: Artifacts) -> OnChain[Any]:
    """The system of artifacts."""
    return _system(artifacts.system)


def read_data(artifacts: Artifacts, path: Path) -> Calibration:
    """The samples of an NPZ archive for a model. Raises UsageError or ModelRefused."""
    return on_chain(artifacts).read_data(artifacts, path)


def quantised(artifacts: Artifacts, samples: Iterable[Floats]) -> list[Item]:
    """Samples as items, each with salt of its own where the circuit takes any."""
    return on_chain(artifacts).items(artifacts, samples)


def photograph(artifacts: Artifacts, path: Path) -> Item:
    """The item that a photograph gives. Raises UsageError if the model takes none."""
    return on_chain(artifacts).photograph(artifacts, path)


def commitments(artifacts: Artifacts, items: Sequence[Item]) -> list[bytes]:
    """The input commitment of each item, as the contracts compute it of a proof."""
    return on_chain(artifacts).commitments(artifacts, items)


def chunks(artifacts: Artifacts, item: Item) -> Chunks:
    """What each digest of an item hashes, salt last: what is sealed of it."""
    return on_chain(artifacts).chunks(artifacts, item)


def unsealed(artifacts: Artifacts, found: Chunks) -> Item:
    """The item of chunks that are well formed. Raises StatementInvalid on others."""
    return on_chain(artifacts).unsealed(artifacts, found)


def evaluate(artifacts: Artifacts, items: Sequence[Item]) -> Outputs:
    """Signed output words of every item, without a proof.

    Raises ArtifactMismatch if the weights are not on this machine, ProvingError if the circuit is
    not exact.
    """
    return on_chain(artifacts).evaluate(artifacts, items)


def compare_with_witness(artifacts: Artifacts, items: Sequence[Item]) -> None:
    """Compare the evaluation of some items with what a proof would show. Raises ProvingError.

    To be called before a stake, an answer or a claim about somebody's answer.
    """
    on_chain(artifacts).compare_with_witness(artifacts, items)


def read_outputs(artifacts: Artifacts, words: Sequence[int]) -> list[Prediction]:
    """The predictions in a delivery's output words (field elements), item after item."""
    names = artifacts.class_names
    return [replace(one, names=names) for one in on_chain(artifacts).predictions(artifacts, words)]


class AnySystem:
    """Proofs of circuits of all systems, each by its own."""

    def require_weights(self, made: Artifacts) -> None:
        """Raise ProvingError unless what would be proven here has the registered weights."""
        on_chain(made).require_weights(made)

    def require_hiding(self, made: Artifacts, inputs: Sequence[bytes], shown: int) -> None:
        """Raise StatementInvalid where one proof more would not hide what it must."""
        on_chain(made).require_hiding(made, inputs, shown)

    def require_proofs(self, made: Artifacts, count: int) -> None:
        """Raise StatementInvalid where hidden weights would not stay hidden in so many proofs."""
        on_chain(made).require_proofs(made, count)

    def witness(self, made: Artifacts, items: Sequence[Item], context: JobContext) -> Any:
        """The statement about items in the context of a job. Raises StatementInvalid."""
        return on_chain(made).witness(made, items, context)

    def prove(self, made: Artifacts, witness: Any, progress: Progress | None = None) -> Proof:
        """A proof of it that was verified."""
        return on_chain(made).prove(made, witness, progress)

    def verify(self, made: Artifacts, proofs: Sequence[Proof]) -> None:
        """Raise ProofRejected unless all proofs hold."""
        on_chain(made).verify(made, proofs)

    def rebuilt(
        self, made: Artifacts, progress: Progress | None = None, model: Path | None = None
    ) -> Codes:
        """The contracts' code, after everything was made again and compared."""
        return on_chain(made).rebuilt(made, progress, model)
