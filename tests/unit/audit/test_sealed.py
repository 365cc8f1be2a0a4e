"""Disputes of sealed items, judged again as the contract does."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from prover.audit.protocols.sealed import shown_leaf, sound_chunk, sound_digit, sound_label
from prover.chain.contracts.sealed import DigitOpening
from prover.statement.commitment import input_commitment
from prover.statement.documents import sealed
from prover.statement.documents.sealed import DigitPlace
from prover.statement.sealing import Chunks
from tests.contracts.sealed import FORM, PACKED, chunked_layout, packed_chunks, with_digit

KEY, INDEX = b"\x5a" * 32, 3
HONEST = packed_chunks("audit")
CIRCUIT: Any = SimpleNamespace(
    layout=chunked_layout(PACKED.chunks), sealed_form=replace(PACKED, words=())
)
OF_VALUES: Any = SimpleNamespace(layout=chunked_layout(1), sealed_form=FORM)


def texts(chunks: Chunks) -> tuple[bytes, ...]:
    return sealed.seal_chunks(chunks, PACKED, KEY, INDEX)


def place(chunk: int, element: int, digit: int, **lies: Any) -> tuple[object, ...]:
    opening = DigitOpening.of(DigitPlace(chunk, element, digit), PACKED)
    return replace(opening, **lies).to_abi()


@pytest.mark.parametrize("chunk", [0, 1])
def test_a_chunk_that_is_well_formed_is_told(chunk: int) -> None:
    text, digests = texts(HONEST)[chunk], sealed.digests_of(HONEST)
    (found,) = sound_chunk(CIRCUIT, INDEX, chunk, text, KEY, digests)
    assert found == f"chunk {chunk} of the disputed item {INDEX} is well formed"
    assert not list(sound_chunk(CIRCUIT, INDEX, chunk, text[:-1], KEY, digests))
    assert not list(sound_chunk(CIRCUIT, INDEX, chunk, text, KEY, digests[::-1]))


def test_a_label_is_no_chunk() -> None:
    (found,) = sound_chunk(CIRCUIT, INDEX, 2, b"", KEY, (1, 2))
    assert "has no chunk 2" in found


def test_a_digit_that_is_legal_is_told() -> None:
    """Of a chunk whose other digits are not: each dispute names one."""
    bad = with_digit(HONEST, 1, 0, 2, 255)
    text = texts(bad)[1]
    assert not list(sound_digit(CIRCUIT, INDEX, place(1, 0, 2), text, KEY))
    for legal in (place(1, 1, 0), place(1, 1, 1), place(1, 1, 3)):
        (found,) = sound_digit(CIRCUIT, INDEX, legal, text, KEY)
        assert "is legal" in found


@pytest.mark.parametrize("lies", [{"count": 2}, {"padding": 0}, {"path": (bytes(32),) * 3}])
def test_digits_that_are_others_by_the_circuit_are_told(lies: dict[str, Any]) -> None:
    text = texts(with_digit(HONEST, 1, 0, 2, 255))[1]
    found = list(sound_digit(CIRCUIT, INDEX, place(1, 0, 2, **lies), text, KEY))
    assert any("folds to root" in one for one in found)


@pytest.mark.parametrize(
    ("circuit", "chunk", "element"), [(CIRCUIT, 1, 2), (CIRCUIT, 0, 3), (OF_VALUES, 0, 0)]
)
def test_salt_and_values_pack_no_digits(circuit: Any, chunk: int, element: int) -> None:
    shown = (chunk, element, 0, 5, 0, ())
    (found,) = sound_digit(circuit, INDEX, shown, texts(HONEST)[chunk], KEY)
    assert f"no element {element} of digits in chunk {chunk}" in found


def test_a_label_that_is_well_formed_is_told() -> None:
    part = CIRCUIT.layout.input_words
    for label, sound in ((2, True), (3, False)):
        text = sealed.seal(sealed.label_content(label, KEY), KEY, INDEX, part)
        hidden = sealed.label_hash(label, KEY)
        assert bool(list(sound_label(CIRCUIT, INDEX, text, KEY, hidden))) is sound
        assert not list(sound_label(CIRCUIT, INDEX, text, KEY, bytes(32)))


def test_the_leaf_is_that_of_the_shown_part() -> None:
    shown, digests = texts(HONEST), sealed.digests_of(HONEST)
    hashes = [keccak(text) for text in shown]
    allowed = sealed.sealed_leaf(
        INDEX, sealed.parts_hash(hashes), input_commitment(digests), bytes(32)
    )
    for part, text in enumerate(shown):
        given = [*hashes[:part], bytes(32), *hashes[part + 1 :]]
        assert shown_leaf(INDEX, part, text, given, digests, bytes(32)) == allowed
        assert shown_leaf(INDEX, part, text + b"\0", given, digests, bytes(32)) != allowed
