"""The log: levels, JSON by option, on stderr or in a file, and no secret in it."""

import io
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base import log, redaction
from prover.base.redaction import MASK, hide
from prover.base.settings import get_settings
from prover.cli.app import run
from prover.clients.common.inputs.fetch import InputsUnavailable, fetch
from prover.systems import worker


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(redaction, "_kept", set())
    yield
    log.configure()
    get_settings.cache_clear()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_warnings_go_to_stderr_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    log.logger("prover.here").info("quiet")
    log.logger("prover.here").warning("heard", count=3, words="two words", empty="")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("Z warning heard part=here count=3 words='two words' empty=''\n")
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_only_what_is_of_the_level_is_written(
    level: log.Level, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(level, "json")
    for one in log.LEVELS:
        getattr(log.logger("prover.here"), one)("event")
    names = list(log.LEVELS)
    assert [line["level"] for line in lines(capsys.readouterr().err)] == names[names.index(level) :]


def test_a_line_of_json_has_time_level_event_part_and_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.configure("info", "json")
    log.logger("prover.chain.sending.pool").info(
        "signed", hash=b"\x01\x02", sizes=(1, 2), more={"a": None}
    )
    (line,) = lines(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        **{"level": "info", "event": "signed", "part": "chain.sending.pool"},
        **{"hash": "0x0102", "sizes": [1, 2], "more": {"a": None}},
    }


@pytest.mark.parametrize("format_", ["text", "json"])
def test_no_secret_is_in_it(
    format_: log.Format, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither one that this process was given, in any value, nor what is named as one."""
    monkeypatch.setenv("ZKESCROW_PRIVATE_KEY", "0x" + "c0ffee" * 10 + "dead")
    monkeypatch.setenv("ZKESCROW_RPC_URL", "https://u:hunter22@node.example/v3/abcdef012345")
    hide("correct horse")
    log.configure("info", format_)
    log.logger("prover.here").info(
        f"correct horse {'C0FFEE' * 10}dead",
        error=ValueError("https://node.example/v3/abcdef012345"),
        nested=[{"url": "hunter22"}],
        private_key="unknown1",
        seed="unknown2",
        inner={"password": "unknown3"},
    )
    said = capsys.readouterr().err
    for secret in ("correct horse", "c0ffee", "hunter22", "abcdef012345", "unknown"):
        assert secret not in said.lower()
    assert MASK in said


@given(st.text(), st.text())
def test_a_stranger_s_text_stays_on_its_line(event: str, value: str) -> None:
    for format_ in ("text", "json"):
        with pytest.MonkeyPatch.context() as patch:
            stream = io.StringIO()
            patch.setattr(sys, "stderr", stream)
            log.configure("info", format_)  # type: ignore[arg-type]
            log.logger("prover.here").info(event, value=value)
            (line,) = stream.getvalue().split("\n")[:-1]
            assert line.isprintable()


def test_a_file_is_its_owner_s_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "zkescrow.log"
    for _ in range(2):
        log.configure("info", "json", path)
        log.logger("prover.here").info("once")
    assert len(lines(path.read_text())) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_options_of_a_command_set_level_and_form(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    assert run(["explain-revert", "0x", "--log-level", "debug", "--log-json"]) == 0
    capsys.readouterr()
    log.logger("prover.here").debug("heard")
    assert lines(capsys.readouterr().err)[0]["event"] == "heard"
    assert run(["explain-revert", "0x", "--log-level", "loud"]) == 2
    assert "expected debug, info, warning, error" in capsys.readouterr().err


def test_the_settings_are_the_options_defaults(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZKESCROW_LOG_LEVEL", "info")
    monkeypatch.setenv("ZKESCROW_LOG_FORMAT", "json")
    monkeypatch.setenv("ZKESCROW_LOG_FILE", str(home / "log"))
    get_settings.cache_clear()
    run(["explain-revert", "0x"])
    log.logger("prover.here").info("kept")
    assert lines((home / "log").read_text())[-1]["event"] == "kept"


def test_child_processes_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json")
    worker.run("json:loads", {"s": "{}"})
    (line,) = lines(capsys.readouterr().err)
    assert (line["event"], line["task"], line["status"]) == ("child ended", "json:loads", 0)


def test_a_download_that_fails_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json")
    with pytest.raises(InputsUnavailable):
        fetch("https://127.0.0.1/", 1)
    (line,) = lines(capsys.readouterr().err)
    assert (line["event"], line["host"]) == ("not fetched", "127.0.0.1")
