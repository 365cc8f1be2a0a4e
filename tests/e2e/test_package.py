"""The wheels in an environment of their own, in an empty folder: nothing of the checkout is seen.

The environment holds both wheels and, linked from where scripts/setup put them, the packages that
they declare, with what those declare: an import that is not declared fails there.
"""

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement

from prover.base.files import write_atomically
from prover.chain.deployments import PLAN, read
from prover.chain.node import anvil
from prover.clients.register import register
from prover.solidity.compiler import find_compiler
from prover.solidity.sources import close_over_imports, find_contracts, path_of_unit
from prover.systems.ezkl.exchange import export
from prover.systems.native import artifacts, tasks
from prover.systems.native.artifacts import Agreement
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.network import serialise
from prover.systems.native.network.bounds import bounded
from prover.systems.srs import development_record, development_srs
from tests.conftest import Proven
from tests.localchain import DEPLOYER, PROVIDER, Chain
from tests.unit.systems.native.networks import image_of, tiny_network

AGREEMENT = Agreement(1.0, 8)
ROOT = Path(__file__).parents[2]
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
LAYOUT = CircuitLayout(k=11, lanes=2, weight_lanes=2)


@dataclass(frozen=True)
class Installed:
    """An environment with the wheels, and the empty folder in which it is used."""

    python: Path
    folder: Path

    def run(
        self, *words: object, status: int = 0, **settings: object
    ) -> "subprocess.CompletedProcess[str]":
        told = [str(word) for word in words]
        done = subprocess.run(
            told, cwd=self.folder, env=self.environment() | texts(settings),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"{told}: {done.stdout}\n{done.stderr}"
        return done

    def environment(self) -> dict[str, str]:
        """A new user's: nothing but programs, and a home that was empty."""
        node = str(Path(str(shutil.which("node"))).parent)
        return {"PATH": f"{self.python.parent}:{node}:/usr/bin:/bin", "HOME": str(self.folder)}

    def zkescrow(self, *words: object, status: int = 0, **settings: object) -> dict[str, Any]:
        program = self.python.with_name("zkescrow")
        said: dict[str, Any] = json.loads(
            self.run(program, *words, "--json", status=status, **settings).stdout
        )
        return said

    def code(self, code: str, **settings: object) -> str:
        return self.run(self.python, "-c", code, **settings).stdout.strip()


def texts(settings: dict[str, object]) -> dict[str, str]:
    return {f"ZKESCROW_{name.upper()}": str(value) for name, value in settings.items()}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Both, made as scripts/build does; zkescrow's alone where cargo is not."""
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    subprocess.run(["scripts/native", "--wheel", folder], cwd=ROOT, check=True)
    return sorted(folder.glob("*.whl"))


def build(folder: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "scripts/wheel.py", folder], cwd=ROOT, check=True, text=True,
        env=os.environ | EPOCH | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
    )  # fmt: skip
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def installed(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    root = tmp_path_factory.mktemp("bare")
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}"
    subprocess.run([base, "-m", "venv", "--without-pip", root / "env"], check=True)
    python, uv = root / "env/bin/python", ROOT / ".venv/bin/uv"
    quiet = ["install", "--quiet", "--no-deps", "--offline", "--no-cache", "--python", python]
    subprocess.run([uv, "pip", *quiet, *wheels], check=True)
    link_declared(next((root / "env/lib").glob("python*/site-packages")))
    (root / "empty").mkdir()
    return Installed(python, root / "empty")


def link_declared(target: Path) -> None:
    """Link the files of all that zkescrow declares, and what that declares, into an environment."""
    for name in declared():
        for file in importlib.metadata.distribution(name).files or ():
            first = file.parts[0]
            if first not in ("..", "__pycache__") and not (target / first).exists():
                source = Path(str(importlib.metadata.distribution(name).locate_file(first)))
                (target / first).symlink_to(source)


def declared() -> list[str]:
    """The distributions that zkescrow needs here, without its extras."""
    found: set[str] = set()
    waiting = [("zkescrow", frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        for text in importlib.metadata.requires(name) or ():
            needed = Requirement(text)
            wanted = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            met = needed.marker is None or any(map(needed.marker.evaluate, wanted))
            if met and needed.name not in found:
                found.add(needed.name)
                waiting.append((needed.name, frozenset(needed.extras)))
    return sorted(found)


def test_the_wheel_is_the_same_each_time_and_holds_what_it_needs(
    wheels: list[Path], tmp_path: Path
) -> None:
    one, two = wheels[0], build(tmp_path)
    assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(two.read_bytes()).digest()
    with zipfile.ZipFile(one) as wheel:
        names = set(wheel.namelist())
        units = close_over_imports(ROOT, find_contracts(ROOT, PLAN).values())
        for unit, text in units.items():
            path = path_of_unit(Path("prover/solidity/sources"), unit)
            assert wheel.read(str(path)).decode() == text
        licence = next(name for name in names if name.endswith("OpenZeppelin-Contracts.txt"))
        assert b"Permission is hereby granted" in wheel.read(licence)
    ours = [path for path in (ROOT / "prover").rglob("*") if path.is_file()]
    assert {
        str(path.relative_to(ROOT)) for path in ours if "__pycache__" not in path.parts
    } <= names
    packed = {name for name in names if name.startswith("prover/solidity/sources/")}
    assert len(packed) == len(units)
    assert {"prover/py.typed", "prover/chain/abi/code/compiled.json"} <= names
    assert not [name for name in names if name.startswith("tests") or "__pycache__" in name]


@pytest.fixture(scope="module")
def engine_wheel(wheels: list[Path]) -> Path:
    engines = [path for path in wheels if path.name.startswith("zkescrow_native")]
    if not engines:
        pytest.skip("the Rust engine is not built (no cargo)")
    return engines[0]


def test_the_engine_is_built_for_every_python_from_3_11_on(engine_wheel: Path) -> None:
    assert re.fullmatch(r"zkescrow_native-[\d.]+-cp311-abi3-\w+\.whl", engine_wheel.name)


def test_the_engine_names_no_folder_of_its_builder(engine_wheel: Path) -> None:
    with zipfile.ZipFile(engine_wheel) as wheel:
        content = b"".join(wheel.read(name) for name in wheel.namelist())
    assert b"/cargo/registry" in content  # panics name their source file
    assert str(Path.home()).encode() not in content
    assert str(ROOT).encode() not in content


def test_nothing_of_the_checkout_is_seen(installed: Installed) -> None:
    found = installed.code(
        "import prover, sys, importlib.util as u; from prover.base.settings import get_settings;"
        "s = get_settings(); print(prover.__file__, s.project, s.home, s.cache, s.deployments, "
        "getattr(u.find_spec('zkescrow_native'), 'origin', None), *sys.path)"
    ).split()
    assert found[0].startswith(str(installed.python.parents[1]))
    assert found[1] == "None"
    assert all(path.startswith(str(installed.folder)) for path in found[2:5])
    assert found[5] == "None" or found[5].startswith(str(installed.python.parents[1]))
    assert not [path for path in found if path.startswith(str(ROOT))]


def test_every_module_loads_with_what_is_declared(installed: Installed) -> None:
    found = installed.code(
        "import importlib, pkgutil, prover\n"
        "names = [one.name for one in pkgutil.walk_packages(prover.__path__, 'prover.')]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(len(names))"
    )
    assert int(found) > 300


def test_the_command_and_the_doctor_work(installed: Installed) -> None:
    told = installed.run(installed.python.with_name("zkescrow"), "--help").stdout
    assert "doctor" in told
    overflow = "0x4e487b71" + (0x11).to_bytes(32, "big").hex()
    assert "overflows" in json.dumps(installed.zkescrow("explain-revert", overflow))
    said = installed.zkescrow("doctor", cache=installed.folder / "none")
    missing = {one["name"]: one["fix"] for one in said["findings"] if not one["ok"]}
    assert said["ok"] is True
    assert "ZKESCROW_SOLC" in missing["solc 0.8.37"]
    assert "ZKESCROW_ANVIL" in missing["anvil"]
    assert not [fix for fix in missing.values() if "scripts/setup" in fix]
    complete = installed.zkescrow("doctor", solc=find_compiler(), anvil=anvil.find_anvil())
    found = {one["name"] for one in complete["findings"] if one["ok"]}
    assert {"Python", "Python packages", "solc 0.8.37", "anvil"} <= found


def test_the_sources_in_the_package_give_the_code_that_it_deploys(
    installed: Installed, home: Path
) -> None:
    """What was compiled here before is compiled again only if its sources differ."""
    from prover.base.settings import get_settings

    code = "from prover.chain.contracts.deploy import check_sources as c; c(); print('equal')"
    cache = get_settings().cache
    assert installed.code(code, solc=find_compiler(), cache=cache) == "equal"


@pytest.fixture
def deployed(installed: Installed, chain: Chain) -> Chain:
    """The contracts, deployed by the installed package without any compiler."""
    url, key = chain.url, installed.folder / ".local/share/zkescrow"
    installed.zkescrow("deploy", "--account", DEPLOYER, rpc_url=url)
    deployment = read(key / "deployments/31337.json")
    assert set(deployment.contracts) == set(PLAN)
    return Chain(chain.client, deployment, url)


def test_a_model_is_verified(
    installed: Installed, deployed: Chain, proven: Callable[[str], Proven], tmp_path: Path
) -> None:
    made = proven("plain").artifacts
    register(deployed.sender(PROVIDER), deployed.deployment, made)
    export(made, tmp_path / "tiny")
    settings = {"rpc_url": deployed.url, "solc": find_compiler()}
    installed.zkescrow("model", "import", tmp_path / "tiny", **settings)
    said = installed.zkescrow("model", "verify", "tiny", **settings)
    assert said["verified"] is True


def test_a_native_proof_is_verified(installed: Installed, tmp_path: Path) -> None:
    pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")
    circuit, proof = native_proof(tmp_path)
    words = ("verify", proof, "--artifacts", circuit, "--reference")
    assert installed.zkescrow(*words)["checked"] == ["proof", "reference"]
    content = json.loads(proof.read_text())
    content["instances"][-1] = f"0x{int(content['instances'][-1], 16) ^ 1:064x}"
    proof.write_text(json.dumps(content))
    program = installed.python.with_name("zkescrow")
    assert "rejected" in installed.run(program, *words, status=1).stderr


def test_nothing_was_written_beside_the_package(installed: Installed, wheels: list[Path]) -> None:
    """After all that was done with it above."""
    with zipfile.ZipFile(next(path for path in wheels if "native" not in path.name)) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("prover/")}
    packages = next((installed.python.parents[1] / "lib").glob("python*/site-packages"))
    found = {path for path in (packages / "prover").rglob("*") if path.is_file()}
    names = {str(path.relative_to(packages)) for path in found if path.suffix != ".pyc"}
    assert names == packed


def native_proof(folder: Path) -> tuple[Path, Path]:
    """A circuit's folder of the tiny network, and a proof in it."""
    circuit, network, form = folder / "circuit", bounded(tiny_network()), Form(context=1)
    circuit.mkdir()
    (circuit / artifacts.MODEL).write_bytes(b"a model")
    write_atomically(circuit / artifacts.NETWORK, serialise.to_bytes(network), private=False)
    np.save(folder / "image.npy", image_of(network, 4))
    srs = str(development_srs(LAYOUT.k)), str(development_srs(LAYOUT.powers))
    layout = [LAYOUT.k, LAYOUT.lanes, LAYOUT.weight_lanes, LAYOUT.packing]
    tasks.make_keys(str(circuit), layout, asdict(form), *srs)
    artifacts.publish(circuit, network, LAYOUT, AGREEMENT, form, development_record(LAYOUT.k))
    made = tasks.make_proof(
        str(circuit), str(folder / "image.npy"), [7], None, None, *srs, str(folder / "proof.bin")
    )
    words = [f"0x{int(word):064x}" for word in made["instances"]]
    content = {"proof": "0x" + (folder / "proof.bin").read_bytes().hex(), "instances": words}
    (folder / "proof.json").write_text(json.dumps(content))
    return circuit, folder / "proof.json"
