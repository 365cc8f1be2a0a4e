"""The manifest of a circuit: everything an auditor needs to rebuild its verifier byte for byte."""

import hashlib
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from prover.base import strict_json
from prover.base.errors import ArtifactMismatch, StatementInvalid, UnsoundCircuit
from prover.base.files import NotPlain, TooLarge, read_plain
from prover.base.text import ZERO_ADDRESS
from prover.base.units import MIB
from prover.solidity.compile import EVM_VERSION, OPTIMIZER_RUNS, SOLC_VERSION
from prover.solidity.verifier import VERIFIER_CONTRACT, Verifier
from prover.statement.documents.inputs_file import MIN_SALT_BITS
from prover.statement.layout import Layout
from prover.statement.sealing import UNSEALED, VALUE_BYTES, Sealing
from prover.systems.class_names import CLASSES
from prover.systems.ezkl.planner.plan import Accuracy, Plan
from prover.systems.ezkl.rules import EZKL_VERSION
from prover.systems.places import MODEL
from prover.systems.srs import MAX_LOGROWS as MAX_LOGROWS
from prover.systems.srs import SetUp

HASHED, PUBLIC, FIXED = "hashed", "public", "fixed"
MAX_BYTES = MIB
NO_ACCURACY: dict[str, Any] = {
    "label_agreement": 0.0,
    "worst_error": 0.0,
    "samples": 0,
    "labelled_accuracy_float": None,
    "labelled_accuracy_quantised": None,
}


_PLAN = TypeAdapter(Plan)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Versions(_Strict):
    """Programs whose output depends on their version."""

    zkescrow: str
    ezkl: str
    solc: str


class VerifierRecord(_Strict):
    """The hardened verifier and the compiler options that give its code; hashes in hexadecimal."""

    contract: str
    source_sha256: str
    code_hash: str
    code_bytes: int
    proof_bytes: int
    evm_version: str
    optimizer_runs: int


class Scales(_Strict):
    """Binary digits after the point of an item's input and output words."""

    input: int
    output: int


class Manifest(_Strict):
    """What manifest.json holds. `sha256` is by file name; `accuracy` is None for hidden weights.

    Nothing in it depends on hidden weights, so that many models share one circuit.
    """

    format: Literal[1]
    system: Literal["ezkl"]
    versions: Versions
    sha256: dict[str, str]
    srs: SetUp
    freivalds: Literal[False]
    plan_fields: dict[str, Any]
    layout_fields: dict[str, int]
    item_elements: int
    scales: Scales
    verifier: VerifierRecord
    accuracy: dict[str, Any] | None

    @property
    def layout(self) -> Layout:
        """Where the sections of the instances stand."""
        return Layout.from_dict(self.layout_fields)

    @property
    def plan(self) -> Plan:
        """The circuit's parameters, with the measured accuracy where it is public."""
        return Plan(**self.plan_fields, accuracy=Accuracy(**(self.accuracy or NO_ACCURACY)))

    @property
    def digest_elements(self) -> int:
        """Elements hashed into one input word; 0 when inputs are public."""
        plan = self.plan
        return self.item_elements + plan.salt_elements if plan.input_mode == HASHED else 0

    @property
    def sealing(self) -> Sealing:
        """How items are sealed: one digest, of values with salt, where each fits its bytes."""
        plan, elements, bound = self.plan, self.digest_elements, 1 << (8 * VALUE_BYTES - 1)
        values = -bound <= plan.input_min and plan.input_max < bound
        if not (elements and plan.salt_elements and values and 1 << plan.salt_bits <= bound):
            return UNSEALED
        return Sealing(elements, elements, plan.salt_elements, plan.salt_bits)

    @property
    def code_hash(self) -> bytes:
        """keccak256 of the verifier's runtime code."""
        return bytes.fromhex(self.verifier.code_hash)

    def canonical(self) -> bytes:
        """RFC 8785 canonical JSON."""
        return rfc8785.dumps(self.model_dump())

    def digest(self) -> bytes:
        """The artifact digest: SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.canonical()).digest()

    def circuit(self, verifier: str) -> tuple[Any, ...]:
        """The `Circuit` struct of contracts/types/Circuit.sol for a deployed verifier's address."""
        plan = self.plan
        return (
            verifier,
            ZERO_ADDRESS,
            self.code_hash,
            self.digest(),
            self.layout.to_abi(),
            plan.input_min,
            plan.input_max,
            self.sealing.to_abi(),
            plan.exact,
            plan.tolerance,
        )


def named_files(weights: str) -> tuple[str, ...]:
    """The files whose hashes a manifest holds: those that come out the same at each making.

    The compiled circuit and the sample proof do not; a folder's `files.json` covers them.
    """
    named = ("network.onnx", "settings.json", "vk.key", "pk.key", "kzg.srs")
    return (*named, MODEL) if weights == FIXED else named


def make_manifest(
    *,
    plan: Plan,
    layout: Layout,
    item_elements: int,
    sha256: dict[str, str],
    srs: SetUp,
    verifier: Verifier,
) -> Manifest:
    """Describe a circuit. The plan's accuracy is left out when the weights are hidden."""
    fields = asdict(plan)
    accuracy = fields.pop("accuracy")
    return Manifest(
        format=1,
        system="ezkl",
        versions=current_versions(),
        sha256=sha256,
        srs=srs,
        freivalds=False,
        plan_fields=fields,
        layout_fields=layout.to_dict(),
        item_elements=item_elements,
        scales=Scales(input=plan.input_scale, output=plan.output_scale),
        verifier=record_verifier(verifier),
        accuracy=accuracy if plan.weights == FIXED else None,
    )


def current_versions() -> Versions:
    """Versions of what runs here."""
    return Versions(zkescrow=version("zkescrow"), ezkl=version("ezkl"), solc=SOLC_VERSION)


def record_verifier(verifier: Verifier) -> VerifierRecord:
    """Hashes and sizes of a compiled verifier."""
    return VerifierRecord(
        contract=VERIFIER_CONTRACT,
        source_sha256=hashlib.sha256(verifier.source.encode()).hexdigest(),
        code_hash=verifier.contract.code_hash.hex(),
        code_bytes=len(verifier.contract.runtime),
        proof_bytes=verifier.proof_bytes,
        evm_version=EVM_VERSION,
        optimizer_runs=OPTIMIZER_RUNS,
    )


def read_manifest(path: Path) -> Manifest:
    """Parse and check a manifest file. Raises ArtifactMismatch or UnsoundCircuit."""
    try:
        content = read_plain(path, MAX_BYTES, follow=False)
        manifest = Manifest.model_validate(strict_json.parse(content))
        _ = manifest.plan, manifest.layout, manifest.digest()
    except (NotPlain, TooLarge) as error:
        raise ArtifactMismatch(
            f"manifest {path}: expected a plain file of at most {MAX_BYTES} bytes; set the model "
            "up again, or ask for the folder again"
        ) from error
    except FileNotFoundError:
        raise ArtifactMismatch(
            f"there is no manifest at {path}: run `zkescrow model add`"
        ) from None
    except (ValueError, TypeError, StatementInvalid) as error:
        if isinstance(error, ValidationError) and any(
            problem["loc"] == ("freivalds",) for problem in error.errors()
        ):
            raise UnsoundCircuit(
                f"manifest {path}: expected freivalds false, else a wrong result could be proven; "
                "set the model up again"
            ) from error
        raise ArtifactMismatch(
            f"manifest {path} is not valid ({strict_json.as_text(error)}): set the model up "
            "again, or ask for the folder again"
        ) from error
    _check_types(manifest)
    check_manifest(manifest)
    return manifest


def _check_types(manifest: Manifest) -> None:
    """Raise UnsoundCircuit naming a parameter of another type or kind than a plan has."""
    try:
        _PLAN.validate_json(rfc8785.dumps(asdict(manifest.plan)), strict=True)
    except ValueError as error:
        message = strict_json.as_text(error).replace("_", " ")
        raise UnsoundCircuit(f"manifest: plan, {message}; set the model up again") from error


def check_manifest(manifest: Manifest) -> None:
    """The rules that a manifest alone can break. Raises UnsoundCircuit or ArtifactMismatch."""
    plan, layout = manifest.plan, manifest.layout
    _require("rows", 1 <= plan.logrows <= MAX_LOGROWS, True)
    _require("numbers of at most 64 bits", all(map(_is_small, asdict(plan).values())), True)
    _require("ezkl version", manifest.versions.ezkl, EZKL_VERSION)
    _require("weights", plan.weights in (FIXED, HASHED), True)
    _require("input mode", plan.input_mode in (PUBLIC, HASHED), True)
    _require("weight words", layout.weight_words, int(plan.weights == HASHED))
    salt_bits = plan.salt_elements * plan.salt_bits
    _require(
        "salt", salt_bits >= MIN_SALT_BITS if plan.input_mode == HASHED else not salt_bits, True
    )
    named = {*manifest.sha256} - {CLASSES}
    _require("files", sorted(named), sorted(named_files(plan.weights)))
    _require("exact plan's tolerance", plan.tolerance if plan.exact else 0, 0)
    if not plan.exact and plan.weights != FIXED:
        raise UnsoundCircuit(
            f"an inexact circuit has {plan.weights} weights: expected fixed ones, as hidden "
            "ones can turn a rounding step into any label; find an exact plan"
        )


def _is_small(value: object) -> bool:
    return not isinstance(value, int) or abs(value) < 1 << 63


def _require(name: str, found: object, allowed: object) -> None:
    if found != allowed:
        raise UnsoundCircuit(
            f"manifest: {name} is {found!r}: expected {allowed!r}; set the model up again"
        )
