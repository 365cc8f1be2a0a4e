"""The closed set of Solidity sources that a contract needs, by source unit name."""

import posixpath
import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from prover.base.errors import EnvironmentMissing, UsageError
from prover.base.settings import get_settings

REMAPPED = "@openzeppelin/"
PACKED = "sources"  # holds contracts/ and node_modules/ as a checkout does
_IMPORT = re.compile(r"^\s*import\s+(?:[^\"';]*?\s+from\s+)?[\"']([^\"']+)[\"']", re.MULTILINE)


def root_of_sources() -> Path:
    """The checkout; where there is none, the copy that scripts/build puts into the package.

    Raises EnvironmentMissing if there is neither, as where the package was built by other means.
    """
    project = get_settings().project
    if project is not None:
        return project
    packed = Path(str(files("prover.solidity"))) / PACKED
    if not packed.is_dir():
        raise EnvironmentMissing(
            f"this package holds no Solidity sources ({packed}): use scripts/build"
        )
    return packed


def find_contracts(project: Path, names: Iterable[str]) -> dict[str, str]:
    """Contract name -> source unit, by file name under contracts/; UsageError if there is none."""
    files = {path.stem: path for path in sorted((project / "contracts").rglob("*.sol"))}
    missing = [name for name in names if name not in files]
    if missing:
        raise UsageError(f"no file contracts/**/{missing[0]}.sol: name one of {sorted(files)}")
    return {name: files[name].relative_to(project).as_posix() for name in names}


def close_over_imports(project: Path, units: Iterable[str]) -> dict[str, str]:
    """Every unit and all that it imports, with their text; EnvironmentMissing if one is missing."""
    sources: dict[str, str] = {}
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        if unit not in sources:
            sources[unit] = _read(project, unit)
            waiting += [_resolve(unit, target) for target in _IMPORT.findall(sources[unit])]
    return dict(sorted(sources.items()))


def _resolve(unit: str, target: str) -> str:
    if target.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(unit), target))
    return target


def path_of_unit(project: Path, unit: str) -> Path:
    """Where a source unit lies under a checkout's root."""
    return project / "node_modules" / unit if unit.startswith(REMAPPED) else project / unit


def _read(project: Path, unit: str) -> str:
    path = path_of_unit(project, unit)
    try:
        return path.read_text()
    except FileNotFoundError:
        raise EnvironmentMissing(
            f"Solidity source {unit} is not at {path}: run scripts/setup"
        ) from None
