"""A sender's `deciding`, for fakes of senders: notes what is decided against."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager


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
