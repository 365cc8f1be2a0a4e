"""Tokens that came into the contracts: the receipts of these transactions show what logs left out.

A job whose token no other job uses leaves no credit or balance to compare when a node hides it. Its
payment is another contract's event.
"""

from collections.abc import Mapping
from typing import Any

from eth_utils.crypto import keccak

from prover.audit.findings import Findings
from prover.audit.payments import pays_directly
from prover.base.errors import ChainError
from prover.chain.deployments import Deployment
from prover.chain.events.decoding import known_topics
from prover.chain.events.logs import fetch_matching
from prover.chain.node.client import Client
from prover.chain.node.rpc import ask_all

HIDES = "the node hides events; ask another node"
_TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()


def compare_transfers(
    client: Client,
    deployment: Deployment,
    last: int,
    event_counts: Mapping[bytes, int],
    findings: Findings,
) -> None:
    """Each transaction that brought a token in has as many events of ours as
    `event_counts` says of it.

    Where the node gives no transfers or receipts, that is among the findings, as no mismatch.
    """
    try:
        transactions = _incoming(client, deployment, last)
        receipts = ask_all(
            client, [("eth_getTransactionReceipt", ("0x" + one.hex(),)) for one in transactions]
        )
        _compare(
            client,
            deployment,
            dict(zip(transactions, receipts, strict=True)),
            event_counts,
            findings,
        )
    except ChainError as error:
        findings.transfers_unknown = str(error)


def _compare(
    client: Client,
    deployment: Deployment,
    receipts: Mapping[bytes, Any],
    event_counts: Mapping[bytes, int],
    findings: Findings,
) -> None:
    ours = {one.lower() for one in (deployment.registry, *deployment.holding_jobs)}
    counts = {one: events_in(receipt, ours) for one, receipt in receipts.items()}
    quiet = {
        one: receipts[one] for one, there in counts.items() if not there and one not in event_counts
    }
    for transaction in _silent(client, deployment, quiet):
        what = f"it pays for a job, and no log tells of it: {HIDES}"
        findings.note(f"transaction 0x{transaction.hex()}", what)
    for transaction, there in counts.items():
        known = event_counts.get(transaction, 0)
        if there > known:
            what = f"its receipt has {there} events of the contracts, the logs {known}: {HIDES}"
            findings.note(f"transaction 0x{transaction.hex()}", what)


def _silent(client: Client, deployment: Deployment, quiet: Mapping[bytes, Any]) -> list[bytes]:
    """Transactions that paid for a job by a direct call, though nothing tells of an event.

    Tokens are given to anybody in any number: they are not traced.
    """
    wanted = [("eth_getTransactionByHash", ("0x" + one.hex(),)) for one in quiet]
    sent = zip(quiet, ask_all(client, wanted), strict=True)
    return [one for one, fields in sent if pays_directly(deployment, fields, quiet[one])]


def _incoming(client: Client, deployment: Deployment, last: int) -> list[bytes]:
    """The transactions with transfers of any ERC-20 token to the contracts, once each."""
    to = ["0x" + one[2:].lower().rjust(64, "0") for one in deployment.holding_jobs]
    wanted = {"topics": [_TRANSFER, None, to]}
    pages = fetch_matching(client, wanted, deployment.first_block, last)
    return list(dict.fromkeys(log.transaction for page in pages for log in page.logs))


def events_in(receipt: Any, addresses: set[str]) -> int:
    """How many of our events a receipt has. Raises ChainError if it is none."""
    topics = {"0x" + topic.hex() for topic in known_topics()}
    try:
        logs = [(one["address"].lower(), one["topics"][:1]) for one in receipt["logs"]]
        return sum(
            where in addresses and {*first} <= topics and bool(first) for where, first in logs
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ChainError(
            "the node's receipt is malformed: expected a list of logs with address and topics; "
            "use another node"
        ) from error
