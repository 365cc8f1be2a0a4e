"""Connections, deployments and accounts: each thing that can be wrong is said in one sentence."""

import http.server
import inspect
import json
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from eth_account import Account

from prover.base.errors import ChainError, EnvironmentMissing, UsageError
from prover.base.settings import Settings
from prover.chain import deployments
from prover.chain.accounts import anvil_account, signer
from prover.chain.contracts.deploy import deploy_contracts
from prover.chain.contracts.prediction import PredictionMarket
from prover.chain.limits import question
from prover.chain.node import anvil as node
from prover.chain.node.client import Client, _port_of, connect
from prover.cli import node as command
from prover.protocol import limits
from tests.localchain import DEPLOYER, Chain, settings_of

FIRST_ACCOUNT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_a_wrong_address_scheme_or_chain_is_refused(chain: Chain) -> None:
    with pytest.raises(UsageError, match=r"http.*; give one such as http://127\.0\.0\.1:8545"):
        connect("ws://127.0.0.1:1")
    with pytest.raises(ChainError, match="no Ethereum node answers"):
        connect("http://127.0.0.1:1")
    with pytest.raises(ChainError, match="serves chain 31337: expected chain 1"):
        connect(chain.url, 1)
    assert connect(chain.url).scope == chain.client.scope


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("http://127.0.0.1:1", "`zkescrow node --port 1`"),
        ("http://localhost:1/key", "`zkescrow node --port 1`"),
        ("http://[::1]:1", "`zkescrow node`"),
        ("http://127.0.0.1:99999", "`zkescrow node`"),
    ],
)
def test_a_local_node_is_started_where_it_was_looked_for(url: str, start: str) -> None:
    with pytest.raises(ChainError) as told:
        connect(url)
    assert f"start one with {start} or" in str(told.value)


def test_a_node_is_looked_for_where_one_is_started() -> None:
    """Without an option in either command."""
    looked_for = Settings.model_fields["rpc_url"].default
    port = inspect.signature(command.node).parameters["port"].default
    assert looked_for == f"http://127.0.0.1:{port}"
    assert _port_of(looked_for) == ""


def test_a_server_that_is_no_node_is_refused() -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with pytest.raises(ChainError, match="no Ethereum node answers"):
            connect(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


def test_code_is_that_of_a_block_if_one_is_named(chain: Chain) -> None:
    contract = chain.deployment.prediction
    now = chain.client.code(contract)
    assert now
    assert chain.client.code(contract, chain.client.block()["number"]) == now
    assert chain.client.code(contract, 0) == b""


def test_a_deployment_without_code_or_file_is_refused(chain: Chain, tmp_path: Path) -> None:
    chain.rpc("anvil_setCode", chain.deployment.prediction, "0x")
    with pytest.raises(ChainError, match=r"no code .* run `zkescrow deploy --account 0`"):
        deployments.load(chain.client)
    with settings_of(deployments=str(tmp_path)):
        with pytest.raises(EnvironmentMissing, match="run `zkescrow deploy --account 0`"):
            deployments.load(chain.client)
        with pytest.raises(EnvironmentMissing, match="run `zkescrow deploy`"):  # with a key
            deployments.load(Client(chain.client.web3, 1, "1:0"))
        for content in ("{", "{}", json.dumps({"chainId": 31337, "contracts": {}})):
            (tmp_path / "31337.json").write_text(content)
            with pytest.raises(EnvironmentMissing, match="deploy again"):
                deployments.load(chain.client)


def test_published_accounts_are_for_the_local_chain_only(chain: Chain) -> None:
    assert signer(chain.client, 0).address == FIRST_ACCOUNT
    mainnet = Client(chain.client.web3, 1, "1:0")
    with pytest.raises(UsageError, match="expected chain 31337"):
        signer(mainnet, 0)
    with pytest.raises(UsageError, match="0 to 9"):
        signer(chain.client, 10)
    with pytest.raises(EnvironmentMissing, match="ZKESCROW_KEYSTORE"):
        signer(mainnet, None)


def test_a_key_comes_from_the_environment_or_an_encrypted_file(
    chain: Chain, tmp_path: Path
) -> None:
    account = Account.create()
    key = "0x" + bytes(account.key).hex()
    with settings_of(private_key=key):
        assert signer(chain.client, None).address == account.address
    with settings_of(private_key="0x1234"), pytest.raises(UsageError) as caught:
        signer(chain.client, None)
    assert "1234" not in str(caught.value)
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(account.key, "word", kdf="pbkdf2", iterations=2)))
    with settings_of(keystore=str(path), keystore_password="word"):
        assert signer(chain.client, None).address == account.address
    with (
        settings_of(keystore=str(path), keystore_password="other"),
        pytest.raises(UsageError, match="does not open"),
    ):
        signer(chain.client, None)


def test_anvil_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        settings_of(project=str(tmp_path)),
        pytest.raises(EnvironmentMissing, match="scripts/setup"),
    ):
        node.find_anvil()
    with settings_of(anvil=str(tmp_path)), pytest.raises(EnvironmentMissing, match="no program"):
        node.find_anvil()


def test_a_port_that_is_taken_is_said(chain: Chain) -> None:
    port = int(chain.url.rpartition(":")[2])
    with pytest.raises(ChainError, match="is taken"):
        node.check_port(port)


@pytest.mark.parametrize(("ended", "patience"), [(1, 60.0), (0, 60.0), (None, 0.0)])
def test_a_node_that_ended_or_takes_too_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch, ended: int | None, patience: float
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(node, "START_SECONDS", patience)
    monkeypatch.setattr(node, "connect", lambda *about: asked.append(about))
    process = SimpleNamespace(poll=lambda: ended)
    with pytest.raises(ChainError, match="anvil did not answer on port 7: choose another"):
        node.wait_for(process, 7)  # type: ignore[arg-type]
    assert not asked


def test_a_node_that_does_not_answer_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[object] = [ChainError("not yet"), ChainError("not yet"), "it answers"]

    def asked(url: str, chain_id: int) -> object:
        assert (url, chain_id) == ("http://127.0.0.1:7", 31337)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(node, "connect", asked)
    monkeypatch.setattr(node, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: None))
    process = SimpleNamespace(poll=lambda: None)
    assert node.wait_for(process, 7) == "it answers"  # type: ignore[arg-type, comparison-overlap]


def test_a_deployment_with_another_row_than_its_chain_s_is_refused(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows of a second where an hour is due are nobody's to offer."""
    shutil.copy(deployments.path_of(31337), tmp_path)
    monkeypatch.setitem(limits.BY_CHAIN, 31337, limits.ETHEREUM)
    with settings_of(deployments=str(tmp_path)):
        with pytest.raises(EnvironmentMissing, match=r"min_window 1: expected 3600 on chain 313"):
            deployments.load(chain.client)
        again, new = deploy_contracts(chain.client, anvil_account(DEPLOYER))
        assert new
        assert deployments.load(chain.client) == again
    assert again.prediction != chain.deployment.prediction
    assert PredictionMarket(chain.client, again.prediction).limits == limits.ETHEREUM


@pytest.mark.parametrize("words", [1, 10, 12])
def test_contracts_of_another_version_are_refused(chain: Chain, words: int) -> None:
    """They say less, or more, than the chain they were deployed on and its limits."""
    address = chain.deployment.registry
    row = bytes.fromhex(chain.rpc("eth_call", *question(address)[1]).removeprefix("0x"))
    assert len(row) == 11 * 32
    chain.rpc("anvil_setCode", address, code_that_says((row + bytes(32))[: 32 * words]))
    with pytest.raises(ChainError, match="another version"):
        deployments.load(chain.client)
    chain.rpc("anvil_setCode", address, code_that_says(row))
    with pytest.raises(EnvironmentMissing, match=f"ModelRegistry at {address} is no contract of"):
        deployments.load(chain.client)


def code_that_says(answer: bytes) -> str:
    """Code of a contract that answers every call with these bytes, which follow its ten."""
    return f"0x61{len(answer):04x}80600a5f395ff3{answer.hex()}"
