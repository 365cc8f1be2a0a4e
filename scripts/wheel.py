"""Makes the wheel of zkescrow in a folder: python scripts/wheel.py FOLDER.

It is made of a copy of prover/, into which the Solidity sources of the deployed contracts are put
besides: these lie outside the package, and there is one source of truth.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from flit_core import buildapi

from prover.chain.deployments import PLAN
from prover.solidity.sources import PACKED, close_over_imports, find_contracts, path_of_unit

ROOT = Path(__file__).parents[1]
BESIDE = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")


def stage(folder: Path) -> None:
    """Put into an empty folder what the wheel is made of."""
    for name in BESIDE:
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "licenses", folder / "licenses")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "prover", folder / "prover", ignore=ignored)
    units = find_contracts(ROOT, PLAN)
    for unit, text in close_over_imports(ROOT, units.values()).items():
        path = path_of_unit(folder / "prover" / "solidity" / PACKED, unit)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def build(target: Path) -> Path:
    """The wheel, in `target`; the same bytes for the same tree and SOURCE_DATE_EPOCH."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        before = Path.cwd()
        os.chdir(folder)  # flit builds what is in the working folder
        try:
            return target / buildapi.build_wheel(str(target))
        finally:
            os.chdir(before)


if __name__ == "__main__":
    print(build(Path(sys.argv[1]).absolute()))
