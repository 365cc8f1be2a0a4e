"""Sending transactions: tried first, written down before they go out, never sent twice."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3.exceptions import ContractLogicError, Web3RPCError
from web3.types import TxParams, TxReceipt, Wei

from prover.chain.client import Client, checksum, refused, rpc_message, speaks
from prover.chain.contracts import Call
from prover.chain.journal import Attempt, Fate, Journal
from prover.errors import ChainError, ContractRefused, InsufficientFunds
from prover.files import locked
from prover.protocol.words import in_ether
from prover.settings import get_settings

GAS_CAP = 16_777_216  # EIP-7825
GAS_MARGIN_PERCENT = 20
PRIORITY_FEE_WEI = 1_000_000_000
BUMP_PERCENT = 15  # nodes ask for 10 % to replace a transaction
BUMP_AFTER_SECONDS = 45.0
GIVE_UP_SECONDS = 300.0
POLL_SECONDS = 0.1
_ALREADY_KNOWN = ("already known", "already imported", "nonce too low", "already been used")


@dataclass(frozen=True)
class Fees:
    """Maximum and priority fee, in wei a gas (EIP-1559)."""

    maximum: int
    priority: int


@dataclass(frozen=True)
class Cost:
    """What a transaction will take: gas limit and wei at the present fees."""

    gas: int
    wei: int


class Sender:
    """One account on one chain. Actions are named; a name stands for one effect on the chain."""

    def __init__(self, client: Client, account: LocalAccount, journal: Journal | None = None):
        self.client = client
        self.address = str(account.address)
        self._account = account
        self._journal = journal or Journal(get_settings().home / "journal.sqlite")

    def send(self, action: str, call: Call, *, once: bool = True) -> TxReceipt:
        """Make `call` happen once, whatever crashed before, and wait for its receipt.

        A second send of the same action returns the receipt of the first; with `once` False only
        while nobody has seen that receipt (withdrawals may come again). An action that was mined
        but reverted may be sent again. Raises ContractRefused with the decoded error, before
        sending where the dry run shows it; InsufficientFunds; ChainError if it takes too long.
        """
        with locked(get_settings().home / "locks" / f"{self.address}.lock"):
            attempts = self._standing(action, once)
            if not attempts:
                attempts = [self._attempt(action, call)]
            self._broadcast(attempts[-1])
        return self._settle(call, attempts)

    def estimate(self, call: Call) -> Cost:
        """Dry run and cost. Raises ContractRefused, InsufficientFunds or ChainError."""
        transaction = self._transaction(call)
        self._check_funds(call.value, call)
        self._try(transaction, call)
        gas = self._gas(transaction, call)
        return Cost(gas, gas * self._fees().maximum)

    def _standing(self, action: str, once: bool) -> list[Attempt]:
        """Earlier attempts that were or can still be mined; forgets those that cannot."""
        found = self._journal.attempts(self.client.scope, self.address, action)
        attempts = [attempt for attempt in found if once or attempt.fate is Fate.PENDING]
        if not attempts or any(self.client.receipt(attempt.hash) for attempt in attempts):
            return attempts
        if self._nonces("latest") > attempts[-1].nonce:
            self._journal.set_fate(attempts, Fate.REPLACED)
            return []
        return attempts

    def _attempt(self, action: str, call: Call) -> Attempt:
        """A new attempt, signed and written down."""
        transaction = self._transaction(call)
        self._check_funds(call.value, call)
        self._try(transaction, call)
        gas = self._gas(transaction, call)
        fees = self._fees()
        self._check_funds(call.value + gas * fees.maximum, call)
        return self._sign(action, call, self._next_nonce(), gas, fees)

    def _sign(self, action: str, call: Call, nonce: int, gas: int, fees: Fees) -> Attempt:
        transaction: dict[str, Any] = {
            "type": 2,
            "chainId": self.client.chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": fees.maximum,
            "maxPriorityFeePerGas": fees.priority,
            "data": HexBytes(call.data),
            "value": call.value,
        }
        if call.to is not None:
            transaction["to"] = checksum(call.to)
        signed = self._account.sign_transaction(transaction)
        raw, digest = bytes(signed.raw_transaction), bytes(signed.hash)
        attempt = Attempt(
            self.client.scope, self.address, action, nonce, digest, raw, gas, fees.maximum
        )
        self._journal.record(attempt)
        return attempt

    @speaks
    def _broadcast(self, attempt: Attempt) -> None:
        if self.client.receipt(attempt.hash):
            return
        try:
            self.client.web3.eth.send_raw_transaction(attempt.raw)
        except Web3RPCError as error:
            if not any(known in rpc_message(error).lower() for known in _ALREADY_KNOWN):
                raise

    def _next_nonce(self) -> int:
        """The next nonce, after the node has all that was written down but may have been lost."""
        mined = self._nonces("latest")
        pending = self._journal.pending(self.client.scope, self.address)
        for attempt in pending:
            if attempt.nonce >= mined:
                self._broadcast(attempt)
        return max(self._nonces("pending"), *(attempt.nonce + 1 for attempt in pending), 0)

    def _settle(self, call: Call, attempts: list[Attempt]) -> TxReceipt:
        """Wait for one of the attempts, raising the fee of the last when it takes long."""
        started = bumped = time.monotonic()
        while True:
            for attempt in attempts:
                receipt = self.client.receipt(attempt.hash)
                if receipt is not None:
                    return self._judge(attempts, receipt)
            now = time.monotonic()
            if now - started > GIVE_UP_SECONDS:
                raise ChainError(
                    f"transaction 0x{attempts[-1].hash.hex()} ({call.says}) is not mined after "
                    f"{GIVE_UP_SECONDS:.0f} s: run the same command again to go on waiting for it"
                )
            if now - bumped > BUMP_AFTER_SECONDS:
                bumped = now
                attempts = [*attempts, self._bump(call, attempts[-1])]
            time.sleep(POLL_SECONDS)

    def _bump(self, call: Call, last: Attempt) -> Attempt:
        """The same transaction with the same nonce and a higher fee."""
        maximum = max(_raise(last.fee), self._fees().maximum)
        priority = max(PRIORITY_FEE_WEI, _raise(min(last.fee, PRIORITY_FEE_WEI)))
        fees = Fees(maximum, min(priority, maximum))
        attempt = self._sign(last.action, call, last.nonce, last.gas, fees)
        self._broadcast(attempt)
        return attempt

    def _judge(self, attempts: Sequence[Attempt], receipt: TxReceipt) -> TxReceipt:
        if receipt["status"] == 1:
            self._journal.set_fate(attempts, Fate.MINED)
            return receipt
        self._journal.set_fate(attempts, Fate.REVERTED)
        reason = revert_of(self.client, bytes(receipt["transactionHash"]))
        raise reason or ChainError("the node contradicts its own receipt: use another node")

    def _transaction(self, call: Call) -> TxParams:
        transaction: TxParams = {
            "from": self._account.address,
            "data": HexBytes(call.data),
            "value": Wei(call.value),
        }
        if call.to is not None:
            transaction["to"] = checksum(call.to)
        return transaction

    def _try(self, transaction: TxParams, call: Call) -> None:
        """The dry run, with all the gas that a transaction may have."""
        try:
            self.client.try_call({**transaction, "gas": GAS_CAP})
        except ContractRefused:
            raise
        except ChainError as error:
            if not _is_out_of_gas(str(error)):
                raise
            raise _too_much(call, "more") from error

    @speaks
    def _gas(self, transaction: TxParams, call: Call) -> int:
        try:
            estimate = int(self.client.web3.eth.estimate_gas(transaction, self.client.tip))
        except ContractLogicError as error:
            raise refused(error) from error
        except Web3RPCError as error:
            if not _is_out_of_gas(rpc_message(error)):
                raise
            raise _too_much(call, "more") from error
        if estimate > GAS_CAP:
            raise _too_much(call, str(estimate))
        return min(estimate * (100 + GAS_MARGIN_PERCENT) // 100, GAS_CAP)

    @speaks
    def _fees(self) -> Fees:
        """Twice the base fee holds for six full blocks."""
        base = int(self.client.block().get("baseFeePerGas", 0))
        return Fees(2 * base + PRIORITY_FEE_WEI, PRIORITY_FEE_WEI)

    def _check_funds(self, needed: int, call: Call) -> None:
        balance = self.client.balance(self.address)
        if balance < needed:
            raise InsufficientFunds(
                f"account {self.address} has {in_ether(balance)}: {in_ether(needed)} are needed "
                f"for {call.says}, gas included; send it ETH"
            )

    @speaks
    def _nonces(self, block: Literal["latest", "pending"]) -> int:
        return int(self.client.web3.eth.get_transaction_count(self._account.address, block))


def _is_out_of_gas(message: str) -> bool:
    return "outofgas" in message.lower().replace(" ", "").replace("_", "")


def _too_much(call: Call, needed: str) -> ChainError:
    return ChainError(
        f"{call.says} needs {needed} gas: {GAS_CAP} is allowed in a transaction (EIP-7825); use a "
        "smaller circuit or fewer items"
    )


def revert_of(client: Client, transaction_hash: bytes) -> ContractRefused | None:
    """Why a mined transaction reverted, by running its call again on the state it met; None if not.

    The state is that at the end of the block before, which differs where an earlier transaction of
    the same block is what made it revert.
    """
    receipt = client.receipt(transaction_hash)
    if receipt is None:
        raise ChainError(
            f"transaction 0x{transaction_hash.hex()} is not mined on this chain: check the hash"
        )
    if receipt["status"] == 1:
        return None
    sent = client.transaction(transaction_hash)
    call: TxParams = {"from": sent["from"], "data": sent["input"], "value": sent["value"]}
    if sent.get("to"):
        call["to"] = sent["to"]
    block = int(receipt["blockNumber"])
    for number in (block, block - 1):
        try:
            client.call({**call, "gas": sent["gas"]}, number)
        except ContractRefused as error:
            return error
    return ContractRefused(
        f"transaction 0x{transaction_hash.hex()} reverted, but would not at the ends of blocks "
        f"{block - 1} and {block}: another transaction of its block came first; try again"
    )


def _raise(fee: int) -> int:
    return fee * (100 + BUMP_PERCENT) // 100 + 1
