"""What each chain lets everybody do in time and in one transaction: the one table.

`zkescrow deploy` writes a chain's row into the contracts, and clients refuse contracts that were
deployed with another. A promise holds if a transaction is included within half of `min_window`
(docs/SPEC.md section 8), also one that a sequencer ignores and that is forced in from Ethereum.
"""

from dataclasses import astuple, dataclass, fields, replace
from typing import Any, ClassVar, Self

from prover.base.units import DAY, HOUR, KIB
from prover.statement.sizes import MAX_CHUNKS, MAX_ELEMENTS, MAX_ITEMS

LOCAL_CHAIN = 31337
CODE_SIZE_LIMIT = 24_576  # bytes of a contract's code (EIP-170)
REGISTRATION_GAS, RUNS_TIMES_TEN = 3_000_000, 76  # of a registration besides its self-test


@dataclass(frozen=True)
class ChainLimits:
    """`contracts/types/Limits.sol`, field by field; windows in seconds."""

    ABI: ClassVar[str] = "(uint32,uint32,uint32,uint32,uint32,uint32,uint32,uint32,uint32,uint32)"

    min_window: int = HOUR
    max_window: int = 180 * DAY
    transaction_gas: int = 16_777_216  # EIP-7825
    transaction_bytes: int = 128 * KIB
    max_items: int = MAX_ITEMS
    max_round_items: int = 16_384
    max_output_bytes: int = 96 * KIB
    max_contests: int = 1_024
    max_elements: int = MAX_ELEMENTS
    max_chunks: int = MAX_CHUNKS

    @property
    def call_bytes(self) -> int:
        """Calldata of a transaction, with room for its signature and fields."""
        return self.transaction_bytes * 15 // 16

    def to_abi(self) -> tuple[int, ...]:
        """The fields as the Solidity struct takes them."""
        return astuple(self)

    @classmethod
    def from_abi(cls, values: tuple[Any, ...]) -> Self:
        """The inverse of `to_abi`."""
        return cls(*values)

    def differing(self, other: "ChainLimits") -> list[str]:
        """Names of the fields in which two rows differ."""
        names = [one.name for one in fields(self)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]


ETHEREUM = ChainLimits()
# The sequencer takes 95,000 bytes; what it ignores can be forced in after 24 hours.
ARBITRUM = replace(
    ETHEREUM,
    min_window=3 * DAY,
    transaction_bytes=95_000,
    max_output_bytes=80 * KIB,
    max_contests=512,
)
# A transaction forced in through the portal has 120,000 bytes at most, and 12 hours at most.
OPTIMISM = replace(ETHEREUM, min_window=36 * HOUR, transaction_bytes=120_000)
LOCAL = replace(ETHEREUM, min_window=1)
# An own consensus is assumed, as Ethereum's, and the sizes that every chain of the table takes. A
# rollup that is not in the table needs a row of its own before anybody deploys there.
DEFAULT = replace(ARBITRUM, min_window=HOUR)

NAMES = {
    1: "Ethereum",
    11_155_111: "Sepolia",
    42_161: "Arbitrum One",
    421_614: "Arbitrum Sepolia",
    10: "Optimism",
    11_155_420: "OP Sepolia",
    8_453: "Base",
    84_532: "Base Sepolia",
    LOCAL_CHAIN: "development",
}
BY_CHAIN = {
    1: ETHEREUM,
    11_155_111: ETHEREUM,
    42_161: ARBITRUM,
    421_614: ARBITRUM,
    10: OPTIMISM,
    11_155_420: OPTIMISM,
    8_453: OPTIMISM,
    84_532: OPTIMISM,
    LOCAL_CHAIN: LOCAL,
}


@dataclass(frozen=True)
class Pace:
    """How often a chain has a block, and how many make one final. No contract holds these."""

    block_seconds: float = 12.0
    final_blocks: int = 64  # two epochs of Ethereum: final unless a third of the stake is burnt


# Blocks of a rollup are its sequencer's word until Ethereum has them: twenty minutes at least.
_PACES = {
    42_161: Pace(0.25, 4_800),
    421_614: Pace(0.25, 4_800),
    10: Pace(2.0, 600),
    11_155_420: Pace(2.0, 600),
    8_453: Pace(2.0, 600),
    84_532: Pace(2.0, 600),
}


def pace_of(chain_id: int) -> Pace:
    """The pace of a chain; Ethereum's for one that is not in the table."""
    return _PACES.get(chain_id, Pace())


def limits_of(chain_id: int) -> ChainLimits:
    """The row of a chain, by the id that it had when the contracts were deployed."""
    return BY_CHAIN.get(chain_id, DEFAULT)


def self_test_gas(limits: ChainLimits) -> int:
    """Gas that a verifier is given in the self-test of a registration (`ModelRegistry`)."""
    return (limits.transaction_gas - REGISTRATION_GAS) * 10 // RUNS_TIMES_TEN


def markdown() -> str:
    """The table as docs/SPEC.md shows it."""
    columns = ("min_window", "transaction_bytes", "max_output_bytes", "max_contests")
    heads = ("chain", "id", "`minWindow`", "transaction bytes", "output bytes", "contests")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    rows = [(NAMES[one], str(one), row) for one, row in BY_CHAIN.items()]
    for name, chain, row in [*rows, ("any other", "", DEFAULT)]:
        values = [f"{getattr(row, column):,}" for column in columns]
        lines.append(f"| {' | '.join((name, chain, *values))} |")
    return "\n".join(lines)
