"""People, contracts and a node of their own for each test of the contracts.

ape is used as a library: its pytest plugin would start a node for every test run of the project.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ANVIL = ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin"
os.environ["APE_DATA_FOLDER"] = str(ROOT / ".ape")
os.environ["SOLCX_BINARY_PATH"] = str(ROOT / ".toolchain/solcx")
os.environ["PATH"] = f"{ANVIL}{os.pathsep}{os.environ['PATH']}"

import ape
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from ape.logging import LogLevel, logger
from ape.managers.chain import ChainManager
from ape_ethereum.trace import Trace

from prover.chain.node import anvil as node
from prover.protocol.limits import LOCAL
from tests.contracts.accuracy import scenario as accuracy_scenario
from tests.contracts.compiled import Contracts
from tests.contracts.retrieval.scenario import (
    Records,
    Scene,
    record_circuit,
    record_layout,
    register,
)
from tests.contracts.scenario import ETH, Proofs, World, circuit_of, hidden_layout, public_layout
from tests.contracts.serving import scenario as serving_scenario
from tests.contracts.thrift import ask_less

RICH = 10**24
LIMITS = LOCAL.to_abi()
logger.set_level(LogLevel.ERROR)


@pytest.fixture(scope="session")
def chain() -> Iterator[ChainManager]:
    """The node of `zkescrow node`, which enforces the gas limit of a transaction (EIP-7825)."""
    with node.running() as client, pytest.MonkeyPatch.context() as patch:
        patch.setenv("APE_FOUNDRY_HOST", str(client.web3.provider.endpoint_uri))
        # ape prints a call trace for each revert, at a second each; here they are wanted.
        patch.setattr(Trace, "show", lambda *_, **__: None)
        with ape.networks.ethereum.local.use_provider("foundry") as provider:
            ask_less(patch, provider)
            yield ape.chain


@pytest.fixture(autouse=True)
def isolation(chain, world, hidden_world, token, accuracy, retrieval, serving) -> Iterator[None]:
    """Each test finds the chain as the session's fixtures, named here, left it.

    All of them are made before the first test: one that is made within a test, which may ask for
    it by name, would be gone for the tests after it.
    """
    with chain.isolate():
        yield


@pytest.fixture(scope="session")
def project() -> Contracts:
    return Contracts.compiled()


@pytest.fixture(scope="session")
def accounts(chain) -> list[AccountAPI]:
    return list(ape.accounts.test_accounts[:6])


@pytest.fixture(scope="session")
def deployer(accounts) -> AccountAPI:
    return accounts[0]


@pytest.fixture(scope="session")
def consumer(accounts) -> AccountAPI:
    return accounts[1]


@pytest.fixture(scope="session")
def provider(accounts) -> AccountAPI:
    return accounts[2]


@pytest.fixture(scope="session")
def owner(provider) -> AccountAPI:
    """The provider, where it owns a dataset."""
    return provider


@pytest.fixture(scope="session")
def payee(accounts) -> AccountAPI:
    """Where the provider wants its money; it never signs but to withdraw."""
    return accounts[3]


@pytest.fixture(scope="session")
def auditor(accounts) -> AccountAPI:
    """A third party without a stake in anything."""
    return accounts[4]


@pytest.fixture(scope="session")
def attacker(accounts) -> AccountAPI:
    return accounts[5]


@pytest.fixture(scope="session")
def registry(project, deployer) -> ContractInstance:
    return deployer.deploy(project.ModelRegistry, LIMITS)


@pytest.fixture(scope="session")
def predictions(project, deployer, registry) -> ContractInstance:
    return deployer.deploy(project.PredictionMarket, LIMITS, registry)


@pytest.fixture(scope="session")
def verifier(project, deployer) -> ContractInstance:
    return deployer.deploy(project.MockVerifier)


@pytest.fixture(scope="session")
def token(project, deployer, consumer, provider, attacker, predictions) -> ContractInstance:
    """A plain token: everybody has some and lets the contract of predictions take it."""
    token = deployer.deploy(project.OddToken)
    for holder in (consumer, provider, attacker):
        token.mint(holder, RICH, sender=deployer)
        token.approve(predictions, RICH, sender=holder)
    return token


@pytest.fixture(scope="session")
def world(registry, predictions, verifier, deployer, consumer, provider, payee) -> World:
    """A registered circuit of three items with public inputs and fixed weights, and its model."""
    circuit = circuit_of(verifier, public_layout())
    model_id = Proofs(public_layout()).register(registry, circuit, deployer)
    return World(
        registry, predictions, public_layout(), circuit, model_id, consumer, provider, payee
    )


@pytest.fixture(scope="session")
def hidden_world(registry, predictions, verifier, deployer, consumer, provider, payee) -> World:
    """A registered circuit of one item with hashed inputs and hidden weights, and its model."""
    layout, weights = hidden_layout(), 7**80
    circuit = circuit_of(verifier, layout)
    model_id = Proofs(layout, weights).register(registry, circuit, deployer)
    people = (consumer, provider, payee)
    return World(registry, predictions, layout, circuit, model_id, *people, weights=weights)


@pytest.fixture(scope="session")
def poseidon(project, deployer) -> ContractInstance:
    return deployer.deploy(project.Poseidon)


@pytest.fixture(scope="session")
def accuracy(
    project, registry, poseidon, verifier, token, deployer, consumer, provider, payee
) -> accuracy_scenario.Scene:
    """An accuracy contract, a circuit of hashed inputs, and a model with hidden weights."""
    bounty = deployer.deploy(project.AccuracyBounty, LIMITS, registry, poseidon)
    for holder in (consumer, provider):
        token.approve(bounty, RICH, sender=holder)
    layout = accuracy_scenario.sealed_layout()
    circuit = record_circuit(verifier, layout)
    model_id = accuracy_scenario.register(registry, circuit, layout, deployer)
    people = (consumer, provider, payee)
    return accuracy_scenario.Scene(registry, bounty, verifier, layout, circuit, model_id, *people)


@pytest.fixture(scope="session")
def retrieval(
    project, registry, poseidon, verifier, token, deployer, consumer, provider, payee
) -> Scene:
    """A retrieval contract, a model of hashed records, and a dataset of the provider's."""
    bounty = deployer.deploy(project.RetrievalBounty, LIMITS, registry, poseidon)
    for holder in (consumer, provider):
        token.approve(bounty, RICH, sender=holder)
    layout = record_layout()
    circuit = record_circuit(verifier, layout)
    model_id = register(registry, circuit, layout, deployer)
    people = (consumer, provider, payee)
    contracts = (registry, bounty, poseidon, verifier)
    scene = Scene(*contracts, layout, circuit, model_id, *people, Records())
    scene.commit(scene.data)
    return scene


@pytest.fixture(scope="session")
def serving(
    project, registry, verifier, token, deployer, consumer, provider, payee
) -> serving_scenario.Scene:
    """A contract of serving rounds, and a model of four public items a proof."""
    rounds = deployer.deploy(project.ServingRound, LIMITS, registry)
    for holder in (consumer, provider):
        token.approve(rounds, RICH, sender=holder)
    layout = serving_scenario.round_layout()
    circuit = circuit_of(verifier, layout)
    model_id = serving_scenario.register(registry, circuit, layout, deployer)
    people = (consumer, provider, payee)
    return serving_scenario.Scene(registry, rounds, layout, circuit, model_id, *people)


@pytest.fixture(params=["ETH", "token"])
def currency(request) -> str:
    """ETH and an ERC-20 token."""
    return ETH if request.param == "ETH" else request.getfixturevalue("token").address
