"""What the demos share, where one follows another in a process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from prover.base.settings import get_settings

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        yield
    get_settings.cache_clear()


@pytest.mark.usefixtures("own_environment")
def test_each_demo_finds_its_own_contracts(tmp_path: Path) -> None:
    """`scripts/demo all` plays them one after the other, each on a node of its own."""
    from demos.shared import Chain

    for name in ("first", "second"):
        Chain("http://127.0.0.1:1", tmp_path / name).use_here()
        assert get_settings().deployments == tmp_path / name
