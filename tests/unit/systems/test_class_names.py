"""Names of classes: a file that a stranger may have written."""

from pathlib import Path

import pytest

from prover.base.errors import ArtifactMismatch, UsageError
from prover.systems.class_names import CLASSES, kept_names, read_names, to_bytes
from prover.systems.interface import Prediction

NAMES = ("tench", "great white shark", "Übung")
BAD = {
    b"tench\nshark\n": "2 lines: expected 3",
    b"tench\n\nshark\n": "line 2: expected 1 to 100 printable characters",
    b"tench\n\x1b[31mshark\ncat\n": "line 2: expected",
    b"tench\n" + b"x" * 101 + b"\ncat\n": "line 2: expected",
    b"tench\n\xff\ncat\n": "codec can't decode",
}


def test_names_are_read_and_kept(tmp_path: Path) -> None:
    (tmp_path / CLASSES).write_bytes(to_bytes(NAMES))
    assert read_names(tmp_path / CLASSES, 3) == kept_names(tmp_path, 3) == NAMES


def test_there_need_be_none(tmp_path: Path) -> None:
    assert kept_names(tmp_path, 3) is None


@pytest.mark.parametrize("content", BAD)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / CLASSES
    path.write_bytes(content)
    with pytest.raises(UsageError, match=BAD[content]):
        read_names(path, 3)
    with pytest.raises(ArtifactMismatch, match=BAD[content]):
        kept_names(tmp_path, 3)


def test_an_answer_says_its_class() -> None:
    labels = Prediction((2, 0), None, 2, True, 0.0, NAMES)
    assert labels.message() == "proven label 2 (Übung), then 0 (tench)"
    assert labels.to_dict()["class_name"] == "Übung"
    scores = Prediction((1, 5, 5), (0.5, 2.5, 2.5), None, False, 0.5, NAMES)
    assert scores.to_dict()["class_name"] is None
    assert scores.message().startswith("proven a tie, no label; scores 0.500")
    assert Prediction((1,), None, 1, True, 0.0).message() == "proven label 1"
