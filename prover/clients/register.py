"""Putting a model on the chain: its verifier, its circuit, its weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak

from prover.base.text import ZERO_ADDRESS
from prover.chain.contracts.deploy import deploy
from prover.chain.contracts.registry import Circuit, Registry
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client
from prover.chain.sending.transactions import Sender
from prover.chain.state.replay import load_world
from prover.systems.circuits import on_chain
from prover.systems.interface import Artifacts
from prover.systems.worker import Progress


@dataclass(frozen=True)
class Registered:
    """A model on the chain; ids are 32 bytes, `gas` is by step and empty when all was there."""

    model_id: bytes
    circuit_id: bytes
    verifier: str
    gas: Mapping[str, int]


def register(
    sender: Sender, deployment: Deployment, artifacts: Artifacts, progress: Progress | None = None
) -> Registered:
    """Deploy the verifier and register circuit and model; steps that were taken before are skipped.

    An equal circuit of somebody else is used as it is. Raises ContractRefused if the registry's
    self-test refuses.
    """
    say = progress or (lambda _stage: None)
    registry = Registry(sender.client, deployment.registry)
    state = load_world(sender.client, deployment).registry
    circuits = {key: Circuit.from_abi(fields) for key, fields in state.circuits.items()}
    circuit = _equal(circuits, artifacts, frozenset(state.condemned_at))
    gas: dict[str, int] = {}
    if circuit is None:
        say("deploying the verifier")
        circuit = Circuit.from_abi(artifacts.circuit(*_contracts(sender, circuits, artifacts, gas)))
        say("registering the circuit")
        sample = artifacts.sample
        call = registry.register_circuit(circuit, sample.proof, list(sample.instances))
        receipt = sender.send(f"register:circuit:{circuit.id.hex()}", call, more=True)
        gas["circuit"] = int(receipt["gasUsed"])
    model_id = circuit.model_id(artifacts.weights_commitment)
    if model_id not in state.models:
        say("registering the model")
        call = registry.register_model(circuit.id, artifacts.weights_commitment)
        gas["model"] = int(sender.send(f"register:model:{model_id.hex()}", call)["gasUsed"])
    sender.hand_over()
    return Registered(model_id, circuit.id, circuit.verifier, gas)


def _contracts(
    sender: Sender,
    circuits: Mapping[bytes, Circuit],
    artifacts: Artifacts,
    gas: dict[str, int],
) -> tuple[str, str]:
    """Addresses of the circuit's verifier and key; a verifier that serves others already is used.

    Its code is compared, as anybody registers circuits.
    """
    system = on_chain(artifacts)
    new, standing = system.creation(artifacts), system.runtime(artifacts)
    digest = artifacts.digest.hex()
    if not new.key:
        made = deploy(sender, "verifier", digest, new.verifier)
        gas["verifier"] = made.gas
        return made.address, ZERO_ADDRESS
    verifier = _standing(sender.client, circuits.values(), standing.verifier)
    if verifier is None:
        made = deploy(sender, "verifier", keccak(new.verifier).hex(), new.verifier)
        verifier, gas["verifier"] = made.address, made.gas
    key = deploy(sender, "key", digest, new.key)
    gas["key"] = key.gas
    return verifier, key.address


def _standing(client: Client, circuits: Iterable[Circuit], code: bytes) -> str | None:
    """A verifier with this code that a registered circuit names."""
    named = {circuit.verifier for circuit in circuits if circuit.key != ZERO_ADDRESS}
    return next((address for address in sorted(named) if client.code(address) == code), None)


def _equal(
    circuits: Mapping[bytes, Circuit], artifacts: Artifacts, condemned: frozenset[bytes]
) -> Circuit | None:
    """A registered circuit that differs from ours in addresses at the most."""
    for circuit_id, circuit in circuits.items():
        ours = Circuit.from_abi(artifacts.circuit(circuit.verifier, circuit.key))
        if circuit == ours and circuit_id not in condemned:
            return circuit
    return None
