"""What commands say: the right help, all of what was done, times and tables that can be read."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover import systems
from prover.base.errors import UsageError
from prover.chain.state import replay
from prover.cli import model, proofs
from prover.cli.app import run
from prover.cli.serving.sample import _how, _lines
from prover.clients.serving.contest import Contested
from prover.systems.interface import Answer
from prover.systems.native import inputs
from tests.unit.chain.fakenode import MODEL_ID, FakeNode, chain, deployment


def test_an_unknown_option_names_the_help_of_its_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["verify", "proof.json", "--artifacts", "there", "--index", "1"]) == 2
    said = capsys.readouterr().err
    assert "No such option: --index: `zkescrow verify --help` shows what is expected" in said


def test_a_photograph_is_for_models_of_photographs() -> None:
    """A model of digits takes one plane: its input is given as numbers."""
    source = SimpleNamespace(channels=1, height=8, width=8, low=0, high=16)
    digits: Any = SimpleNamespace(network=SimpleNamespace(input=source))
    with pytest.raises(UsageError, match=r"1 planes of 8x8 integers 0 to 16; .*give --inputs"):
        inputs.read_photograph(Path("photo.png"), digits)
    with pytest.raises(UsageError, match="one of --inputs and --image"):
        inputs.read_photograph(None, digits)


@pytest.mark.parametrize(
    ("count", "random", "wrong", "said"),
    [
        (8, True, 0, "all of them"),
        (8, True, 8, "all of them"),
        (3, True, 0, "random"),
        (3, True, 2, "2 that differ, 1 random"),
        (3, True, 5, "3 that differ, 0 random"),
        (3, False, 0, "chosen by hand: they say nothing about the others"),
    ],
)
def test_how_contested_items_were_chosen_is_told(
    count: int, random: bool, wrong: int, said: str
) -> None:
    assert _how(8, count, random, wrong) == said
    done = Contested(tuple(range(count)), 1_000, 50_000)
    assert f"contested {count} of 8 items ({said})" in _lines(8, done, random, (0,) * wrong)[0]


def test_a_proof_tells_the_time_of_the_whole_command_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading and placing a circuit took 44 s of 47, and only the rest was told."""
    clock = iter((0.0, 44.0, 47.2))
    proof = SimpleNamespace(to_dict=dict)
    fake = SimpleNamespace(
        prove_stages={},
        read=lambda *_: None,
        witness=lambda *_: None,
        prove=lambda *_: proof,
        answer=lambda *_: Answer({"top": [7]}, ("labels",)),
    )
    monkeypatch.setattr(proofs, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(systems, "load", lambda _: (fake, None))
    job = ("--job", "0x" + "11" * 32, "--market", "0x" + "22" * 20, "--payee", "0x" + "33" * 20)
    job += ("--model", "0x" + "44" * 32)
    files = ("--artifacts", "c", "--inputs", "x.npz", "--out", str(tmp_path / "proof.json"))
    assert run(["prove", "--chain-id", "31337", *job, *files]) == 0
    told = "proven in 3.2 s (47.2 s with reading the circuit)"
    assert told in capsys.readouterr().out


def test_the_list_of_models_is_narrow_and_in_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = FakeNode(chain(0))
    monkeypatch.setattr(model, "deployed", lambda _rpc: (node.client, deployment()))
    replay._loaded.clear()
    assert run(["model", "list"]) == 0
    table = capsys.readouterr().out
    assert max(map(len, table.splitlines())) <= 80
    assert "True" not in table
    assert "yes" in table
    assert f"0x{MODEL_ID.hex()[:10]}" in table
    assert MODEL_ID.hex()[:11] not in table
    assert run(["model", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["models"]
    assert (row["model_id"], row["exact"]) == ("0x" + MODEL_ID.hex(), True)
