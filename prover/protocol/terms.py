"""What the terms of all protocols share, and the id that commits to them.

Fields are those of the Solidity structs, in order. Amounts are in wei or token units, windows in
seconds, `open_until` in Unix seconds; `currency` and `provider` are addresses (zero: ETH, anyone).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak

from prover.base.errors import StatementInvalid

_ID = ("uint256", "address", "address", "uint256", "bytes32")


class Terms:
    """What the terms of every protocol have; `ABI` is the struct's type."""

    ABI: ClassVar[str]

    currency: str
    stake: int
    open_until: int

    def to_abi(self) -> tuple[Any, ...]:
        """The fields as the Solidity struct takes them."""
        return tuple(
            value.to_abi() if hasattr(value, "to_abi") else value for value in vars(self).values()
        )

    @classmethod
    def from_abi(cls, values: tuple[Any, ...]) -> Self:
        """The inverse of `to_abi`."""
        return cls(*values)


T = TypeVar("T", bound=Terms)


@dataclass(frozen=True)
class Job(Generic[T]):
    """All that a job id commits to, besides chain and contract."""

    consumer: str
    nonce: int
    terms: T

    def to_abi(self) -> tuple[str, int, tuple[Any, ...]]:
        """The fields as the Solidity struct takes them."""
        return (self.consumer, self.nonce, self.terms.to_abi())

    def id_on(self, chain_id: int, contract: str) -> bytes:
        """keccak256 of (chain id, contract, consumer, nonce, keccak256(abi.encode(terms))).

        The chain id is that of the contract's deployment, also on a fork that took another one.
        Raises StatementInvalid if a number is larger than its field.
        """
        try:
            terms_hash = keccak(encode([self.terms.ABI], [self.terms.to_abi()]))
        except EncodingError as error:
            raise StatementInvalid(
                f"the terms hold what the contract has no room for ({error}): expected smaller "
                "amounts and times"
            ) from None
        return keccak(encode(_ID, [chain_id, contract, self.consumer, self.nonce, terms_hash]))
