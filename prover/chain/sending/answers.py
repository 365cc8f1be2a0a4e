"""What a node answers to a transaction that it is handed, in the words of each kind of node."""

from enum import Enum


class Answer(Enum):
    """The meaning of an answer; OTHER is a refusal that means nothing to us."""

    TAKEN = "taken"
    KNOWN = "known already"
    NONCE_USED = "a transaction with this nonce is mined"
    NEAR = "the pool has a transaction with this nonce, and this one does not pay enough more"
    CHEAP = "its fees are too low for this node"
    NO_FUNDS = "the balance does not cover it"
    GAP = "a transaction with an earlier nonce is missing"
    FULL = "the pool is full"
    OTHER = "refused"


# In this order: "replacement transaction underpriced" also says "transaction underpriced". From the
# sources of geth, reth, anvil (words), nethermind (names), erigon and besu; case and spaces aside.
_WORDS: tuple[tuple[Answer, tuple[str, ...]], ...] = (
    (Answer.OTHER, ("unknown transaction",)),  # "unknown transaction type" says "known" as well
    (
        Answer.KNOWN,
        ("already known", "already imported", "known transaction", "existing tx with same hash"),
    ),
    (Answer.NONCE_USED, ("nonce too low", "old nonce", "nonce has already been used")),
    (
        Answer.NEAR,
        (
            "replacement transaction underpriced",
            "replacement not allowed",
            "could not replace existing tx",
            "another transaction with same nonce",
        ),
    ),
    (
        Answer.NO_FUNDS,
        ("insufficient funds", "upfront cost exceeds account balance", "insufficient balance"),
    ),
    (
        Answer.CHEAP,
        (
            "underpriced",
            "less than block base fee",
            "below minimum",
            "fee too low",
            "gas price too low",
            "below configured minimum",
            "below current base fee",
            "minimum needed",
        ),
    ),
    (Answer.GAP, ("nonce too high", "nonce gap", "future nonce", "nonce too far", "gapped-nonce")),
    (Answer.FULL, ("is full", "pool overflow", "account limit exceeded", "in-flight transaction")),
)


def meaning(message: str) -> Answer:
    """What a node means by refusing a transaction with `message`."""
    squeezed = _squeezed(message)
    for answer, words in _WORDS:
        if any(_squeezed(word) in squeezed for word in words):
            return answer
    return Answer.OTHER


def _squeezed(text: str) -> str:
    return "".join(character for character in text.lower() if character not in " _")
