"""Files of integer networks: one network, one file; a damaged or inconsistent one is refused."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import ModelRefused
from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.consistency import check
from prover.systems.native.network.network import Layer, Network, Term
from prover.systems.native.network.serialise import MAGIC, from_bytes, sha256, to_bytes
from tests.unit.systems.native.network import plain

NETWORK = plain.two_layers()
FILE = to_bytes(NETWORK)


@settings(max_examples=40, deadline=None)
@given(plain.networks())
def test_a_file_gives_the_network_back(network: Network) -> None:
    data = to_bytes(network)
    assert to_bytes(from_bytes(data)) == data


def test_the_hash_is_of_this_network_on_every_machine() -> None:
    expected = "6d34f235c218190c64518da206be2e0811ef4415cc53c585e7bc2aa027bd6c51"
    assert sha256(NETWORK) == expected


def test_numbers_of_64_bits_are_kept() -> None:
    first, last = NETWORK.layers
    wide = bounded(replace(NETWORK, layers=(first, replace(last, bias=last.bias - (1 << 40)))))
    assert (from_bytes(to_bytes(wide)).layers[-1].bias == last.bias - (1 << 40)).all()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_a_changed_byte_never_gives_the_same_network(place: int, change: int) -> None:
    changed = bytearray(FILE)
    changed[place] ^= change
    try:
        found = from_bytes(bytes(changed))
    except ModelRefused:
        return
    assert sha256(found) != sha256(NETWORK)


@pytest.mark.parametrize("data", [b"", MAGIC, FILE[:-1], FILE[:-4], FILE + b"\0\0\0\0", FILE[1:]])
def test_a_cut_or_longer_file_is_refused(data: bytes) -> None:
    with pytest.raises(ModelRefused, match="not a file of an integer network"):
        from_bytes(data)


def test_a_header_in_another_form_is_refused() -> None:
    changed = FILE.replace(b'{"input"', b'{ "input"')
    size = len(MAGIC)
    length = (int.from_bytes(FILE[size : size + 8], "little") + 1).to_bytes(8, "little")
    with pytest.raises(ModelRefused, match="canonical"):
        from_bytes(MAGIC + length + changed[size + 8 :])


def with_layer(**changes: object) -> Network:
    first, last = NETWORK.layers
    return replace(NETWORK, layers=(replace(first, **changes), last))  # type: ignore[arg-type]


def with_term(**changes: object) -> Network:
    term = replace(NETWORK.layers[0].terms[0], **changes)  # type: ignore[arg-type]
    return with_layer(terms=(term,))


def last_twice() -> Network:
    first, last = NETWORK.layers
    return replace(NETWORK, layers=(first, last, last))


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (replace(NETWORK, shift=0), "its shift is 0: expected 1 to 24"),
        (replace(NETWORK, output="hidden"), "'hidden': expected a layer of planes 1x1"),
        (replace(NETWORK, output="nothing"), "'nothing': expected a layer"),
        (replace(NETWORK, input=replace(NETWORK.input, low=9, high=3)), "runs from 9 to 3"),
        (with_layer(q_high=NETWORK.layers[0].q_high - 1), "'hidden' states q from"),
        (with_layer(q_low=NETWORK.layers[0].q_low + 1), "as proven"),
        (with_layer(name="x"), "has the name of another tensor"),
        (last_twice(), "has the name of another tensor"),
        (with_layer(low=5, high=4), "clamped to 5 .. 4"),
        (with_layer(terms=()), "has no terms"),
        (with_layer(height=5), "has planes 5x2: expected 2x2"),
        (with_layer(bias=np.zeros(3, dtype=np.int64)), "has \\[3\\] biases"),
        (with_term(sources=("y",)), "expected earlier tensors"),
        (with_term(sources=("later",)), "expected earlier tensors"),
        (with_term(stride=3), "has stride 3"),
        (with_term(pads=(3, 0, 0, 0)), "has padding"),
        (with_term(groups=3), "has 3 groups: expected a divisor of 2 and 2"),
        (with_term(weight=np.ones((2, 1, 3, 3), dtype=np.int64)), "has weights"),
        (with_layer(bias=np.full(2, 1 << 60)), "may reach|2\\^53"),
    ],
)
def test_an_inconsistent_network_is_refused(network: Network, reason: str) -> None:
    with pytest.raises(ModelRefused, match=reason):
        check(network)


def test_a_consistent_network_is_taken() -> None:
    check(NETWORK)


def test_tensors_of_different_shapes_are_not_added() -> None:
    first, last = NETWORK.layers
    term = Term(("hidden", "x"), last.terms[0].weight, 1, (0, 0, 0, 0), 1, True)
    mixed: Layer = replace(last, terms=(term,))
    with pytest.raises(ModelRefused, match="of one shape"):
        check(replace(NETWORK, layers=(first, mixed)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"shift":', b'"shift":9007199254740993'),
        (b'"low":', b'"low":-' + b"9" * 30),
        (b'"scale":', b'"scale":NaN'),
        (b'"scale":', b'"scale":1e999'),
        (b'"width":', b'"width":3'),
    ],
)
def test_numbers_that_no_header_can_hold_are_refused(old: bytes, new: bytes) -> None:
    """In words: none of them reaches the writer of canonical JSON, or an array's shape."""
    begin = len(MAGIC) + 8
    end = begin + int.from_bytes(FILE[len(MAGIC) : begin], "little")
    header = re.sub(re.escape(old) + rb"[-0-9.e]+", new, FILE[begin:end])
    assert header != FILE[begin:end]
    with pytest.raises(ModelRefused, match="not a file of an integer network"):
        from_bytes(MAGIC + len(header).to_bytes(8, "little") + header + FILE[end:])
