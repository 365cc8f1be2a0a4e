"""Amounts and times as people read them."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.text import (
    amount_in,
    counted,
    credited,
    moment,
    shown,
    some_of,
    span,
    until,
    voidable,
)
from prover.protocol.events import ZERO_ADDRESS

TOKEN = "0x" + "77" * 20


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (0, "1970-01-01 00:00:00 UTC"),
        (1_795_518_244, "2026-11-24 11:04:04 UTC"),
        (253_402_214_400, "9999-12-31 00:00:00 UTC"),
        (253_402_214_401, "253402214401 (Unix time)"),
        (2**64 - 1, "18446744073709551615 (Unix time)"),
    ],
)
def test_a_moment_is_a_date(at: int, words: str) -> None:
    assert moment(at) == words


@given(st.integers(0, 2**34))
def test_a_moment_is_read_back_exactly(at: int) -> None:
    read = datetime.strptime(moment(at), "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    assert read.timestamp() == at


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (599, "599 s"),
        (600, "10 min"),
        (3_599, "59 min 59 s"),
        (3_600, "1 h"),
        (3_659, "1 h"),
        (86_393, "23 h 59 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (180 * 86_400, "180 d"),
    ],
)
def test_a_span_is_told_in_its_greatest_units(seconds: int, words: str) -> None:
    assert span(seconds) == words


@given(st.integers(0, 10**9))
def test_a_span_is_never_told_too_long(seconds: int) -> None:
    units = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
    told = sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+) ([a-z]+)", span(seconds)))
    assert told <= seconds
    assert seconds - told < max(1, seconds / 10)


def test_one_is_no_plural() -> None:
    assert [counted(n, "proof") for n in (0, 1, 2)] == ["0 proofs", "1 proof", "2 proofs"]


def test_a_long_list_is_cut_and_what_is_left_out_is_counted() -> None:
    assert [some_of(range(n), 2) for n in (0, 1, 2, 3)] == ["", "0", "0, 1", "0, 1 and 1 more"]


def test_until_tells_how_long_and_when() -> None:
    assert until(1000, 100) == "within 15 min (until 1970-01-01 00:16:40 UTC)"


def test_amounts_name_their_currency() -> None:
    assert amount_in(ZERO_ADDRESS, 10**18) == "1 ETH"
    assert amount_in(TOKEN, 5) == f"5 of token {TOKEN}"


def test_an_end_says_why_and_who_was_credited() -> None:
    told = credited("it ended", {"a": 1, "b": 2}, TOKEN)
    assert told.startswith("nothing: it ended; ")
    assert told.endswith(f": a 1 of token {TOKEN}, b 2 of token {TOKEN}")


def test_a_voidable_job_names_the_move_that_ends_it() -> None:
    assert "anyone may refund the job" in voidable("job", 1, "refund")
    assert "anyone may settle the round" in voidable("round", 1)


@given(st.binary())
def test_any_bytes_are_shown_on_one_line_without_control_characters(content: bytes) -> None:
    assert shown(content).isprintable()


@given(st.text())
def test_any_text_is_shown_on_one_line_without_control_characters(content: str) -> None:
    assert shown(content).isprintable()


def test_text_that_can_be_printed_is_shown_as_it_is() -> None:
    assert shown("https://é.example/ø".encode()) == "https://é.example/ø"
    assert shown(b"\xff\x00\x1b[2J\n") == "\\xff\\x00\\x1b[2J\\n"
    assert shown("a\u202eb\u200b\ud800") == "a\\u202eb\\u200b\\ud800"
    assert shown("x" * 500, most=3) == "xxx... (500 characters)"
