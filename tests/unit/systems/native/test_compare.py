"""What `native rebuild` finds of a circuit with hidden weights, whose columns of weights differ."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ArtifactMismatch, UnsoundCircuit
from prover.systems.native.artifacts import DESCRIPTION
from prover.systems.native.static_checks import compare
from prover.systems.native.static_checks.compare import of_weights, require_outlined
from tests.unit.verify.test_description import G1_TWICE, set_at
from tests.unit.verify.vector import DESCRIPTION as OUTLINE
from tests.unit.verify.vector import changed, description, restated

Change = Callable[[dict[str, Any]], object]
COLUMNS = description().columns.fixed


@pytest.fixture
def compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes, bytes], None]:
    """Compares what a key says of itself, and the description beside it, with the outline's."""

    def compare_with_outline(key: bytes, beside: bytes) -> None:
        given, rebuilt = tmp_path / "given", tmp_path / "rebuilt"
        for folder, content in ((given, beside), (rebuilt, OUTLINE)):
            folder.mkdir()
            (folder / DESCRIPTION).write_bytes(content)
        read = SimpleNamespace(description=key.decode)
        keys = SimpleNamespace(VerifyingKey=SimpleNamespace(read=lambda _path: read))
        monkeypatch.setattr(compare, "engine", lambda: keys)
        require_outlined(given, rebuilt)

    return compare_with_outline


def columns(weights: bool) -> Change:
    """Other points of all fixed columns that hold weights or biases, or of one that does not."""
    chosen = [at for at, name in enumerate(COLUMNS) if of_weights(name) == weights]

    def change(found: dict[str, Any]) -> None:
        for at in chosen if weights else chosen[:1]:
            found["fixed_commitments"][at] = G1_TWICE

    return change


def test_the_columns_of_weights_and_biases_are_known_by_name() -> None:
    assert [name for name in COLUMNS if of_weights(name)] == ["bias", "weight_0"]
    assert of_weights("weight_12")
    assert not any(map(of_weights, ("weight", "weight_", "weights_are_taps", "no_weight_0")))


def test_columns_of_weights_and_biases_may_be_others(
    compared: Callable[[bytes, bytes], None],
) -> None:
    hidden = restated(columns(weights=True))
    assert hidden != OUTLINE
    compared(hidden, hidden)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (columns(weights=False), f"the fixed column {COLUMNS[0]} is another"),
        (set_at("shape", "y_offset", -1), "shape is another"),
        (lambda found: found["srs"].update(s_g2=found["srs"]["g2"]), "srs is another"),
    ],
)
def test_whatever_else_differs_is_named(
    compared: Callable[[bytes, bytes], None], change: Change, found: str
) -> None:
    other = restated(change)
    with pytest.raises(UnsoundCircuit, match=f"{found} than the outline gives"):
        compared(other, other)


def test_a_description_of_another_key_is_refused(
    compared: Callable[[bytes, bytes], None],
) -> None:
    with pytest.raises(UnsoundCircuit, match="describes another key"):
        compared(restated(columns(weights=True)), OUTLINE)


def test_a_description_is_read_as_strictly_as_before_a_proof(
    compared: Callable[[bytes, bytes], None],
) -> None:
    """A column of weights whose point is none."""
    none = changed(set_at("fixed_commitments", 0, ["0x" + "00" * 31 + "01"] * 2))
    with pytest.raises(ArtifactMismatch, match="fixed_commitments"):
        compared(none, none)
