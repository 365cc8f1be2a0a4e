"""What is sealed of an image: the words that are hashed, and back."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.statement.field import FIELD_MODULUS
from prover.statement.sealing import is_legal
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.hashing import CHUNK, Hashing
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.network.network import Network
from prover.systems.native.packing import NO_PIXEL, Packing, chunks_of, opened
from prover.systems.native.witness import input_cells, packed
from tests.unit.systems.native.networks import image_of, residual_network, tiny_network

HASHED = Form(context=1, inputs="hashed")
NETWORKS = [tiny_network(), residual_network()]


def words_of(network: Network, lanes: int, seed: int) -> list[int]:
    """As the circuit hashes them."""
    program = compile_network(network, lanes, 2, HASHED)
    assert program.hashing is not None
    cells = input_cells(program, image_of(network, seed))
    return program.hashing.words(packed(program, cells))


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(NETWORKS), st.integers(1, 5), st.integers(0, 2**16))
def test_words_give_the_image_back(network: Network, lanes: int, seed: int) -> None:
    packing, words = Packing.of(network, lanes), words_of(network, lanes, seed)
    assert packing.values(words) == tuple(image_of(network, seed).reshape(-1).tolist())
    form = packing.form
    assert len(words) == form.word_count == len(form.words)
    for word, digits in zip(words, form.words, strict=True):
        assert all(is_legal(word, digit, digits, form) for digit in range(digits.count + 1))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("lanes", [1, 2, 3, 5])
def test_every_pixel_stands_in_one_digit(network: Network, lanes: int) -> None:
    places = np.concatenate(Packing.of(network, lanes).pixels)
    source = network.input
    count = source.channels * source.height * source.width
    assert sorted(places[places != NO_PIXEL].tolist()) == list(range(count))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(NETWORKS), st.integers(2, 5), st.data())
def test_words_that_no_image_gives_are_refused(
    network: Network, lanes: int, data: st.DataObject
) -> None:
    """Exactly those with an illegal digit: what the contract calls malformed."""
    packing, words = Packing.of(network, lanes), words_of(network, lanes, 1)
    form = packing.form
    number = data.draw(st.integers(0, len(words) - 1))
    digits = form.words[number]
    digit = data.draw(st.integers(0, digits.count))
    value = data.draw(st.integers(0, (1 << packing.bits) - 1))
    shift = packing.bits * digit
    word = words[number] & ~(((1 << packing.bits) - 1) << shift) | value << shift
    changed = [*words[:number], word, *words[number + 1 :]]
    if is_legal(word, digit, digits, form):
        assert packing.values(changed)
    else:
        with pytest.raises(StatementInvalid, match="no image gives these words"):
            packing.values(changed)


def test_the_form_is_that_of_the_hashing() -> None:
    packing = Packing.of(residual_network(), 3)
    sealing, hashing = packing.form.sealing, packing.hashing
    words, chunks = len(hashing.word_ends), len(hashing.chunks)
    assert sealing.elements == sealing.digest_elements == words + chunks
    assert (sealing.salt_elements, sealing.salt_bits) == (1, 254)
    assert sealing.digit_bits * sealing.digits < FIELD_MODULUS.bit_length()
    assert packing.is_sealable


def test_chunks_are_as_long_as_the_digests_take() -> None:
    words, salts = list(range(2 * CHUNK)), (7, 8, 9)
    chunks = chunks_of(words, salts)
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, 2 + 1]
    assert [chunk[-1] for chunk in chunks] == list(salts)
    assert opened(chunks) == (tuple(words), salts)
    large = Packing(Packing.of(tiny_network(), 2).grid, Hashing(9 * CHUNK, 100), 50, 0, 1)
    assert len(large.hashing.chunks) == 5


@pytest.mark.parametrize(
    ("low", "high", "sealable"), [(1, 9, False), (0, 9, True), (-9, -1, True), (-20, -10, False)]
)
def test_zero_must_be_a_digit(low: int, high: int, sealable: bool) -> None:
    network = tiny_network()
    moved = replace(network, input=replace(network.input, low=low, high=high))
    assert Packing.of(moved, 2).is_sealable is sealable
