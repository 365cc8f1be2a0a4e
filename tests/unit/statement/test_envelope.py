"""An envelope is opened by its reader alone."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.documents.envelope import (
    MAGIC,
    OVERHEAD_BYTES,
    is_sealed,
    opened,
    public_key_of,
    sealed,
)

SECRET = bytes(range(1, 33))


@given(st.binary(max_size=200))
def test_the_reader_gets_the_content_back(content: bytes) -> None:
    envelope = sealed(content, public_key_of(SECRET))
    assert is_sealed(envelope)
    assert len(envelope) == len(content) + OVERHEAD_BYTES
    assert opened(envelope, SECRET) == content


def test_the_content_is_not_in_it_and_two_differ() -> None:
    content = secrets.token_bytes(64)
    first, second = (sealed(content, public_key_of(SECRET)) for _ in range(2))
    assert content not in first
    assert first != second


@given(st.integers(len(MAGIC), len(MAGIC) + 50), st.integers(1, 255))
def test_a_changed_envelope_is_refused(at: int, change: int) -> None:
    envelope = bytearray(sealed(b"abc", public_key_of(SECRET)))
    envelope[at] ^= change
    with pytest.raises(StatementInvalid, match="provider key"):
        opened(bytes(envelope), SECRET)


@given(st.binary(max_size=100))
def test_garbage_is_refused(content: bytes) -> None:
    with pytest.raises(StatementInvalid):
        opened(MAGIC + content, SECRET)


def test_another_reader_cannot_open_it() -> None:
    with pytest.raises(StatementInvalid):
        opened(sealed(b"abc", public_key_of(SECRET)), secrets.token_bytes(32))
