"""Which dataset is meant, and whether a file is its public one."""

from types import SimpleNamespace

import pytest

from prover.base.errors import UsageError
from prover.clients.retrieval import datasets
from prover.clients.retrieval.datasets import find_dataset
from prover.protocol.retrieval.state import Dataset

FIRST, SECOND = bytes(31) + b"\1", bytes(31) + b"\2"
OWN = Dataset("0x" + "11" * 20, b"\3" * 32, 7, bytes(32), "", 1)


def found(monkeypatch: pytest.MonkeyPatch, count: int, wanted: bytes | None) -> Dataset:
    known = dict(zip((FIRST, SECOND)[:count], (OWN, None), strict=False))
    world = SimpleNamespace(retrieval=SimpleNamespace(datasets=known))
    monkeypatch.setattr(datasets, "load_world", lambda client, deployment: world)
    return find_dataset(None, None, wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "wanted"), [(1, None), (1, FIRST), (2, FIRST)])
def test_the_only_one_need_not_be_named(
    monkeypatch: pytest.MonkeyPatch, count: int, wanted: bytes | None
) -> None:
    assert found(monkeypatch, count, wanted) == OWN


@pytest.mark.parametrize(
    ("count", "wanted", "message"),
    [
        (0, None, "0 datasets are committed"),
        (2, None, "2 datasets are committed"),
        (1, SECOND, f"dataset 0x{SECOND.hex()} is not on this chain"),
    ],
)
def test_none_is_chosen_where_several_or_another_could_be_meant(
    monkeypatch: pytest.MonkeyPatch, count: int, wanted: bytes | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        found(monkeypatch, count, wanted)
