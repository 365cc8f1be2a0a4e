"""The transactions of one account that are not mined yet: placed, handed out again, raised.

On one nonce only the newest attempt is ever handed to the node: it replaces the ones before it,
which a pool would refuse beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import requests
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3.exceptions import BadResponseFormat, TransactionNotFound, Web3RPCError
from web3.types import BlockIdentifier

from prover.base.errors import ChainError
from prover.base.log import logger
from prover.base.text import in_ether
from prover.chain.events.finality import final_block
from prover.chain.node.client import Client, map_rpc_errors, rpc_message
from prover.chain.node.patience import is_limiting
from prover.chain.sending.answers import Answer, meaning
from prover.chain.sending.fees import Fees, fees_of, fields_of, in_gwei, limit, market, within
from prover.chain.sending.journal import Attempt, Fate, Journal

LOG = logger(__name__)


class Refused(ChainError):
    """The node refuses a transaction, in words that mean nothing to us."""


class Limited(Refused):
    """The node limits requests: it may have the transaction all the same."""


@dataclass(frozen=True)
class NonceChoice:
    """A nonce for a new transaction; `above` are fees that it must replace, if there are any.

    `if_any`: the node has not what is to be replaced, but another may; `taken`: one had it.
    """

    nonce: int
    above: Fees | None = None
    if_any: bool = False
    taken: bool = False


class Pool:
    """What an account of a chain has signed and not seen mined."""

    def __init__(self, client: Client, account: LocalAccount, journal: Journal) -> None:
        self.client = client
        self._account = account
        self._journal = journal
        self._address = str(account.address)

    def sign(self, action: str, nonce: int, fields: Mapping[str, Any], fees: Fees) -> Attempt:
        """A transaction, signed and written down; `fields` are gas, data, value and perhaps to."""
        kept = {name: fields[name] for name in ("to", "data", "value", "gas") if name in fields}
        signed = self._account.sign_transaction(
            kept
            | {
                "type": 2,
                "chainId": self.client.chain_id,
                "nonce": nonce,
                "maxFeePerGas": fees.maximum,
                "maxPriorityFeePerGas": fees.priority,
            }
        )
        raw, digest = bytes(signed.raw_transaction), bytes(signed.hash)
        scope, gas = self.client.scope, int(fields["gas"])
        attempt = Attempt(scope, self._address, action, nonce, digest, raw, gas, fees.maximum)
        self._journal.record(attempt)
        LOG.info("signed", action=action, nonce=nonce, hash=digest, gas=gas, fee=fees.maximum)
        return attempt

    @map_rpc_errors
    def offer(self, attempt: Attempt) -> Answer:
        """Hand a transaction to the node. Raises Refused if its refusal is not understood."""
        try:
            self.client.web3.eth.send_raw_transaction(attempt.raw)
        except Web3RPCError as error:
            answer = meaning(rpc_message(error))
            LOG.info("the node answers", hash=attempt.hash, answer=answer, message=str(error))
            if answer is Answer.OTHER:
                raise (Limited if is_limiting(error) else Refused)(
                    f"the node refuses transaction 0x{attempt.hash.hex()}: {rpc_message(error)}; "
                    "see its log"
                ) from error
            if answer is Answer.KNOWN:
                self._journal.set_taken(attempt)
            return answer
        except (requests.RequestException, BadResponseFormat) as error:
            raise ChainError(
                f"the node did not answer when it was handed transaction 0x{attempt.hash.hex()} "
                f"({type(error).__name__}): it may have it. It is written down: run the same "
                "command again, nothing is sent twice"
            ) from error
        self._journal.set_taken(attempt)
        return Answer.TAKEN

    def offer_new(self, attempt: Attempt) -> Answer:
        """Hand out what nobody has yet: where the node refuses it nobody ever will. See `offer`."""
        try:
            return self.offer(attempt)
        except Limited:
            raise
        except Refused:
            self._journal.set_fate([attempt], Fate.REPLACED)
            raise

    def waiting(self, mined: int | None = None) -> list[Attempt]:
        """The newest attempt of each nonce that the chain has not used, by nonce."""
        first = self.nonce("latest") if mined is None else mined
        return list(self._journal.newest(self.client.scope, self._address, first))

    def given_up(self, nonce: int) -> list[Attempt]:
        """What was given up from a nonce on, by nonce, the newest of each last."""
        return list(self._journal.given_up(self.client.scope, self._address, nonce))

    def choose_nonce(self) -> NonceChoice:
        """A nonce, after the node was handed all that is written down, as it may have lost it.

        Where the balance no longer covers a waiting transaction, or the node does not want it, its
        nonce is used: else nothing of this account could be mined any more. So is that of one that
        was given up, which another node may have. Both exclude each other.
        """
        mined = self.nonce("latest")
        waiting = self.waiting(mined)
        for attempt in waiting:
            if self._unwanted(attempt):
                return NonceChoice(attempt.nonce, fees_of(attempt.raw))
        taken = {attempt.nonce for attempt in waiting}
        nonce = max(mined, self.nonce("pending"))
        while nonce in taken:
            nonce += 1
        given_up = [one for one in self.given_up(mined) if one.nonce not in taken]
        if given_up and given_up[0].nonce <= nonce:
            return _instead_of([one for one in given_up if one.nonce == given_up[0].nonce])
        return NonceChoice(nonce)

    def _unwanted(self, attempt: Attempt) -> bool:
        try:
            return self.offer(attempt) is Answer.NO_FUNDS
        except Refused:
            return not self.holds(attempt)

    @map_rpc_errors
    def holds(self, attempt: Attempt) -> bool:
        """Whether the node has a transaction, mined or not."""
        try:
            self.client.web3.eth.get_transaction(HexBytes(attempt.hash))
        except TransactionNotFound:
            return False
        return True

    def hole(self, nonce: int, mined: int) -> int | None:
        """The first nonce below `nonce` for which neither we nor the node have a transaction."""
        taken = {attempt.nonce for attempt in self.waiting(mined) if attempt.nonce < nonce}
        if len(taken) >= nonce - mined:
            return None
        free = max(mined, self.nonce("pending"))
        while free in taken:
            free += 1
        return free if free < nonce else None

    def move(self, attempt: Attempt, nonce: int) -> Attempt:
        """The same transaction on an earlier nonce, written down; on its own it is given up."""
        fields, old, now = fields_of(attempt.raw), fees_of(attempt.raw), market(self.client)
        fees = Fees(max(old.maximum, now.maximum), max(old.priority, now.priority))
        moved = self.sign(attempt.action, nonce, fields, fees)
        found = self._journal.attempts(attempt.scope, attempt.sender, attempt.action)
        here = [one for one in found if one.nonce == attempt.nonce]
        self._journal.set_fate(here, Fate.REPLACED)
        return moved

    def raise_fees(self, newest: Attempt) -> Attempt | str:
        """The same transaction with higher fees, written down; or why there can be none.

        Never where the balance would not cover it, nor above the limit of the settings.
        """
        fields, old = fields_of(newest.raw), fees_of(newest.raw)
        fees = old.raised(market(self.client))
        if not within(fees):
            return (
                f"it would have to pay {in_gwei(fees.maximum)} a gas, {in_gwei(fees.priority)} of "
                f"it as a tip: expected at most {in_gwei(limit().maximum)} (ZKESCROW_MAX_FEE_GWEI) "
                f"and {in_gwei(limit().priority)} (ZKESCROW_MAX_TIP_GWEI)"
            )
        needed = int(fields["value"]) + newest.gas * fees.maximum + self.outlay(newest.nonce)
        balance = self.client.balance(self._address)
        if balance < needed:
            return (
                f"the account has {in_ether(balance)}: {in_ether(needed)} are needed to pay more "
                "for it"
            )
        return self.sign(newest.action, newest.nonce, fields, fees)

    def outlay(self, without: int) -> int:
        """Wei that the waiting transactions may take, without the one of nonce `without`."""
        others = [attempt for attempt in self.waiting() if attempt.nonce != without]
        values = (int(fields_of(attempt.raw)["value"]) for attempt in others)
        return sum(values) + sum(attempt.gas * attempt.fee for attempt in others)

    @map_rpc_errors
    def nonce(self, block: BlockIdentifier | Literal["latest", "pending"]) -> int:
        """The account's transactions up to a block."""
        address = self._account.address
        return int(self.client.web3.eth.get_transaction_count(address, block))

    def final_nonce(self) -> int:
        """The account's transactions that nothing will undo any more."""
        return self.nonce(max(final_block(self.client), 0))


def _instead_of(given_up: Sequence[Attempt]) -> NonceChoice:
    """The nonce of attempts that were given up, oldest first, and the fees of what a node had."""
    had = [one for one in given_up if one.taken]
    newest = (had or given_up)[-1]
    return NonceChoice(newest.nonce, fees_of(newest.raw), if_any=True, taken=bool(had))
