"""Of the chain and this machine: node, contracts, all protocols' jobs, the audit."""

from typing import Literal

from pydantic import JsonValue

from prover.cli.schema.parts import (
    Address,
    Amount,
    Block,
    ChainId,
    Count,
    Currency,
    DeedRow,
    JobId,
    JobRow,
    Message,
    Printed,
    Protocol,
    Time,
    UnminedRow,
    Word,
)


class LocalNode(Printed):
    """A node that answers; the command goes on until it is ended."""

    rpc: str
    """The node's address."""
    chain_id: ChainId
    pid: int
    """Of the node's process."""


class Contract(Printed):
    """A contract on the chain."""

    address: Address
    block: Block
    """That it is in."""
    transaction_hash: Word
    """Of the one that deployed it. Zeros if a wallet's was not told."""
    compiler: str
    input_hash: Word
    """Of what the compiler was given."""


class Deployed(Printed):
    """The project's contracts on the chain."""

    chain_id: ChainId
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
    """Whose this is. Null for everybody's jobs."""
    jobs: list[AnyJob]
    credits: dict[Currency, Amount]
    """What may be withdrawn from all contracts, by currency. Those that are 0 are left out."""
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
    """Its name."""
    currency: Currency
    escrowed: Amount
    credited: Amount
    surplus: int
    """That nobody known gave, in units of the currency; below 0 if some is missing."""


class Gift(Printed):
    """Money that came into a contract and is no job's."""

    contract: str
    """Its name."""
    currency: Currency
    amount: Amount
    block: Block | None
    """That it is in. Null for smaller amounts, which are not traced."""


class Audit(Printed):
    """What an audit compared and found. Exit status 1 on a mismatch."""

    chain_id: ChainId
    addresses: dict[str, Address]
    """Of the contracts, by name."""
    last_block: Block
    events_read: Count
    transactions_read: Count
    jobs_by_state: dict[str, Count]
    """Of all protocols."""
    jobs_by_protocol: dict[Protocol, dict[str, Count]]
    """And state."""
    datasets_read: Count
    steps_compared: Count
    """Jobs compared with the contract at the end of a block that moved them."""
    transfers_unknown: Message
    """Why incoming tokens were not compared with events. Empty if they were."""
    steps_not_comparable: Count
    """Those whose state the node has forgotten."""
    deliveries: Count
    disputes: Count
    proofs_accepted: Count
    proofs_reverified: Count
    proofs_not_reverifiable: Count
    left_out: list[Message]
    """What was not compared, as was asked."""
    mismatches: list[Mismatch]
    ledgers: list[Ledger]
    gifts: list[Gift]


class RevertReason(Printed):
    """What revert data says."""

    error: str
    """Its name."""
    arguments: dict[str, JsonValue]
    """By the names of the contract's interface."""
    advice: Message


class Reverted(Printed):
    """A transaction that reverted."""

    status: Literal[0]
    """Of the receipt."""
    error: str
    """Its name."""
    message: Message
    """What happened."""


class Succeeded(Printed):
    """A transaction that did not revert."""

    status: Literal[1]
    """Of the receipt."""


class Finding(Printed):
    """Something that `doctor` looked at."""

    name: str
    """What it is called."""
    ok: bool
    """Whether nothing that is required is missing."""
    found: Message
    fix: Message
    """Empty if there is nothing to say."""
    required: bool
    """Whether all commands fail without it. Else some do."""


class Health(Printed):
    """What this machine has and lacks. Exit status 1 if something needed is missing."""

    ok: bool
    """Whether nothing that is required is missing."""
    findings: list[Finding]
