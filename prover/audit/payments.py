"""Calls that brought money in for a job, whatever the node's logs and receipts say of them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from eth_utils.abi import function_abi_to_4byte_selector

from prover.audit.calls import traced
from prover.base.errors import ChainError
from prover.chain.abi.contract import JOBS, abi
from prover.chain.deployments import Deployment
from prover.chain.node.client import Client

Sent = Mapping[str, Any]


def pays(client: Client, deployment: Deployment, transaction: Sent, receipt: Sent) -> bool:
    """Whether a transaction, as JSON-RPC gives it, called one of our contracts to bring money in.

    Directly, or through others where the node traces. No such call succeeds without an event.
    """
    if pays_directly(deployment, transaction, receipt):
        return True
    calls = traced(client, bytes.fromhex(transaction["hash"][2:]))
    return any(call.get("type") == "CALL" and _is_payment(call, deployment) for call in calls)


def pays_directly(deployment: Deployment, transaction: Sent, receipt: Sent) -> bool:
    """Whether a transaction is such a call itself, and was not reverted. Raises ChainError."""
    if not isinstance(transaction, Mapping):
        raise ChainError(
            "the node's transaction is malformed: expected an object; use another node"
        )
    return receipt.get("status") == "0x1" and _is_payment(transaction, deployment)


def _is_payment(call: Sent, deployment: Deployment) -> bool:
    """Whether a call is one of a function of ours that takes money, in ETH or tokens."""
    to, selector = str(call.get("to", "")).lower(), str(call.get("input", ""))[:10].lower()
    names = [name for name in JOBS if deployment.contracts[name].address.lower() == to]
    return any(selector in _taking(name) for name in names)


@cache
def _taking(name: str) -> frozenset[str]:
    """Selectors of the functions of a contract that take money."""
    functions: list[Any] = [one for one in abi(name) if one["type"] == "function"]
    taking = [one for one in functions if one["stateMutability"] == "payable"]
    return frozenset("0x" + function_abi_to_4byte_selector(one).hex() for one in taking)
