"""A native circuit's files: one directory, every file named with its SHA-256 in the manifest."""

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

import rfc8785
from eth_utils.crypto import keccak
from pydantic import BaseModel, ConfigDict, Field, model_validator

from prover.base import strict_json
from prover.base.errors import ArtifactMismatch, ProofRejected, StatementInvalid
from prover.base.files import sha256_file, write_atomically
from prover.base.text import ZERO_ADDRESS
from prover.solidity.native import key_code, verifier_code
from prover.statement.context import MAX_CONTEXT_BITS, check_context_size
from prover.statement.sealing import UNSEALED
from prover.systems.class_names import CLASSES, kept_names, to_bytes
from prover.systems.commitments import commitment_bytes, read_commitment
from prover.systems.interface import CircuitFacts
from prover.systems.native import folder
from prover.systems.native.about import About, read_about, require_stated
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import MAX_K, WEIGHT_LANES, CircuitLayout
from prover.systems.native.circuit.program import Placed, Program, compile_network, place
from prover.systems.native.circuit.ranking import MAX_LABELS
from prover.systems.native.facts import facts_of
from prover.systems.native.folder import DESCRIPTION as DESCRIPTION
from prover.systems.native.folder import KEYS as KEYS
from prover.systems.native.folder import SHAPE, VERIFYING_KEY, VERIFYING_SRS
from prover.systems.native.hiding.image import proofs_hidden, salt_cells
from prover.systems.native.network import serialise
from prover.systems.native.network.network import MAX_LANES, Network
from prover.systems.native.packing import Packing
from prover.systems.native.secret import NETWORK as NETWORK
from prover.systems.native.secret import PROVING_KEY, Secret
from prover.systems.places import MANIFEST as MANIFEST
from prover.systems.places import MODEL as MODEL
from prover.systems.proof import Proof
from prover.systems.srs import SetUp, check_verifying
from prover.verify import Description, parse_description
from prover.verify import weights_commitment as commitment_of
from prover.verify.digest import circuit_key

OUTLINE = "outline.bin"
# What a verifier reads, of which every byte follows from the network and the set-up.
VERIFYING = (
    DESCRIPTION,
    VERIFYING_KEY,
    VERIFYING_SRS,
    SHAPE,
)
NAMED = (MODEL, NETWORK, *VERIFYING)
# What a model has that is for the chain; a commitment only of hidden weights.
SAMPLE, WEIGHTS = "sample.json", "weights.json"
ADDED = (SAMPLE, WEIGHTS)
# One word holds the context, which has 120 to 253 bits (docs/SPEC.md, section 1).
CONTEXT_LIMBS, CONTEXT_BITS = 1, 248
Scale = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Agreement(NamedTuple):
    """The share of the labels of so many calibration samples that the integers keep."""

    share: float
    samples: int


class LayoutRecord(_Strict):
    """The circuit's parameters."""

    k: Annotated[int, Field(ge=1, le=MAX_K)]
    lanes: Annotated[int, Field(ge=1, le=MAX_LANES)]
    weight_lanes: Annotated[int, Field(ge=1, le=WEIGHT_LANES[-1])]
    packing: Literal[1, 2, 4, 8]


class NativeManifest(_Strict):
    """What manifest.json holds.

    `agreement`: the share of labels of calibration `samples` that integers keep; `inputs`, `labels`
    and `weights`: what is public, as `Form` says. Nothing in it depends on hidden weights, but the
    scales, so that models may share a circuit.
    """

    format: Literal[1]
    system: Literal["native"]
    versions: dict[str, str]
    sha256: dict[str, str]
    srs: SetUp
    layout: LayoutRecord
    context_limbs: Annotated[int, Field(ge=1, le=MAX_CONTEXT_BITS)]
    context_bits: Annotated[int, Field(ge=1, le=MAX_CONTEXT_BITS)]
    inputs: Literal["point", "hashed"]
    labels: Annotated[int, Field(ge=0, le=MAX_LABELS)]
    weights: Literal["public", "hidden"] = "public"
    input_scale: Scale
    output_scale: Scale
    agreement: Annotated[float, Field(ge=0, le=1)] | None
    samples: Annotated[int, Field(ge=1)] | None

    @model_validator(mode="after")
    def _tells_nothing_of_hidden_weights(self) -> Self:
        if {self.agreement is None, self.samples is None} != {self.weights == "hidden"}:
            raise ValueError("agreement and samples stand where weights are public, and only there")
        return self

    @property
    def form(self) -> Form:
        """What the circuit makes public."""
        return Form(self.context_limbs, self.inputs, self.labels, self.weights)

    def accuracy(self) -> dict[str, Any]:
        """The integers against the float model, on the calibration data."""
        return {
            "label_agreement": self.agreement,
            "worst_error": None,
            "samples": self.samples,
            "labelled_accuracy_float": None,
            "labelled_accuracy_quantised": None,
        }

    def digest(self) -> bytes:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(rfc8785.dumps(self.model_dump())).digest()


@dataclass(frozen=True)
class NativeArtifacts:
    """A checked directory. Made by `load`."""

    directory: Path
    manifest: NativeManifest
    system: ClassVar[str] = "native"

    @cached_property
    def digest(self) -> bytes:
        """The artifact digest that is registered."""
        return self.manifest.digest()

    @cached_property
    def description(self) -> Description:
        """What a verifier is told of the circuit."""
        return parse_description((self.directory / DESCRIPTION).read_bytes())

    @cached_property
    def facts(self) -> CircuitFacts:
        """What protocols compute with."""
        accuracy = None if self.manifest.weights == "hidden" else self.manifest.accuracy()
        stated = self.layout, self.manifest.form, self.manifest.context_bits
        return facts_of(self.description, self.network, *stated, accuracy, self.proofs_hidden)

    @cached_property
    def class_names(self) -> tuple[str, ...] | None:
        """What the classes are called, if anybody said so."""
        return kept_names(self.directory, self.facts.layout.classes)

    @property
    def weights_commitment(self) -> int:
        """keccak256 of the head of each proof, of hidden weights; else 0."""
        if self.manifest.weights == "public":
            return 0
        return read_commitment(self.directory / WEIGHTS)

    @property
    def sample(self) -> Proof:
        """A proof of no job. Raises ArtifactMismatch if none was made."""
        path = self.directory / SAMPLE
        if not path.is_file():
            raise ArtifactMismatch(
                f"there is no sample proof at {path}: it is made when a model is added; run "
                "`zkescrow model add`"
            )
        return Proof.from_bytes(path.read_bytes())

    @property
    def proving_key(self) -> Path:
        """Where the proving key is, or would be."""
        return self.directory / PROVING_KEY

    @property
    def proving_key_sha256(self) -> None:
        """None: of hidden weights it tells the weights, and no proof that it gives is unchecked."""
        return None

    def circuit(self, verifier: str, key: str = ZERO_ADDRESS) -> tuple[Any, ...]:
        """The `Circuit` struct of contracts/types/Circuit.sol for the contracts' addresses."""
        facts, code = self.facts, circuit_key(self.description)
        hashes = keccak(verifier_code(code)) + keccak(key_code(code))
        domain = facts.shape.input_min, facts.shape.input_max
        sealing = facts.sealed.sealing if facts.sealed else UNSEALED
        return (
            *(verifier, key, keccak(hashes), self.digest, facts.layout.to_abi(), *domain),
            *(sealing.to_abi(), facts.exact, facts.tolerance),
        )

    @cached_property
    def packing(self) -> Packing:
        """How images are packed into the words that are hashed."""
        return Packing.of(self.network, self.layout.lanes)

    @cached_property
    def known_network(self) -> Network:
        """With its weights; ArtifactMismatch if these are hidden and their files not here."""
        if self.manifest.weights == "public":
            return self.network
        return Secret(self.directory).network()

    @property
    def srs(self) -> SetUp:
        """The set-up that its keys use."""
        return self.manifest.srs

    @cached_property
    def about(self) -> About:
        """What the key says of itself."""
        return read_about(self.directory / SHAPE)

    @cached_property
    def network(self) -> Network:
        """The integer network; of hidden weights, its outline: weights 1, biases 0."""
        hidden = self.manifest.weights == "hidden"
        path = self.directory / (OUTLINE if hidden else NETWORK)
        return serialise.from_bytes(path.read_bytes(), bounds=not hidden)

    def require_scales(self) -> None:
        """ArtifactMismatch unless the manifest's scales are the network's.

        They say which real numbers pixels and scores stand for; no proof depends on them.
        """
        network = self.network
        stated = self.manifest.input_scale, self.manifest.output_scale
        found = network.input_scale, network.layer(network.output).scale
        if stated != found:
            raise ArtifactMismatch(
                f"the manifest states the scales {stated} of inputs and outputs: expected {found} "
                "by its network; get the circuit again, or set the model up again"
            )

    def require_weights(self, proof: bytes) -> None:
        """ProofRejected unless a proof that holds is of the hidden weights that are committed to.

        The key is the same for all weights of an architecture.
        """
        if self.manifest.weights == "public":
            return
        found = int.from_bytes(commitment_of(self.description, proof), "big")
        if found != self.weights_commitment:
            raise ProofRejected(
                f"the proof is of other weights, known by {found:#066x}: expected "
                f"{self.weights_commitment:#066x}, as {WEIGHTS} says; ask for a proof of this model"
            )

    @property
    def layout(self) -> CircuitLayout:
        """The circuit's parameters."""
        return CircuitLayout(**self.manifest.layout.model_dump())

    @cached_property
    def placed(self) -> Placed:
        """Where tensors stand; quick, as it makes no columns."""
        return place(self.network, self.layout.lanes, self.manifest.form)

    @property
    def proofs_hidden(self) -> int | None:
        """How many proofs about one image its salt hides it in; None where each draws its own."""
        if self.manifest.inputs == "hashed":  # its digests alone are shown again
            return None
        return proofs_hidden(salt_cells(self.placed, self.layout))

    @cached_property
    def program(self) -> Program:
        """The placed network: made again from the network, never read from a file."""
        return self._placed(self.network)

    @cached_property
    def proving_program(self) -> Program:
        """With the weights; ArtifactMismatch if these are hidden and their files not here."""
        if self.manifest.weights == "public":
            return self.program
        return self._placed(Secret(self.directory).network())

    def _placed(self, network: Network) -> Program:
        layout = self.layout
        return compile_network(network, layout.lanes, layout.weight_lanes, self.manifest.form)


def publish(
    directory: Path,
    network: Network,
    layout: CircuitLayout,
    agreement: Agreement,
    form: Form,
    srs: SetUp,
    class_names: tuple[str, ...] | None = None,
    weights: str | None = None,
) -> None:
    """Write the manifest of a directory whose other files are there, and names of classes.

    `weights` is the commitment to hidden ones, of which the manifest tells nothing, so that many
    models have one circuit.
    """
    names = named(form)
    if class_names:
        write_atomically(directory / CLASSES, to_bytes(class_names), private=False)
        names = (*names, CLASSES)
    if weights is not None:
        content = commitment_bytes(int(weights, 16))
        write_atomically(directory / WEIGHTS, content, private=False)
    manifest = NativeManifest(
        format=1,
        system="native",
        versions={"zkescrow": version("zkescrow"), "engine": version("zkescrow-native")},
        sha256={name: sha256_file(directory / name) for name in names},
        srs=srs,
        layout=LayoutRecord.model_validate(asdict(layout)),
        context_limbs=form.context,
        context_bits=CONTEXT_BITS,
        inputs=form.inputs,
        labels=form.labels,
        weights=form.weights,
        input_scale=network.input_scale,
        output_scale=network.layer(network.output).scale,
        agreement=None if weights else agreement.share,
        samples=None if weights else agreement.samples,
    )
    content = rfc8785.dumps(manifest.model_dump()) + b"\n"
    write_atomically(directory / MANIFEST, content, private=False)


def named(form: Form) -> tuple[str, ...]:
    """The files that the manifest names: none that tells hidden weights."""
    return (OUTLINE, *VERIFYING) if form.weights == "hidden" else NAMED


def load(directory: Path) -> NativeArtifacts:
    """Read a directory and check each file against the manifest; ArtifactMismatch names it.

    It may be a stranger's: exactly the circuit's files are allowed, none of them a link. The
    manifest's layout and form must be those of the key, its set-up the one that it names.
    """
    path, content = directory / MANIFEST, folder.read(directory, MANIFEST)
    try:
        manifest = NativeManifest.model_validate(strict_json.parse(content))
        check_context_size(manifest.context_limbs, manifest.context_bits)
    except (ValueError, StatementInvalid) as error:
        raise ArtifactMismatch(
            f"manifest {path} is not valid ({strict_json.as_text(error)}): set the model up again"
        ) from error
    allowed = named(manifest.form)
    if CLASSES in manifest.sha256:
        allowed = (*allowed, CLASSES)
    if set(manifest.sha256) != set(allowed):
        raise ArtifactMismatch(
            f"manifest {path} names {sorted(manifest.sha256)}: expected exactly {sorted(allowed)}; "
            "set the model up again"
        )
    folder.require_only(directory, (MANIFEST, *allowed, *ADDED), manifest.weights == "hidden")
    for name, expected in manifest.sha256.items():
        folder.check_hash(directory, name, expected)
    check_verifying(directory / VERIFYING_SRS, manifest.srs, manifest.layout.k)
    made = NativeArtifacts(directory.resolve(), manifest)
    if (directory / WEIGHTS).exists() != (manifest.weights == "hidden"):
        raise ArtifactMismatch(
            f"{WEIGHTS} stands where weights are hidden, and only there: set the model up again, "
            "or ask for its folder again"
        )
    require_stated(made.about, made.layout, manifest.form)
    return made
