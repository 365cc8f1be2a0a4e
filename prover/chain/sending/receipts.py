"""Receipts that count, and why a mined transaction reverted."""

from web3.exceptions import BlockNotFound
from web3.types import TxParams, TxReceipt

from prover.base.errors import ChainError, ContractRefused
from prover.chain.node.client import Client, map_rpc_errors


def canonical_receipt(client: Client, transaction_hash: bytes) -> TxReceipt | None:
    """The receipt of a transaction whose block is in the chain now, or None.

    A node may still give the receipt of a block that a reorganisation took away.
    """
    receipt = client.receipt(transaction_hash)
    if receipt is None:
        return None
    canonical = _hash_at(client, int(receipt["blockNumber"]))
    return receipt if canonical == bytes(receipt["blockHash"]) else None


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


@map_rpc_errors
def _hash_at(client: Client, number: int) -> bytes | None:
    try:
        return bytes(client.web3.eth.get_block(number)["hash"])
    except BlockNotFound:
        return None
