"""From reals to integers: scales, clamps, levels, and the search for small tables."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import networks
from benchmarks.networks import PIXELS
from prover.base.errors import ModelRefused
from prover.systems.native.network import search
from prover.systems.native.network.bounds import table_entries
from prover.systems.native.network.consistency import check
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import Integers, Network
from prover.systems.native.network.quantise import InputRange, Precision, Spread, measure, quantise
from prover.systems.native.network.real import RealNetwork, outputs
from prover.systems.native.network.reference import run, scores
from prover.systems.native.network.scales import scale_groups
from prover.systems.native.network.search import convert, find, grid_of
from tests.unit.systems.native.network import plain

FINE = Precision(shift=14, activations=(4095,), width=1 << 40, linear=8191, score=1 << 16)
COARSE = Precision(shift=8, activations=(31, 127), width=1 << 9, linear=63, score=127)


@pytest.fixture(scope="module", params=sorted(networks.NETWORKS))
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RealNetwork:
    return imported(request.param, tmp_path_factory.mktemp(request.param))


def imported(name: str, folder: Path, **arguments: int) -> RealNetwork:
    path = folder / f"{name}.onnx"
    onnx.save(networks.NETWORKS[name](**arguments), path)
    return load(path)


def images_of(network: RealNetwork, count: int) -> Integers:
    random = np.random.default_rng(5)
    return random.integers(PIXELS.low, PIXELS.high + 1, (count, *network.input_shape))


def converted(real: RealNetwork, precision: Precision) -> tuple[Network, Integers]:
    images = images_of(real, 12)
    return quantise(real, measure(real, images * PIXELS.scale), PIXELS, precision), images


def test_fine_integers_come_close_to_the_reals(real: RealNetwork) -> None:
    network, images = converted(real, FINE)
    expected = outputs(real, images * PIXELS.scale)
    found = scores(network, images) * network.layer(network.output).scale
    assert np.abs(found - expected).max() < 0.01 * np.abs(expected).max()


def test_coarse_integers_are_consistent_and_equal_to_plain_loops(real: RealNetwork) -> None:
    network, images = converted(real, COARSE)
    check(network)
    first = images[:1]
    expected = plain.run(network, first[0])[network.output]
    assert scores(network, first).reshape(-1).tolist() == [plane[0][0] for plane in expected]


def test_added_tensors_share_a_scale(real: RealNetwork) -> None:
    network, _ = converted(real, COARSE)
    united = scale_groups(real)
    for one in network.layers:
        for other in network.layers:
            assert united.root(one.name) != united.root(other.name) or one.scale == other.scale


def test_activations_have_the_most_levels_that_fit(real: RealNetwork) -> None:
    network, _ = converted(real, COARSE)
    free = [layer for layer in network.layers if (layer.low, layer.high) in ((0, 31), (0, 127))]
    assert free
    for layer in free:
        if layer.high == 127:
            assert layer.q_high - layer.q_low < COARSE.width + 8


def test_maxima_are_exact(tmp_path: Path) -> None:
    network, images = converted(imported("vgg", tmp_path), COARSE)
    values = {found.layer.name: found.y for found in run(network, images)}
    planes = values["relu1"].reshape(len(images), 8, 8, 2, 8, 2)
    assert (values["maxpool2"] == planes.max(axis=(3, 5))).all()


def test_a_silent_layer_is_taken(tmp_path: Path) -> None:
    real = imported("resnet", tmp_path)
    first = real.layers[0]
    silent = replace(first, bias=first.bias - 1e6)
    real = replace(real, layers=(silent, *real.layers[1:]))
    network, images = converted(real, COARSE)
    assert next(iter(run(network, images))).y.max() == 0


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    real = imported("vgg", tmp_path)
    first = real.layers[0]
    endless = replace(first, bias=first.bias + np.inf)
    with pytest.raises(ModelRefused, match="'relu1' gives NaN or infinity on the calibration data"):
        converted(replace(real, layers=(endless, *real.layers[1:])), COARSE)


def test_weights_out_of_scale_are_refused(tmp_path: Path) -> None:
    real = imported("vgg", tmp_path)
    spread = Spread(dict.fromkeys((layer.name for layer in real.layers), 1e-12))
    with pytest.raises(ModelRefused, match=r"2\^5[23]"):
        quantise(real, spread, PIXELS, FINE)


def test_ranges_are_told_in_12_bits(tmp_path: Path) -> None:
    real = imported("vgg", tmp_path)
    spread = measure(real, images_of(real, 2) * PIXELS.scale)
    for value in spread.largest.values():
        mantissa, _ = np.frexp(value)
        assert float(mantissa * 2**12).is_integer()


def test_the_search_takes_the_smallest_size_that_is_good_enough() -> None:
    real = load(networks.ROOT / "examples" / "digits-cnn.onnx")
    archive = np.load(networks.ROOT / "examples" / "digits-calibration.npz")
    images = np.rint(archive["inputs"] / networks.DIGITS.scale).astype(np.int64)
    found = find(real, images, networks.DIGITS)
    assert found.agreement >= 0.99
    assert table_entries(found.network) < 1024
    with pytest.raises(ModelRefused):
        find(real, images, networks.DIGITS, limit=512)


def test_the_search_says_how_far_it_got(tmp_path: Path) -> None:
    real = imported("vgg", tmp_path)
    samples = networks.samples(networks.vgg(), 4)
    with pytest.raises(ModelRefused, match=r"tables of 300 rows \(none fits\)"):
        find(real, samples, PIXELS, limit=300)
    with pytest.raises(ModelRefused, match=r"less than 110\.0% of its labels"):
        find(real, samples, PIXELS, agreement=1.1, limit=900)


def test_where_the_tensors_need_more_rows_the_finest_tables_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = imported("vgg", tmp_path)
    samples = networks.samples(networks.vgg(), 2)
    small = find(real, samples, PIXELS, agreement=0.0, limit=1 << 18)
    monkeypatch.setattr(search, "MAX_LANES", 1e-4)
    found = find(real, samples, PIXELS, agreement=0.0, limit=1 << 18)
    assert found.precision == search.MIXED[-1]
    assert found.precision.shift > small.precision.shift


def test_a_file_is_converted_with_calibration_data() -> None:
    archive = np.load(networks.ROOT / "examples" / "digits-calibration.npz")
    found = convert(networks.ROOT / "examples" / "digits-cnn.onnx", archive["inputs"])
    tensor = found.network.input
    assert (tensor.low, tensor.high, found.network.input_scale) == (0, 16, 1 / 16)
    assert found.agreement >= 0.99


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0.0, 0.25, 1.0], InputRange(0, 4, 0.25)),
        ([-3.0, 8.0], InputRange(-3, 8, 1.0)),
        ([0.2, 1.0, 7 / 255], InputRange(0, 255, 1 / 255)),
        ([2.0, 3.0], InputRange(0, 3, 1.0)),
        ([-1.5, 0.0317, 3.6], InputRange(-75, 180, 0.02)),
        ([0.0, 0.0], InputRange(0, 0, 1.0)),
    ],
)
def test_the_grid_of_samples(samples: list[float], expected: InputRange) -> None:
    found = grid_of(np.array(samples))
    assert (found.low, found.high) == (expected.low, expected.high)
    assert found.scale == pytest.approx(expected.scale)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(sorted(networks.NETWORKS)),
    st.integers(9, 21),
    st.integers(2, 5),
    st.integers(0, 2**32 - 1),
)
def test_odd_sizes_and_widths_stay_in_their_bounds(
    name: str, size: int, width: int, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        real = imported(name, Path(folder), size=size, width=width)
    network, images = converted(real, COARSE)
    extreme = np.random.default_rng(seed).choice([PIXELS.low, PIXELS.high], images.shape)
    for found in run(network, extreme):
        assert found.layer.q_low <= found.q.min()
        assert found.q.max() <= found.layer.q_high
