"""Views and balances of the contracts, compared with the world that the events tell."""

from eth_utils.crypto import keccak

from prover.audit.findings import Findings, Ledger
from prover.chain.client import Client
from prover.chain.jobs import JobContract
from prover.chain.registry import Circuit, Registry
from prover.errors import ContractRefused
from prover.protocol.escrow import EscrowState
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.registry import RegistryState


def compare_registry(
    client: Client, registry: Registry, state: RegistryState, last: int, findings: Findings
) -> None:
    """Every circuit, its verifier's code, its condemnation, and every model."""
    for circuit_id, fields in state.circuits.items():
        where = f"circuit 0x{circuit_id.hex()}"
        circuit = Circuit.from_abi(fields)
        findings.expect(where, "fields", _circuit(registry, circuit_id), circuit)
        condemned = registry.condemned_at(circuit_id, last)
        findings.expect(where, "condemned at", condemned, state.condemned_at.get(circuit_id, 0))
        code_hash = keccak(client.code(circuit.verifier, last))
        findings.expect(where, "hash of the verifier's code", code_hash, circuit.code_hash)
    for model_id, entry in state.models.items():
        found = _model(registry, model_id)
        findings.expect(f"model 0x{model_id.hex()}", "circuit and weights", found, entry)


def compare_money(holder: JobContract, state: EscrowState, last: int, findings: Findings) -> None:
    """Credits one by one, and per currency that the contract holds what it owes."""
    for (currency, account), amount in state.credits.items():
        found = holder.credit(currency, account, last)
        where = f"credit of {account} in {currency} at {holder.NAME}"
        findings.expect(where, "amount", found, amount)
    for currency in sorted(state.currencies() | {ZERO_ADDRESS}):
        credited = sum(value for (where, _), value in state.credits.items() if where == currency)
        owed, held = state.balance(currency), holder.holdings(currency, last)
        if held < owed:
            findings.note(
                f"money in {currency} at {holder.NAME}", f"{held} is held, {owed} is owed"
            )
        surplus = max(held - owed, 0)
        ledger = Ledger(holder.NAME, currency, owed - credited, credited, surplus)
        findings.ledgers.append(ledger)


def _circuit(registry: Registry, circuit_id: bytes) -> Circuit | None:
    try:
        return registry.circuit(circuit_id)
    except ContractRefused:
        return None


def _model(registry: Registry, model_id: bytes) -> tuple[bytes, int] | None:
    try:
        return registry.model(model_id)
    except ContractRefused:
        return None
