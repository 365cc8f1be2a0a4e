"""What a provider keeps of a round: the inputs, and each proof as soon as it is made."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from eth_utils.crypto import keccak

from prover.base.errors import ArtifactMismatch
from prover.base.files import alone, write_atomically
from prover.base.log import logger
from prover.base.settings import get_settings
from prover.systems.proof import Proof

Part = tuple[int, ...]
Faults = Callable[[Sequence[Proof]], Sequence[str | None]]
LOG = logger(__name__)


@dataclass(frozen=True)
class JobFiles:
    """Files of one round and payee, in a directory of their own under settings.home."""

    directory: Path

    @classmethod
    def of(cls, scope: str, job_id: bytes, payee: str) -> "JobFiles":
        """Of a round; `scope` names its contract on its very chain."""
        chain = keccak(f"{scope}:{payee}".encode()).hex()[:16]
        return cls(get_settings().home / "rounds" / f"{job_id.hex()}-{chain}")

    def alone(self) -> AbstractContextManager[None]:
        """No other process proves for this payee here meanwhile. Raises Busy if one does."""
        return alone(self.directory / "lock", f"these proofs ({self.directory})")

    def inputs(self) -> bytes | None:
        """The inputs file, if it was fetched."""
        return _read(self.directory / "inputs.json")

    def save_inputs(self, content: bytes) -> None:
        """Keep the inputs file."""
        write_atomically(self.directory / "inputs.json", content, private=True)

    def proof(self, indices: Sequence[int]) -> Proof | None:
        """The proof of these items in this order, if it was made; a damaged file is discarded.

        What it says is not verified: see `sound`.
        """
        content = _read(self._proof(indices))
        if content is None:
            return None
        try:
            return Proof.from_bytes(content)
        except ArtifactMismatch as error:
            self._discard(indices, str(error))
            return None

    def sound(self, parts: Sequence[Part], faults: Faults) -> dict[Part, Proof]:
        """The proofs that were made of these parts and hold; others are discarded, and made again.

        `faults` says why each of several proofs does not hold, or None.
        """
        made = {part: proof for part in parts if (proof := self.proof(part)) is not None}
        for part, fault in zip(list(made), faults(list(made.values())), strict=True):
            if fault is not None:
                self._discard(part, fault)
                del made[part]
        return made

    def save_proof(self, indices: Sequence[int], proof: Proof) -> None:
        """Keep a proof; it is on the disk when this returns."""
        content = json.dumps(proof.to_dict()).encode()
        write_atomically(self._proof(indices), content)

    def _discard(self, indices: Sequence[int], why: str) -> None:
        path = self._proof(indices)
        path.unlink(missing_ok=True)
        LOG.warning(f"{path} is damaged: it is discarded, and the proof made again", why=why)

    def _proof(self, indices: Sequence[int]) -> Path:
        name = hashlib.sha256(",".join(map(str, indices)).encode()).hexdigest()[:32]
        return self.directory / f"proof-{indices[0]}-{name}.json"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
