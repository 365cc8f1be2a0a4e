"""Numbers and points as a description writes them: 0x and 64 lower-case hexadecimal digits."""

import re
from typing import Any

from prover.verify.algebra.field import R
from prover.verify.algebra.group import INFINITY, Affine, P, Twist, in_second_group, on_curve

_WORD = re.compile(r"0x[0-9a-f]{64}")  # as docs/native/FORMAT.md says; the prover has its own


def integer(found: Any) -> int:
    """An integer of JSON; ValueError otherwise, also for true and false."""
    if type(found) is not int:
        raise ValueError(f"expected an integer, found {str(found)[:80]}")
    return found


def natural(found: Any) -> int:
    """An integer from 0 on; ValueError otherwise."""
    if integer(found) < 0:
        raise ValueError(f"expected an integer from 0 on, found {found}")
    return int(found)


def scalar(found: Any) -> int:
    """A word below r; ValueError otherwise."""
    return _below(found, R, "r")


def word(found: Any) -> int:
    """A word of 256 bits; ValueError otherwise."""
    return _below(found, 1 << 256, "2^256")


def point(found: Any) -> Affine:
    """[x, y] on the curve; ValueError otherwise, also for infinity."""
    x, y = _pair(found)
    result = _below(x, P, "p"), _below(y, P, "p")
    if not on_curve(result):
        raise ValueError(f"expected a point on the curve y^2 = x^3 + 3, found {found}")
    return result


def point_or_infinity(found: Any) -> Affine:
    """`point`, or [0, 0] for infinity: the commitment to a column of zeros."""
    words = [_below(word, P, "p") for word in _pair(found)]
    return INFINITY if not any(words) else point(found)


def twist(found: Any) -> Twist:
    """[[x0, x1], [y0, y1]] in the second group, x = x0 + x1 i; ValueError otherwise."""
    (x0, x1), (y0, y1) = (_pair(coordinate) for coordinate in _pair(found))
    result = (
        (_below(x0, P, "p"), _below(x1, P, "p")),
        (_below(y0, P, "p"), _below(y1, P, "p")),
    )
    if not in_second_group(result):
        raise ValueError(f"expected a point in the group of order r on the twist, found {found}")
    return result


def _pair(found: Any) -> tuple[Any, Any]:
    match found:
        case [first, second]:
            return first, second
        case _:
            raise ValueError(f"expected a pair, found {str(found)[:80]}")


def _below(found: Any, modulus: int, name: str) -> int:
    if not isinstance(found, str) or not _WORD.fullmatch(found):
        raise ValueError(
            f"expected 0x and 64 lower-case hexadecimal digits, found {str(found)[:80]}"
        )
    value = int(found, 16)
    if value >= modulus:
        raise ValueError(f"expected a value below {name} = {hex(modulus)}, found {found}")
    return value
