"""Set-ups of KZG (structured reference strings): the development one, and public ceremonies'."""

from prover.proving.srs.check import check_named, check_srs, check_verifying, recognise
from prover.proving.srs.choice import INSECURE, Named, SetUpChoice, choose
from prover.proving.srs.fetch import PERPETUAL, fetch
from prover.proving.srs.known import DEVELOPMENT
from prover.proving.srs.known import known as known_set_ups
from prover.proving.srs.raw import MAX_LOGROWS
from prover.proving.srs.record import SetUp
from prover.proving.srs.store import (
    Kept,
    Reference,
    bring_in,
    development_record,
    development_srs,
    file_of,
    inspect,
    kept_set_ups,
)

__all__ = [
    "DEVELOPMENT",
    "INSECURE",
    "MAX_LOGROWS",
    "PERPETUAL",
    "Kept",
    "Named",
    "Reference",
    "SetUp",
    "SetUpChoice",
    "bring_in",
    "check_named",
    "check_srs",
    "check_verifying",
    "choose",
    "development_record",
    "development_srs",
    "fetch",
    "file_of",
    "inspect",
    "kept_set_ups",
    "known_set_ups",
    "recognise",
]
