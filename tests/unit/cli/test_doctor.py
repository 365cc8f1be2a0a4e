"""The doctor says what is wrong with HOME and ZKESCROW_HOME, and does not die of it."""

from pathlib import Path

import pytest

from prover.cli.app import run
from prover.settings import get_settings


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
