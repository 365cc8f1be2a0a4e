"""The dependencies of DESIGN hold: the contracts of [tool.importlinter] in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]


def lint(config: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LINT, "--config", str(config)], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_dependencies_point_one_way() -> None:
    result = lint(ROOT / "pyproject.toml", ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("statement/wrong.py", "import prover.chain"),
        ("statement/wrong.py", "import web3"),
        ("chain/wrong.py", "import prover.systems"),
        ("provider/wrong.py", "import prover.audit"),
        ("proving/wrong.py", "import ape"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, module: str, line: str) -> None:
    """The same contracts over a copy of the package with one forbidden import fail."""
    for source in (ROOT / "prover").rglob("*.py"):
        copy = tmp_path / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(source.read_text())
    (tmp_path / "prover" / module).write_text(f"{line}\n")
    config = tmp_path / "pyproject.toml"
    config.write_text((ROOT / "pyproject.toml").read_text())
    result = lint(config, tmp_path)
    assert result.returncode == 1, result.stdout
    assert module.removesuffix(".py").replace("/", ".") in result.stdout
