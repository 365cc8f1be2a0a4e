"""Where contracts say that jobs stand, in one stated block: alike in every protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector
from hexbytes import HexBytes

from prover.chain.events.store import BlockPoint
from prover.chain.node.client import Client, checksum
from prover.chain.node.rpc import ask_each
from prover.protocol.jobs import JobRef
from prover.statement.field import WORD_BYTES

_JOBS = function_signature_to_4byte_selector("jobs(bytes32)")
_WORDS = ("uint256", "address", "uint256")  # what every contract's record begins with
_BYTES = WORD_BYTES * len(_WORDS)


@dataclass(frozen=True)
class View:
    """State, payee and deadline (Unix seconds) in the contract's storage."""

    state: int
    payee: str
    deadline: int


def status_at(client: Client, refs: Sequence[JobRef], head: BlockPoint) -> list[View | None]:
    """Jobs in a block, in one request for a hundred; None where the node does not give one.

    It may have lost that state, or be asked at another of its machines.
    """
    at = {"blockHash": "0x" + head.hash.hex()}  # EIP-1898
    calls = [{"to": where, "data": "0x" + (_JOBS + job_id).hex()} for where, job_id in refs]
    return [
        _view(answer) for answer in ask_each(client, [("eth_call", (one, at)) for one in calls])
    ]


def _view(answer: Any) -> View | None:
    try:
        state, payee, deadline = decode(_WORDS, bytes(HexBytes(answer))[:_BYTES])
    except (DecodingError, TypeError, ValueError):
        return None
    return View(state, str(checksum(payee)), deadline)
