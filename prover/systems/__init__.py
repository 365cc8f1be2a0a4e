"""Proof systems, each behind `interface.ProofSystem`, and what they share."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from prover.base import strict_json
from prover.base.errors import ArtifactMismatch
from prover.base.files import NotPlain, TooLarge, read_plain
from prover.base.units import MIB
from prover.systems.places import MANIFEST

if TYPE_CHECKING:
    from prover.systems.interface import ProofSystem

MAX_BYTES = MIB
# Imported when asked for: their libraries take a second.
SYSTEMS = {
    "ezkl": "prover.systems.ezkl.system:Ezkl",
    "native": "prover.systems.native.system:Native",
}


class Circuit(NamedTuple):
    """Artifacts, and the system that they are of."""

    system: "ProofSystem[Any, Any, Any, Any, Any]"
    made: Any


def load(directory: Path) -> Circuit:
    """The checked circuit of a folder, of whichever system its manifest names.

    The folder may be a stranger's. Raises ArtifactMismatch.
    """
    system = named(stated(directory))
    return Circuit(system, system.load(directory))


def named(name: str) -> "ProofSystem[Any, Any, Any, Any, Any]":
    """A proof system by its name, one of SYSTEMS."""
    module, _, system = SYSTEMS[name].partition(":")
    made: ProofSystem[Any, Any, Any, Any, Any] = getattr(import_module(module), system)()
    return made


def stated(directory: Path) -> str:
    """The proof system that a folder's manifest names. Raises ArtifactMismatch."""
    path = directory / MANIFEST
    try:
        manifest = strict_json.parse(read_plain(path, MAX_BYTES, follow=False))
    except FileNotFoundError:
        raise ArtifactMismatch(
            f"there is no manifest at {path}: name a folder that `zkescrow model add` or `zkescrow "
            "native add` made"
        ) from None
    except (NotPlain, TooLarge) as error:
        raise ArtifactMismatch(
            f"manifest {path}: expected a plain file of at most {MAX_BYTES} bytes; set the model "
            "up again, or ask for the folder again"
        ) from error
    except (OSError, ValueError) as error:
        raise ArtifactMismatch(
            f"manifest {path} is not valid ({error}): set the model up again, or ask for the "
            "folder again"
        ) from error
    found = manifest.get("system") if isinstance(manifest, dict) else None
    if not isinstance(found, str) or found not in SYSTEMS:
        raise ArtifactMismatch(
            f"manifest {path} names the proof system {str(found)[:40]!r}: expected "
            f"{' or '.join(SYSTEMS)}; get the folder again, or a newer zkescrow"
        )
    return found
