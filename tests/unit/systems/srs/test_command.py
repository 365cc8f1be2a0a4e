"""`zkescrow srs`, without a chain."""

import json
from pathlib import Path
from typing import Any

import pytest

from prover.cli import app
from prover.systems import srs
from tests.unit.systems.srs.conftest import LOGROWS, ptau_of


def said(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert app.run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert app.run([*words]) != 0
    return capsys.readouterr().err


def test_a_file_is_imported_listed_and_said_to_be_whose(
    trial: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "srs", "list")["set_ups"] == []
    made = said(capsys, "srs", "import", str(trial), "--logrows", "5")
    assert (made["name"], made["logrows"]) == ("trial-one", 5)
    rows = said(capsys, "srs", "list")["set_ups"]
    assert rows == [{key: made[key] for key in ("name", "logrows", "sha256")}]


def test_a_file_is_fetched_and_kept(
    trial: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The download itself has its own tests."""
    monkeypatch.setattr(srs, "fetch", lambda name, logrows, *_: srs.import_file(trial, logrows))
    made = said(capsys, "srs", "fetch", "trial-one", "--logrows", "5")
    assert (made["name"], made["logrows"]) == ("trial-one", 5)


def test_a_file_is_verified_and_not_kept(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "phase1.ptau"
    path.write_bytes(ptau_of(trial.read_bytes(), LOGROWS - 1))
    found = said(capsys, "srs", "verify", str(path))
    assert (found["name"], found["format"], found["logrows"]) == ("trial-one", "ptau", 5)
    assert srs.stored_set_ups() == []


def test_it_is_said_by_what_a_set_up_is_known(
    trial: Path, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The perpetual powers of tau have published hashes, and no [tau]G2 that is known here."""
    known = said(capsys, "srs", "list")["known"]
    alone = "recognised by the published SHA-256 of its files alone, for 2^1 to 2^26 rows"
    assert known["perpetual-powers-of-tau"].endswith(alone)
    assert "recognised by its [tau]G2" in known["hermez"]
    found = {
        str(path): said(capsys, "srs", "verify", str(path))["known_by"]
        for path in (trial, srs.development_srs(4))
    }
    assert list(found.values()) == ["its [tau]G2", "its published SHA-256"]
    said(capsys, "srs", "import", str(trial))
    assert app.run(["srs", "list"]) == 0
    shown = capsys.readouterr().out
    assert "here: trial-one for 2^" in shown
    assert alone in shown


def test_the_development_set_up_is_said_to_be_insecure(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert app.run(["srs", "verify", str(srs.development_srs(4))]) == 0
    assert "INSECURE" in capsys.readouterr().out
    assert "INSECURE" in refused(capsys, "srs", "import", str(srs.development_srs(4)))


def test_bad_input_is_refused_in_one_message(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("hello, I am not a set-up")
    assert "get the file again" in refused(capsys, "srs", "import", str(tmp_path / "text"))
    assert "is no file" in refused(capsys, "srs", "verify", str(tmp_path))
    assert "an https address" in refused(capsys, "srs", "fetch", "--mirror", "ftp://example.org")
    assert "is not known" in refused(capsys, "srs", "fetch", "nobody")
    assert "is published by hash (known: 11)" in refused(capsys, "srs", "fetch", "hermez")
    assert "2^1 to 2^22" in refused(capsys, "srs", "fetch", "--logrows", "23")
