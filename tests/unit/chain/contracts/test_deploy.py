"""All contracts are deployed once; a second time nothing is sent."""

from prover.chain.accounts import anvil_account
from prover.chain.contracts.deploy import deploy_contracts
from prover.chain.deployments import PLAN, load, path_of
from tests.localchain import DEPLOYER, Chain


def test_a_second_deployment_sends_nothing(chain: Chain) -> None:
    block = chain.client.block()["number"]
    again, new = deploy_contracts(chain.client, anvil_account(DEPLOYER))
    assert (again, new) == (chain.deployment, False)
    assert chain.client.block()["number"] == block


def test_what_has_no_file_is_deployed_and_written(chain: Chain) -> None:
    file = path_of(chain.client.chain_id)
    kept = file.read_bytes()
    file.unlink()
    try:
        deployment, new = deploy_contracts(chain.client, anvil_account(DEPLOYER))
        assert new
        assert set(deployment.contracts) == set(PLAN)
        assert load(chain.client) == deployment
    finally:
        file.write_bytes(kept)
