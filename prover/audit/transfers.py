"""Tokens that came into the contracts: the receipts of these transactions show what logs left out.

A job whose token no other job uses leaves no credit or balance to compare when a node hides it. Its
payment is another contract's event.
"""

from collections.abc import Mapping
from typing import Any

from eth_utils.crypto import keccak

from prover.audit.findings import Findings
from prover.chain.client import Client
from prover.chain.decoding import known_topics
from prover.chain.deployments import Deployment
from prover.chain.logs import fetch_matching
from prover.chain.rpc import ask_all
from prover.errors import ChainError

_TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()


def compare_transfers(
    client: Client,
    deployment: Deployment,
    last: int,
    told: Mapping[bytes, int],
    findings: Findings,
) -> None:
    """Each transaction that brought a token in has as many events of ours as were `told` of it.

    Where the node gives no transfers or receipts, that is among the findings, as no mismatch.
    """
    ours = {one.lower() for one in (deployment.registry, *deployment.holding_jobs)}
    try:
        transactions = _incoming(client, deployment, last)
        receipts = ask_all(
            client, [("eth_getTransactionReceipt", ("0x" + one.hex(),)) for one in transactions]
        )
        counts = [_events_in(receipt, ours) for receipt in receipts]
    except ChainError as error:
        findings.transfers_unknown = str(error)
        return
    for transaction, there in zip(transactions, counts, strict=True):
        if there > told.get(transaction, 0):
            findings.note(
                f"transaction 0x{transaction.hex()}",
                f"its receipt has {there} events of the contracts, the node's logs "
                f"{told.get(transaction, 0)}: the node hides events; ask another node",
            )


def _incoming(client: Client, deployment: Deployment, last: int) -> list[bytes]:
    """The transactions with transfers of any ERC-20 token to the contracts, once each."""
    to = ["0x" + one[2:].lower().rjust(64, "0") for one in deployment.holding_jobs]
    wanted = {"topics": [_TRANSFER, None, to]}
    pages = fetch_matching(client, wanted, deployment.first_block, last)
    return list(dict.fromkeys(log.transaction for page in pages for log in page.logs))


def _events_in(receipt: Any, addresses: set[str]) -> int:
    """How many of our events a receipt has. Raises ChainError if it is none."""
    topics = {"0x" + topic.hex() for topic in known_topics()}
    try:
        logs = [(one["address"].lower(), one["topics"][:1]) for one in receipt["logs"]]
        return sum(
            where in addresses and {*first} <= topics and bool(first) for where, first in logs
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ChainError("the node gives a receipt that is none: use another node") from error
