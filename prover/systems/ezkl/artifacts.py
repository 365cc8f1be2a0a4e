"""A circuit's files on this machine: one directory, published whole, named by its digest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from prover.base import strict_json
from prover.base.errors import ArtifactMismatch
from prover.base.files import NotPlain, TooLarge, read_plain, sha256_file
from prover.base.settings import get_settings
from prover.base.text import ZERO_ADDRESS
from prover.statement.field import FIELD_MODULUS
from prover.systems.class_names import kept_names
from prover.systems.commitments import read_commitment
from prover.systems.ezkl.facts import facts_of
from prover.systems.ezkl.manifest import FIXED, MAX_BYTES, Manifest, read_manifest
from prover.systems.ezkl.rules import check_settings
from prover.systems.interface import CircuitFacts
from prover.systems.places import MANIFEST as MANIFEST
from prover.systems.places import MODEL as MODEL
from prover.systems.places import PK as PK
from prover.systems.places import directory_name as directory_name
from prover.systems.proof import MAX_DEPTH, Proof, hex_digits
from prover.systems.srs import SetUp

NETWORK, PRIVATE = "network.onnx", "private.onnx"
SETTINGS, CIRCUIT, SRS = "settings.json", "circuit.ezkl", "kzg.srs"
VK, VERIFIER = "vk.key", "verifier.sol"
SAMPLE, WEIGHTS = "sample.json", "weights.json"
_AGAIN = "set the model up again, or ask for its folder again"
RECORD = "files.json"  # SHA-256 of every other file, these of the last two lines too


@dataclass(frozen=True)
class Artifacts:
    """A checked artifact directory. Made by `load_artifacts`."""

    directory: Path
    manifest: Manifest
    system: ClassVar[str] = "ezkl"

    def path(self, name: str) -> str:
        """Absolute path of one of the files named in this module."""
        return str(self.directory / name)

    @cached_property
    def digest(self) -> bytes:
        """The artifact digest that is registered on-chain."""
        return self.manifest.digest()

    @cached_property
    def facts(self) -> CircuitFacts:
        """What protocols compute with."""
        return facts_of(self.manifest)

    @cached_property
    def class_names(self) -> tuple[str, ...] | None:
        """What the classes are called, if anybody said so."""
        return kept_names(self.directory, self.facts.layout.classes)

    @property
    def proving_key(self) -> Path:
        """Where the proving key is, or would be."""
        return self.directory / PK

    @property
    def proving_key_sha256(self) -> str:
        """What that file's SHA-256 must be."""
        return self.manifest.sha256[PK]

    def circuit(self, verifier: str, key: str = ZERO_ADDRESS) -> tuple[Any, ...]:
        """See `Manifest.circuit`: there is no key, as the verifier is generated."""
        return self.manifest.circuit(verifier)

    @property
    def srs(self) -> SetUp:
        """The set-up that its keys use."""
        return self.manifest.srs

    @property
    def verifier_source(self) -> str:
        """Hardened Solidity source."""
        return (self.directory / VERIFIER).read_text()

    @property
    def sample(self) -> Proof:
        """A proof for the self-test at registration: zero inputs, zero context."""
        return Proof.from_bytes((self.directory / SAMPLE).read_bytes())

    @property
    def weights_commitment(self) -> int:
        """Poseidon digest of hidden weights, 0 if they are fixed in the verifying key."""
        if self.manifest.plan.weights == FIXED:
            return 0
        return read_commitment(self.directory / WEIGHTS)


def list_artifacts() -> list[Artifacts]:
    """All artifacts of this user, sorted by directory name. Raises if one is damaged."""
    home = get_settings().artifacts
    return [load_own(path.parent) for path in sorted(home.glob(f"[0-9a-f]*/{MANIFEST}"))]


def load_own(directory: Path) -> Artifacts:
    """Artifacts kept on this machine, under the name that their content gives them.

    Raises ArtifactMismatch, as after any edit of the manifest, saying that they are damaged.
    """
    try:
        found = load_artifacts(directory)
    except ArtifactMismatch as error:
        raise ArtifactMismatch(f"the artifacts at {directory} are damaged: {error}") from error
    name = directory_name(found.digest, found.weights_commitment)
    if name != directory.name:
        raise ArtifactMismatch(
            f"the artifacts at {directory} are damaged: their manifest is that of {name}; remove "
            "the directory, then add or import the model again"
        )
    return found


def load_artifacts(directory: Path) -> Artifacts:
    """Read a directory and check every file but the proving key, which `prove` checks on each use.

    Raises ArtifactMismatch naming the file, or UnsoundCircuit naming the rule.
    """
    manifest = read_manifest(directory / MANIFEST)
    named = manifest.sha256 | {VERIFIER: manifest.verifier.source_sha256}
    for name, expected in sorted((recorded(directory) | named).items()):
        if name != PK:
            check_file(directory / name, expected)
    _check_settings((directory / SETTINGS).read_bytes())
    artifacts = Artifacts(directory.resolve(), manifest)
    _check_weights(artifacts)
    return artifacts


def write_record(directory: Path) -> None:
    """Note the hashes of all files that are in a directory.

    Only a proving key may be added afterwards, as the manifest has its hash.
    """
    found = {path.name for path in directory.iterdir() if path.is_file()}
    names = sorted(found - {RECORD})
    content = json.dumps({"sha256": hash_files(directory, names)}, indent=1)
    (directory / RECORD).write_text(content)


def recorded(directory: Path) -> dict[str, str]:
    """What `write_record` noted, which covers the files that differ at each making too."""
    try:
        content = read_plain(directory / RECORD, MAX_BYTES, follow=False)
        found = strict_json.parse(content, MAX_DEPTH)["sha256"]
        return {_file_name(name): hex_digits(expected) for name, expected in found.items()}
    except (NotPlain, TooLarge) as error:
        raise ArtifactMismatch(
            f"{RECORD}: expected a plain file of at most {MAX_BYTES} bytes; {_AGAIN}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactMismatch(
            f"{RECORD} cannot be read ({error}): expected the SHA-256 of every file; set the "
            "model up again"
        ) from error


def _check_settings(content: bytes) -> None:
    try:
        check_settings(strict_json.parse(content, MAX_DEPTH))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactMismatch(
            f"{SETTINGS} are not the settings of a circuit ({type(error).__name__}: {error}); set "
            "the model up again"
        ) from error


def _file_name(text: str) -> str:
    if Path(text).name != text:
        raise ValueError(f"expected a file's name, found {text[:80]!r}")
    return text


def hash_files(directory: Path, names: Sequence[str]) -> dict[str, str]:
    """SHA-256 by file name."""
    return {name: sha256_file(directory / name) for name in names}


def check_file(path: Path, expected: str) -> None:
    """Raise ArtifactMismatch unless the file is there, no link, and has this SHA-256."""
    plain = path.is_file() and not path.is_symlink()
    found = sha256_file(path) if plain else "nothing"
    if found != expected:
        raise ArtifactMismatch(f"{path.name} has SHA-256 {found}: expected {expected}; {_AGAIN}")


def _check_weights(artifacts: Artifacts) -> None:
    if artifacts.manifest.plan.weights != FIXED and not (
        0 < artifacts.weights_commitment < FIELD_MODULUS
    ):
        raise ArtifactMismatch(
            f"weights commitment {artifacts.weights_commitment}: expected a field element other "
            f"than 0; {_AGAIN}"
        )
