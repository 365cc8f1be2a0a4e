"""The tests of proof systems see each task done anew."""

from collections.abc import Iterator

import pytest

from tests import kept


@pytest.fixture(autouse=True)
def no_memory() -> Iterator[None]:
    with kept.anew():
        yield
