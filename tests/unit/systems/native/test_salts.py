"""Files of salts: what is written is read, by the owner alone, and nothing else is taken for it."""

from pathlib import Path

import pytest

from prover.base.errors import UsageError
from prover.systems.native.hiding.salts import read_salts, write_salts


def test_salts_survive_their_file(tmp_path: Path) -> None:
    path, salts = tmp_path / "salts.json", [0, 1, (1 << 253) + 7]
    write_salts(path, salts)
    assert read_salts(path) == salts
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_salts(path, [5])
    assert read_salts(path) == salts


@pytest.mark.parametrize("content", ['"12"', '{"1": 2}', "7", "[1]", '["g"]', "[", "\xff"])
def test_other_files_are_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "salts.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(UsageError, match="expected a JSON list of hexadecimal words"):
        read_salts(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json cannot be read"):
        read_salts(tmp_path / "none.json")
