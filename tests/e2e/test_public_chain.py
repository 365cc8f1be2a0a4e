"""The whole way of a public chain, on a real ceremony's set-up: a paid prediction, a native proof.

Another chain id than 31337: windows of an hour, 64 blocks until a move is final, no published keys,
no file addresses. Provider, consumer and auditor have homes of their own and get from each other
only what the README names. The ceremony's file is not ours to ship: without it these tests skip.
"""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from prover.chain.node import anvil as node
from prover.chain.node.client import Client, connect
from tests.e2e.conftest import EXAMPLES, ROOT, Cli
from tests.localchain import rpc

pytestmark = pytest.mark.ceremony

CHAIN_ID = 11155111
REWARD = 10**16
PASSWORD = "a password of a test"
FINALITY = 64  # blocks, by docs/SPEC.md's table of chains
MINED_EVERY = 0.1  # seconds: the chain goes on by itself, as public ones do
ROW = 3
POST = (
    *("prediction", "post", "--model", "cancer", "--index", ROW, "--reward", "0.01"),
    *("--inputs", EXAMPLES / "breast-cancer-test.npz", "--stake", "0.005"),
)
ONLY_LOCAL = (
    (("--account", 2), 2, "published: expected chain 31337"),
    (("--uri", "file:///tmp/inputs"), 2, "expected https"),
    (("--prove-within", "59m"), 1, "Jobs_BadWindow"),
)


@pytest.fixture(scope="module")
def ceremony() -> Path:
    """Real powers of tau for 2^11 rows."""
    given = os.environ.get("ZKESCROW_TEST_CEREMONY")
    path = Path(given) if given else ROOT.parent / "shared/data/hermez-raw-11"
    if not path.is_file():
        pytest.skip(f"no ceremony file at {path}: set ZKESCROW_TEST_CEREMONY")
    return path


@dataclass(frozen=True)
class Person:
    """Somebody with a machine and a key of their own."""

    cli: Cli
    address: str
    home: Path


@dataclass(frozen=True)
class Public:
    """A chain that is not the local one, and who uses it."""

    client: Client
    provider: Person
    consumer: Person
    auditor: Person
    still: threading.Event

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """No block but those of transactions, and those that are asked for."""
        self.still.set()
        try:
            yield
        finally:
            self.still.clear()


def key_settings(name: str, folder: Path) -> tuple[str, dict[str, str]]:
    """A new key: the provider's in a keystore, others' in the environment."""
    account = Account.create()
    if name != "provider":
        return str(account.address), {"ZKESCROW_PRIVATE_KEY": "0x" + bytes(account.key).hex()}
    path = folder / "keystore.json"
    path.write_text(json.dumps(Account.encrypt(account.key, PASSWORD, iterations=2)))
    settings = {"ZKESCROW_KEYSTORE": str(path), "ZKESCROW_KEYSTORE_PASSWORD": PASSWORD}
    return str(account.address), settings


def person(name: str, folder: Path, deployments: Path, url: str) -> Person:
    home = folder / name
    home.mkdir()
    address, settings = key_settings(name, home)
    own = {"ZKESCROW_HOME": str(home / "home"), "ZKESCROW_CACHE": str(home / "cache")}
    shared = {"ZKESCROW_RPC_URL": url, "ZKESCROW_DEPLOYMENTS": str(deployments)}
    return Person(Cli(settings | own | shared), address, home)


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    folder, port = tmp_path_factory.mktemp("public"), node.free_port()
    command = node.command(port)
    command[command.index("--chain-id") + 1] = str(CHAIN_ID)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    stop, still = threading.Event(), threading.Event()
    try:
        client = waited_for(f"http://127.0.0.1:{port}", process)
        people = [
            person(name, folder, folder / "deployments", f"http://127.0.0.1:{port}")
            for name in ("provider", "consumer", "auditor")
        ]
        for one in people:
            rpc(client, "anvil_setBalance", one.address, hex(10**19))
        threading.Thread(target=mine, args=(client, stop, still), daemon=True).start()
        yield Public(client, *people, still)
    finally:
        stop.set()
        process.terminate()
        process.wait(20)


def waited_for(url: str, process: "subprocess.Popen[bytes]") -> Client:
    from prover.base.errors import ChainError

    for _ in range(400):
        try:
            return connect(url, CHAIN_ID)
        except ChainError:
            assert process.poll() is None
            threading.Event().wait(0.05)
    raise AssertionError("anvil does not answer")


def mine(client: Client, stop: threading.Event, still: threading.Event) -> None:
    while not stop.wait(MINED_EVERY):
        if not still.is_set():
            rpc(client, "evm_mine")


@pytest.fixture(scope="module")
def model(public: Public, ceremony: Path) -> dict[str, Any]:
    """The provider takes the ceremony in, deploys, adds the model; by default on the ceremony."""
    provider = public.provider.cli
    words = ("model", "add", EXAMPLES / "breast-cancer-mlp.onnx", "--name", "cancer")
    words += ("--inputs", "public")
    data = ("--data", EXAMPLES / "breast-cancer-calibration.npz")
    provider.run("deploy")
    refused = provider.run(*words, *data, status=1)
    assert "outside chain 31337 a circuit uses a public ceremony's set-up" in refused.err
    refused = provider.run(*words, *data, "--srs", "development", status=2)
    assert "anybody could forge proofs" in refused.err
    kept = provider.json("srs", "import", ceremony)
    assert (kept["name"], kept["logrows"]) == ("hermez", 11)
    return provider.json(*words, *data)


def test_the_model_stands_on_the_ceremony(model: dict[str, Any]) -> None:
    assert model["srs"]["name"] == "hermez"
    assert model["logrows"] == 10


def test_a_prediction_is_paid_on_a_public_chain(public: Public, model: dict[str, Any]) -> None:
    provider, consumer, auditor = public.provider, public.consumer, public.auditor
    given = provider.home / "given"
    provider.cli.run("model", "export", "cancer", "--out", given)
    for one in (consumer, auditor):
        one.cli.run("model", "import", given, "--name", "cancer")
    assert consumer.cli.json("model", "verify", "cancer")["verified"]
    for words, status, said in ONLY_LOCAL:
        assert said in consumer.cli.run(*POST, *words, status=status).err
    posted = consumer.cli.json(*POST, "--open-for", "12h")
    assert posted["uri"] == ""  # it is handed over by hand
    run = ("provider", "run", "--once", "--proof-time", "60s", "--inputs", posted["given"])
    with public.standing_still():
        ran = provider.cli.json(*run)
        assert [job["result"] for job in ran["jobs"]] == ["delivered"]
        assert not final(provider, posted["job"])
        moves = provider.cli.json("prediction", "status", posted["job"])["provisional"]
        left = {one["move"]: one["blocks_to_go"] for one in moves}
        assert set(left) == {"lock", "deliver"}
        assert FINALITY - 5 < left["lock"] < left["deliver"] <= FINALITY
        rpc(public.client, "anvil_mine", hex(left["deliver"] - 1))
        provider.cli.run(*run)
        assert not final(provider, posted["job"])
        rpc(public.client, "evm_mine")
        provider.cli.run(*run)
        assert final(provider, posted["job"])
        assert provider.cli.json("prediction", "status", posted["job"])["provisional"] == []
    status = consumer.cli.json("prediction", "status", posted["job"])
    assert status["state"] == "paid"
    assert sum(int(amount) for amount in ran["withdrawn"].values()) == REWARD + 5 * 10**15
    audited = auditor.cli.json("audit", "replay")
    assert (audited["mismatches"], audited["proofs_reverified"]) == ([], 1)


def final(provider: Person, job: str) -> bool:
    """Whether the provider takes the end of its job for one that nothing takes back."""
    (row,) = provider.cli.json("provider", "status")["jobs"]
    assert row["job"] == job
    return bool(row["final"])


def test_a_native_digit_is_proven_on_the_ceremony(
    public: Public, ceremony: Path, tmp_path: Path
) -> None:
    """Made, given away, rebuilt and verified in another home that took the same ceremony in."""
    pytest.importorskip("zkescrow_native", reason="the Rust engine is not installed (no cargo)")
    provider, auditor = public.provider.cli, public.auditor.cli
    made = tmp_path / "digits"
    provider.run("srs", "import", ceremony)
    facts = provider.json(
        *("native", "add", EXAMPLES / "digits-cnn.onnx", "--out", made, "--srs", "hermez"),
        *("--data", EXAMPLES / "digits-calibration.npz", "--labels", "1"),
    )
    assert (facts["srs"]["name"], facts["layout"]["logrows"]) == ("hermez", 10)
    job = [
        *("--chain-id", CHAIN_ID, "--market", "0x5FbDB2315678afecb367f032d93F642f64180aa3"),
        *("--job", "0x" + "11" * 32, "--payee", public.provider.address),
        *("--model", "0x" + "22" * 32),
    ]
    proof, inputs = tmp_path / "proof.json", ("--inputs", EXAMPLES / "digits-test.npz")
    provider.run("prove", *inputs, "--index", ROW, "--artifacts", made, "--out", proof, *job)
    refused = auditor.run("native", "rebuild", made, status=1)
    assert "the set-up of hermez for 2^10 rows is not on this machine" in refused.err
    auditor.run("srs", "import", ceremony)
    assert auditor.json("native", "rebuild", made)["rebuilt"]
    verified = auditor.json("verify", proof, "--artifacts", made, "--reference", *job)
    assert "proof" in verified["checked"]
