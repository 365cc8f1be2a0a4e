"""The owner's files of a circuit with hidden weights: all that must not leave their machine.

They stand in the folder `secret` of the circuit's directory; the proving key, which holds the
weights too, stands beside the verifying key. Whoever gets the rest can verify, and rebuild it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import ArtifactMismatch, ProvingError
from prover.base.files import locked, write_atomically
from prover.systems.native.circuit.hidden import Salt
from prover.systems.native.network import serialise
from prover.systems.native.network.network import Network
from prover.systems.places import MODEL, NATIVE_PK

FOLDER = "secret"
NETWORK, SALT, PROOFS = "network.bin", "salt.bin", "proofs"
PROVING_KEY = NATIVE_PK
LOCK = "lock"
FILES = tuple(f"{FOLDER}/{name}" for name in (MODEL, NETWORK, SALT, PROOFS, LOCK))


@dataclass(frozen=True)
class Secret:
    """The folder `secret` of a circuit's `directory`."""

    directory: Path

    @property
    def folder(self) -> Path:
        """Readable by its owner only."""
        return self.directory / FOLDER

    def keep(self, onnx: Path, network: Network) -> None:
        """Write model and integers."""
        self.folder.mkdir(mode=0o700)
        shutil.copyfile(onnx, self.folder / MODEL)
        (self.folder / MODEL).chmod(0o600)
        write_atomically(self.folder / NETWORK, serialise.to_bytes(network))

    def keep_salt(self, salt: Salt) -> None:
        """Write it; keys made with it again are the same."""
        write_atomically(self.folder / SALT, salt.to_bytes())

    def network(self) -> Network:
        """With its weights; ArtifactMismatch where the folder is not there."""
        return serialise.from_bytes(self._read(NETWORK))

    def salt(self) -> Salt:
        """What hides the weights."""
        return Salt.from_bytes(self._read(SALT))

    def spend(self) -> int:
        """Count one more proof before it is made; ProvingError once the hiding is used up.

        Returns how many are left.
        """
        allowed, path = self.salt().proofs, self.folder / PROOFS
        with locked(self.folder / LOCK):
            made = int(path.read_text()) if path.exists() else 0
            if made >= allowed:
                raise ProvingError(
                    f"{made} proofs were made: expected at most {allowed}, in which the salt hides "
                    "the weights; set the model up again, which makes another key"
                )
            write_atomically(path, b"%d\n" % (made + 1))
        return allowed - made - 1

    def left(self) -> int:
        """How many proofs more the salt hides the weights in."""
        path = self.folder / PROOFS
        made = int(path.read_text()) if path.exists() else 0
        return self.salt().proofs - made

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise ArtifactMismatch(
                f"{self.folder / name} cannot be read: {error.strerror}; only the owner of hidden "
                "weights can prove with them"
            ) from None
