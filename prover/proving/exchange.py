"""The public part of a circuit's artifacts: what others need to check it and to post jobs on it.

Never among them: the model, its network and its compiled circuit where the weights are hidden, and
the proving key, which whoever wants to prove makes anew.
"""

import shutil
from pathlib import Path

from prover.errors import UsageError
from prover.files import new_directory
from prover.proving.artifacts import (
    CIRCUIT,
    MANIFEST,
    MODEL,
    NETWORK,
    SAMPLE,
    SETTINGS,
    SRS,
    VERIFIER,
    VK,
    WEIGHTS,
    Artifacts,
    directory_name,
    load_artifacts,
)
from prover.proving.manifest import FIXED
from prover.settings import get_settings

_ALWAYS = (MANIFEST, NETWORK, SETTINGS, SRS, VK, VERIFIER, SAMPLE)


def public_files(artifacts: Artifacts) -> tuple[str, ...]:
    """Names of the files that may be given to anybody."""
    fixed = artifacts.manifest.plan.weights == FIXED
    return (*_ALWAYS, MODEL, CIRCUIT) if fixed else (*_ALWAYS, WEIGHTS)


def export(artifacts: Artifacts, target: Path) -> None:
    """Copy the public files into a new directory. Raises UsageError if it is there."""
    if target.exists():
        raise UsageError(f"{target} is there already: name a directory that is not")
    _copy(artifacts, target)


def bring_in(directory: Path) -> Artifacts:
    """Check files that somebody exported, and keep them; those that are here already stay.

    Raises ArtifactMismatch or UnsoundCircuit.
    """
    found = load_artifacts(directory)
    target = get_settings().artifacts / directory_name(found.digest, found.weights_commitment)
    if not target.exists():
        _copy(found, target)
    return load_artifacts(target)


def _copy(artifacts: Artifacts, target: Path) -> None:
    """The public files, whole or not at all."""
    with new_directory(target.parent) as scratch:
        made = scratch / "public"
        made.mkdir()
        for name in public_files(artifacts):
            shutil.copyfile(artifacts.path(name), made / name)
        made.rename(target)
