"""What every proof system does.

`prover.systems.load`, the commands `prove` and `verify` and the API know no more of one than
`ProofSystem`. What has to do with a chain knows their `Artifacts`, and their system as
`OnChain`: `prover.systems.circuits` finds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from prover.base.text import ZERO_ADDRESS
from prover.protocol.costs import Proving
from prover.statement.context import JobContext
from prover.statement.documents.inputs_file import Item, Shape
from prover.statement.layout import Layout
from prover.statement.runs import word_bytes_for
from prover.statement.sealing import Chunks, SealedForm
from prover.systems.onnx.calibration import Calibration, Floats
from prover.systems.proof import Proof
from prover.systems.srs import INSECURE, SetUp, SetUpChoice
from prover.systems.worker import Progress


@dataclass(frozen=True)
class InputFiles:
    """The files that say what to prove, as a user names them.

    `inputs` holds items, `index` is one of them; or `image` is a photograph; `salts` are those of
    its digests. A system refuses what it does not take.
    """

    inputs: Path | None = None
    index: int = 0
    image: Path | None = None
    salts: Path | None = None


@dataclass(frozen=True)
class Answer:
    """What a proof says, for `--json` and in lines."""

    data: Mapping[str, Any]
    lines: tuple[str, ...]


class Published(Protocol):
    """Checked files of a circuit: what the artifacts of every system have."""

    @property
    def directory(self) -> Path:
        """Where they are."""
        ...

    @property
    def srs(self) -> SetUp:
        """The set-up that their keys use."""
        ...


Numbers = NDArray[np.float64]
Wanted = TypeVar("Wanted", contravariant=True)
Planned = TypeVar("Planned")
Made = TypeVar("Made", bound=Published)
Given = TypeVar("Given")
Evaluated = TypeVar("Evaluated")


class ProofSystem(Protocol[Wanted, Planned, Made, Given, Evaluated]):
    """A proof system; every call may take minutes, and reports the stages that begin.

    `Wanted` is a model with what is asked of its circuit, `Planned` a circuit before its keys,
    `Made` its artifacts, `Given` what is proven about, `Evaluated` a statement with its witness.
    """

    name: str

    @property
    def prove_stages(self) -> Mapping[str, float]:
        """Seconds of each stage of `prove` in a measured run; empty where unknown."""
        ...

    def plan(self, wanted: Wanted) -> Planned:
        """The cheapest circuit that holds. Raises ModelRefused."""
        ...

    def setup(
        self, planned: Planned, progress: Progress | None = None, srs: SetUpChoice = INSECURE
    ) -> Made:
        """Make and publish the artifacts of a planned circuit, on a set-up."""
        ...

    def load(self, directory: Path) -> Made:
        """Check what a folder holds, which may be a stranger's. Raises ArtifactMismatch."""
        ...

    def rebuild(self, made: Made, progress: Progress | None = None) -> object:
        """Make the keys again and compare. Raises ArtifactMismatch or UnsoundCircuit."""
        ...

    def read(self, made: Made, files: InputFiles) -> Given:
        """What files say. Raises UsageError or StatementInvalid."""
        ...

    def take(self, made: Made, values: Numbers) -> Given:
        """Numbers [items, ...] as the model takes them. Raises StatementInvalid."""
        ...

    def witness(self, made: Made, given: Given, context: JobContext) -> Evaluated:
        """The statement about `given` in the context of a job. Raises StatementInvalid."""
        ...

    def prove(self, made: Made, witness: Evaluated, progress: Progress | None = None) -> Proof:
        """A proof that was verified, with instances equal to the witness's."""
        ...

    def verify(self, made: Made, proofs: Sequence[Proof]) -> None:
        """Raise ProofRejected unless all proofs hold."""
        ...

    def verify_by_reference(self, made: Made, proof: Proof) -> None:
        """The same by the verifier in Python. Raises UsageError where there is none."""
        ...

    def check_set_up(self, made: Made) -> None:
        """Raise ArtifactMismatch unless the keys use the set-up that the manifest names."""
        ...

    def check_given(self, made: Made, proof: Proof, files: InputFiles) -> Given:
        """What files say, which the proof must be about. Raises ProofRejected or UsageError."""
        ...

    def check_context(self, made: Made, proof: Proof, context: JobContext) -> None:
        """Raise ProofRejected unless the proof was made for this job, payee and model."""
        ...

    def answer(self, made: Made, proof: Proof, given: Given | None = None) -> Answer:
        """What a proof says; of `given` alone if it is known."""
        ...


Outputs = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class CircuitFacts:
    """What the sides of a protocol compute with, of a circuit of any system.

    `sealed` says what a sealed item is; None where none can be. `tolerance` is in units of
    outputs, and no output word is greater in amount than `reach`. Integer 1 stands for
    `input_unit` and `output_unit`. `proving` is what one proof is predicted to take. `code_bytes`
    is the size of the verifier, `key_bytes` of its key, if it is told one. `accuracy` compares the
    integers with the float model; None of hidden weights. `proofs_hidden` is how many proofs about
    one item its salt hides it in, None for any number.
    """

    layout: Layout
    shape: Shape
    sealed: SealedForm | None
    exact: bool
    tolerance: int
    logrows: int
    proof_bytes: int
    reach: int
    input_unit: float
    output_unit: float
    proving: Proving
    code_bytes: int
    key_bytes: int
    accuracy: Mapping[str, Any] | None
    proofs_hidden: int | None

    @property
    def hidden(self) -> bool:
        """Whether the weights are their owner's secret."""
        return self.layout.weight_words + self.layout.weight_points > 0

    @property
    def inputs(self) -> str:
        """How inputs are stated: `public`, `hashed` with salt, or by a `point` of the proof."""
        if not self.layout.input_words:
            return "point"
        return "hashed" if self.salted else "public"

    @property
    def salted(self) -> bool:
        """Whether the inputs are kept from the chain."""
        return self.shape.salt_elements > 0

    @property
    def sealed_elements(self) -> int:
        """Elements that a dispute about a sealed chunk hashes; 0 where none can be sealed."""
        return 0 if self.sealed is None else self.sealed.sealing.digest_elements

    @property
    def word_bytes(self) -> int:
        """Bytes that hold every output word, with its sign."""
        return word_bytes_for(self.reach)


@dataclass(frozen=True)
class Prediction:
    """One item's outputs: `words` are signed integers, `scores` real numbers (None for labels).

    `label` is None on a tie. `decisive` is False where a prover could have chosen another label
    within the tolerance. `names` are those of all classes.
    """

    words: tuple[int, ...]
    scores: tuple[float, ...] | None
    label: int | None
    decisive: bool
    tolerance: float
    names: tuple[str, ...] | None = None

    @property
    def name(self) -> str | None:
        """What the label is called, if it is known."""
        return None if self.label is None or self.names is None else self.names[self.label]

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "output_words": list(self.words),
            "scores": None if self.scores is None else list(self.scores),
            "label": self.label,
            "class_name": self.name,
            "decisive": self.decisive,
            "score_tolerance": self.tolerance,
        }

    def message(self) -> str:
        """One line."""
        label = "a tie, no label" if self.label is None else f"label {self._called(self.label)}"
        if self.scores is None:
            others = ", ".join(map(self._called, self.words[1:]))
            return f"proven {label}{', then ' if others else ''}{others}"
        scores = " ".join(f"{score:.3f}" for score in self.scores)
        doubt = "" if self.decisive else f"; NOT decisive at a tolerance of {self.tolerance:g}"
        return f"proven {label}; scores {scores}{doubt}"

    def _called(self, label: int) -> str:
        return f"{label} ({self.names[label]})" if self.names else str(label)


@dataclass(frozen=True)
class Codes:
    """Code of the contracts that verify a circuit; no `key` where the verifier is generated."""

    verifier: bytes
    key: bytes = b""


class Artifacts(Published, Protocol):
    """Artifacts of a circuit that contracts can verify."""

    @property
    def system(self) -> str:
        """Its proof system, one of `prover.systems.SYSTEMS`."""
        ...

    @property
    def digest(self) -> bytes:
        """The artifact digest that is registered."""
        ...

    @property
    def weights_commitment(self) -> int:
        """What commits to hidden weights, else 0."""
        ...

    @property
    def facts(self) -> CircuitFacts:
        """What protocols compute with."""
        ...

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """What the classes are called, if anybody said so."""
        ...

    @property
    def sample(self) -> Proof:
        """A proof of no job, for the registry's self-test."""
        ...

    @property
    def proving_key(self) -> Path:
        """Where the proving key is, or would be."""
        ...

    @property
    def proving_key_sha256(self) -> str | None:
        """What that file's SHA-256 must be; None where the manifest does not say."""
        ...

    def circuit(self, verifier: str, key: str = ZERO_ADDRESS) -> tuple[Any, ...]:
        """The `Circuit` struct of contracts/types/Circuit.sol for the contracts' addresses."""
        ...


OnChainMade = TypeVar("OnChainMade", bound=Artifacts, contravariant=True)


class ItemProver(Protocol[OnChainMade]):
    """Makes and verifies proofs about items, for jobs of the contracts."""

    def require_weights(self, made: OnChainMade) -> None:
        """Raise ProvingError unless what would be proven here has the registered weights."""
        ...

    def require_hiding(self, made: OnChainMade, inputs: Sequence[bytes], shown: int) -> None:
        """Raise StatementInvalid where one proof more about an item would not hide what it must.

        `inputs` are the items' commitments, and `shown` the proofs that everybody can see.
        """
        ...

    def require_proofs(self, made: OnChainMade, count: int) -> None:
        """Raise StatementInvalid where hidden weights would not stay hidden in so many proofs."""
        ...

    def witness(self, made: OnChainMade, items: Sequence[Item], context: JobContext) -> Any:
        """The statement about items in the context of a job. Raises StatementInvalid."""
        ...

    def prove(self, made: OnChainMade, witness: Any, progress: Progress | None = None) -> Proof:
        """A proof of it that was verified."""
        ...

    def verify(self, made: OnChainMade, proofs: Sequence[Proof]) -> None:
        """Raise ProofRejected unless all proofs hold."""
        ...


class OnChain(ItemProver[OnChainMade], Protocol[OnChainMade]):
    """What the clients of the contracts ask of a proof system, by items."""

    def read_data(self, made: OnChainMade, path: Path) -> Calibration:
        """The samples of an NPZ archive. Raises UsageError or ModelRefused."""
        ...

    def photograph(self, made: OnChainMade, path: Path) -> Item:
        """The item that a photograph gives. Raises UsageError if the model takes none."""
        ...

    def items(self, made: OnChainMade, samples: Iterable[Floats]) -> list[Item]:
        """Samples as items, each with salt of its own where the circuit takes any."""
        ...

    def commitments(self, made: OnChainMade, items: Sequence[Item]) -> list[bytes]:
        """The input commitment of each item, as the contracts compute it of a proof."""
        ...

    def chunks(self, made: OnChainMade, item: Item) -> Chunks:
        """What each digest of an item hashes, salt last: what is sealed of it."""
        ...

    def unsealed(self, made: OnChainMade, chunks: Chunks) -> Item:
        """The inverse, of chunks that are well formed. Raises StatementInvalid on others."""
        ...

    def evaluate(self, made: OnChainMade, items: Sequence[Item]) -> Outputs:
        """Signed output words of every item, without a proof."""
        ...

    def compare_with_witness(self, made: OnChainMade, items: Sequence[Item]) -> None:
        """Compare the evaluation of some items with what a proof would show. ProvingError."""
        ...

    def predictions(self, made: OnChainMade, words: Sequence[int]) -> list[Prediction]:
        """What a delivery's output words (field elements) say, item after item."""
        ...

    def creation(self, made: OnChainMade) -> Codes:
        """Code that creates the contracts."""
        ...

    def runtime(self, made: OnChainMade) -> Codes:
        """Code that then stands at their addresses, by the artifacts."""
        ...

    def rebuilt(
        self, made: OnChainMade, progress: Progress | None = None, model: Path | None = None
    ) -> Codes:
        """The same, after everything was made again from the model's ONNX file and compared.

        From the file given, else the artifacts' own. Raises ArtifactMismatch or UnsoundCircuit.
        """
        ...

    def make_proving_key(self, made: OnChainMade, progress: Progress | None = None) -> None:
        """Make the proving key of artifacts that came without one. Raises UsageError."""
        ...

    def describe(self, made: OnChainMade) -> Mapping[str, Any]:
        """The manifest, as JSON."""
        ...

    def import_artifacts(self, directory: Path) -> Artifacts:
        """Check and keep what `export` wrote, a stranger's folder perhaps."""
        ...

    def export(self, made: OnChainMade, target: Path) -> list[str]:
        """Copy what others need to check a circuit into a new folder; the files' names."""
        ...
