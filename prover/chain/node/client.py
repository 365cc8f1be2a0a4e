"""A node, reached over HTTP: reads, with failures as text."""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar
from urllib.parse import urlsplit

import requests
from eth_abi.exceptions import DecodingError
from eth_typing import BlockNumber, ChecksumAddress, HexStr
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import (
    BadResponseFormat,
    BlockNotFound,
    ContractLogicError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.types import BlockData, TxData, TxParams, TxReceipt

from prover.base.errors import ChainError, ContractRefused, UsageError
from prover.base.redaction import hide_url, public_url, redacted
from prover.base.settings import DEFAULT_PORT
from prover.base.text import shown
from prover.chain.abi.reverts import Revert, decode_revert
from prover.chain.node.patience import LIMITED, PatientProvider, Unbounded, is_limiting
from prover.protocol.limits import LOCAL_CHAIN as LOCAL_CHAIN

TIMEOUT_SECONDS = 60
_EXAMPLE = f"http://127.0.0.1:{DEFAULT_PORT}"
MAX_TIME = 2**40  # Unix seconds that terms can hold
# What web3 raises where an answer is of another form than it takes for granted.
_ODD = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)
P = ParamSpec("P")
R = TypeVar("R")


def map_rpc_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Turn failures of the node or of the connection into ChainError or ContractRefused."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Unbounded as error:
            raise ChainError(f"{error}, and is not read to its end: use another node") from error
        except (requests.RequestException, BadResponseFormat) as error:
            if is_limiting(error):
                raise ChainError(f"{LIMITED} ({said_by(error)})") from error
            raise ChainError(
                f"the node does not answer ({type(error).__name__}): is the RPC address right and "
                "the node running? `zkescrow node` starts a local one"
            ) from error
        except ContractLogicError as error:
            raise refused(error) from error
        except (TransactionNotFound, BlockNotFound) as error:
            raise ChainError(f"{said_by(error)} Check the hash and the chain.") from error
        except Web3RPCError as error:
            if is_limiting(error):
                raise ChainError(f"{LIMITED} ({rpc_message(error)})") from error
            raise ChainError(f"the node refuses: {rpc_message(error)}; see its log") from error
        except (Web3Exception, DecodingError) as error:
            raise ChainError(
                f"the answer of the contract or node makes no sense: {said_by(error)}; is "
                "this the right chain and are the contracts deployed on it?"
            ) from error
        except _ODD as error:
            raise _senseless(error) from error

    return wrapped


def _senseless(error: Exception) -> ChainError:
    return ChainError(
        f"the node's answer makes no sense ({type(error).__name__}: {said_by(error)}): use another "
        "node"
    )


def _checked_fields(found: Any, **kinds: type) -> Any:
    """What a node gave, if it has these fields, no number below 0. Raises ChainError."""
    for name, kind in kinds.items():
        value = found.get(name)
        if not isinstance(value, kind) or (isinstance(value, int) and value < 0):
            raise ChainError(f"the node gives {shown(repr(value))} as {name}: use another node")
    return found


def refused(error: ContractLogicError) -> ContractRefused:
    """A revert as an error as text."""
    data = error.data if isinstance(error.data, str) else "0x"
    try:
        revert = decode_revert(bytes.fromhex(data.removeprefix("0x")))
    except ValueError:
        revert = Revert("no reason", {}, said_by(error))
    return refusal(revert)


def refusal(revert: Revert) -> ContractRefused:
    """ContractRefused of a decoded revert."""
    return ContractRefused(f"the contract refuses with {revert.message()}", revert.name)


def rpc_message(error: Web3RPCError) -> str:
    """What the node said."""
    response: Any = error.rpc_response or {}
    detail = response.get("error", {})
    said = str(detail.get("message", error) if isinstance(detail, dict) else detail)
    return shown(redacted(said))


def said_by(error: Exception) -> str:
    """An error's words, which may be the node's, without secrets and control characters."""
    return shown(redacted(str(error)))


@dataclass(frozen=True)
class Client:
    """A connected node. `scope` names this very chain: chain id and genesis block."""

    web3: Web3
    chain_id: int
    scope: str

    @property
    def local(self) -> bool:
        """Whether this is a development chain, where keys and SRS may be public."""
        return self.chain_id == LOCAL_CHAIN

    @map_rpc_errors
    def block(self, number: int | None = None) -> BlockData:
        """A block without its transactions' bodies; the latest if no number is given."""
        found = self.web3.eth.get_block("latest" if number is None else BlockNumber(number))
        block: BlockData = _checked_fields(found, number=int, hash=bytes, timestamp=int)
        return block

    @map_rpc_errors
    def now(self) -> int:
        """Unix time that the next block will have at least, as far as the node tells."""
        try:
            seconds = int(self.web3.eth.get_block("pending")["timestamp"])
        except (BlockNotFound, KeyError, TypeError):
            seconds = int(self.block()["timestamp"])
        if not 0 <= seconds < MAX_TIME:
            raise ChainError(
                f"the node's time is {seconds}: expected 0 to {MAX_TIME - 1} (Unix time); use "
                "another node"
            )
        return seconds

    @map_rpc_errors
    def code(self, address: str, block: int | None = None) -> bytes:
        """Runtime code at an address, by default now; empty if there is none."""
        if block is None:
            return bytes(self.web3.eth.get_code(checksum(address)))
        return bytes(self.web3.eth.get_code(checksum(address), BlockNumber(block)))

    @map_rpc_errors
    def used_nonces(self, address: str) -> int:
        """The transactions of an account that the chain has."""
        return int(self.web3.eth.get_transaction_count(checksum(address)))

    @map_rpc_errors
    def balance(self, address: str) -> int:
        """ETH of an account in wei."""
        return int(self.web3.eth.get_balance(checksum(address)))

    @map_rpc_errors
    def call(self, transaction: TxParams, block: int | None = None) -> bytes:
        """eth_call at a block, the latest by default; raises ContractRefused on a revert."""
        if block is None:
            return bytes(self.web3.eth.call(transaction))
        return bytes(self.web3.eth.call(transaction, BlockNumber(block)))

    @property
    def tip(self) -> Literal["latest", "pending"]:
        """The block in which a transaction is tried before it is sent.

        A development node mines no empty blocks: its latest one may be older than a deadline that
        has passed since. Other chains go on by themselves, and their nodes differ in what they take
        "pending" for.
        """
        return "pending" if self.local else "latest"

    @map_rpc_errors
    def try_call(self, transaction: TxParams) -> bytes:
        """eth_call in the block of `tip`; raises ContractRefused on a revert."""
        return bytes(self.web3.eth.call(transaction, self.tip))

    @map_rpc_errors
    def transaction(self, transaction_hash: bytes) -> TxData:
        """A transaction by its hash."""
        return self.web3.eth.get_transaction(HexBytes(transaction_hash))

    @map_rpc_errors
    def receipt(self, transaction_hash: bytes) -> TxReceipt | None:
        """The receipt of a mined transaction, or None."""
        try:
            found = self.web3.eth.get_transaction_receipt(HexBytes(transaction_hash))
        except TransactionNotFound:
            return None
        numbers = {"status": int, "blockNumber": int, "gasUsed": int}
        hashes = {"blockHash": bytes, "transactionHash": bytes}
        receipt: TxReceipt = _checked_fields(found, **numbers, **hashes, logs=list)
        return receipt


def connect(url: str, chain_id: int | None = None) -> Client:
    """Reach the node at an HTTP address.

    Raises UsageError on another kind of address, ChainError if nothing answers or the node serves
    another chain than `chain_id`.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            f"RPC address {public_url(url)!r}: expected http:// or https:// at its beginning; give "
            f"one such as {_EXAMPLE}"
        )
    hide_url(url)
    try:
        web3 = Web3(PatientProvider(url, TIMEOUT_SECONDS))
    except ValueError as error:
        raise UsageError(
            f"RPC address {public_url(url)!r}: expected a host and perhaps a port, found none "
            f"({error}); give one such as {_EXAMPLE}"
        ) from error
    try:
        found = int(web3.eth.chain_id)
        genesis = bytes(web3.eth.get_block(BlockNumber(0))["hash"])
    except Unbounded as error:
        raise ChainError(f"{error}, and is not read to its end: use another node") from error
    except (requests.RequestException, Web3Exception, *_ODD) as error:
        raise ChainError(
            f"no Ethereum node answers at {public_url(url)} ({type(error).__name__}): start one "
            f"with `zkescrow node{_port_of(url)}` or give the right address (to a command: --rpc)"
        ) from error
    if chain_id is not None and found != chain_id:
        raise ChainError(
            f"the node at {public_url(url)} serves chain {found}: expected chain {chain_id}; give "
            "the address of a node of that chain (to a command: --rpc)"
        )
    return Client(web3, found, f"{found}:{genesis.hex()}")


def _port_of(url: str) -> str:
    """The option that has a local node listen where it was looked for."""
    with contextlib.suppress(ValueError):  # an address with no port that could be
        parts = urlsplit(url)
        if parts.hostname in ("127.0.0.1", "localhost") and parts.port not in (None, DEFAULT_PORT):
            return f" --port {parts.port}"
    return ""


def checksum(address: str) -> ChecksumAddress:
    """The address with its checksum. Raises UsageError if it is none."""
    try:
        return Web3.to_checksum_address(HexStr(address))
    except ValueError as error:
        raise UsageError(f"{address!r} is no address: expected 0x and 40 hex digits") from error
