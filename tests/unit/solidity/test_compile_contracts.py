"""The project's contracts compile from a closed set of sources, independent of where they lie."""

import shutil
from pathlib import Path

import pytest

from prover.base.errors import EnvironmentMissing
from prover.base.settings import get_settings
from prover.chain.abi.contract import POSEIDON
from prover.chain.deployments import PLAN
from prover.protocol.limits import CODE_SIZE_LIMIT
from prover.solidity.compile import compile_contracts
from prover.solidity.sources import close_over_imports, find_contracts

ROOT = Path(__file__).parents[3]


def test_contracts_compile_with_openzeppelin_below_the_limit() -> None:
    made = compile_contracts(PLAN)
    for name in PLAN:
        assert 0 < len(made[name].runtime) <= CODE_SIZE_LIMIT
        assert len(made[name].bytecode) > len(made[name].runtime)
        kinds = {entry["type"] for entry in made[name].abi}
        assert kinds >= ({"function"} if name == POSEIDON else {"function", "event", "error"})


def test_code_does_not_depend_on_the_directory(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    here = compile_contracts(["PlainToken"])["PlainToken"]  # imports a package
    monkeypatch.setenv("ZKESCROW_CACHE", str(tmp_path / "cache"))
    get_settings.cache_clear()
    there = compile_contracts(["PlainToken"], tmp_path)["PlainToken"]
    assert there.bytecode == here.bytecode
    assert there.input_hash == here.input_hash


def test_sources_are_closed_over_their_imports(tmp_path: Path) -> None:
    (tmp_path / "contracts/sub").mkdir(parents=True)
    (tmp_path / "contracts/A.sol").write_text('import {B} from "./sub/B.sol";\n')
    (tmp_path / "contracts/sub/B.sol").write_text('import "../C.sol"; // import "./No.sol";\n')
    (tmp_path / "contracts/C.sol").write_text('import {\n  A\n} from "./A.sol";\n')
    units = find_contracts(tmp_path, ["A"])
    assert set(close_over_imports(tmp_path, units.values())) == {
        "contracts/A.sol",
        "contracts/sub/B.sol",
        "contracts/C.sol",
    }


def test_a_missing_import_is_named(tmp_path: Path) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/A.sol").write_text('import "@openzeppelin/contracts/No.sol";\n')
    with pytest.raises(EnvironmentMissing, match=r"No\.sol.*scripts/setup"):
        close_over_imports(tmp_path, ["contracts/A.sol"])


def test_a_missing_compiler_is_named(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, place in (("CACHE", "cache"), ("PROJECT", "project")):
        monkeypatch.setenv(f"ZKESCROW_{name}", str(tmp_path / place))
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(tmp_path / "none"))
    (tmp_path / "none").mkdir()
    get_settings.cache_clear()
    with pytest.raises(EnvironmentMissing, match=r"solc 0\.8\.37 is not at .*scripts/setup"):
        compile_contracts(["ModelRegistry"], ROOT)
