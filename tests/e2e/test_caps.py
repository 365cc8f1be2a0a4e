"""A round beyond a cap that calibration never reached, on a live chain."""

from pathlib import Path

import numpy as np
import pytest

from prover.clients.common.models import remember
from prover.clients.register import register
from prover.protocol.serving.state import State
from prover.systems.ezkl import circuit, setup
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.system import Ezkl, Planned
from tests.e2e.test_serving import FEE, PRICE, ROWS, STAKE, World
from tests.localchain import CONSUMER, PROVIDER, Chain
from tests.unit.systems.ezkl.capped import Capped, capped_at, set_up_unchecked, untie

CONTESTS = 3


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Capped:
    return capped_at(tmp_path_factory.mktemp("model") / "capped.onnx")


def world_of(chain: Chain, artifacts: Artifacts, directory: Path) -> World:
    """The model on the chain, and inputs at the corners of its domain."""
    registered = register(chain.sender(PROVIDER), chain.deployment, artifacts)
    remember(chain.client, "tiny", registered.model_id)
    draw = np.random.default_rng(3).choice([-1.0, 1.0], (ROWS, artifacts.manifest.item_elements))
    np.savez(directory / "rows.npz", inputs=draw.astype(np.float32))
    return World(chain, artifacts, directory / "rows.npz", {})


def test_an_honest_provider_is_paid_beyond_the_cap(
    chain: Chain, network: Capped, tmp_path: Path
) -> None:
    world = world_of(chain, Ezkl().setup(Planned(network.model(), network.plan)), tmp_path)
    job_id = world.served()
    found = world.json("results", "--out", tmp_path / "out.json", "--compare")
    assert found["differing_items"] == []
    contested = world.json("contest", "--account", CONSUMER)["contested_items"]
    assert len(contested) == CONTESTS
    answered = world.json("answer", "--account", PROVIDER)
    assert (answered["state"], answered["proven"]) == ("settled", CONTESTS)
    assert world.credit(PROVIDER) == ROWS * PRICE + CONTESTS * FEE + STAKE
    assert world.audit()["mismatches"] == []
    assert world.state(job_id) is State.SETTLED


def test_nobody_stakes_on_a_circuit_that_is_not_what_is_predicted(
    chain: Chain, network: Capped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As such a circuit was once made, called exact, and cost its provider stake and pay."""
    untie(monkeypatch)
    world = world_of(chain, set_up_unchecked(network), tmp_path)
    looked = world.refused(*world.opening)
    assert "node 'sub_" in looked
    assert "was assumed at scale" in looked
    with monkeypatch.context() as blind:
        blind.setattr(circuit, "scale_differences", lambda *_: ())
        assert "nobody can predict its outputs" in world.refused(*world.opening)
        blind.setattr(setup, "compare_corners", lambda *_: None)
        world.open()
        joining = ("join", "--account", PROVIDER, "--proof-time", "1s")
        assert "stake nothing on this model" in world.refused(*joining)
