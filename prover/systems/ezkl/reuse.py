"""Hidden-weights artifacts that were made before from the same model and plan.

Their keys take a minute and half a gigabyte. Only these are reused, as every file of theirs can be
checked: the compiled circuit, which the manifest does not hash, by the digest of its weights.
"""

from dataclasses import asdict
from pathlib import Path

from prover.base.errors import ProvingError
from prover.base.files import sha256_file
from prover.base.settings import get_settings
from prover.systems.ezkl import artifacts as files
from prover.systems.ezkl.artifacts import Artifacts, load_artifacts
from prover.systems.ezkl.manifest import FIXED, current_versions
from prover.systems.ezkl.planner.plan import Plan
from prover.systems.ezkl.prover import weights_digest
from prover.systems.onnx.onnx_file import ImportedModel
from prover.systems.srs import INSECURE, SetUpChoice
from prover.systems.worker import Limits


def find_cached(
    model: ImportedModel,
    plan: Plan,
    srs: SetUpChoice = INSECURE,
    limits: Limits | None = None,
    class_names: tuple[str, ...] | None = None,
) -> Artifacts | None:
    """Artifacts of this user that a set-up would give again, whole; None if there are none."""
    if plan.weights == FIXED:
        return None
    for manifest in sorted(get_settings().artifacts.glob(f"[0-9a-f]*-*/{files.MANIFEST}")):
        found = _loaded(manifest.parent)
        if found is None or found.class_names != class_names:
            continue
        if _is_of(found, model, plan, srs) and _is_complete(found, limits or Limits()):
            return found
    return None


def _loaded(directory: Path) -> Artifacts | None:
    """None if a file is damaged: then this one is not used, and the next may be whole."""
    try:
        return load_artifacts(directory)
    except ProvingError:
        return None


def _is_of(found: Artifacts, model: ImportedModel, plan: Plan, srs: SetUpChoice) -> bool:
    manifest, path = found.manifest, found.directory / files.MODEL
    fields = asdict(plan)
    fields.pop("accuracy")  # of hidden weights it is not published
    return (
        manifest.plan_fields == fields
        and manifest.versions == current_versions()
        and manifest.srs == srs.at(plan.logrows).named
        and path.is_file()
        and sha256_file(path) == model.sha256
    )


def _is_complete(found: Artifacts, limits: Limits) -> bool:
    """What loading does not look at: the proving key, and the compiled circuit."""
    key, circuit = (found.directory / name for name in (files.PK, files.CIRCUIT))
    if not (key.is_file() and circuit.is_file()):
        return False
    whole = sha256_file(key) == found.manifest.sha256[files.PK]
    return whole and weights_digest(found, limits) == found.weights_commitment
