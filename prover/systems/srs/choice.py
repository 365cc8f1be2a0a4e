"""Which set-up a new circuit is to use."""

from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import EnvironmentMissing, UsageError
from prover.systems.srs.known import DEVELOPMENT, ceremonies, known
from prover.systems.srs.raw import MAX_LOGROWS
from prover.systems.srs.store import (
    Reference,
    ceremony,
    development_record,
    development_srs,
    import_file,
    powers_of,
    stored_set_ups,
)


@dataclass(frozen=True)
class Named:
    """A set-up by name; of which size is known when the circuit is planned."""

    name: str

    def at(self, logrows: int) -> Reference:
        """For 2^logrows rows. Raises EnvironmentMissing if it is not here."""
        if self.name == DEVELOPMENT:
            return Reference(development_record(logrows), development_srs(logrows))
        return ceremony(self.name, logrows)

    def powers(self, logrows: int) -> Path:
        """See `powers_of`."""
        return powers_of(self.name, logrows)

    @property
    def most(self) -> int:
        """log2 of the powers that it has on this machine; 0 if it is not here."""
        if self.name == DEVELOPMENT:
            return MAX_LOGROWS
        here = (kept.logrows for kept in stored_set_ups() if kept.name == self.name)
        return max(here, default=0)


SetUpChoice = Named | Reference
INSECURE = Named(DEVELOPMENT)


def choose(text: str | None, *, development: bool) -> Named:
    """The set-up of a name or a file, or by default: `development` where that is allowed.

    Else the ceremony of the largest set-up on this machine. Raises UsageError, ArtifactMismatch,
    EnvironmentMissing.
    """
    if text is None:
        return INSECURE if development else _largest()
    if text == DEVELOPMENT and not development:
        raise UsageError(
            "--srs development: its secret is public, so anybody could forge proofs; outside chain "
            f"31337 expected a ceremony's: {', '.join(ceremonies())}"
        )
    if text in known():
        return Named(text)
    if not Path(text).is_file():
        raise UsageError(f"--srs {text!r}: expected one of {', '.join(known())}, or a file")
    return Named(import_file(Path(text)).name)


def _largest() -> Named:
    here = stored_set_ups()
    if not here:
        raise EnvironmentMissing(
            "outside chain 31337 a circuit uses a public ceremony's set-up, and none is on this "
            "machine: run `zkescrow srs fetch --logrows K` or `zkescrow srs import FILE`"
        )
    return Named(max(here, key=lambda kept: kept.logrows).name)
