"""Seed files are made once, for their owner's eyes only."""

import stat
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from prover.base.errors import StatementInvalid, UsageError
from prover.base.files import write_atomically
from prover.clients.common import seeds
from prover.clients.common.seeds import make_seed, read_seed, seed_at


def test_a_seed_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "seed.json"
    assert make_seed(path)
    first = read_seed(path)
    assert not make_seed(path)
    assert read_seed(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="no seed file"):
        read_seed(tmp_path / "none.json")


def test_of_two_commands_at_once_one_makes_the_seed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other would put its own in its place, and what was sealed with the first were lost."""
    path, made = tmp_path / "seed.json", list[bool]()
    second = Thread(target=lambda: made.append(make_seed(path)))

    def writes(*arguments: Any) -> None:
        if not second.is_alive():
            second.start()
            second.join(0.2)  # it waits for the first one, or had no need to
        write_atomically(*arguments)

    monkeypatch.setattr(seeds, "write_atomically", writes)
    assert make_seed(path)
    first = read_seed(path)
    second.join()
    assert made == [False]
    assert read_seed(path) == first


def test_the_usual_seed_is_made_with_a_warning_and_never_shown(home: Path) -> None:
    made = seed_at(None)
    assert made.made
    assert made.path == home / "seed.json"
    assert made.path.stat().st_mode & 0o077 == 0
    again = seed_at(None)
    assert (again.seed, again.made) == (made.seed, False)
    assert made.seed.value.hex() not in made.warning + repr(made)
    assert "KEEP IT" in made.warning
    made.path.write_text("{}")
    with pytest.raises(StatementInvalid, match=r"seed\.json cannot be read"):
        seed_at(None)
