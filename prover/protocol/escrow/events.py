"""Events of contracts/interfaces/IEscrow.sol, of whichever contract holds the money."""

from dataclasses import dataclass

from prover.protocol.event import Event, JobEvent


@dataclass(frozen=True, kw_only=True)
class Deposited(JobEvent):
    """Money came in for a job."""

    currency: str
    sender: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Credited(JobEvent):
    """Money of a job became an account's to withdraw."""

    currency: str
    account: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Withdrawn(Event):
    """An account took its whole credit out."""

    currency: str
    account: str
    to: str
    amount: int


EscrowEvent = Deposited | Credited | Withdrawn
