"""Fewer questions to the node: ape asks eleven for each transaction, most with one answer here."""

from collections.abc import Callable

import pytest
from ape.api import ReceiptAPI
from ape.api.address import BaseAddress
from ape_ethereum.ecosystem import Ethereum
from ape_foundry import FoundryProvider
from hexbytes import HexBytes
from web3.eth import Eth
from web3.types import TxReceipt

POLL_SECONDS = 0.003


def ask_less(patch: pytest.MonkeyPatch, provider: FoundryProvider) -> None:
    """What holds of a node that mines each transaction at once is asked when it starts, or never.

    Fees are offered high enough for any block; what is paid is the block's base fee all the same.
    """
    priority, offered = provider.priority_fee, 100 * provider.base_fee
    assert provider.auto_mine
    patch.setattr(FoundryProvider, "auto_mine", property(lambda _: True))
    patch.setattr(FoundryProvider, "priority_fee", property(lambda _: priority))
    patch.setattr(FoundryProvider, "base_fee", property(lambda _: offered))
    # A receipt is of a transaction that was mined, and its nonce is used.
    patch.setattr(ReceiptAPI, "_await_sender_nonce_increment", lambda _: None)
    # Our contracts log nothing for a debugger, which ape would have to trace them for.
    patch.setattr(ReceiptAPI, "show_debug_logs", lambda _: None)
    kind = provider.network.ecosystem.default_transaction_type
    patch.setattr(Ethereum, "default_transaction_type", property(lambda _: kind))
    patch.setattr(provider.web3.eth, "wait_for_transaction_receipt", _mined(provider.web3.eth))
    _look_for_code_once(patch)


def _mined(eth: Eth) -> Callable[..., TxReceipt]:
    """Asked again soon: a block is mined in a few milliseconds, not in a tenth of a second."""
    wait = eth.wait_for_transaction_receipt

    def receipt(transaction_hash: HexBytes, timeout: float) -> TxReceipt:
        return wait(transaction_hash, timeout, poll_latency=POLL_SECONDS)

    return receipt


def _look_for_code_once(patch: pytest.MonkeyPatch) -> None:
    find, found = BaseAddress.is_contract.fget, set[str]()

    def is_contract(one: BaseAddress) -> bool:
        if one.address not in found and find(one):
            found.add(one.address)
        return one.address in found

    patch.setattr(BaseAddress, "is_contract", property(is_contract))
