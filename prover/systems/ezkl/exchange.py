"""The public part of a circuit's artifacts: what others need to check it and to post jobs on it.

Never among them: the model, its network and its compiled circuit where the weights are hidden, and
the proving key, which whoever wants to prove makes anew. A folder that comes in is a stranger's:
exactly these files, each plain, bounded and of its hash, are copied; nothing else is followed.
The compiled circuit comes out in another order at each making, so that none is ever taken from
others: it is compiled here, from the network that the manifest binds.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from prover.base.errors import ArtifactMismatch, ProvingError, StatementInvalid, UsageError
from prover.base.files import NO_ROOM, NotPlain, TooLarge, copy_plain, new_directory, publish
from prover.base.settings import get_settings
from prover.base.units import MIB
from prover.statement.context import NO_JOB
from prover.systems.class_names import CLASSES
from prover.systems.ezkl.artifacts import (
    MANIFEST,
    MODEL,
    NETWORK,
    RECORD,
    SAMPLE,
    SETTINGS,
    SRS,
    VERIFIER,
    VK,
    WEIGHTS,
    Artifacts,
    directory_name,
    load_artifacts,
    load_own,
    recorded,
    write_record,
)
from prover.systems.ezkl.circuit import compile_here
from prover.systems.ezkl.manifest import FIXED, MAX_LOGROWS, Manifest, read_manifest
from prover.systems.ezkl.prover import verify
from prover.systems.onnx.onnx_file import MAX_BYTES, check_self_contained
from prover.systems.srs import check_named
from prover.systems.worker import Limits

# The most that a file of any circuit needs.
_LIMITS = {
    **{MANIFEST: MIB, RECORD: MIB, CLASSES: MIB, WEIGHTS: MIB},
    **{SETTINGS: 16 * MIB, SAMPLE: 16 * MIB},
    **{VERIFIER: 4 * MIB, VK: 64 * MIB, NETWORK: MAX_BYTES, MODEL: MAX_BYTES},
    SRS: 128 * (1 << MAX_LOGROWS) + MIB,
}
_ALWAYS = (MANIFEST, RECORD, NETWORK, SETTINGS, SRS, VK, VERIFIER, SAMPLE)


def public_files(manifest: Manifest) -> tuple[str, ...]:
    """Names of the files that may be given to anybody."""
    named = (CLASSES,) if CLASSES in manifest.sha256 else ()
    return (*_ALWAYS, *named, MODEL if manifest.plan.weights == FIXED else WEIGHTS)


def export(artifacts: Artifacts, target: Path) -> None:
    """Copy the public files into a new directory. Raises UsageError if it is there."""
    if target.exists():
        raise UsageError(f"{target} is there already: name a directory that is not")
    with new_directory(target.absolute().parent) as scratch:
        made = scratch / "public"
        made.mkdir()
        for name in set(public_files(artifacts.manifest)) - {RECORD}:
            shutil.copyfile(artifacts.path(name), made / name)
        write_record(made)
        publish(made, target)


def import_artifacts(directory: Path, limits: Limits | None = None) -> Artifacts:
    """Check files that somebody exported, and keep them; those that are here already stay.

    Raises UsageError if there is no such folder, ArtifactMismatch or UnsoundCircuit.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory} is no folder: give one that `zkescrow model export` wrote")
    with new_directory(get_settings().artifacts) as scratch:
        made = scratch / "given"
        made.mkdir()
        found = _copied(directory, made)
        target = get_settings().artifacts / directory_name(found.digest, found.weights_commitment)
        if not target.exists():
            _complete(found, limits or Limits())
            publish(made, target)
    return load_own(target)


def _copied(directory: Path, made: Path) -> Artifacts:
    """Exactly the files that belong to the manifest, checked; only the copies are read."""
    _copy(directory, made, MANIFEST)
    allowed = set(public_files(read_manifest(made / MANIFEST)))
    found = {entry.name for entry in os.scandir(directory)}
    if found != allowed:
        raise ArtifactMismatch(
            f"{directory} has {_listed(found - allowed)} too much and lacks "
            f"{_listed(allowed - found)}: expected exactly the files that `zkescrow model export` "
            "wrote; ask for the folder again"
        )
    for name in sorted(allowed - {MANIFEST}):
        _copy(directory, made, name)
    _check_recorded(made, allowed)
    artifacts = load_artifacts(made)
    check_named(made / SRS, artifacts.manifest.srs, artifacts.manifest.plan.logrows)
    return artifacts


def _copy(directory: Path, made: Path, name: str) -> None:
    try:
        copy_plain(directory / name, made / name, _LIMITS[name])
    except (NotPlain, TooLarge, OSError) as error:
        if getattr(error, "errno", None) in NO_ROOM:
            raise  # it is our own disk's fault, not the folder's
        raise ArtifactMismatch(
            f"{name} in {directory} cannot be taken ({_reason(error)}): expected a plain file "
            f"of at most {_LIMITS[name]} bytes; ask for the folder again"
        ) from error


def _reason(error: Exception) -> str:
    words = {NotPlain: "it is a link, folder, pipe or device", TooLarge: "it is larger"}
    return words.get(type(error)) or getattr(error, "strerror", None) or str(error)


def _check_recorded(made: Path, allowed: set[str]) -> None:
    """The sample is not in the manifest, so that its hash must be in the record."""
    names = set(recorded(made))
    if names != allowed - {RECORD}:
        raise ArtifactMismatch(
            f"{RECORD} names {_listed(names)}: expected exactly {_listed(allowed - {RECORD})}; "
            "ask for the folder again"
        )


def _complete(found: Artifacts, limits: Limits) -> None:
    """Check what hashes cannot say, and compile the circuit where the weights are known."""
    for name in {NETWORK, MODEL} & set(public_files(found.manifest)):
        check_self_contained(found.directory / name)
    with _as_mismatch("the sample proof does not hold"):
        verify(found, [found.sample], limits)
        _check_sample(found)
    if found.manifest.plan.weights == FIXED:
        with _as_mismatch("no circuit can be compiled of it"):
            compile_here(found.directory, limits)
    write_record(found.directory)


def _check_sample(found: Artifacts) -> None:
    """The sample belongs to no job, and has the weights that are claimed."""
    layout, words = found.manifest.layout, found.sample.instances
    context = NO_JOB.limbs(layout.context_limbs, layout.context_bits)
    claimed = (found.weights_commitment,) if layout.weight_words else ()
    if layout.section("context", words) != context or layout.section("weights", words) != claimed:
        raise ArtifactMismatch("the sample proof is about other weights, or belongs to a job")


@contextlib.contextmanager
def _as_mismatch(why: str) -> Iterator[None]:
    try:
        yield
    except (ProvingError, StatementInvalid) as error:
        raise ArtifactMismatch(f"{why}: {error}; ask for the folder again") from error


def _listed(names: set[str]) -> str:
    shown = ", ".join(ascii(name)[1:-1][:60] for name in sorted(names)[:8])
    return shown + (", ..." if len(names) > 8 else "") if names else "nothing"
