"""Where the contracts are on each chain: deployments/CHAIN_ID.json."""

from pathlib import Path
from typing import Annotated, Any

from eth_utils.crypto import keccak
from pydantic import BaseModel, ConfigDict, Field

from prover.base import strict_json
from prover.base.errors import ChainError, EnvironmentMissing
from prover.base.files import write_atomically
from prover.base.settings import get_settings
from prover.chain.abi.contract import (
    ACCURACY,
    JOBS,
    POSEIDON,
    PREDICTION,
    REGISTRY,
    RETRIEVAL,
    SERVING,
)
from prover.chain.codes import expected_code
from prover.chain.limits import DeployedFor, answered, question
from prover.chain.node.client import Client
from prover.chain.node.rpc import Request, ask_each
from prover.protocol.limits import LOCAL_CHAIN, limits_of

# Each contract with those whose addresses its constructor takes, in the order of deployment.
PLAN: dict[str, tuple[str, ...]] = {
    REGISTRY: (),
    PREDICTION: (REGISTRY,),
    SERVING: (REGISTRY,),
    POSEIDON: (),
    ACCURACY: (REGISTRY, POSEIDON),
    RETRIEVAL: (REGISTRY, POSEIDON),
}

LIMITED = (REGISTRY, *JOBS)  # whose constructor takes the chain's limits first

Address = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]
Hash = Annotated[str, Field(pattern="^(0x)?[0-9a-f]{64}$")]


class Deployed(BaseModel):
    """One contract: where it is, since which block, by which transaction, from which sources."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Address
    block: int = Field(ge=0)
    tx: Hash
    compiler: str
    input_hash: Hash = Field(alias="inputHash")

    @property
    def tx_hash(self) -> str:
        """The transaction as nodes are asked for it; zeros if a wallet's was not given."""
        return "0x" + self.tx.removeprefix("0x")


class Deployment(BaseModel):
    """All contracts of the project on one chain, and the id that it had when they were deployed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chain_id: int = Field(alias="chainId")
    contracts: dict[str, Deployed]

    @property
    def registry(self) -> str:
        """Address of the ModelRegistry."""
        return self.contracts[REGISTRY].address

    @property
    def prediction(self) -> str:
        """Address of the PredictionMarket."""
        return self.contracts[PREDICTION].address

    @property
    def serving(self) -> str:
        """Address of the ServingRound."""
        return self.contracts[SERVING].address

    @property
    def accuracy(self) -> str:
        """Address of the AccuracyBounty."""
        return self.contracts[ACCURACY].address

    @property
    def retrieval(self) -> str:
        """Address of the RetrievalBounty."""
        return self.contracts[RETRIEVAL].address

    @property
    def poseidon(self) -> str:
        """Address of the Poseidon contract."""
        return self.contracts[POSEIDON].address

    @property
    def holding_jobs(self) -> tuple[str, ...]:
        """Addresses of the contracts that hold jobs and their money."""
        return tuple(self.contracts[name].address for name in JOBS)

    @property
    def earliest(self) -> Deployed:
        """The contract that was deployed first."""
        return min(self.contracts.values(), key=lambda one: one.block)

    @property
    def first_block(self) -> int:
        """Block from which on there can be events."""
        return self.earliest.block


def path_of(chain_id: int) -> Path:
    """The deployment file of a chain."""
    return get_settings().deployments / f"{chain_id}.json"


def deploying(local: bool) -> str:
    """The command that deploys on a chain; on the local one no key need be configured."""
    return "`zkescrow deploy --account 0`" if local else "`zkescrow deploy`"


def load(client: Client) -> Deployment:
    """The contracts on the client's chain, each of them compared with what this version deploys.

    Raises EnvironmentMissing if there is no readable file, or one whose contracts are others or
    were deployed on another chain, ChainError if a contract has no code.
    """
    path = path_of(client.chain_id)
    deployment = read(path)
    check_contracts(client, deployment, path)
    return deployment


def check_contracts(client: Client, deployment: Deployment, path: Path) -> None:
    """Raise as `load` unless the chain has the file's contracts, and they are ours."""
    contracts, names = deployment.contracts, list(PLAN)
    codes = [_code_of(contracts[name].address) for name in names]
    rows = [question(contracts[name].address) for name in LIMITED]
    # In one request; what is asked of the past may be refused, as no node must keep it.
    answers = iter(ask_each(client, [*codes, *rows, *_first_block(deployment)]))
    found = dict(zip(names, answers, strict=False))
    for name, code in found.items():
        if code in (None, "0x"):
            raise ChainError(
                f"{name} has no code at {contracts[name].address} on chain {client.chain_id}: the "
                f"node was started anew or is another one; run {deploying(client.local)}"
            )
    for name, answer in zip(LIMITED, answers, strict=False):
        address = contracts[name].address
        _check_row(f"{name} at {address}", answered(name, address, answer), deployment, path)
    for name, code in found.items():
        wanted = expected_code(name, deployment.chain_id, deployment.registry, deployment.poseidon)
        _check_code(f"{name} at {contracts[name].address}", code, wanted, client.local)
    _check_first_block(deployment, path, *answers)


def _check_code(where: str, found: str, expected: bytes, local: bool) -> None:
    if bytes.fromhex(found[2:]) != expected:
        raise EnvironmentMissing(
            f"{where} is no contract of this version: its code has keccak256 "
            f"0x{keccak(hexstr=found).hex()}: expected 0x{keccak(expected).hex()}; send it "
            f"nothing, ask for the right deployment file, or run {deploying(local)}"
        )


def _first_block(deployment: Deployment) -> list[Request]:
    """The chain's height, the creation's receipt, and the code in the block before it."""
    first = deployment.earliest
    creation: Request = ("eth_getTransactionReceipt", (first.tx_hash,))
    before: Request = ("eth_getCode", (first.address, hex(max(first.block - 1, 0))))
    return [("eth_blockNumber", ()), creation, before]


def _check_first_block(
    deployment: Deployment, path: Path, height: Any, receipt: Any, code: Any
) -> None:
    """The file's first block is not so late that it leaves events out, as far as the node tells."""
    first = deployment.earliest
    created = int(receipt["blockNumber"], 16) if receipt else first.block
    there = (code not in (None, "0x") and first.block > 0) or created < first.block
    if there or (height is not None and int(height, 16) < first.block):
        raise EnvironmentMissing(
            f"{path} says that {first.address} is there since block {first.block}, and it was "
            "there earlier, or is not there yet: events would be left out; ask for the right "
            "file, or deploy again"
        )


def _check_row(where: str, found: DeployedFor, deployment: Deployment, path: Path) -> None:
    """A contract was deployed on the file's chain, with its row of the table of limits.

    The client's chain has another id than that only after a fork.
    """
    wanted, local = limits_of(deployment.chain_id), deployment.chain_id == LOCAL_CHAIN
    if found.chain_id != deployment.chain_id:
        raise EnvironmentMissing(
            f"{path} is for chain {deployment.chain_id}: {where} was deployed on chain "
            f"{found.chain_id}; deploy again, or on a fork of that chain use its file"
        )
    for field in found.limits.differing(wanted):
        raise EnvironmentMissing(
            f"{where} was deployed with {field} {getattr(found.limits, field)}: "
            f"expected {getattr(wanted, field)} on chain {deployment.chain_id} (docs/SPEC.md "
            f"section 10); do not use these contracts, {deploying(local)} makes others"
        )


def _code_of(address: str) -> Request:
    return ("eth_getCode", (address, "latest"))


def read(path: Path) -> Deployment:
    """A deployment file. Raises EnvironmentMissing if it is not there or not complete."""
    deployment = parse(path)
    missing = PLAN.keys() - deployment.contracts.keys()
    if missing:
        raise EnvironmentMissing(f"{path} does not name {sorted(missing)}: deploy again")
    return deployment


def parse(path: Path) -> Deployment:
    """A deployment file, which may be of a version with fewer contracts."""
    try:
        return Deployment.model_validate(strict_json.parse(path.read_bytes()))
    except FileNotFoundError:
        raise EnvironmentMissing(
            f"{path} is not there: the contracts are not deployed; run "
            f"{deploying(path == path_of(LOCAL_CHAIN))}"
        ) from None
    except ValueError as error:  # of the JSON, or pydantic's
        raise EnvironmentMissing(
            f"{path} is no deployment file ({strict_json.as_text(error)}): deploy again"
        ) from None


def save(deployment: Deployment) -> Path:
    """Write the file of the deployment's chain, whole or not at all."""
    path = path_of(deployment.chain_id)
    content = deployment.model_dump_json(by_alias=True, indent=2).encode() + b"\n"
    write_atomically(path, content, private=False)
    return path
