"""Native circuits as the clients of the contracts use them: by items."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from prover.base.errors import ArtifactMismatch, ProvingError, StatementInvalid
from prover.base.files import sha256_file
from prover.base.settings import get_settings
from prover.solidity.native import key_code, key_creation, verifier_code, verifier_creation
from prover.statement.commitment import proven_input, weights_of
from prover.statement.context import NO_JOB, JobContext
from prover.statement.documents.inputs_file import Item, salted
from prover.statement.field import decode_signed
from prover.statement.layout import OutputKind
from prover.statement.sealing import Chunks
from prover.systems.interface import Codes, OnChain, Outputs, Prediction
from prover.systems.native import prover, setup
from prover.systems.native.artifacts import MODEL, NativeArtifacts
from prover.systems.native.hiding import image as hiding
from prover.systems.native.inputs import read_photograph
from prover.systems.native.network.network import Integers
from prover.systems.native.network.quantise import to_integers
from prover.systems.native.network.reference import scores
from prover.systems.native.on_chain import committing, exchange
from prover.systems.native.packing import opened
from prover.systems.native.secret import Secret
from prover.systems.native.witness import execute
from prover.systems.onnx import calibration
from prover.systems.onnx.calibration import Calibration, Floats
from prover.systems.proof import Proof
from prover.systems.worker import Limits, Progress
from prover.verify.digest import circuit_key

BATCH = 16  # images that are evaluated together
COMPARED = 4  # an execution takes as long as the network's integers do, some seconds
BEST = 5


@dataclass(frozen=True)
class ItemWitness:
    """An item in the context of a job, with the commitment and outputs that its proof must show."""

    item: Item
    context: JobContext
    commitment: bytes
    outputs: tuple[int, ...]


class NativeOnChain:
    """`OnChain` of native circuits; `limits` hold for each child process."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def read_data(self, made: NativeArtifacts, path: Path) -> Calibration:
        """See `calibration.read`."""
        source, classes = made.network.input, made.facts.layout.classes
        return calibration.read(path, (1, source.channels, source.height, source.width), classes)

    def photograph(self, made: NativeArtifacts, path: Path) -> Item:
        """Its middle, as large as the network's input."""
        image = read_photograph(path, made)
        return salted(image.reshape(-1).tolist(), made.facts.shape)

    def items(self, made: NativeArtifacts, samples: Iterable[Floats]) -> list[Item]:
        """Images as integers, each with a seed of its own, which hides it."""
        shape, scale = made.facts.shape, made.manifest.input_scale
        images = [to_integers(np.asarray(one, dtype=np.float64), scale) for one in samples]
        return [salted(image.reshape(-1).tolist(), shape) for image in images]

    def commitments(self, made: NativeArtifacts, items: Sequence[Item]) -> list[bytes]:
        """keccak256 of each image's point, or of its digests."""
        return committing.commitments(made, items, self._limits)

    def chunks(self, made: NativeArtifacts, item: Item) -> Chunks:
        """See `committing.chunks`."""
        return committing.chunks(made, item)

    def unsealed(self, made: NativeArtifacts, chunks: Chunks) -> Item:
        """The image that the words give, and the salts of its digests."""
        words, salts = opened(chunks)
        return Item(made.packing.values(words), digest_salts=salts)

    def evaluate(self, made: NativeArtifacts, items: Sequence[Item]) -> Outputs:
        """By the integer reference; needs the weights."""
        network = made.known_network
        images = [_image(made, item) for item in items]
        rows: list[tuple[int, ...]] = []
        for start in range(0, len(images), BATCH):
            found = scores(network, np.stack(images[start : start + BATCH]))
            rows += [_outputs(made, row) for row in found]
        return tuple(rows)

    def compare_with_witness(self, made: NativeArtifacts, items: Sequence[Item]) -> None:
        """With the execution that a proof is made of: the first and last items, and two between."""
        chosen = sorted({at * (len(items) - 1) // (COMPARED - 1) for at in range(COMPARED)})
        for index in chosen if items else ():
            (ours,) = self.evaluate(made, [items[index]])
            program = made.proving_program
            found = execute(program, _image(made, items[index]), made.layout.usable_rows)
            shown = found.labels or tuple(int(value) for value in found.outputs)
            if shown != ours:
                raise ProvingError(
                    f"the witness of item {index} gives {list(shown)}: expected {list(ours)}, as "
                    "evaluated; stake nothing on this model, and report it with its network"
                )

    def predictions(self, made: NativeArtifacts, words: Sequence[int]) -> list[Prediction]:
        """Labels as they are; scores in real numbers, with the label of the strictly greatest."""
        layout, size = made.facts.layout, made.facts.layout.output_words
        found = [decode_signed(word) for word in words]
        rows = [tuple(found[at : at + size]) for at in range(0, len(found), size)]
        if layout.output_kind is OutputKind.LABEL:
            return [Prediction(row, None, row[0], True, 0.0) for row in rows]
        unit = made.facts.output_unit
        return [_scored(row, unit) for row in rows]

    def require_weights(self, made: NativeArtifacts) -> None:
        """Of hidden weights, those of the sample must be the registered ones."""
        layout, sample = made.facts.layout, made.sample
        found = weights_of(layout, sample.proof, sample.instances)
        if found != made.weights_commitment:
            raise ProvingError(
                "the keys on this machine have other weights than the model that is registered, so "
                "that no proof would be accepted: set the model up again"
            )

    def require_hiding(self, made: NativeArtifacts, inputs: Sequence[bytes], shown: int) -> None:
        """Of each image's salt, by what this machine made besides."""
        allowed = made.facts.proofs_hidden
        if allowed is None:
            return
        for commitment in inputs:
            count = max(hiding.counted(_counts(), commitment), shown)
            if count >= allowed:
                raise StatementInvalid(hiding.used_up(count, allowed))

    def require_proofs(self, made: NativeArtifacts, count: int) -> None:
        """By the salt of the keys, less the proofs that were made with them."""
        if made.facts.hidden and (left := Secret(made.directory).left()) < count:
            raise StatementInvalid(
                f"the hidden weights stay hidden in {left} proofs more: expected {count}; set the "
                "model up again, which makes another model"
            )

    def witness(
        self, made: NativeArtifacts, items: Sequence[Item], context: JobContext
    ) -> ItemWitness:
        """The statement about one item. Raises StatementInvalid."""
        if len(items) != 1:
            raise StatementInvalid(f"{len(items)} items: expected 1 in one proof; split the job")
        (item,) = items
        if context == NO_JOB:  # a rehearsal must not take of what hides a job's item
            item = salted(item.values, made.facts.shape)
        (commitment,), (outputs,) = self.commitments(made, [item]), self.evaluate(made, [item])
        return ItemWitness(item, context, commitment, outputs)

    def prove(
        self, made: NativeArtifacts, witness: ItemWitness, progress: Progress | None = None
    ) -> Proof:
        """A proof of what was evaluated. Raises ProvingError once its hiding is used up."""
        layout, proof = made.facts.layout, self._proof(made, witness, progress)
        shown = tuple(map(decode_signed, layout.item_outputs(proof.instances, 0)))
        if shown != witness.outputs:
            raise ProvingError(
                f"the proof shows {list(shown)}: expected {list(witness.outputs)}, as evaluated: "
                "do not submit it"
            )
        if proven_input(layout, proof.proof, proof.instances, 0) != witness.commitment:
            raise ProvingError("the proof is about another input than its item: do not submit it")
        return proof

    def _proof(
        self, made: NativeArtifacts, witness: ItemWitness, progress: Progress | None
    ) -> Proof:
        """Digests need their own salts alone: all else that hides is drawn for each proof.

        A point needs all of it again, which a number of proofs uses up.
        """
        image, context = _image(made, witness.item), witness.context
        allowed = made.facts.proofs_hidden
        if allowed is None:
            salts = committing.digest_salts(made, witness.item)
            return prover.prove(made, image, context, self._limits, progress, salts=salts)
        hiding.spend(_counts(), witness.commitment, allowed)
        seed = hiding.seed_of(witness.item.salt)
        return prover.prove(made, image, context, self._limits, progress, seed=seed)

    def verify(self, made: NativeArtifacts, proofs: Sequence[Proof]) -> None:
        """See `prover.verify`."""
        for proof in proofs:
            prover.verify(made, proof, self._limits)

    def creation(self, made: NativeArtifacts) -> Codes:
        """Of the verifier of the circuit's set-up, and of its key."""
        key = circuit_key(made.description)
        return Codes(verifier_creation(key), key_creation(key))

    def runtime(self, made: NativeArtifacts) -> Codes:
        """The same, once they are created."""
        key = circuit_key(made.description)
        return Codes(verifier_code(key), key_code(key))

    def rebuilt(
        self, made: NativeArtifacts, progress: Progress | None = None, model: Path | None = None
    ) -> Codes:
        """See `setup.rebuild`; the key follows from the description that was compared."""
        if model is not None and made.manifest.weights == "public":
            found, allowed = sha256_file(model), made.manifest.sha256[MODEL]
            if found != allowed:
                raise ArtifactMismatch(
                    f"model file {model} has SHA-256 {found}: expected {allowed} by the artifacts"
                )
        setup.rebuild(made, self._limits, progress)
        return self.runtime(made)

    def make_proving_key(self, made: NativeArtifacts, progress: Progress | None = None) -> None:
        """See `exchange.make_proving_key`."""
        exchange.make_proving_key(made, self._limits, progress)

    def describe(self, made: NativeArtifacts) -> Mapping[str, Any]:
        """Every field of the manifest."""
        found: Mapping[str, Any] = json.loads(made.manifest.model_dump_json())
        return found

    def import_artifacts(self, directory: Path) -> NativeArtifacts:
        """See `exchange.import_artifacts`."""
        return exchange.import_artifacts(directory, self._limits)

    def export(self, made: NativeArtifacts, target: Path) -> list[str]:
        """See `exchange.export`."""
        return exchange.export(made, target)


def _counts() -> Path:
    """Where proofs are counted by the commitment to their input."""
    return get_settings().home / "hiding"


def _image(made: NativeArtifacts, item: Item) -> Integers:
    source = made.network.input
    values = np.array(item.values, dtype=np.int64)
    if values.size != source.channels * source.height * source.width:
        raise StatementInvalid(
            f"item has {values.size} values: expected exactly {made.facts.shape.values}; check the "
            "input's shape"
        )
    image: Integers = values.reshape(source.channels, source.height, source.width)
    return image


def _outputs(made: NativeArtifacts, row: Integers) -> tuple[int, ...]:
    """Scores, or the labels of the greatest ones, the smaller class first among equals."""
    count = made.manifest.labels
    if not count:
        return tuple(int(score) for score in row)
    order = np.lexsort((np.arange(len(row)), -row))
    return tuple(int(label) for label in order[:count])


def _scored(row: tuple[int, ...], unit: float) -> Prediction:
    ranked = sorted(row, reverse=True)
    tied = len(ranked) > 1 and ranked[0] == ranked[1]
    label = None if tied or len(ranked) == 1 else row.index(ranked[0])
    return Prediction(row, tuple(word * unit for word in row), label, True, 0.0)


if TYPE_CHECKING:
    _CHECKED: OnChain[NativeArtifacts] = NativeOnChain()  # mypy compares each method
