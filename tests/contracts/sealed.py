"""Sealed items of two forms, for the tests of the contracts: of values, and of packed digits."""

import random
from dataclasses import replace
from typing import Any

from prover.statement.field import FIELD_MODULUS
from prover.statement.layout import Layout, OutputKind
from prover.statement.sealing import Chunks, Digits, SealedForm, Sealing, padding_tree

VALUES, SALT_ELEMENTS, SALT_BITS = 2, 4, 31
INPUT_MIN, INPUT_MAX = -128, 127
SEALING = Sealing(VALUES + SALT_ELEMENTS, VALUES + SALT_ELEMENTS, SALT_ELEMENTS, SALT_BITS)
FORM = SealedForm(SEALING, 1, INPUT_MIN, INPUT_MAX)

LEAST, GREATEST, BITS = -3, 200, 8  # of packed values; digits above 203 are none
WORDS = (Digits(5, 0b00001), Digits(5, 0), Digits(5, 0b10100), Digits(5, 0b11111), Digits(3, 0b010))


def packed_form(words: tuple[Digits, ...] = WORDS, full: int = 4) -> SealedForm:
    """Chunks of up to `full` elements, the last of each salt."""
    chunks = -(-len(words) // (full - 1))
    sealing = Sealing(
        elements=len(words) + chunks,
        digest_elements=full,
        salt_elements=1,
        salt_bits=FIELD_MODULUS.bit_length(),
        digit_bits=BITS,
        digits=max(word.count for word in words),
        padding_root=padding_tree(words).root,
    )
    return SealedForm(sealing, chunks, LEAST, GREATEST, words)


PACKED = packed_form()


def packed_chunks(seed: Any, form: SealedForm = PACKED) -> Chunks:
    """An item that some input gives."""
    draw, found = random.Random(str(seed)), []
    for chunk in range(form.chunks):
        words = range(form.length(chunk) - form.sealing.salt_elements)
        elements = [_word(draw, form, form.words[form.number(chunk, at)]) for at in words]
        found.append((*elements, draw.randrange(FIELD_MODULUS)))
    return tuple(found)


def _word(draw: random.Random, form: SealedForm, word: Digits) -> int:
    found, most = 0, form.input_max - form.input_min
    for digit in range(word.count):
        padding = (word.padding >> digit) & 1
        value = -form.input_min if padding else draw.randint(0, most)
        found |= value << (form.sealing.digit_bits * digit)
    return found


def with_word(chunks: Chunks, chunk: int, element: int, word: int) -> Chunks:
    """The same with another element in one place."""
    changed = (*chunks[chunk][:element], word, *chunks[chunk][element + 1 :])
    return (*chunks[:chunk], changed, *chunks[chunk + 1 :])


def with_digit(chunks: Chunks, chunk: int, element: int, digit: int, value: int) -> Chunks:
    """The same with another digit in one place."""
    word, shift = chunks[chunk][element], BITS * digit
    cleared = word & ~(((1 << BITS) - 1) << shift)
    return with_word(chunks, chunk, element, cleared | value << shift)


def chunked_layout(chunks: int, labels: int = 3, hidden: bool = True) -> Layout:
    """One item of so many digests with a label output; with hidden weights, or none."""
    weights = int(hidden)
    return Layout(
        instances=chunks + 10 + weights,
        items=1,
        context=chunks + 2 + weights,
        context_limbs=8,
        context_bits=17,
        context_echo=chunks,
        context_echo_words=1,
        inputs=0,
        input_words=chunks,
        weights=chunks + 1 if hidden else 0,
        weight_words=weights,
        weight_points=0,
        outputs=chunks + 1 + weights,
        output_words=1,
        output_kind=OutputKind.LABEL,
        classes=labels,
    )


def sealed_fields(form: SealedForm) -> dict[str, Any]:
    """The fields of a circuit that seals items of a form."""
    domain = {"inputMin": form.input_min, "inputMax": form.input_max}
    return domain | {"sealing": form.sealing.to_abi()}


def sealing(**changes: Any) -> tuple[Any, ...]:
    """The sealing of values, changed."""
    return replace(SEALING, **changes).to_abi()
