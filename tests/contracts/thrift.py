"""Fewer questions to the node: ape asks eleven for each transaction, most with one answer here."""

import pytest
import requests
from ape.api import ReceiptAPI
from ape.api.address import BaseAddress
from ape_ethereum.ecosystem import Ethereum
from ape_foundry import FoundryProvider


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
    # No proxy is on the way to a node of this machine; the environment is searched at each request.
    patch.setattr(requests.sessions, "get_environ_proxies", lambda *_, **__: {})
    _look_for_code_once(patch)


def _look_for_code_once(patch: pytest.MonkeyPatch) -> None:
    find, found = BaseAddress.is_contract.fget, set[str]()

    def is_contract(one: BaseAddress) -> bool:
        if one.address not in found and find(one):
            found.add(one.address)
        return one.address in found

    patch.setattr(BaseAddress, "is_contract", property(is_contract))
