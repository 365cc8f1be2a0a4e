"""Deploys registry and market with ape, and writes deployments/<chainId>.json:

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
from prover.chain.contracts import MARKET, REGISTRY
from prover.chain.deployments import Deployed, Deployment
from prover.solidity.compile import SOLC_VERSION, CompiledContract, compile_contracts


@click.command(cls=ConnectedProviderCommand)
@account_option()
def cli(account: AccountAPI) -> None:
    """Deploy ModelRegistry and PredictionMarket, and record where they are."""
    compiled = compile_contracts([REGISTRY, MARKET])
    registry = account.deploy(container_of(compiled[REGISTRY]))
    market = account.deploy(container_of(compiled[MARKET]), registry)
    contracts = {
        name: record_of(instance, compiled[name])
        for name, instance in ((REGISTRY, registry), (MARKET, market))
    }
    chain_id = account.provider.chain_id
    path = deployments.save(Deployment(chainId=chain_id, contracts=contracts))
    click.echo(f"deploy: {REGISTRY} {registry.address}, {MARKET} {market.address}, in {path}")


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
