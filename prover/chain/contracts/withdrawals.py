"""Taking credits out: what was sent is what the receipts say, not what was due before."""

from dataclasses import dataclass

from web3.logs import DISCARD
from web3.types import TxReceipt

from prover.chain.abi.contract import contract
from prover.chain.contracts.jobs import JobContract
from prover.chain.events.finality import newest_block
from prover.chain.node.client import checksum
from prover.chain.sending.transactions import Sender


@dataclass(frozen=True)
class Withdrawal:
    """Money that left a contract: wei or token units of a currency, and to whom."""

    contract: str
    currency: str
    to: str
    amount: int


def withdraw_credit(
    sender: Sender, holder: JobContract, currency: str, to: str
) -> list[Withdrawal]:
    """Take the account's whole credit out of a contract; nothing is sent where there is none.

    What an earlier command sent without seeing its end is settled first, and shown too: it may have
    taken less than is due now, and sent it elsewhere; of another recipient, what no node has is
    given up. Raises ContractRefused, InsufficientFunds,
    Postponed, or ChainError if the node lags.
    """
    action, call = f"withdraw:{holder.address}:{currency}", holder.withdraw(currency, to)
    sender.drop(action, call)
    earlier = sender.retry_unseen(action)
    receipts = [] if earlier is None else [earlier]
    newest = newest_block(sender.client).number  # an older one may show no credit yet
    if holder.credit(currency, sender.address, newest):
        receipts.append(sender.send(action, call, once=False))
    return [one for receipt in receipts for one in _withdrawals_in(sender, holder, receipt)]


def _withdrawals_in(sender: Sender, holder: JobContract, receipt: TxReceipt) -> list[Withdrawal]:
    """What the contract's events say that the account took out."""
    at = contract(sender.client.web3, holder.NAME, holder.address)
    return [
        Withdrawal(
            holder.address,
            str(checksum(log["args"]["currency"])),
            str(checksum(log["args"]["to"])),
            int(log["args"]["amount"]),
        )
        for log in at.events.Withdrawn().process_receipt(receipt, DISCARD)
        if log["address"] == holder.address and log["args"]["account"] == sender.address
    ]
