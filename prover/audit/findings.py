"""What an audit has found."""

from dataclasses import dataclass, field

from prover.protocol.world import World


@dataclass(frozen=True)
class Mismatch:
    """Something that is not as it must be: where, and in what."""

    where: str
    what: str


@dataclass(frozen=True)
class Ledger:
    """One currency in one contract, in wei or token units; `surplus` was given by nobody known."""

    contract: str
    currency: str
    escrowed: int
    credited: int
    surplus: int


@dataclass(frozen=True)
class Gift:
    """Money that came into a contract and is no job's, in wei or token units.

    `block` is None for smaller amounts that were not traced to their blocks.
    """

    contract: str
    currency: str
    amount: int
    block: int | None


@dataclass
class Findings:
    """What an audit has found up to now.

    `steps_compared` counts jobs compared with the contract at the end of a block that moved them;
    `steps_not_comparable` those whose state of that time the node has forgotten.
    `left_out` is what was not compared because the auditor said so.
    `transfers_unknown` says why incoming tokens were not compared with events; empty if they were.
    """

    events: int = 0
    transactions: int = 0
    steps_compared: int = 0
    steps_not_comparable: int = 0
    deliveries: int = 0
    disputes: int = 0
    proofs_accepted: int = 0
    proofs_reverified: int = 0
    proofs_not_reverifiable: int = 0
    transfers_unknown: str = ""
    left_out: list[str] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)

    def note(self, where: str, what: str) -> None:
        """Write a mismatch down."""
        self.mismatches.append(Mismatch(where, what))

    def expect(self, where: str, name: str, found: object, allowed: object) -> None:
        """Write down what the contract says otherwise than the events."""
        if found != allowed:
            self.note(where, f"{name}: the contract says {found}, the events {allowed}")


@dataclass(frozen=True)
class AuditReport:
    """A finished audit up to block `last`, with the world as the events tell it.

    `contracts` are addresses by name.
    """

    chain_id: int
    contracts: dict[str, str]
    last: int
    world: World
    findings: Findings
