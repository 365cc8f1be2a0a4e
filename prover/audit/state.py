"""Views and balances of the contracts, compared with the world that the events tell."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from prover.audit.findings import Findings, Gift, Ledger
from prover.audit.surplus import Origins
from prover.base.errors import ChainError, ContractRefused
from prover.chain.contracts.jobs import JobContract
from prover.chain.contracts.registry import Circuit, Registry, code_hash
from prover.chain.node.client import Client
from prover.protocol.escrow.state import EscrowState
from prover.protocol.events import ZERO_ADDRESS
from prover.protocol.registry.state import RegistryState
from prover.protocol.world import World

_SURPLUS = (
    "{held} is held, {owed} is owed by the events: {surplus} more than they explain. The node "
    "hides events of a job, or somebody gave money to the contract, which cannot be told as {why}: "
    "ask another node, one that keeps all states, or say --accept-surplus"
)
_HIDDEN = "{amount} came in block {block}, which the events do not explain: {what}"


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
        code = code_hash(client, circuit, last)
        findings.expect(where, "hash of the code that verifies", code, circuit.code_hash)
    for model_id, entry in state.models.items():
        found = _model(registry, model_id)
        findings.expect(f"model 0x{model_id.hex()}", "circuit and weights", found, entry)


@dataclass(frozen=True)
class Money:
    """The money of one contract, as events tell it in `state`, up to block `last`.

    `origins` tells gifts from hidden jobs.
    """

    holder: JobContract
    state: EscrowState
    last: int
    origins: Origins
    leave_out: Collection[str] = ()  # tokens that are not asked what a contract holds

    def compare(self, accounts: Iterable[str], findings: Findings, accept_surplus: bool) -> None:
        """Credits one by one, and per currency that the contract holds what it owes, and no more.

        ETH credits of all `accounts` are compared: an event that was hidden could have given one.
        """
        known = dict.fromkeys((ZERO_ADDRESS, account) for account in accounts)
        for currency, account in known | dict(self.state.credits):
            found = self.holder.credit(currency, account, self.last)
            where = f"credit of {account} in {currency} at {self.holder.NAME}"
            findings.expect(where, "amount", found, self.state.credits.get((currency, account), 0))
        totals = {ZERO_ADDRESS: (0, 0)} | self.state.totals()
        for currency, (held, credited) in sorted(totals.items()):
            if currency in self.leave_out:
                findings.left_out.append(f"money in {currency} at {self.holder.NAME}")
                continue
            self._balance(currency, held, credited, findings, accept_surplus)

    def _balance(
        self, currency: str, escrowed: int, credited: int, findings: Findings, accept: bool
    ) -> None:
        where, owed = f"money in {currency} at {self.holder.NAME}", escrowed + credited
        try:
            held = self.holder.holdings(currency, self.last)
        except ChainError as error:  # a token may say anything, and nothing
            findings.note(where, f"what is held cannot be read: {error}{_hint(currency)}")
            return
        if held < owed:
            findings.note(where, f"{held} is held, {owed} is owed{_hint(currency)}")
        surplus = max(held - owed, 0)
        if surplus and not accept:
            try:
                self._explain(currency, surplus, where, findings)
            except ChainError as why:
                message = _SURPLUS.format(held=held, owed=owed, surplus=surplus, why=why)
                findings.note(where, message)
        ledger = Ledger(self.holder.NAME, currency, escrowed, credited, surplus)
        findings.ledgers.append(ledger)

    def _explain(self, currency: str, surplus: int, where: str, findings: Findings) -> None:
        """Note the jobs that a surplus shows, or take it down as given. Raises ChainError."""
        gifts, left = list[Gift](), surplus
        for rise in self.origins.rises(self.holder, currency):
            left -= rise.amount
            hidden = list(self.origins.hidden_in(rise.block))
            for what in hidden:
                message = _HIDDEN.format(amount=rise.amount, block=rise.block, what=what)
                findings.note(where, message)
            if not hidden:
                gifts.append(Gift(self.holder.NAME, currency, rise.amount, rise.block))
        if left > 0:
            gifts.append(Gift(self.holder.NAME, currency, left, None))
        findings.gifts += gifts


def _hint(currency: str) -> str:
    """Anybody can post jobs in a token of his own, which says what it likes."""
    return "" if currency == ZERO_ADDRESS else f" (--leave-out {currency} passes this token over)"


def accounts_of(world: World) -> list[str]:
    """Everybody who takes part in a job, once."""
    jobs = [one for protocol in world.protocols for one in protocol.jobs.values()]
    people = dict.fromkeys(
        who for one in jobs for who in (one.job.consumer, one.provider, one.payee)
    )
    return [who for who in people if who != ZERO_ADDRESS]


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
