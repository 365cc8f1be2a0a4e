"""Deploys all contracts with ape, and writes deployments/CHAIN_ID.json:

    ape run deploy --network ethereum:local:foundry --account TEST::0

What it writes is what `zkescrow deploy` writes, from the same compiler and settings. It always
deploys anew; `zkescrow deploy` looks first.
"""

import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option
from ape.contracts import ContractContainer, ContractInstance
from ethpm_types import ContractType

from prover.chain import deployments
from prover.chain.deployments import LIMITED, PLAN, Deployed, Deployment
from prover.protocol.limits import limits_of
from prover.solidity.compile import SOLC_VERSION, CompiledContract, compile_contracts


@click.command(cls=ConnectedProviderCommand)
@account_option()
def cli(account: AccountAPI) -> None:
    """Deploy the contracts, and record where they are."""
    compiled = compile_contracts(PLAN)
    instances: dict[str, ContractInstance] = {}
    for name, needs in PLAN.items():
        limits = [limits_of(account.provider.chain_id).to_abi()] if name in LIMITED else []
        arguments = [*limits, *(instances[need] for need in needs)]
        instances[name] = account.deploy(container_of(compiled[name]), *arguments)
    contracts = {name: record_of(one, compiled[name]) for name, one in instances.items()}
    chain_id = account.provider.chain_id
    path = deployments.save(Deployment(chainId=chain_id, contracts=contracts))
    for name, instance in instances.items():
        click.echo(f"deploy: {name} {instance.address}")
    click.echo(f"written to {path}")


def container_of(compiled: CompiledContract) -> ContractContainer:
    """What ape deploys: our bytecode, not that of ape's own settings."""
    return ContractContainer(
        ContractType(
            contractName=compiled.name,
            abi=compiled.abi,
            deploymentBytecode={"bytecode": "0x" + compiled.bytecode.hex()},
        )
    )


def record_of(instance: ContractInstance, compiled: CompiledContract) -> Deployed:
    """The entry of the deployment file."""
    created = instance.creation_metadata
    if created is None:
        raise click.ClickException(f"the node does not know who created {instance.address}")
    return Deployed(
        address=instance.address,
        block=created.block,
        tx=created.txn_hash,
        compiler=SOLC_VERSION,
        inputHash=compiled.input_hash,
    )
