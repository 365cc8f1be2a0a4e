"""The contracts under test: the very bytecode that is deployed.

Compiled by prover.solidity, with its settings, cached by the hash of the sources. ape's own cache
is not asked: when several sources changed it may give the old code of all but one.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ape.contracts import ContractContainer
from ethpm_types import ContractType

from prover.chain.abi.contract import ACCURACY, POSEIDON, PREDICTION, REGISTRY, RETRIEVAL, SERVING
from prover.solidity.compile import CompiledContract, compile_contracts

OURS = (REGISTRY, PREDICTION, POSEIDON, ACCURACY, RETRIEVAL, SERVING)
MOCKS = Path(__file__).parents[2] / "contracts" / "mocks"


class Contracts:
    """Each contract as an attribute, as ape's project has it."""

    def __init__(self, compiled: Mapping[str, CompiledContract]) -> None:
        self._compiled = compiled

    @classmethod
    def compiled(cls) -> "Contracts":
        """Ours together, as `zkescrow deploy` compiles them; beside them the mocks."""
        mocks = sorted(path.stem for path in MOCKS.rglob("*.sol"))
        with ThreadPoolExecutor() as pool:
            ours, theirs = pool.map(compile_contracts, (OURS, mocks))
        return cls(ours | theirs)

    def __getattr__(self, name: str) -> ContractContainer:
        try:
            contract = self._compiled[name]
        except KeyError:
            raise AttributeError(f"no contract {name}: a mock has the name of its file") from None
        return ContractContainer(
            ContractType(
                contractName=name,
                abi=contract.abi,
                deploymentBytecode={"bytecode": "0x" + contract.bytecode.hex()},
            )
        )
