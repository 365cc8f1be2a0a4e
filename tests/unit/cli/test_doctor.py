"""The doctor says what is wrong with HOME and ZKESCROW_HOME, and does not die of it."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from prover.base.settings import get_settings
from prover.cli import doctor
from prover.cli.app import run
from prover.cli.common import options as cli_options


@pytest.mark.parametrize(
    ("options", "named", "status"),
    [
        ((), None, 0),
        ((), "http://127.0.0.1:9", 1),
        (("--rpc", "http://127.0.0.1:9"), None, 1),
    ],
)
def test_a_node_that_does_not_answer_is_said_once(
    options: tuple[str, ...],
    named: str | None,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is missing where the user named it; else `zkescrow node` starts one when it is needed."""
    fine = doctor.Finding("fine", True, "")
    for name in ("_zkescrow", "_python", "_packages", "_node", "_solc", "_anvil", "_memory"):
        monkeypatch.setattr(doctor, name, lambda: fine)
    connected = cli_options.connected
    nowhere = "http://127.0.0.1:9"  # also if a node runs where one is by default
    monkeypatch.setattr(cli_options, "connected", lambda rpc: connected(rpc or nowhere))
    monkeypatch.delenv("ZKESCROW_RPC_URL", raising=False)
    if named:
        monkeypatch.setenv("ZKESCROW_RPC_URL", named)
    get_settings.cache_clear()
    found = run(["doctor", *options])
    get_settings.cache_clear()
    (line,) = [one for one in capsys.readouterr().out.splitlines() if " node: " in one]
    assert found == status
    assert line.startswith("MISSING" if status else "absent")
    assert line.count("answer") == 1
    assert "no Ethereum node answers at http://127.0.0.1:9" in line


def test_the_version_is_a_finding(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--json"])
    first = json.loads(capsys.readouterr().out)["findings"][0]
    assert (first["name"], first["ok"], first["found"]) == ("zkescrow", True, version("zkescrow"))


def test_a_home_that_cannot_be_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file stands where folders would be made; HOME and the compilers' folder are not there."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "absent" / "home"))
    monkeypatch.delenv("SOLCX_BINARY_PATH", raising=False)
    monkeypatch.setenv("ZKESCROW_HOME", str(tmp_path / "file" / "home"))
    get_settings.cache_clear()
    status = run(["doctor"])
    get_settings.cache_clear()
    said = capsys.readouterr()
    assert status == 1
    assert f"MISSING home and cache: {tmp_path}/file/home" in said.out
    assert "set ZKESCROW_HOME and ZKESCROW_CACHE elsewhere" in said.out
    assert "node:" in said.out
    assert said.err == ""
