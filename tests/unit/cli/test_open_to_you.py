"""`zkescrow status` lists what is open to anybody and can be proven on this machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from prover.chain.state import replay
from prover.cli import status
from prover.cli.app import run
from prover.systems.places import PK, directory_name
from tests.unit.chain.fakenode import (
    CIRCUIT,
    CONSUMER,
    FIRST,
    MODEL_ID,
    PROVIDER,
    Block,
    FakeNode,
    deployment,
    posted_in,
    registered,
)
from tests.unit.protocol.plays import ETH


@pytest.fixture(autouse=True)
def node(home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNode:
    """One open prediction job that names no provider."""
    posted = [posted_in(ETH, CONSUMER, 0)]
    node = FakeNode([Block(0), Block(FIRST, [registered()]), Block(FIRST + 1, posted)])
    monkeypatch.setattr(status, "deployed", lambda _rpc: (node.client, deployment()))
    replay._loaded.clear()
    return node


@pytest.fixture
def folder(home: Path) -> Path:
    """Where the model's files would be."""
    folder = home / "artifacts" / directory_name(CIRCUIT[3], 0)
    folder.mkdir(parents=True)
    return folder


def seen(capsys: pytest.CaptureFixture[str], address: str) -> list[dict[str, Any]]:
    assert run(["status", "--address", address, "--json"]) == 0
    jobs: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["jobs"]
    return jobs


def test_a_job_is_open_to_who_can_prove_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was imported to post jobs with has no proving key."""
    assert seen(capsys, PROVIDER) == []
    (folder / PK).touch()
    (job,) = seen(capsys, PROVIDER)
    assert (job["protocol"], job["state"], job["open_to_you"]) == ("prediction", "open", True)
    assert run(["status", "--address", PROVIDER]) == 0
    assert "is open; OPEN TO YOU; next: " in capsys.readouterr().out


def test_ones_own_job_is_not_called_open_to_oneself(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / PK).touch()
    (job,) = seen(capsys, CONSUMER)
    assert not job["open_to_you"]


def test_keys_of_other_models_open_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for other in (MODEL_ID.hex(), directory_name(CIRCUIT[3], 7)):
        (home / "artifacts" / other).mkdir(parents=True)
        (home / "artifacts" / other / PK).touch()
    assert seen(capsys, PROVIDER) == []
