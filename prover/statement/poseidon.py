"""Poseidon over the BN254 scalar field as the circuits hash: width 2, rate 1, x^5, 8 + 56 rounds.

Constants come from the Grain LFSR of the Poseidon paper (Grassi et al., USENIX Security 2021,
appendix E), the mixing matrix is its Cauchy matrix. The sponge is the circuits' own: the initial
state is [0, 2^64], each element is added to the first word and followed by one permutation, nothing
is padded.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS

WIDTH = 2
FULL_ROUNDS = 8
PARTIAL_ROUNDS = 56
ROUNDS = FULL_ROUNDS + PARTIAL_ROUNDS
INITIAL_STATE = (0, 1 << 64)
_FIELD_BITS = 254
_GRAIN_TAPS = (0, 13, 23, 38, 51, 62)

Row = tuple[int, int]


def digest(elements: Iterable[int]) -> int:
    """The digest of signed integers or field elements, at least one, taken modulo r.

    Raises StatementInvalid if there is none.
    """
    state, hashed = INITIAL_STATE, 0
    for element in elements:
        state = permute(((state[0] + element) % FIELD_MODULUS, state[1]))
        hashed += 1
    if not hashed:
        raise StatementInvalid("nothing to hash: expected at least 1 element; check the input")
    return state[0]


def permute(state: Row) -> Row:
    """One Poseidon permutation of two field elements."""
    (a, b), (c, d) = mixing_matrix()
    half = FULL_ROUNDS // 2
    first, second = state
    for index, (one, two) in enumerate(round_constants()):
        first, second = _fifth(first + one), second + two
        if not half <= index < half + PARTIAL_ROUNDS:
            second = _fifth(second)
        first, second = (
            (a * first + b * second) % FIELD_MODULUS,
            (c * first + d * second) % FIELD_MODULUS,
        )
    return first, second


@lru_cache(maxsize=1)
def round_constants() -> tuple[Row, ...]:
    """One pair per round."""
    return _parameters()[0]


@lru_cache(maxsize=1)
def mixing_matrix() -> tuple[Row, ...]:
    """The 2 x 2 Cauchy matrix 1 / (x_i + y_j)."""
    return _parameters()[1]


@lru_cache(maxsize=1)
def _parameters() -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    bits = _shrunk(_grain())
    constants = tuple((_canonical(bits), _canonical(bits)) for _ in range(ROUNDS))
    x0, x1, y0, y1 = (_integer(bits) % FIELD_MODULUS for _ in range(2 * WIDTH))
    return constants, (
        (_inverse(x0 + y0), _inverse(x0 + y1)),
        (_inverse(x1 + y0), _inverse(x1 + y1)),
    )


def _fifth(value: int) -> int:
    square = value * value % FIELD_MODULUS
    return square * square * value % FIELD_MODULUS


def _inverse(value: int) -> int:
    return pow(value, -1, FIELD_MODULUS)


def _canonical(bits: Iterator[int]) -> int:
    while (value := _integer(bits)) >= FIELD_MODULUS:
        pass
    return value


def _integer(bits: Iterator[int]) -> int:
    return int("".join(map(str, islice(bits, _FIELD_BITS))), 2)


def _shrunk(bits: Iterator[int]) -> Iterator[int]:
    """Of each pair of bits, the second one where the first is 1."""
    for keep, bit in zip(bits, bits, strict=False):
        if keep:
            yield bit


def _grain() -> Iterator[int]:
    """The 80-bit LFSR, seeded with the parameters; its first 160 bits are dropped."""
    seed = ((1, 2), (0, 4), (_FIELD_BITS, 12), (WIDTH, 12), (FULL_ROUNDS, 10), (PARTIAL_ROUNDS, 10))
    text = "".join(f"{value:0{width}b}" for value, width in seed) + "1" * 30
    state = [int(bit) for bit in text]

    def forever() -> Iterator[int]:
        while True:
            bit = 0
            for tap in _GRAIN_TAPS:
                bit ^= state[tap]
            state.pop(0)
            state.append(bit)
            yield bit

    return islice(forever(), 160, None)
