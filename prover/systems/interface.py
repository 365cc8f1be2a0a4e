"""What every proof system does.

`prover.systems.load`, the commands `prove` and `verify` and the API know no more of one than this.
What has to do with a chain knows more of ezkl's, as contracts verify no other circuits: `OnChain`
of `prover.systems.ezkl.system`, and its artifacts, manifests, inputs and outputs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from prover.statement.context import JobContext
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
