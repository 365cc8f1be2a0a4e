"""What is wrong is said in one sentence; the status is 1 or 2; nothing is left half-written."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests import warm
from tests.e2e.conftest import EXAMPLES, ZKESCROW, Cli, World

MODEL, DATA = EXAMPLES / "digits-cnn.onnx", EXAMPLES / "digits-calibration.npz"
POST = ("prediction", "post", "--model", "digits", "--reward", "0.01", "--stake", "0.005")


def files(home: Path) -> set[str]:
    """Everything under a home but databases, locks and kept verdicts, which commands may touch."""
    kept = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    ours = (".lock", "-wal", "-shm", ".sqlite")
    return {name for name in kept if not name.endswith(ours) and not name.startswith("verdicts")}


def refused(world: World, status: int, *arguments: object, **environment: str) -> str:
    """The sentence of a command that must fail and leave nothing."""
    before, block = files(world.home), world.chain.client.block()["number"]
    message = world.cli.run(*arguments, status=status, **environment).message()
    assert files(world.home) == before
    assert world.chain.client.block()["number"] == block
    return message


def archive(path: Path, **arrays: np.ndarray) -> Path:  # type: ignore[type-arg]
    np.savez(path, **arrays)
    return path


def test_a_truncated_model_is_refused(world: World, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(MODEL.read_bytes()[:1000])
    refused(world, 1, "model", "add", broken, "--data", DATA, "--account", 1)
    refused(world, 2, "model", "add", tmp_path / "none.onnx", "--data", DATA, "--account", 1)


@pytest.mark.parametrize("bad", ["shape", "nan", "name", "cut"])
def test_wrong_data_is_refused(world: World, tmp_path: Path, bad: str) -> None:
    good = np.load(DATA)["inputs"]
    nan = good.copy()
    nan.flat[7] = np.nan
    path = tmp_path / "data.npz"
    arrays = {
        "shape": {"inputs": good.reshape(len(good), -1)[:, :60]},
        "nan": {"inputs": nan},
        "name": {"x": good},
        "cut": {"inputs": good},
    }
    archive(path, **arrays[bad])
    if bad == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    before = files(world.home)
    for arguments in (
        ("model", "add", MODEL, "--data", path, "--account", 1),
        (*POST, "--inputs", path, "--index", 0, "--account", 2),
    ):
        words = [str(word) for word in arguments]
        result = warm.server().run(words, os.environ | world.cli.environment)
        assert result.returncode in (1, 2)
        assert "Traceback" not in result.stderr
        assert result.stderr.splitlines()[-1].startswith("zkescrow: ")
    assert files(world.home) == before


def test_an_input_outside_the_domain_is_refused(world: World, tmp_path: Path) -> None:
    inputs = np.load(EXAMPLES / "digits-test.npz")["inputs"][:2].copy()
    inputs.flat[0] = 40.0
    path = archive(tmp_path / "data.npz", inputs=inputs)
    told = refused(world, 1, *POST, "--inputs", path, "--index", 0, "--account", 2)
    assert "expected" in told
    told = refused(world, 2, *POST, "--inputs", path, "--index", 9, "--account", 2)
    assert "expected 0 to 1" in told


def test_a_wrong_node_is_said(world: World) -> None:
    told = refused(world, 1, "model", "list", "--rpc", "http://127.0.0.1:9")
    assert "zkescrow node" in told
    assert "http" in refused(world, 2, "model", "list", "--rpc", "localhost:8545")


def test_missing_tools_are_said(world: World, tmp_path: Path) -> None:
    nothing = {"PATH": "/usr/bin:/bin", "ZKESCROW_PROJECT": str(tmp_path)}
    assert "anvil" in refused(world, 1, "node", "--port", "9", **nothing)
    without = {"SOLCX_BINARY_PATH": str(tmp_path), "ZKESCROW_PROJECT": str(tmp_path)}
    told = refused(world, 1, "model", "verify", "digits", **without)
    assert "solc" in told
    assert "scripts/setup" in told


@pytest.mark.parametrize(("system", "blocks"), [("ezkl", 1000), ("native", 100)])
def test_a_full_disk_is_said_and_leaves_nothing(
    system: str, blocks: int, world: World, tmp_path: Path
) -> None:
    """A limit on the size of files stands for a full disk: nothing is published."""
    home = tmp_path / "home"
    limited = subprocess.run(
        [
            *("bash", "-c", f'ulimit -f {blocks}; exec "{ZKESCROW}" "$@"', "zkescrow"),
            *("model", "add", str(MODEL), "--data", str(DATA), "--account", "1"),
            *("--system", system),
        ],
        env=os.environ | world.cli.environment | {"ZKESCROW_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 1
    assert limited.stderr.splitlines()[-1].startswith("zkescrow: "), limited.stderr
    assert "Traceback" not in limited.stderr
    assert not {name for name in files(home) if name.startswith("artifacts")}


def test_an_account_without_funds_or_key_is_said(world: World) -> None:
    world.chain.rpc("anvil_setBalance", "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955", "0x0")
    inputs = ("--inputs", EXAMPLES / "digits-test.npz", "--index", 3)
    block = world.chain.client.block()["number"]
    told = world.cli.run(*POST, *inputs, "--account", 7, status=1).message()
    assert "has 0 ETH: 0.01 ETH are needed" in told  # its inputs file is written before that
    assert world.chain.client.block()["number"] == block
    assert "ZKESCROW_KEYSTORE" in refused(world, 1, *POST, *inputs)
    key = {"ZKESCROW_PRIVATE_KEY": "0x1234"}
    assert "1234" not in refused(world, 2, *POST, *inputs, **key)


def test_unknown_models_and_jobs_are_said(world: World) -> None:
    assert "not known" in refused(world, 2, "model", "show", "nonsense")
    unknown = "0x" + "12" * 32
    assert "UnknownModel" in refused(world, 1, "model", "show", unknown)
    assert "not on this chain" in refused(world, 2, "prediction", "status", unknown)


def test_contracts_that_are_not_there_are_said(world: World, tmp_path: Path) -> None:
    elsewhere = {"ZKESCROW_DEPLOYMENTS": str(tmp_path)}
    assert "zkescrow deploy" in refused(world, 1, "model", "list", **elsewhere)


def test_a_setting_that_makes_no_sense_is_said(world: World) -> None:
    cli = Cli(world.cli.environment | {"ZKESCROW_HOME": "/proc/nowhere"})
    told = cli.run("prediction", "status", status=1).message()
    assert "cannot open /proc/nowhere/events.sqlite" in told
    assert "choose another directory with ZKESCROW_HOME" in told
