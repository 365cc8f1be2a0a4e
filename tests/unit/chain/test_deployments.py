"""A deployment file is a stranger's: what it names is compared with what this version deploys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prover.base.errors import EnvironmentMissing
from prover.chain import deployments
from prover.chain.accounts import anvil_account
from prover.chain.codes import expected_code
from prover.chain.contracts.deploy import deploy_contracts
from prover.chain.deployments import PLAN
from tests.localchain import DEPLOYER, STRANGER, Chain, settings_of
from tests.proxy import proxied, refusal


@pytest.fixture
def given(chain: Chain, tmp_path: Path) -> Iterator[Path]:
    """The deployment file, handed over."""
    path = tmp_path / "31337.json"
    path.write_bytes(deployments.path_of(31337).read_bytes())
    with settings_of(deployments=str(tmp_path)):
        yield path


def change(path: Path, **changes: dict[str, Any]) -> None:
    content = json.loads(path.read_text())
    for name, fields in changes.items():
        content["contracts"][name] |= fields
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("name", PLAN)
def test_code_that_is_not_ours_is_refused(chain: Chain, given: Path, name: str) -> None:
    """One that answers like ours in all that is asked, and does something else besides."""
    code = chain.client.code(chain.deployment.contracts[name].address)
    one = chain.deployment
    assert code == expected_code(name, one.chain_id, one.registry, one.poseidon)
    other = "0x" + "ef" * 20
    chain.rpc("anvil_setCode", other, "0x" + code.hex() + "00")
    change(given, **{name: {"address": other}})
    refused = r"no contract of this version: .* nothing, .* run `zkescrow deploy --account 0`"
    with pytest.raises(EnvironmentMissing, match=refused):
        deployments.load(chain.client)


def test_a_contract_of_ours_on_another_registry_is_refused(chain: Chain, given: Path) -> None:
    """Whoever made that registry could have condemned, or registered, what ours refuses."""
    predictions = chain.deployment.contracts["PredictionMarket"]
    registry = chain.deployment.registry[2:].lower()
    code = chain.client.code(predictions.address).hex()
    assert registry in code
    chain.rpc("anvil_setCode", predictions.address, "0x" + code.replace(registry, "ab" * 20))
    with pytest.raises(EnvironmentMissing, match=r"PredictionMarket at .* no contract of this"):
        deployments.load(chain.client)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("late", [1, 5, 10**6])
def test_a_first_block_that_leaves_events_out_is_refused(
    chain: Chain, given: Path, known: bool, late: int
) -> None:
    """Known by the creation's transaction, or by the code that was there before."""
    for _ in range(10):
        chain.rpc("anvil_mine", "0x1")
    tx = {} if known else {"tx": "0x" + "00" * 32}
    changes = {
        name: {"block": one.block + late, **tx} for name, one in chain.deployment.contracts.items()
    }
    change(given, **changes)
    with pytest.raises(EnvironmentMissing, match="events would be left out"):
        deployments.load(chain.client)


@pytest.mark.parametrize(("block", "refused"), [(0, False), (1, True)])
def test_a_contract_of_the_first_block_is_found_before_a_later_one(
    chain: Chain, given: Path, block: int, refused: bool
) -> None:
    """Nothing is before block 0, and what a node says of it then is about that block itself."""
    changes = {
        name: {"block": block, "tx": "0x" + "00" * 32} for name in chain.deployment.contracts
    }
    change(given, **changes)
    there = [one.address for one in deployments.read(given).contracts.values()]
    codes = {address: chain.client.code(address) for address in there}

    def from_the_start(parameters: list[Any], _forward: Any) -> Any:
        return {"result": "0x" + codes[parameters[0]].hex()}

    with proxied(chain.url) as proxy:
        proxy.hooks["eth_getCode"] = from_the_start
        if not refused:
            assert deployments.load(proxy.client).first_block == 0
            return
        with pytest.raises(EnvironmentMissing, match="events would be left out"):
            deployments.load(proxy.client)


def test_a_node_without_old_states_is_no_reason_to_refuse(chain: Chain, given: Path) -> None:
    def pruned(parameters: list[Any], forward: Any) -> Any:
        old = parameters[1] != "latest"
        return refusal("missing trie node") if old else forward("eth_getCode", parameters)

    with proxied(chain.url) as proxy:
        proxy.hooks["eth_getCode"] = pruned
        proxy.hooks["eth_getTransactionReceipt"] = lambda *_: {"result": None}
        assert deployments.load(proxy.client) == chain.deployment


def test_a_node_that_names_another_contract_once_leaves_no_file(chain: Chain, given: Path) -> None:
    """The next deployment makes what is missing, on a node that tells the truth."""
    given.unlink()
    trap = chain.deployment.prediction

    def lie(method: str, _parameters: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionReceipt" and result and result["contractAddress"]:
            return result | {"contractAddress": trap}
        return result

    with (
        proxied(chain.url, lie) as proxy,
        pytest.raises(EnvironmentMissing, match="send it nothing"),
    ):
        deploy_contracts(proxy.client, anvil_account(STRANGER))
    assert not given.exists()
    deployment, new = deploy_contracts(chain.client, anvil_account(STRANGER))
    assert new
    assert deployments.load(chain.client) == deployment


def test_a_file_with_another_contract_is_no_deployment_to_keep(chain: Chain, given: Path) -> None:
    change(given, AccuracyBounty={"address": chain.deployment.retrieval})
    deployment, new = deploy_contracts(chain.client, anvil_account(DEPLOYER))
    assert new
    assert deployment.accuracy != chain.deployment.retrieval
