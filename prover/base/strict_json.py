"""JSON that a stranger wrote, read without surprises (RFC 8259 with fewer liberties).

Refused, as parsers differ on them or fall over them: a name twice in one object, NaN and
infinities, numbers of more than 256 bits, nesting deeper than asked for, text that is not UTF-8.
"""

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

MAX_BITS = 256
MAX_WORDS = 300
_BRACKETS = b"[]{}"
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))
_STRINGS = b'"'


def parse(content: bytes, max_depth: int = 16) -> Any:
    """The value. Raises ValueError saying what is odd."""
    check_depth(content, max_depth)
    return json.loads(
        content.decode(),  # the parser would take UTF-16 as well
        object_pairs_hook=_object,
        parse_int=_integer,
        parse_float=_float,
        parse_constant=_constant,
    )


def check_depth(content: bytes, max_depth: int) -> None:
    """Raise ValueError if brackets are deeper, or do not match; asked before any parser is.

    Parsers recurse, and a library may have let them beyond the stack.
    """
    left = b"".join(_outside_strings(content)).translate(None, _OTHERS)
    for _ in range(max_depth):
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    if left:
        raise ValueError(f"expected matching brackets, at most {max_depth} deep")


def as_text(error: Exception) -> str:
    """The first thing that is wrong, on one line: of pydantic's errors, which list all, too."""
    listed = error.errors() if hasattr(error, "errors") else []
    if listed:
        where = ".".join(str(part) for part in listed[0]["loc"]) or "it"
        text = f"{where}: {listed[0]['msg']}"
    else:
        text = str(error)
    return "".join(char if char.isprintable() else " " for char in text)[:MAX_WORDS]


def _outside_strings(content: bytes) -> Sequence[bytes]:
    """What stands between strings; escaped quotes and backslashes are taken out first."""
    return content.replace(b"\\\\", b"").replace(b'\\"', b"").split(_STRINGS)[::2]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the name {twice[:40]!a} is given twice in one object: expected once")
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_BITS or abs(int(text)) >> MAX_BITS:
        raise ValueError(f"expected integers of at most {MAX_BITS} bits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {text[:40]}")
    return value


def _constant(text: str) -> Any:
    raise ValueError(f"expected a number, found {text}")
