"""`zkescrow deploy`: the contracts."""

from typing import TYPE_CHECKING, Any

from prover.cli.common.options import AccountNumber, Rpc, connected, sender_for
from prover.cli.common.output import command, new_app, show

if TYPE_CHECKING:
    from prover.chain.deployments import Deployed

app = new_app()
APPS = {"deploy": app}


@command(app)
def deploy(rpc: Rpc = None, account: AccountNumber = None) -> None:
    """Deploy the contracts, unless they are there."""
    from prover.chain.contracts.deploy import deploy_from
    from prover.chain.deployments import path_of

    client = connected(rpc)
    deployment, new = deploy_from(sender_for(client, account))
    lines = [
        f"{name} {'deployed' if new else 'was deployed already'} at {contract.address}"
        for name, contract in deployment.contracts.items()
    ]
    facts = {name: _facts(contract) for name, contract in deployment.contracts.items()}
    data = {"chain_id": deployment.chain_id, "contracts": facts, "new": new}
    show(data, *lines, f"written to {path_of(client.chain_id)}" if new else "nothing sent")


def _facts(contract: "Deployed") -> dict[str, Any]:
    return {
        "address": contract.address,
        "block": contract.block,
        "transaction_hash": contract.tx_hash,
        "compiler": contract.compiler,
        "input_hash": "0x" + contract.input_hash.removeprefix("0x"),
    }
