"""`zkescrow deploy`: the contracts."""

from prover.cli.common.options import AccountNumber, Rpc, connected, sender_for
from prover.cli.common.output import command, new_app, show

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
    data = deployment.model_dump() | {"new": new}
    show(data, *lines, f"written to {path_of(client.chain_id)}" if new else "nothing sent")
