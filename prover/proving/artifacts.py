"""A circuit's files on this machine: one directory, published whole, named by its digest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from prover.errors import ArtifactMismatch
from prover.files import sha256_file
from prover.proving.ezkl.rules import check_settings
from prover.proving.manifest import FIXED, Manifest, read_manifest
from prover.settings import get_settings
from prover.statement.field import FIELD_MODULUS

MODEL, NETWORK, PRIVATE = "model.onnx", "network.onnx", "private.onnx"
SETTINGS, CIRCUIT, SRS = "settings.json", "circuit.ezkl", "kzg.srs"
VK, PK, VERIFIER = "vk.key", "pk.key", "verifier.sol"
MANIFEST, SAMPLE, WEIGHTS = "manifest.json", "sample.json", "weights.json"


@dataclass(frozen=True)
class Proof:
    """Proof bytes, and the public instances as canonical field elements."""

    proof: bytes
    instances: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form: hexadecimal proof, 32-byte hexadecimal words."""
        words = [f"0x{word:064x}" for word in self.instances]
        return {"proof": "0x" + self.proof.hex(), "instances": words}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Proof":
        """The inverse of `to_dict`; raises ArtifactMismatch if the content is malformed."""
        try:
            words = tuple(int(word, 16) for word in content["instances"])
            return cls(bytes.fromhex(content["proof"].removeprefix("0x")), words)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactMismatch(
                f"proof file is malformed ({error}): proof and instances in hexadecimal are "
                "allowed; make the proof again"
            ) from error


@dataclass(frozen=True)
class Artifacts:
    """A checked artifact directory. Made by `load_artifacts`."""

    directory: Path
    manifest: Manifest

    def path(self, name: str) -> str:
        """Absolute path of one of the files named in this module."""
        return str(self.directory / name)

    @cached_property
    def digest(self) -> bytes:
        """The artifact digest that is registered on-chain."""
        return self.manifest.digest()

    @property
    def verifier_source(self) -> str:
        """Hardened Solidity source."""
        return (self.directory / VERIFIER).read_text()

    @property
    def sample(self) -> Proof:
        """A proof for the self-test at registration: zero inputs, zero context."""
        return Proof.from_dict(json.loads((self.directory / SAMPLE).read_text()))

    @property
    def weights_commitment(self) -> int:
        """Poseidon digest of hidden weights, 0 if they are fixed in the verifying key."""
        if self.manifest.plan.weights == FIXED:
            return 0
        return int(json.loads((self.directory / WEIGHTS).read_text())["commitment"], 16)


def list_artifacts() -> list[Artifacts]:
    """All artifacts of this user, sorted by directory name. Raises if one is damaged."""
    home = get_settings().artifacts
    return [load_artifacts(path.parent) for path in sorted(home.glob(f"[0-9a-f]*/{MANIFEST}"))]


def find_artifacts(digest: bytes, weights_commitment: int = 0) -> Artifacts:
    """The artifacts of a registered circuit and model; ArtifactMismatch if there are none."""
    directory = get_settings().artifacts / directory_name(digest, weights_commitment)
    if not (directory / MANIFEST).exists():
        raise ArtifactMismatch(
            f"no artifacts at {directory}: run `zkescrow model add` with the circuit's ONNX file"
        )
    return load_artifacts(directory)


def directory_name(digest: bytes, weights_commitment: int) -> str:
    """The artifact digest, and for hidden weights the start of their commitment."""
    return digest.hex() + (f"-{weights_commitment:064x}"[:17] if weights_commitment else "")


def load_artifacts(directory: Path) -> Artifacts:
    """Read a directory and check every file but the proving key, which `prove` checks on each use.

    Raises ArtifactMismatch naming the file, or UnsoundCircuit naming the rule.
    """
    manifest = read_manifest(directory / MANIFEST)
    for name in sorted(set(manifest.sha256) - {PK}):
        check_file(directory / name, manifest.sha256[name])
    check_file(directory / VERIFIER, manifest.verifier.source_sha256)
    settings = json.loads((directory / SETTINGS).read_text())
    check_settings(settings)
    artifacts = Artifacts(directory.resolve(), manifest)
    _check_weights(artifacts)
    return artifacts


def hash_files(directory: Path, names: Sequence[str]) -> dict[str, str]:
    """SHA-256 by file name."""
    return {name: sha256_file(directory / name) for name in names}


def check_file(path: Path, expected: str) -> None:
    """Raise ArtifactMismatch unless the file is there and has this SHA-256."""
    found = sha256_file(path) if path.is_file() else "nothing"
    if found != expected:
        raise ArtifactMismatch(
            f"{path.name} has SHA-256 {found}: {expected} is allowed; set the model up again"
        )


def _check_weights(artifacts: Artifacts) -> None:
    if artifacts.manifest.plan.weights != FIXED and not (
        0 < artifacts.weights_commitment < FIELD_MODULUS
    ):
        raise ArtifactMismatch(
            f"weights commitment {artifacts.weights_commitment} is not a non-zero field element; "
            "set the model up again"
        )
