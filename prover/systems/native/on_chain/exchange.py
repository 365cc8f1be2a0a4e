"""The public part of a native circuit: what others need to check it and to post jobs on it.

Never among them: hidden weights, and the proving key, which whoever wants to prove makes anew. A
folder that comes in is a stranger's: exactly these files, each plain, bounded and of its hash, are
copied; nothing else is followed.
"""

from pathlib import Path

from prover.base.errors import ArtifactMismatch, ProofRejected, UsageError
from prover.base.files import new_directory, publish
from prover.base.settings import get_settings
from prover.statement.commitment import weights_of
from prover.statement.context import NO_JOB
from prover.systems.native import artifacts, folder, prover, setup
from prover.systems.native.artifacts import MANIFEST, SAMPLE, WEIGHTS, NativeArtifacts
from prover.systems.places import directory_name
from prover.systems.worker import Limits, Progress


def public_files(made: NativeArtifacts) -> tuple[str, ...]:
    """Names of the files that may be given to anybody."""
    hidden = made.manifest.weights == "hidden"
    return (MANIFEST, *made.manifest.sha256, SAMPLE, *((WEIGHTS,) if hidden else ()))


def export(made: NativeArtifacts, target: Path) -> list[str]:
    """Copy the public files into a new directory; their names. Raises UsageError if it is there."""
    if target.exists():
        raise UsageError(f"{target} is there already: name a directory that is not")
    names = list(public_files(made))
    with new_directory(target.absolute().parent) as scratch:
        _copy(made.directory, scratch / "public", names)
        publish(scratch / "public", target)
    return names


def import_artifacts(directory: Path, limits: Limits | None = None) -> NativeArtifacts:
    """Check files that somebody exported, and keep them; those that are here already stay.

    Raises ArtifactMismatch or UnsoundCircuit.
    """
    given = artifacts.load(directory)
    with new_directory(get_settings().artifacts) as scratch:
        made = scratch / "given"
        _copy(directory, made, public_files(given))
        found = artifacts.load(made)
        _check_sample(found, limits)
        target = get_settings().artifacts / directory_name(found.digest, found.weights_commitment)
        if not target.exists():
            publish(made, target)
    return artifacts.load(target)


def make_proving_key(
    made: NativeArtifacts, limits: Limits | None = None, progress: Progress | None = None
) -> None:
    """Put the proving key into artifacts that were imported without one, by rebuilding all of them.

    Raises UsageError where the weights are hidden, as then only their owner can; UnsoundCircuit
    naming the piece that differs.
    """
    if made.proving_key.is_file():
        return
    if made.manifest.weights == "hidden":
        raise UsageError(
            "the model's weights are hidden, so only their owner can make its proving key; for "
            "weights of your own: zkescrow model add MODEL.onnx --like MODEL"
        )
    setup.rebuild(made, limits, progress, keep_key=True)


def _copy(source: Path, target: Path, names: tuple[str, ...] | list[str]) -> None:
    """Each file through a check of what it is: only the copies are read."""
    target.mkdir()
    for name in names:
        path = target / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(folder.read(source, name))


def _check_sample(found: NativeArtifacts, limits: Limits | None) -> None:
    """The sample holds, belongs to no job, and has the weights that are claimed."""
    layout, sample = found.facts.layout, found.sample
    try:
        prover.verify(found, sample, limits or Limits())
    except ProofRejected as error:
        raise ArtifactMismatch(
            f"the sample proof does not hold: {error}; ask for the folder again"
        ) from error
    context = NO_JOB.limbs(layout.context_limbs, layout.context_bits)
    claimed = weights_of(layout, sample.proof, sample.instances) == found.weights_commitment
    if layout.section("context", sample.instances) != context or not claimed:
        raise ArtifactMismatch("the sample proof is about other weights, or belongs to a job")
