"""scripts/deploy.py, run by ape against a node of its own."""

import os
import subprocess
from pathlib import Path

from prover.chain import deployments
from prover.chain.abi.contract import ACCURACY, JOBS, POSEIDON, REGISTRY, RETRIEVAL
from prover.chain.deployments import LIMITED, PLAN
from prover.chain.limits import deployed_for
from prover.chain.node import anvil as node
from prover.protocol.limits import LOCAL
from prover.solidity.compile import compile_contracts

ROOT = Path(__file__).parents[3]


def test_deploys_and_records_where(tmp_path):
    with node.running() as client:
        run(str(client.web3.provider.endpoint_uri), tmp_path)

        deployment = deployments.read(tmp_path / "31337.json")
        assert deployment.chain_id == 31337
        compiled = compile_contracts(PLAN)
        assert client.code(deployment.poseidon) == compiled[POSEIDON].runtime  # no immutables
        for name in LIMITED:
            assert deployed_for(client, name, deployment.contracts[name].address).limits == LOCAL
        for name in JOBS:
            assert view_of(client, deployment, name, "registry()") == deployment.registry
        for name in (ACCURACY, RETRIEVAL):
            assert view_of(client, deployment, name, "poseidon()") == deployment.poseidon
        assert set(deployment.contracts) == set(PLAN)
        for name, contract in compiled.items():
            deployed = deployment.contracts[name]
            assert deployed.input_hash == contract.input_hash
            receipt = client.web3.eth.get_transaction_receipt(deployed.tx)
            assert receipt["contractAddress"] == deployed.address
            assert receipt["blockNumber"] == deployed.block


def run(url: str, folder: Path) -> None:
    environment = os.environ | {"APE_FOUNDRY_HOST": url, "ZKESCROW_DEPLOYMENTS": str(folder)}
    arguments = ["--network", "ethereum:local:foundry", "--account", "TEST::0"]
    ape = ROOT / ".venv/bin/ape"
    done = subprocess.run(
        [ape, "run", "deploy", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"deploy: {REGISTRY} 0x" in done.stdout


def view_of(client, deployment, name, view):
    """An immutable address of a contract."""
    selector = client.web3.keccak(text=view)[:4]
    at = deployment.contracts[name].address
    return client.web3.to_checksum_address(client.web3.eth.call({"to": at, "data": selector})[-20:])
