"""A local chain for tests: Anvil with the contracts on it, put back after each test."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from prover.audit import circuit
from prover.base.files import write_atomically
from prover.base.settings import get_settings
from prover.chain.accounts import anvil_account
from prover.chain.contracts.deploy import deploy_contracts
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.deployments import Deployment
from prover.chain.node import anvil as node
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.clients.common import readiness
from prover.clients.register import register
from prover.systems.ezkl.artifacts import Artifacts, load_artifacts
from prover.systems.ezkl.system import Ezkl

DEPLOYER, PROVIDER, CONSUMER, STRANGER = 0, 1, 2, 5


@dataclass(frozen=True)
class Chain:
    """A running node with the contracts."""

    client: Client
    deployment: Deployment
    url: str

    @property
    def prediction(self) -> PredictionMarket:
        return PredictionMarket(self.client, self.deployment.prediction)

    def sender(self, number: int) -> Sender:
        return Sender(self.client, anvil_account(number))

    def rpc(self, method: str, *parameters: Any) -> Any:
        return rpc(self.client, method, *parameters)

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """What is done inside is undone at the end: on the chain, and in what the home knows of it.

        The journal would send again what is gone, as after a reorganisation, and a node that is
        behind what was seen would be waited for.
        """
        newest, snapshot = newest_attempt(), self.rpc("evm_snapshot")
        yield
        assert self.rpc("evm_revert", snapshot)
        forget(newest)

    def pass_time(self, seconds: int) -> None:
        self.rpc("evm_increaseTime", seconds)
        self.rpc("evm_mine")


def _journal() -> Path:
    return get_settings().home / "journal.sqlite"


def forget(newest: int) -> None:
    """Of a chain that was put back, what the home sent after an attempt, and the newest block."""
    if _journal().exists():
        with closing(sqlite3.connect(_journal(), timeout=30)) as connection, connection:
            connection.execute("DELETE FROM attempts WHERE id > ?", (newest,))
    _forget_newest(get_settings().home / "events.sqlite")


def newest_attempt() -> int:
    """The newest that the home's journal knows of; 0 if it is empty."""
    journal = _journal()
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(journal, timeout=30)) as connection:
        found = connection.execute("SELECT max(id) FROM attempts").fetchone()
    return int(found[0] or 0)


def _forget_newest(events: Path) -> None:
    if events.exists():
        with closing(sqlite3.connect(events, timeout=30)) as connection, connection:
            connection.execute("DELETE FROM newest")


def rpc(client: Client, method: str, *parameters: Any) -> Any:
    answer: Any = client.web3.provider.make_request(method, list(parameters))  # type: ignore[arg-type]
    assert "error" not in answer, answer
    return answer["result"]


def address_of(number: int) -> str:
    return str(anvil_account(number).address)


@contextmanager
def settings_of(**values: str) -> Iterator[None]:
    """Settings of the environment for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(f"ZKESCROW_{name.upper()}", value)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


@contextmanager
def started(directory: Path) -> Iterator[Chain]:
    """A node of its own, with the contracts deployed from a home of its own."""
    settings = {"home": str(directory / "home"), "deployments": str(directory / "deployments")}
    with node.running() as client:
        url = str(client.web3.provider.endpoint_uri)  # type: ignore[attr-defined]
        with settings_of(**settings):
            deployment, _ = deploy_contracts(client, anvil_account(DEPLOYER))
        yield Chain(client, deployment, url)


@contextmanager
def restored(chain: Chain, deployments: Path) -> Iterator[Chain]:
    """The chain as it is now for one test, put back afterwards, with settings that point at it."""
    with settings_of(rpc_url=chain.url, deployments=str(deployments)), chain.put_back():
        yield chain


def install(artifacts: Artifacts) -> None:
    """Make artifacts those of the present home."""
    home = get_settings().artifacts
    home.mkdir(parents=True, exist_ok=True)
    (home / artifacts.directory.name).symlink_to(artifacts.directory)


def install_used(artifacts: Artifacts, *, rebuilt: bool = False) -> None:
    """The same for a home that has proven with them, and rebuilt them if it says so.

    What a home keeps of that, which takes seconds, is made once for all tests.
    """
    install(artifacts)
    write_atomically(readiness._path(artifacts), _rehearsed(artifacts.directory))
    if rebuilt:
        write_atomically(circuit._code_path(artifacts), _rebuilt(artifacts.directory))


@cache
def _rebuilt(directory: Path) -> bytes:
    return circuit._content(Ezkl().rebuilt(load_artifacts(directory)))


@cache
def _rehearsed(directory: Path) -> bytes:
    artifacts = load_artifacts(directory)
    with tempfile.TemporaryDirectory() as home, settings_of(home=home):
        readiness.Readiness(Ezkl()).ready(artifacts)
        return readiness._path(artifacts).read_bytes()


@pytest.fixture(scope="session")
def node_with_contracts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Path]]:
    directory = tmp_path_factory.mktemp("chain")
    with started(directory) as chain:
        yield chain, directory / "deployments"


def with_models(*plans: str) -> Any:
    """In the place of `node_with_contracts` in a module: models of these plans are registered.

    That takes seconds, and is done once for all its tests, by the provider.
    """

    @pytest.fixture(scope="module")
    def node_with_contracts(
        node_with_contracts: tuple[Chain, Path],
        proven: Callable[[str], Any],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[tuple[Chain, Path]]:
        home = tmp_path_factory.mktemp("model") / "home"
        with settings_of(home=str(home)), restored(*node_with_contracts) as chain:
            for plan in plans:
                register(chain.sender(PROVIDER), chain.deployment, proven(plan).artifacts)
            yield node_with_contracts

    return node_with_contracts


def with_scene(make: Callable[[Chain, Callable[[str], Any], Path], Any]) -> tuple[Any, Any]:
    """Two fixtures of a module, `made_once` and `scene`: what all its tests begin with.

    It is made once, with a chain, `proven` and a folder; each test has a copy of the scene and of
    its home, and the chain is put back after it.
    """

    @pytest.fixture(scope="module")
    def made_once(
        node_with_contracts: tuple[Chain, Path],
        proven: Callable[[str], Any],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[tuple[Any, Path]]:
        folder = tmp_path_factory.mktemp("scene")
        with settings_of(home=str(folder / "home")), restored(*node_with_contracts) as chain:
            yield make(chain, proven, folder), folder / "home"

    @pytest.fixture
    def scene(made_once: tuple[Any, Path], home: Path) -> Iterator[Any]:
        made, begun = made_once
        shutil.copytree(begun, home, symlinks=True)
        with made.chain.put_back():
            yield copy(made)

    return made_once, scene


@pytest.fixture
def chain(home: Path, node_with_contracts: tuple[Chain, Path]) -> Iterator[Chain]:
    """The shared node, put back after the test; accounts by number."""
    with restored(*node_with_contracts) as put_back:
        yield put_back
