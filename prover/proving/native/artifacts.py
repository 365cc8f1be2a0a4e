"""A native circuit's files: one directory, every file named with its SHA-256 in the manifest."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, ValidationError

from prover.errors import ArtifactMismatch
from prover.files import sha256_file, write_atomically
from prover.models.integer import serialise
from prover.models.integer.network import Network
from prover.proving.native.form import Form
from prover.proving.native.layout import Layout
from prover.proving.native.program import Program, compile_network

MODEL, NETWORK, DESCRIPTION, MANIFEST = (
    "model.onnx",
    "network.bin",
    "description.json",
    "manifest.json",
)
KEYS = "keys"
# What a verifier reads, of which every byte follows from the network and the set-up.
VERIFYING = (
    DESCRIPTION,
    f"{KEYS}/verifying.key",
    f"{KEYS}/verifying.srs",
    f"{KEYS}/shape.json",
)
NAMED = (MODEL, NETWORK, *VERIFYING)
# One word holds the context: PROTOCOLS' bounds are 120 to 253 bits.
CONTEXT_LIMBS, CONTEXT_BITS = 1, 248


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LayoutRecord(_Strict):
    """The circuit's parameters."""

    k: int
    lanes: int
    weight_lanes: int


class NativeManifest(_Strict):
    """What manifest.json holds.

    `agreement`: the share of calibration labels that integers keep; `inputs` and `labels`: what is
    public, as `Form` says.
    """

    format: Literal[1]
    system: Literal["native"]
    versions: dict[str, str]
    sha256: dict[str, str]
    srs: Literal["development", "ceremony"]
    layout: LayoutRecord
    context_limbs: int
    context_bits: int
    inputs: Literal["point", "hashed"]
    labels: int
    input_scale: float
    output_scale: float
    agreement: float

    @property
    def form(self) -> Form:
        """What the circuit makes public."""
        return Form(self.context_limbs, self.inputs, self.labels)

    def digest(self) -> bytes:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(rfc8785.dumps(self.model_dump())).digest()


@dataclass(frozen=True)
class NativeArtifacts:
    """A checked directory. Made by `load`."""

    directory: Path
    manifest: NativeManifest

    @cached_property
    def network(self) -> Network:
        """The integer network."""
        return serialise.from_bytes((self.directory / NETWORK).read_bytes())

    @property
    def layout(self) -> Layout:
        """The circuit's parameters."""
        return Layout(**self.manifest.layout.model_dump())

    @cached_property
    def program(self) -> Program:
        """The placed network: made again from the network, never read from a file."""
        layout = self.layout
        return compile_network(self.network, layout.lanes, layout.weight_lanes, self.manifest.form)


def publish(
    directory: Path, network: Network, layout: Layout, agreement: float, form: Form
) -> None:
    """Write the manifest of a directory whose other files are there."""
    manifest = NativeManifest(
        format=1,
        system="native",
        versions={"zkescrow": version("zkescrow"), "engine": version("zkescrow-native")},
        sha256={name: sha256_file(directory / name) for name in NAMED},
        srs="development",
        layout=LayoutRecord(k=layout.k, lanes=layout.lanes, weight_lanes=layout.weight_lanes),
        context_limbs=form.context,
        context_bits=CONTEXT_BITS,
        inputs=form.inputs,
        labels=form.labels,
        input_scale=network.input_scale,
        output_scale=network.layer(network.output).scale,
        agreement=agreement,
    )
    write_atomically(directory / MANIFEST, rfc8785.dumps(manifest.model_dump()) + b"\n")


def is_native(directory: Path) -> bool:
    """Whether a directory holds a native circuit."""
    path = directory / MANIFEST
    return path.is_file() and b'"system":"native"' in path.read_bytes().replace(b" ", b"")


def load(directory: Path) -> NativeArtifacts:
    """Read a directory and check each file against the manifest; ArtifactMismatch names it."""
    path = directory / MANIFEST
    try:
        manifest = NativeManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtifactMismatch(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise ArtifactMismatch(f"manifest {path} is not valid: {error}") from error
    if set(manifest.sha256) != set(NAMED):
        raise ArtifactMismatch(
            f"manifest {path} names {sorted(manifest.sha256)}: exactly {sorted(NAMED)} "
            "are allowed; set the model up again"
        )
    for name, expected in manifest.sha256.items():
        found = sha256_file(directory / name) if (directory / name).is_file() else "nothing"
        if found != expected:
            raise ArtifactMismatch(
                f"{name} has SHA-256 {found}: {expected} is allowed; set the model up again"
            )
    return NativeArtifacts(directory.resolve(), manifest)
