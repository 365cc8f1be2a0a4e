"""Deploying the project's contracts, and what verifies circuits, once each."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from prover.base.errors import ArtifactMismatch, ChainError, EnvironmentMissing
from prover.chain import deployments
from prover.chain.abi.contract import Call
from prover.chain.codes import Creation, creation
from prover.chain.deployments import LIMITED, PLAN, Deployed, Deployment
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.protocol.limits import ChainLimits, limits_of
from prover.solidity.compile import compile_contracts


def deploy_contracts(client: Client, account: LocalAccount) -> tuple[Deployment, bool]:
    """All contracts on the client's chain, and whether they are new.

    A second run finds them: nothing is sent and the deployment file stays as it is, unless the
    sources changed. The file is written only when all is deployed.
    """
    return deploy_from(Sender(client, account))


def deploy_from(sender: Sender) -> tuple[Deployment, bool]:
    """`deploy_contracts` by a sender; one that signs nothing raises Handed."""
    client = sender.client
    existing = _existing(client)
    if existing is not None:
        return existing, False
    contracts: dict[str, Deployed] = {}
    for name, needs in PLAN.items():
        addresses = [contracts[need].address for need in needs]
        arguments = constructor_arguments(client.chain_id, name, addresses)
        contracts[name] = _create(sender, creation(name), arguments)
    sender.hand_over()
    deployment = Deployment(chainId=client.chain_id, contracts=contracts)
    # One wrong answer of the node would else stand in the file for good, and be handed on.
    deployments.check_contracts(client, deployment, deployments.path_of(client.chain_id))
    deployments.save(deployment)
    return deployment, True


def check_sources() -> None:
    """Compile the sources that are at hand, and compare with the code that is deployed.

    Raises ArtifactMismatch on a difference, EnvironmentMissing without compiler or sources.
    """
    for name, compiled in compile_contracts(PLAN).items():
        known = creation(name)
        if (compiled.bytecode, compiled.input_hash) != (known.code, known.input_hash):
            raise ArtifactMismatch(
                f"the sources of {name} give other code than the package deploys: in a checkout "
                "run `python scripts/abi.py`, else install the package again"
            )


def constructor_arguments(chain_id: int, name: str, addresses: Sequence[str]) -> bytes:
    """What a contract of `PLAN` is created with on a chain: its limits, and other contracts."""
    limits = [limits_of(chain_id).to_abi()] if name in LIMITED else []
    types = [ChainLimits.ABI] * len(limits) + ["address"] * len(addresses)
    return encode(types, [*limits, *addresses])


@dataclass(frozen=True)
class NewContract:
    """Where a contract was put, and the gas that it took."""

    address: str
    gas: int


def deploy(sender: Sender, what: str, name: str, bytecode: bytes) -> NewContract:
    """Deploy what verifies a circuit, a verifier or a key; its name makes that it happens once."""
    call = Call(f"deploying the {what}", None, bytecode)
    receipt = sender.send(f"deploy:{what}:{name}", call, more=True)
    address = receipt["contractAddress"]
    if address is None:
        raise ChainError("the node's receipt names no contract address: use another node")
    return NewContract(str(address), int(receipt["gasUsed"]))


def _existing(client: Client) -> Deployment | None:
    path = deployments.path_of(client.chain_id)
    if not path.exists():
        return None
    deployment = deployments.parse(path)
    same = all(
        name in deployment.contracts
        and deployment.contracts[name].input_hash == creation(name).input_hash
        for name in PLAN
    )
    try:
        if same:
            deployments.check_contracts(client, deployment, path)
    except (ChainError, EnvironmentMissing):  # another chain's, or others than ours
        return None
    return deployment if same and deployment.chain_id == client.chain_id else None


def _create(sender: Sender, contract: Creation, arguments: bytes) -> Deployed:
    code = contract.code + arguments
    call = Call(f"deploying {contract.name}", None, code)
    receipt = sender.send(f"deploy:{contract.name}:{keccak(code).hex()}", call, more=True)
    address, unknown = str(receipt["contractAddress"]), not any(receipt["transactionHash"])
    block = int(receipt["blockNumber"])
    return Deployed(
        address=address,
        block=_created_in(sender.client, address, block) if unknown else block,
        tx="0x" + bytes(receipt["transactionHash"]).hex(),
        compiler=contract.compiler,
        inputHash=contract.input_hash,
    )


def _created_in(client: Client, address: str, latest: int) -> int:
    """The block in which a wallet's transaction created a contract; the latest if there is none.

    Needs the state of the blocks since, which any node has for a while.
    """
    low, high = 0, latest
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if client.code(address, middle) else (middle + 1, high)
    return low
