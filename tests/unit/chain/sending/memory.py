"""A chain in memory with one account: each nonce, each wei, each answer of a node; and a clock."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3.exceptions import BlockNotFound, TransactionNotFound, Web3RPCError

from prover.base.settings import get_settings
from prover.chain.accounts import anvil_account
from prover.chain.node.client import Client, checksum
from prover.chain.sending.fees import GWEI, Fees, fields_of
from prover.chain.sending.journal import Attempt, Journal
from prover.chain.sending.pool import Pool

ETHER = 10**18
ACCOUNT = anvil_account(2)
RECEIVER = str(checksum("0x" + "ab" * 20))
FIELDS = {"to": RECEIVER, "data": b"\1", "value": 5, "gas": 30_000, "from": RECEIVER}
FEES = Fees(3 * GWEI, GWEI)
BASE = GWEI


class Eth:
    """A chain with one account, as a test wants it; `says` refuses what is handed over, in words.

    Blocks are lists of raw transactions; those in `reverting` have no effect.
    """

    def __init__(self) -> None:
        self.blocks: list[list[bytes]] = [[]]
        self.pool: dict[int, bytes] = {}
        self.sent: list[bytes] = []
        self.mining, self.balance, self.base, self.tip = True, 10 * ETHER, BASE, GWEI
        self.gas, self.final = 25_000, 0
        self.reverting: set[bytes] = set()
        self.says: Callable[[bytes], str | Exception | None] = lambda _raw: None

    @property
    def max_priority_fee(self) -> int:
        return self.tip

    def get_balance(self, _address: str, _block: Any = None) -> int:
        return self.balance

    def get_transaction_count(self, address: str, block: int | str = "latest") -> int:
        assert address == ACCOUNT.address
        known = self.blocks if isinstance(block, str) else self.blocks[: block + 1]
        count = sum(map(len, known))
        while block == "pending" and count in self.pool:
            count += 1
        return count

    def get_block(self, which: int | str) -> dict[str, Any]:
        named = {"latest": len(self.blocks) - 1, "finalized": self.final}
        number = named[which] if isinstance(which, str) else which
        if number >= len(self.blocks):
            raise BlockNotFound("none")
        return {
            "number": number,
            "hash": HexBytes(keccak(bytes([number]) + b"".join(self.blocks[number]))),
            "timestamp": 1_000 + number,
            "baseFeePerGas": self.base,
        }

    def send_raw_transaction(self, raw: bytes) -> HexBytes:
        self.sent.append(raw)
        said = self.says(raw)
        if isinstance(said, Exception):
            raise said
        if said is not None:
            raise refused(said)
        nonce = int(fields_of(raw)["nonce"])
        if nonce < self.get_transaction_count(ACCOUNT.address):
            raise refused("nonce too low")
        self.pool[nonce] = raw
        if self.mining:
            self.mine()
        return HexBytes(keccak(raw))

    def mine(self) -> None:
        """A block of all that can be mined now."""
        count, taken = self.get_transaction_count(ACCOUNT.address), list[bytes]()
        while count in self.pool:
            taken.append(self.pool.pop(count))
            count += 1
        self.blocks.append(taken)

    def get_transaction(self, name: bytes) -> dict[str, Any]:
        known = [*self.pool.values(), *(raw for block in self.blocks for raw in block)]
        if bytes(name) not in map(keccak, known):
            raise TransactionNotFound("none")
        return {}

    def get_transaction_receipt(self, name: bytes) -> dict[str, Any]:
        for number, block in enumerate(self.blocks):
            if bytes(name) in map(keccak, block):
                about = {"blockNumber": number, "blockHash": self.get_block(number)["hash"]}
                status = int(bytes(name) not in self.reverting)
                found = {"status": status, "transactionHash": name, "gasUsed": 21_000, "logs": []}
                return about | found
        raise TransactionNotFound("none")

    def call(self, _transaction: Any, _block: Any = None) -> bytes:
        return b""

    def estimate_gas(self, _transaction: Any, _block: Any = None) -> int:
        return self.gas


def refused(message: str, code: int = -32000) -> Web3RPCError:
    response: Any = {"error": {"code": code, "message": message}}
    return Web3RPCError(message, rpc_response=response)


def client_of(eth: Any, chain_id: int = 31337) -> Client:
    return Client(SimpleNamespace(eth=eth), chain_id, f"{chain_id}:00")  # type: ignore[arg-type]


def journal_of() -> Journal:
    return Journal(get_settings().home / "journal.sqlite")


def signed(pool: Pool, nonce: int, action: str = "a", fees: Fees = FEES, value: int = 5) -> Attempt:
    return pool.sign(action, nonce, FIELDS | {"value": value}, fees)


class Clock:
    """Time that passes by being waited for, `step` seconds each time; `then` happens meanwhile."""

    def __init__(self, step: float, began: float = 0.0) -> None:
        self.now, self.slept, self.step, self.began = 0.0, list[float](), step, began
        self.then: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.began

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += self.step
        self.then()
