"""Dependencies point one way: the contracts of [tool.importlinter] in pyproject.toml hold."""

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
        ("protocol/wrong.py", "import prover.base.settings"),
        ("protocol/serving/wrong.py", "import prover.protocol.accuracy.state"),
        ("chain/wrong.py", "import prover.systems"),
        ("chain/node/wrong.py", "import prover.chain.events"),
        ("systems/wrong.py", "import prover.chain"),
        ("systems/wrong.py", "import ape"),
        ("systems/native/network/wrong.py", "import prover.systems.ezkl"),
        ("systems/native/network/wrong.py", "import prover.systems.native.circuit.layout"),
        ("systems/native/circuit/wrong.py", "import prover.systems.native.static_checks.trace"),
        ("systems/native/static_checks/wrong.py", "import prover.systems.native.setup"),
        ("systems/onnx/wrong.py", "import prover.systems.interface"),
        ("clients/wrong.py", "import prover.cli"),
        ("clients/common/wrong.py", "import prover.clients.serving.status"),
        ("clients/common/jobs/wrong.py", "import prover.clients.agenda"),
        ("clients/accuracy/wrong.py", "import prover.clients.serving"),
        ("cli/common/wrong.py", "import prover.clients.accuracy.status"),
        ("cli/common/wrong.py", "import prover.clients.agenda"),
        ("cli/common/wrong.py", "import prover.cli.prediction.passes"),
        ("cli/retrieval/wrong.py", "import prover.cli.prediction"),
        ("audit/wrong.py", "import prover.clients"),
        ("verify/wrong.py", "import numpy"),
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
