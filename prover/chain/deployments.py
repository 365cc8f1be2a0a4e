"""Where the contracts are on each chain: deployments/<chainId>.json."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from prover.chain.client import Client
from prover.chain.contracts import ACCURACY, JOBS, MARKET, POSEIDON, REGISTRY, RETRIEVAL, SERVING
from prover.chain.limits import chain_answer, chain_question
from prover.chain.rpc import Request, ask_all
from prover.errors import ChainError, EnvironmentMissing
from prover.files import write_atomically
from prover.settings import get_settings
from prover.statement import strict_json

# Each contract with those whose addresses its constructor takes, in the order of deployment.
PLAN: dict[str, tuple[str, ...]] = {
    REGISTRY: (),
    MARKET: (REGISTRY,),
    SERVING: (REGISTRY,),
    POSEIDON: (),
    ACCURACY: (REGISTRY, POSEIDON),
    RETRIEVAL: (REGISTRY, POSEIDON),
}

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
    def market(self) -> str:
        """Address of the PredictionMarket."""
        return self.contracts[MARKET].address

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
    def first_block(self) -> int:
        """Block from which on there can be events."""
        return min(deployed.block for deployed in self.contracts.values())


def path_of(chain_id: int) -> Path:
    """The deployment file of a chain."""
    return get_settings().deployments / f"{chain_id}.json"


def load(client: Client) -> Deployment:
    """The contracts on the client's chain, each checked to have code there.

    Raises EnvironmentMissing if there is no readable file or its contracts were deployed on another
    chain, ChainError if a contract has no code.
    """
    path = path_of(client.chain_id)
    deployment = read(path)
    contracts = deployment.contracts
    codes = ask_all(client, [_code_of(one.address) for one in contracts.values()])
    for (name, deployed), code in zip(contracts.items(), codes, strict=True):
        if code in (None, "0x"):
            raise ChainError(
                f"{name} has no code at {deployed.address} on chain {client.chain_id}: the node "
                "was started anew or is another one; run `zkescrow deploy`"
            )
    _check_chain(client, deployment, path)
    return deployment


def _check_chain(client: Client, deployment: Deployment, path: Path) -> None:
    """The file's chain is that of the deployment: another than the client's only after a fork."""
    places = [(name, deployment.contracts[name].address) for name in JOBS]
    answers = ask_all(client, [chain_question(*place) for place in places])
    for (name, address), answer in zip(places, answers, strict=True):
        found = chain_answer(answer)
        if found != deployment.chain_id:
            raise EnvironmentMissing(
                f"{path} is for chain {deployment.chain_id}: {name} at {address} was deployed on "
                f"chain {found}; deploy again, or on a fork of that chain use its file"
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
            f"{path} is not there: the contracts are not deployed; run `zkescrow deploy`"
        ) from None
    except ValueError as error:  # of the JSON, or pydantic's
        raise EnvironmentMissing(
            f"{path} is no deployment file ({strict_json.in_words(error)}): deploy again"
        ) from None


def save(deployment: Deployment) -> Path:
    """Write the file of the deployment's chain, whole or not at all."""
    path = path_of(deployment.chain_id)
    content = deployment.model_dump_json(by_alias=True, indent=2).encode() + b"\n"
    write_atomically(path, content, private=False)
    return path
