"""A tensor that is read in two ways is copied by a layer, exactly, under a name of its own."""

import numpy as np
import pytest

from prover.systems.native.circuit.uses import PLAIN, SUMMED, Use, prepare, uses_of
from prover.systems.native.network.network import Network, Tensor
from tests.unit.systems.native.networks import SHIFT, Maker


def read_in(*kinds: str) -> Network:
    """A layer `a` whose plane of 3x3 cells is read plainly, by steps of two, or pooled."""
    make = Maker(0)
    terms = {
        "plain": make.conv(["a"], (2, 2, 3, 3)),
        "strided": make.conv(["a"], (2, 2, 3, 3), 2),
        "pooled": make.conv(["a"], (2, 2, 1, 1), pooled=True),
    }
    layers = (
        make.layer("a", [make.conv(["x"], (2, 1, 1, 1))], (2, 3, 3), -4, 31),
        make.layer("b", [terms[kind] for kind in kinds], (2, 1, 1), -512, 511),
    )
    return Network("uses", Tensor("x", 1, 3, 3, 0, 7), layers, SHIFT, "b")


@pytest.mark.parametrize(
    ("kinds", "names", "sources"),
    [
        (["plain"], ["a", "b"], ["a"]),
        (["strided"], ["a", "b"], ["a"]),
        (["pooled"], ["a", "b"], ["a"]),
        (["plain", "strided"], ["a", "a/stride2", "b"], ["a", "a/stride2"]),
        (["plain", "pooled"], ["a", "a/pooled", "b"], ["a", "a/pooled"]),
        (["strided", "pooled"], ["a", "a/stride2", "a/pooled", "b"], ["a/stride2", "a/pooled"]),
    ],
)
def test_each_use_but_the_plain_one_has_a_copy(
    kinds: list[str], names: list[str], sources: list[str]
) -> None:
    prepared = prepare(read_in(*kinds))
    assert [layer.name for layer in prepared.layers] == names
    assert [term.sources for term in prepared.layers[-1].terms] == [(name,) for name in sources]
    found = uses_of(prepared)
    for name, kind in zip(sources, kinds, strict=True):
        assert found[name] == {"plain": PLAIN, "strided": Use(2), "pooled": SUMMED}[kind]
    assert found["b"] == SUMMED


def test_a_copy_is_the_tensor_itself() -> None:
    copy = prepare(read_in("plain", "pooled")).layers[1]
    (term,) = copy.terms
    assert term.groups == copy.channels == 2
    assert (term.stride, term.pads, term.pooled) == (1, (0, 0, 0, 0), False)
    assert term.weight.tolist() == [[[[1 << SHIFT]]]] * 2
    assert not np.any(copy.bias)
    assert (copy.low, copy.high, copy.height, copy.width) == (-4, 31, 3, 3)


def test_a_copy_holds_zero_too() -> None:
    """Cells beside the plane are zero, whatever the tensor's own bounds are."""
    network = read_in("plain", "pooled")
    for low, high, bounds in ((3, 9, (0, 9)), (-9, -3, (-9, 0))):
        make = Maker(0)
        layer = make.layer("a", [make.conv(["x"], (2, 1, 1, 1))], (2, 3, 3), low, high)
        changed = Network("uses", network.input, (layer, network.layers[1]), SHIFT, "b")
        copy = prepare(changed).layers[1]
        assert (copy.low, copy.high) == (copy.q_low, copy.q_high) == bounds
