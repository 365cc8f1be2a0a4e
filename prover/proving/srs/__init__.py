"""Set-ups of KZG (structured reference strings): the development one, and public ceremonies'."""

from prover.proving.srs.check import check_named, check_srs, recognise
from prover.proving.srs.known import DEVELOPMENT
from prover.proving.srs.raw import MAX_LOGROWS
from prover.proving.srs.record import SetUp
from prover.proving.srs.store import development_record, development_srs, file_of

__all__ = [
    "DEVELOPMENT",
    "MAX_LOGROWS",
    "SetUp",
    "check_named",
    "check_srs",
    "development_record",
    "development_srs",
    "file_of",
    "recognise",
]
