"""The fast reference does what the plain loops do, and never leaves the bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.base.errors import StatementInvalid
from prover.systems.native.network.bounds import bounded
from prover.systems.native.network.convolution import convolve, convolve_exact
from prover.systems.native.network.network import Layer, Network, Tensor, Term
from prover.systems.native.network.reference import run, scores
from tests.unit.systems.native.network import plain


@settings(max_examples=60, deadline=None)
@given(plain.networks(), st.integers(0, 2**32 - 1))
def test_all_tensors_are_those_of_plain_loops(network: Network, seed: int) -> None:
    images = plain.images(network, 2, seed)
    expected = [plain.run(network, image) for image in images]
    for found in run(network, images):
        assert [values[found.layer.name] for values in expected] == found.y.tolist()


@settings(max_examples=60, deadline=None)
@given(plain.networks(), st.integers(0, 2**32 - 1))
def test_every_part_fits_the_others(network: Network, seed: int) -> None:
    half = 2 ** (network.shift - 1)
    for found in run(network, plain.images(network, 4, seed)):
        layer = found.layer
        assert (found.acc == found.conv + layer.bias[:, None, None]).all()
        assert (found.acc + half == (found.q << network.shift) + found.r).all()
        assert ((found.r >= 0) & (found.r < 2**network.shift)).all()
        assert (found.y == np.clip(found.q, layer.low, layer.high)).all()


@settings(max_examples=100, deadline=None)
@given(plain.networks(), st.integers(0, 2**32 - 1))
def test_no_input_leaves_the_bounds(network: Network, seed: int) -> None:
    for found in run(network, plain.images(network, 16, seed)):
        assert found.layer.q_low <= found.q.min()
        assert found.q.max() <= found.layer.q_high


def single(weight: int, low: int, high: int, channels: int = 1) -> Network:
    """One 1x1 product of an input of one cell a channel."""
    term = Term(("x",), np.full((1, channels, 1, 1), weight), 1, (0, 0, 0, 0), 1, False)
    layer = Layer("y", (term,), np.zeros(1, dtype=np.int64), -9, 9, 0, 0, 1, 1, 1)
    return Network("one", Tensor("x", channels, 1, 1, low, high), (layer,), 1, "y")


def test_bounds_are_reached_by_some_input() -> None:
    layer = bounded(single(3, -5, 7, channels=2)).layers[0]
    assert (layer.q_low, layer.q_high) == ((-30 + 1) >> 1, (42 + 1) >> 1)


def test_bounds_hold_zero_for_cells_outside_the_plane() -> None:
    layer = bounded(single(3, 5, 7)).layers[0]
    assert (layer.q_low, layer.q_high) == (0, 11)


def test_sums_too_large_for_exact_products_are_refused() -> None:
    with pytest.raises(OverflowError, match="layer 'y' may reach"):
        bounded(single(1 << 50, -9, 9))


def test_sums_beyond_int64_are_refused_too() -> None:
    with pytest.raises(OverflowError, match="layer 'y' may reach"):
        bounded(single(1 << 51, -1, 0, channels=1 << 14))


def test_a_rounded_half_goes_up() -> None:
    network = bounded(single(1, -5, 5))
    inputs = np.array([-3, -2, -1, 0, 1, 2, 3]).reshape(-1, 1, 1, 1)
    assert scores(network, inputs).ravel().tolist() == [-1, -1, 0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((1, 1, 2, 1), dtype=np.int64), "expected integers \\[n, 1, 1, 1\\]"),
        (np.zeros((1, 1, 1, 1)), "the input is float64"),
        (np.full((1, 1, 1, 1), 6), "values 6 to 6: expected -5 to 5"),
        (np.full((1, 1, 1, 1), -6), "values -6 to -6"),
    ],
)
def test_an_image_outside_the_input_is_refused(image: np.ndarray, reason: str) -> None:
    with pytest.raises(StatementInvalid, match=reason):
        scores(single(1, -5, 5), image)


def test_products_beyond_float64_stay_exact() -> None:
    source = np.array([[[[(1 << 40) + 1, 1]]]])
    weight = np.array([[[[1 << 14, 1]]]])
    found = convolve_exact(source, weight, 1, (0, 0, 0, 0), 1)
    assert found.item() == ((1 << 40) + 1 << 14) + 1
    wide = convolve(source.astype(float), weight.astype(float), 1, (0, 0, 0, 0), 1)
    assert int(wide.item()) != found.item()


def test_products_beyond_int64_are_refused() -> None:
    source = np.full((1, 1, 1, 1), 1 << 40)
    with pytest.raises(OverflowError, match="less than 2\\^62"):
        convolve_exact(source, np.full((1, 1, 1, 1), 1 << 23), 1, (0, 0, 0, 0), 1)
