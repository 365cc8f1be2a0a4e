import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS, check_canonical, decode_signed, encode_signed
from prover.statement.quantise import quantise

BOUND = 2**127


@given(st.integers(1 - BOUND, BOUND - 1))
def test_signed_values_survive_the_field(value: int) -> None:
    assert decode_signed(encode_signed(value)) == value


@pytest.mark.parametrize("value", [BOUND, -BOUND, 2**200])
def test_values_of_127_bits_are_refused(value: int) -> None:
    with pytest.raises(StatementInvalid, match="2\\^127"):
        encode_signed(value)
    with pytest.raises(StatementInvalid, match="2\\^127"):
        decode_signed(value % FIELD_MODULUS)


@pytest.mark.parametrize("element", [-1, FIELD_MODULUS, FIELD_MODULUS + 1, 2**256 - 1])
def test_elements_that_are_not_canonical_are_refused(element: int) -> None:
    with pytest.raises(StatementInvalid, match="canonical"):
        check_canonical(element)
    with pytest.raises(StatementInvalid, match="canonical"):
        decode_signed(element)


def test_halves_round_away_from_zero() -> None:
    assert quantise([0.5, -0.5, 0.25, 1.75, -1.5], 0) == [1, -1, 0, 2, -2]
    assert quantise([0.5, -0.5], 3) == [4, -4]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(StatementInvalid, match="finite"):
        quantise([0.0, value], 4)
