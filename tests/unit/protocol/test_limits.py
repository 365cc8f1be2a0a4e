"""The one table of what chains allow, and that a deployment's file, contracts and chain agree."""

from dataclasses import replace
from pathlib import Path

import pytest
from eth_abi.abi import encode

from prover.base.units import DAY, HOUR, KIB
from prover.protocol.limits import (
    ARBITRUM,
    BY_CHAIN,
    DEFAULT,
    ETHEREUM,
    LOCAL,
    NAMES,
    OPTIMISM,
    ChainLimits,
    limits_of,
    markdown,
)

INCLUDED = {  # seconds within which a transaction gets in, also against a sequencer's will
    "Ethereum": 20 * 60,
    "Sepolia": 20 * 60,
    "Arbitrum One": DAY,
    "Arbitrum Sepolia": DAY,
    "Optimism": 12 * HOUR,
    "OP Sepolia": 12 * HOUR,
    "Base": 12 * HOUR,
    "Base Sepolia": 12 * HOUR,
    "development": 0,
}


def test_every_chain_has_a_name_and_time_to_be_included() -> None:
    assert BY_CHAIN.keys() == NAMES.keys()
    for chain, row in BY_CHAIN.items():
        assert row.min_window > 2 * INCLUDED[NAMES[chain]]


@pytest.mark.parametrize("row", [*BY_CHAIN.values(), DEFAULT])
def test_what_travels_in_one_transaction_fits_it(row: ChainLimits) -> None:
    """Posted outputs with the job's terms; the list of contests with a proof of 20 KiB."""
    assert row.max_output_bytes + 2 * KIB < row.call_bytes < row.transaction_bytes
    assert 32 * row.max_contests + 20 * KIB < row.call_bytes
    assert row.transaction_gas <= 16_777_216


def test_the_rows_are_those_of_their_chains() -> None:
    assert limits_of(1) is limits_of(11_155_111) is ETHEREUM
    assert limits_of(42_161) is ARBITRUM
    assert limits_of(10) is limits_of(8_453) is OPTIMISM
    assert limits_of(31337) is LOCAL
    assert limits_of(4_242) is DEFAULT
    assert (ARBITRUM.transaction_bytes, ARBITRUM.min_window) == (95_000, 3 * DAY)
    assert (LOCAL.min_window, ETHEREUM.min_window, DEFAULT.min_window) == (1, HOUR, HOUR)
    smallest = min(row.transaction_bytes for row in BY_CHAIN.values())
    assert DEFAULT.transaction_bytes == smallest


def test_a_row_is_encoded_field_by_field() -> None:
    assert ChainLimits.from_abi(ARBITRUM.to_abi()) == ARBITRUM
    words = encode([ChainLimits.ABI], [ARBITRUM.to_abi()])
    assert len(words) == 32 * len(ARBITRUM.to_abi())
    source = Path(__file__).parents[3] / "contracts/types/Limits.sol"
    declared = [
        line.split()[1].rstrip(";") for line in source.read_text().splitlines() if "uint32" in line
    ]
    assert [name.replace("_", "") for name in vars(ARBITRUM)] == [name.lower() for name in declared]


def test_rows_are_compared_by_name() -> None:
    assert ARBITRUM.differing(ARBITRUM) == []
    other = replace(ARBITRUM, max_chunks=1, min_window=2)
    assert ARBITRUM.differing(other) == ["min_window", "max_chunks"]


def test_the_table_is_that_of_the_specification() -> None:
    text = (Path(__file__).parents[3] / "docs/SPEC.md").read_text()
    assert markdown() in text
