"""Of the chain and this machine: node, contracts, all protocols' jobs, the audit."""

from typing import Literal

from pydantic import JsonValue

from prover.cli.schema.parts import (
    Address,
    Amount,
    Count,
    Currency,
    DeedRow,
    Index,
    JobId,
    JobRow,
    Message,
    Printed,
    Protocol,
    Time,
    UnminedRow,
)


class LocalNode(Printed):
    """A node that answers; the command goes on until it is ended."""

    rpc: str
    """The node's address."""
    chain_id: Count
    pid: Count
    """Of the node's process."""


class Contract(Printed):
    """A contract on the chain."""

    address: Address
    block: Index
    """From which on it is there."""
    tx: str
    """That deployed it; zeros if a wallet's was not told."""
    compiler: str
    input_hash: str
    """Of what the compiler was given."""


class Deployed(Printed):
    """The project's contracts on the chain."""

    chain_id: Count
    contracts: dict[str, Contract]
    """By name."""
    new: bool
    """Whether they were deployed now."""


class AnyJob(JobRow):
    """A job of any protocol, and whether it is open to you."""

    open_to_you: bool
    """Whether the account may take it, and this machine can prove it."""


class SetAside(Printed):
    """A job of which the events make no sense."""

    protocol: Protocol
    job: JobId
    why: Message


class AllJobs(Printed):
    """Jobs of all protocols."""

    now: Time
    """Of the chain's last block."""
    account: Address | None
    """Whose jobs; null for everybody's."""
    jobs: list[AnyJob]
    credits: dict[Currency, Amount]
    """Currency -> what the account may withdraw from all contracts."""
    provisional: list[DeedRow]
    unmined: list[UnminedRow]
    set_aside: list[SetAside]


class Mismatch(Printed):
    """Something that is not as it must be."""

    where: str
    what: Message


class Ledger(Printed):
    """One currency in one contract."""

    contract: str
    currency: Currency
    escrowed: Amount
    credited: Amount
    surplus: int
    """That nobody known gave, in units of the currency; below 0 if some is missing."""


class Gift(Printed):
    """Money that came into a contract and is no job's."""

    contract: str
    currency: Currency
    amount: Amount
    block: Index | None
    """Null for smaller amounts, which are not traced."""


class Audit(Printed):
    """What an audit compared and found. Exit status 1 on a mismatch."""

    chain_id: Count
    market: Address
    """Of the PredictionMarket."""
    contracts: dict[str, Address]
    """By name."""
    last_block: Index
    events: Count
    transactions: Count
    jobs: dict[str, Count]
    """All jobs by state."""
    protocols: dict[Protocol, dict[str, Count]]
    """The jobs of each protocol by state."""
    datasets: Count
    steps_compared: Count
    """Jobs compared with the contract at the end of a block that moved them."""
    transfers_unknown: Message
    """Why incoming tokens were not compared with events; empty if they were."""
    steps_not_comparable: Count
    """Those whose state the node has forgotten."""
    deliveries: Count
    disputes: Count
    proofs_accepted: Count
    proofs_reverified: Count
    proofs_not_reverifiable: Count
    left_out: list[Message]
    """What was not compared, as was asked."""
    mismatches: Count
    problems: list[Mismatch]
    ledgers: list[Ledger]
    gifts: list[Gift]


class RevertReason(Printed):
    """What revert data says."""

    error: str
    arguments: dict[str, JsonValue]
    """By the names of the contract's interface."""
    advice: Message


class Reverted(Printed):
    """A transaction that reverted."""

    status: Literal[0]
    error: str
    words: Message


class Succeeded(Printed):
    """A transaction that did not revert."""

    status: Literal[1]


class Finding(Printed):
    """Something that `doctor` looked at."""

    name: str
    ok: bool
    found: Message
    fix: Message
    """Empty if there is nothing to say."""
    needed: bool
    """Whether commands fail without it; else some do."""


class Health(Printed):
    """What this machine has and lacks. Exit status 1 if something needed is missing."""

    ok: bool
    findings: list[Finding]
