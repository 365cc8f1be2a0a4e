"""What nodes say to a transaction, in their own words."""

import pytest

from prover.chain.sending.answers import Answer, meaning


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("already known", Answer.KNOWN),  # geth, reth
        ("transaction already imported", Answer.KNOWN),  # anvil
        ("AlreadyKnown", Answer.KNOWN),  # nethermind
        ("existing tx with same hash", Answer.KNOWN),  # erigon
        ("Known transaction", Answer.KNOWN),  # besu
        ("nonce too low: next nonce 7, tx nonce 6", Answer.NONCE_USED),  # geth
        ("nonce too low", Answer.NONCE_USED),  # anvil, erigon
        ("OldNonce, Current nonce: 7, nonce of rejected tx: 6", Answer.NONCE_USED),  # nethermind
        ("Nonce too low", Answer.NONCE_USED),  # besu
        ("replacement transaction underpriced", Answer.NEAR),  # geth, anvil, reth
        ("ReplacementNotAllowed", Answer.NEAR),  # nethermind
        ("could not replace existing tx", Answer.NEAR),  # erigon
        (
            "transaction underpriced: gas tip cap 1, minimum needed 1000000",
            Answer.CHEAP,
        ),  # geth
        (
            "max fee per gas less than block base fee: address 0x.., maxFeePerGas: 1, baseFee: 7",
            Answer.CHEAP,
        ),  # geth, anvil
        ("FeeTooLow, MaxFeePerGas too low", Answer.CHEAP),  # nethermind
        ("FeeTooLowToCompete", Answer.CHEAP),  # nethermind
        ("fee too low", Answer.CHEAP),  # erigon
        ("Gas price below configured minimum gas price", Answer.CHEAP),  # besu
        (
            "insufficient funds for gas * price + value: balance 1, tx cost 2, overshot 1",
            Answer.NO_FUNDS,
        ),  # geth
        ("Insufficient funds for gas * price + value", Answer.NO_FUNDS),  # anvil
        (
            "InsufficientFunds, Account balance: 1, cumulative cost: 2",
            Answer.NO_FUNDS,
        ),  # nethermind
        ("Upfront cost exceeds account balance", Answer.NO_FUNDS),  # besu
        ("nonce too high", Answer.GAP),  # geth, erigon
        ("NonceGap, Future nonce. Expected nonce: 7", Answer.GAP),  # nethermind
        ("gapped-nonce tx from delegated accounts", Answer.GAP),  # geth
        ("Transaction nonce too far in the future", Answer.GAP),  # besu
        ("invalid transaction nonce: future nonce", Answer.GAP),
        ("nonce has already been used", Answer.NONCE_USED),
        ("another transaction with same nonce in the queue", Answer.NEAR),
        ("insufficient balance to pay for gas", Answer.NO_FUNDS),
        ("gas price too low to be included", Answer.CHEAP),
        ("tip is below minimum", Answer.CHEAP),
        ("max fee per gas below current base fee", Answer.CHEAP),
        ("in-flight transaction limit reached for delegated accounts", Answer.FULL),  # geth
        ("txpool overflow: pool overflow", Answer.FULL),
        ("account limit exceeded", Answer.FULL),
        ("txpool is full", Answer.FULL),  # geth
        ("pending sub-pool is full", Answer.FULL),  # erigon
        ("tx fee (2.00 ether) exceeds the configured cap (1.00 ether)", Answer.OTHER),
        ("rlp: expected input list", Answer.OTHER),
        ("unknown transaction type", Answer.OTHER),
        ("Unknown transaction type: 0x03", Answer.OTHER),
    ],
)
def test_what_a_node_says_is_understood(message: str, answer: Answer) -> None:
    assert meaning(message) is answer
