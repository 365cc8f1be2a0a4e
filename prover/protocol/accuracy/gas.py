"""What the transactions of an accuracy bounty take together, in gas, before the first is sent."""

from dataclasses import dataclass

from prover.protocol.gas import END, POST, PROVE, TAKE, WITHDRAW, proofs_gas

REVEAL = POST // 2
DIGEST_ELEMENT = 13_000  # of a disputed chunk: calldata, decryption, one permutation of Poseidon
KEY_WITHHELD = TAKE + END + WITHDRAW  # all that a provider sends if the key stays away


def dispute_gas(elements: int) -> int:
    """Of showing that a chunk of that many hashed elements is malformed."""
    return PROVE + elements * DIGEST_ELEMENT


@dataclass(frozen=True)
class BountyGas:
    """Gas by step; `submit` of the proofs of all items that are needed."""

    accept: int
    reveal: int
    submit: int

    @property
    def provider(self) -> int:
        """What the provider's transactions take."""
        return self.accept + self.submit

    @property
    def after_posting(self) -> int:
        """Everybody's but the posting."""
        return self.provider + self.reveal

    @classmethod
    def of(cls, needed: int, slots: int, verification: int) -> "BountyGas":
        """Of so many items, `slots` to a proof; a proof takes `verification`, calldata included."""
        return cls(TAKE, REVEAL, proofs_gas(needed, slots, verification))
