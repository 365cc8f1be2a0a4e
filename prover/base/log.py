"""One log of what the program does, for whoever operates it: on stderr, or in a file by setting.

Results go to stdout and errors to stderr as ever; the log is besides. No secret is in it, and what
strangers wrote is in it without control characters.
"""

import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger

from prover.base.files import make_folder
from prover.base.redaction import MASK, redacted
from prover.base.text import shown

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]
LEVELS: dict[Level, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
MAX_CHARACTERS = 400
_SECRET_NAMES = ("key", "password", "seed", "salt", "secret", "token_secret", "mnemonic")


class _Stderr:
    """The stream that is stderr when something is written: it may be replaced."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(level: Level = "warning", format_: Format = "text", path: Path | None = None) -> None:
    """From now on: what is at least of this level, as lines of text or JSON objects, one a line."""
    stream = cast(TextIO, _Stderr()) if path is None else _opened(path)
    renderer = structlog.processors.JSONRenderer() if format_ == "json" else _line
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso", utc=True),
            _safe,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def logger(name: str) -> FilteringBoundLogger:
    """The log of a part of the program; `name` is its module's."""
    return cast(FilteringBoundLogger, structlog.get_logger(part=name.removeprefix("prover.")))


def _opened(path: Path) -> TextIO:
    make_folder(path.absolute().parent)
    path.touch(mode=0o600)
    return path.open("a", encoding="utf-8", errors="backslashreplace")


def _safe(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Every value without secrets and control characters; one named as a secret is not shown."""
    return {name: MASK if _is_secret(name) else _plain(value) for name, value in event.items()}


def _is_secret(name: str) -> bool:
    return any(name == one or name.endswith(f"_{one}") for one in _SECRET_NAMES)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return _safe(None, "", {str(name): one for name, one in value.items()})
    return shown(redacted(str(value)), MAX_CHARACTERS)


def _line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """Time, level, event, then the values: strings with anything but plain characters quoted."""
    first = [event.pop(name) for name in ("timestamp", "level", "event")]
    rest = [f"{name}={_quoted(value)}" for name, value in event.items()]
    return " ".join([first[0], f"{first[1]:<7}", str(first[2]), *rest])


def _quoted(value: Any) -> str:
    text = str(value)
    return repr(text) if not text or set(text) & set(" ='\"") else text


configure()
