"""How much a status command asks a node, on a live chain with a history."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prover.chain.state import replay
from prover.cli.app import run
from prover.clients.prediction.store import TrackedJob
from tests.conftest import Proven
from tests.localchain import PROVIDER, Chain, address_of, with_scene
from tests.proxy import proxied
from tests.unit.clients.prediction.test_provider import Scene

COMMANDS = (
    ("status",),
    ("provider", "status", "--account", str(PROVIDER)),
    ("prediction", "status", "--all"),
    ("serving", "status", "--all"),
    ("accuracy", "status", "--all"),
    ("retrieval", "status", "--all"),
)


def begun(chain: Chain, proven: Callable[[str], Proven], _: Path) -> Scene:
    """One paid job, and many that are open, all of them in the provider's store."""
    scene = Scene(chain, proven("plain"))
    scene.post()
    scene.provider().run_once()
    predictions, account = scene.chain.prediction, address_of(PROVIDER)
    for _ in range(20):
        job_id = scene.post()
        scope = f"{scene.chain.client.scope}:{predictions.address}"
        scene.store.save(TrackedJob(scope, account, job_id, account, b""))
    return scene


made_once, scene = with_scene(begun)


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
