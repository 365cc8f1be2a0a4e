"""How much a status command asks a node, on a live chain with a history."""

from collections.abc import Callable

import pytest

from prover.chain import replay
from prover.cli.app import run
from tests.conftest import Proven
from tests.localchain import Chain
from tests.middleman import proxied
from tests.unit.provider.test_serve import Scene

COMMANDS = (
    ("status",),
    ("prediction", "status", "--all"),
    ("serving", "status", "--all"),
    ("accuracy", "status", "--all"),
    ("retrieval", "status", "--all"),
)


@pytest.fixture
def scene(chain: Chain, proven: Callable[[str], Proven]) -> Scene:
    """One paid job, and many that were cancelled."""
    scene = Scene(chain, proven("plain"))
    scene.post()
    scene.provider().run_once()
    for _ in range(20):
        scene.post()
    return scene


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_status_takes_at_most_ten_requests_after_the_first_time(
    scene: Scene, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    with proxied(scene.chain.url) as proxy:
        for _ in range(2):
            replay._loaded.clear()  # as another process
            before = proxy.requests
            assert run([*command, "--rpc", proxy.url, "--json"]) == 0, capsys.readouterr().err
        assert proxy.requests - before <= 10, proxy.asked
        assert proxy.asked["eth_getLogs"] == 2
