"""Strangers' JSON is read as any parser would, or refused as a ValueError."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from prover.base.strict_json import as_text, parse

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**256) + 1, 2**256 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
@example({'[{"\\': '}"]'})
def test_what_is_plain_is_read_as_it_is(value: Any) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        try:
            content = text.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, which no UTF-8 holds
            continue
        assert parse(content) == value


@given(st.binary() | st.text(alphabet='[]{}",:\\0123456789eNa.- ').map(str.encode))
@example(b"[" * 1_000_000)
@example(b'{"a":' * 1_000_000)
@example(b"9" * 100_000)
@example(b'"\\')
def test_anything_else_is_a_value_error_of_one_line(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse(content)


def test_what_is_wrong_is_said_on_one_line() -> None:
    assert as_text(ValueError("a\nb\x1b")) == "a b "
    with pytest.raises(ValidationError) as error:
        TypeAdapter(dict[str, int]).validate_python({"a\n": "b"})
    assert as_text(error.value).startswith("a : Input should be a valid integer")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": 1, "a": 1}', "twice"),
        (b'[{"\\u0061": 1, "a": 2}]', "twice"),
        (b"[NaN]", "expected a number"),
        (b"-Infinity", "expected a number"),
        (b"1e999", "a finite number"),
        (b"%d" % 2**256, "256 bits"),
        (b"1" * 5000, "256 bits"),
        (b"[" * 17 + b"]" * 17, "deep"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "deep"),
        ("[1]".encode("utf-16"), "codec"),
        (b'"\xff"', "codec"),
    ],
)
def test_what_parsers_differ_on_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(content)


def test_the_depth_that_is_asked_for_is_taken() -> None:
    assert parse(b'["]]]]", [["[[["]]]', 3) == ["]]]]", [["[[["]]]
    with pytest.raises(ValueError, match="at most 2 deep"):
        parse(b'["]]]]", [["[[["]]]', 2)
