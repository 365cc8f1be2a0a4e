"""How a stake is decided on, for fakes: what is decided against, and what is done alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType

import pytest


def noted_in(done: list[str]) -> Callable[[str], AbstractContextManager[None]]:
    """Appends "no to ACTION" whenever something is raised within."""

    @contextmanager
    def deciding(action: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            done.append(f"no to {action}")
            raise

    return deciding


def alone_in(
    done: list[str], module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Callable[[object, str], AbstractContextManager[None]]:
    """A `staking` that appends when it begins and ends, and from when on fees are looked at."""

    def looked(_client: object) -> int:
        done.append("looked")
        return 0

    @contextmanager
    def staking(_sender: object, _action: str) -> Iterator[None]:
        done.append("alone")
        monkeypatch.setattr(module, "gas_price", looked)
        yield
        done.append("not alone")

    return staking


def while_alone(done: list[str]) -> list[str]:
    """What was done from when no other process could stake, but for approvals."""
    return [one for one in done[done.index("alone") :] if not one.startswith("allowed")]
