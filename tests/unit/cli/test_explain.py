"""`zkescrow explain-revert`, of data and of transactions."""

from tests.killing import command
from tests.localchain import CONSUMER, Chain, address_of

PANIC = "0x4e487b71" + f"{0x11:064x}"


def sent(chain: Chain, to: str, data: str) -> object:
    """The hash of a transaction that is mined, whatever becomes of it."""
    fields = {"from": address_of(CONSUMER), "to": to, "data": data, "gas": hex(100_000)}
    return chain.rpc("eth_sendTransaction", fields)


def test_revert_data_is_explained_without_a_chain() -> None:
    told = command("explain-revert", PANIC)
    assert (told["error"], told["arguments"]) == ("Panic", {"code": 17})


def test_a_transaction_that_reverted_is_explained(chain: Chain) -> None:
    told = command("explain-revert", sent(chain, chain.deployment.prediction, "0x12345678"))
    assert told["status"] == 0
    assert "without data" in told["message"]


def test_a_transaction_that_did_not_revert_is_said_to_be_one(chain: Chain) -> None:
    assert command("explain-revert", sent(chain, address_of(CONSUMER), "0x")) == {"status": 1}
