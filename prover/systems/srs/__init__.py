"""Set-ups of KZG (structured reference strings): the development one, and public ceremonies'."""

from prover.systems.srs.check import check_named, check_srs, check_verifying, recognise
from prover.systems.srs.choice import INSECURE, Named, SetUpChoice, choose
from prover.systems.srs.fetch import PERPETUAL, fetch
from prover.systems.srs.known import DEVELOPMENT
from prover.systems.srs.known import known as known_set_ups
from prover.systems.srs.raw import MAX_LOGROWS
from prover.systems.srs.record import SetUp
from prover.systems.srs.store import (
    Reference,
    StoredSetUp,
    development_record,
    development_srs,
    file_of,
    import_file,
    inspect,
    powers_of,
    stored_set_ups,
)

__all__ = [
    "DEVELOPMENT",
    "INSECURE",
    "MAX_LOGROWS",
    "PERPETUAL",
    "StoredSetUp",
    "Named",
    "Reference",
    "SetUp",
    "SetUpChoice",
    "import_file",
    "check_named",
    "check_srs",
    "check_verifying",
    "choose",
    "development_record",
    "development_srs",
    "fetch",
    "file_of",
    "inspect",
    "stored_set_ups",
    "known_set_ups",
    "powers_of",
    "recognise",
]
