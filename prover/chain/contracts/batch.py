"""`Run` of contracts/types/Batch.sol: items of one proof that are opened together."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """`size` items from `start` on, an aligned subtree, with the path above it, lowest first."""

    start: int
    size: int
    path: tuple[bytes, ...]

    def to_abi(self) -> tuple[int, int, tuple[bytes, ...]]:
        """The fields as the Solidity struct takes them."""
        return (self.start, self.size, self.path)
