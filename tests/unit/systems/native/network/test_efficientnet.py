"""EfficientNet-Lite0 from its package: the file, the integer network, and photographs."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.integer_models import RESULT
from benchmarks.performance import read
from prover.base.errors import ArtifactMismatch, EnvironmentMissing, UsageError
from prover.cli.app import run
from prover.systems.native.network.bounds import table_entries
from prover.systems.native.network.importer import load
from prover.systems.native.network.network import Network
from prover.systems.native.network.reference import scores
from prover.systems.native.network.search import grid_of
from prover.systems.native.network.serialise import sha256
from prover.systems.native.network.sources import efficientnet, example
from prover.systems.native.network.sources.images import read_photo

# Not imported: that takes as long as all tests of this file, in every process that collects them.
SKLEARN = find_spec("sklearn")
assert SKLEARN is not None
CHINA = Path(str(SKLEARN.origin)).parent / "datasets" / "images" / "china.jpg"
PALACE = 698


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return efficientnet.cached(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def network(model: Path) -> Network:
    return efficientnet.quantised(load(model))


def test_the_network_is_the_one_that_was_measured(network: Network) -> None:
    assert RESULT.is_file()
    assert sha256(network) == read("integer_models")["efficientnet-lite0"]["sha256"]


def test_its_table_leaves_room_in_a_circuit_of_a_million_rows(network: Network) -> None:
    assert table_entries(network) < 1 << 20


def test_its_layers_are_those_of_the_architecture(network: Network) -> None:
    assert len(network.layers) == 50
    assert sum(layer.channels * layer.height * layer.width for layer in network.layers) == 6_738_696
    assert sum(term.weight.size for layer in network.layers for term in layer.terms) == 4_608_992


def test_a_photograph_gets_its_label(network: Network) -> None:
    photo = read_photo(CHINA, efficientnet.SIZE, efficientnet.MEAN)
    assert photo.shape == (1, 3, 224, 224)
    assert PALACE in np.argsort(-scores(network, photo)[0])[:3]


def test_the_file_is_made_once(model: Path) -> None:
    before = model.stat().st_mtime_ns
    assert efficientnet.cached(model.parent.parent) == model
    assert model.stat().st_mtime_ns == before


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet, "PACKAGE", "no_such_package")
    with pytest.raises(EnvironmentMissing, match=r"install zkescrow\[imagenet\]"):
        efficientnet.checkpoint()


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet, "CHECKPOINT_SHA256", "00")
    with pytest.raises(ArtifactMismatch, match="has SHA-256 579344"):
        efficientnet.checkpoint()


def test_a_photograph_is_cut_to_its_middle_square(tmp_path: Path) -> None:
    pixels = np.zeros((64, 128, 3), dtype=np.uint8)
    pixels[:, 16:112] = (200, 100, 50)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    found = read_photo(tmp_path / "photo.png", 16, 127)
    assert found.reshape(3, -1).T.tolist() == [[73, -27, -77]] * 256


def test_what_is_no_photograph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match="cannot be read as an image"):
        read_photo(tmp_path / "photo.png", 16, 127)
    with pytest.raises(UsageError, match="cannot be read as an image"):
        read_photo(tmp_path / "nothing.png", 16, 127)


def test_the_example_is_a_model_its_data_and_a_photograph(
    tmp_path: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(efficientnet, "cached", lambda cache: model)
    assert run(["native", "example", "--out", str(tmp_path / "example"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    made = example.Example(**{name: Path(path) for name, path in told.items()})
    assert made.model.read_bytes() == model.read_bytes()
    inputs = np.load(made.data)["inputs"]
    assert inputs.shape == (len(example.PHOTOGRAPHS), 3, 224, 224)
    assert grid_of(inputs) == efficientnet.INPUT
    read = read_photo(made.photograph, efficientnet.SIZE, efficientnet.MEAN)
    at = example.PHOTOGRAPHS.index(example.PHOTOGRAPH)
    assert (read[0] == inputs[at] * efficientnet.DEVIATION).all()
