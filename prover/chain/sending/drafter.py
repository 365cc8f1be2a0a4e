"""A sender that signs nothing: it writes down what a wallet or multisig is to sign."""

from collections.abc import Sequence
from typing import Any, cast

from eth_utils.crypto import keccak
from hexbytes import HexBytes
from web3.types import TxReceipt

from prover.base.errors import ContractRefused, EnvironmentMissing
from prover.chain.abi.contract import Call
from prover.chain.node.client import Client, checksum
from prover.chain.sending.journal import Attempt, Journal, journal_of_home
from prover.chain.sending.transactions import Sender
from prover.chain.sending.trial import Trial
from prover.chain.sending.wallet import Draft, Handed

# A wallet cannot create a contract at an address that is known before: this one does, on most
# chains and on Anvil (https://github.com/Arachnid/deterministic-deployment-proxy).
CREATOR = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
_SALT = bytes(32)


class Drafter(Sender):
    """Takes the place of a `Sender`; its `send` ends the command with what is to be signed."""

    signs = False

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = str(checksum(address))
        self._journal = Journal(journal_of_home())  # what a key has signed
        self._trial = Trial(client, self.address)
        self._drafts: list[Draft] = []

    def send(
        self,
        action: str,
        call: Call,
        *,
        once: bool = True,
        more: bool = False,
        exact: bool = False,
        worth: int | None = None,
    ) -> TxReceipt:
        """Write a call down. Raises Handed with all that was, unless more is to follow."""
        receipt = self._receipt(None)
        if call.to is None:
            address = created_at(call.data)
            receipt = self._receipt(address)
            if self.client.code(address):
                return receipt
            self._check_creator()
            call = Call(call.says, CREATOR, _SALT + call.data, call.value)
        self._drafts.append(Draft(call.says, str(call.to), call.data, call.value, self._gas(call)))
        if once and not more:
            self.hand_over()
        return receipt

    def hand_over(self) -> None:
        """Raise Handed if anything was written down."""
        if self._drafts:
            raise Handed(self.client.chain_id, self.address, tuple(self._drafts))

    def settle_stakes(self, but: str = "") -> None:
        """Nothing is known of what a wallet signed before."""

    def retry_unseen(self, action: str) -> TxReceipt | None:
        """Nothing is known of what a wallet signed before."""
        return None

    def retry_lost(self, prefix: str) -> list[TxReceipt]:
        """What a wallet signed it sends again itself."""
        return []

    def forgo(self, action: str, call: Call) -> None:
        """What a key has signed only a key excludes."""

    def drop(self, action: str, call: Call) -> Sequence[Attempt]:
        """What a key has signed only a key excludes."""
        return ()

    def take_back(self, action: str) -> None:
        """What a key has signed only a key excludes."""

    def _gas(self, call: Call) -> int | None:
        try:
            return self._trial.gas(call)
        except ContractRefused:
            if not self._drafts:
                raise
            return None  # what is signed before it decides

    def _receipt(self, created: str | None) -> TxReceipt:
        """What takes the place of a receipt while a command goes on to its next transaction."""
        fields: dict[str, Any] = {
            "status": 1,
            "gasUsed": 0,
            "logs": [],
            "contractAddress": created,
            "blockNumber": int(self.client.block()["number"]),
            "transactionHash": HexBytes(bytes(32)),
        }
        return cast("TxReceipt", fields)

    def _check_creator(self) -> None:
        if not self.client.code(CREATOR):
            raise EnvironmentMissing(
                f"chain {self.client.chain_id} has no deterministic deployer at {CREATOR}, which a "
                "wallet needs to create contracts: have it deployed, or sign with a key"
            )


def created_at(code: bytes) -> str:
    """Where `CREATOR` puts the contract of this creation code (EIP-1014)."""
    content = b"\xff" + bytes.fromhex(CREATOR[2:]) + _SALT + keccak(code)
    return str(checksum("0x" + keccak(content)[12:].hex()))
