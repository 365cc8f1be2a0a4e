"""A verifier is deployed once for its artifacts; where it stands is what the receipt says."""

from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import ChainError
from prover.chain.contracts.deploy import _created_in, deploy

PLACE = "0x" + "44" * 20


def deployed(place: str | None) -> tuple[Any, list[Any]]:
    sent: list[Any] = []

    def send(action: str, call: Any, **options: bool) -> dict[str, object]:
        sent.append((action, call, options))
        return {"contractAddress": place, "gasUsed": 3_100_000}

    sender: Any = SimpleNamespace(send=send)
    return deploy(sender, "verifier", "ab" * 32, b"\x60\x01"), sent


def test_the_address_and_gas_of_a_new_verifier_are_the_receipts() -> None:
    found, ((action, call, options),) = deployed(PLACE)
    assert (found.address, found.gas) == (PLACE, 3_100_000)
    assert action == "deploy:verifier:" + "ab" * 32
    assert (call.to, call.data, options) == (None, b"\x60\x01", {"more": True})


def test_a_receipt_without_an_address_is_no_contract() -> None:
    with pytest.raises(ChainError, match="names no contract address"):
        deployed(None)


@pytest.mark.parametrize("created", [0, 1, 6, 7, 12, 13])
def test_the_block_in_which_a_wallet_created_a_contract_is_found(created: int) -> None:
    asked: list[int] = []

    def code(address: str, block: int) -> bytes:
        assert address == PLACE
        asked.append(block)
        return b"\x60" if block >= created else b""

    client: Any = SimpleNamespace(code=code)
    assert _created_in(client, PLACE, 13) == created
    assert len(asked) <= 4
