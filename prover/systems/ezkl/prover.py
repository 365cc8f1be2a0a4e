"""Witness, proof and verification with ezkl, tied to the statement that the layout describes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prover.base.errors import ProofRejected, ProvingError, StatementInvalid
from prover.statement import poseidon
from prover.statement.context import NO_JOB, JobContext
from prover.statement.documents.inputs_file import Item
from prover.statement.field import check_canonical, encode_signed
from prover.statement.layout import Layout
from prover.systems.ezkl import artifacts as files
from prover.systems.ezkl.artifacts import Artifacts
from prover.systems.ezkl.manifest import FIXED, HASHED, Manifest
from prover.systems.ezkl.planning import ENGINE
from prover.systems.proof import Proof
from prover.systems.worker import Limits, Progress, run


@dataclass(frozen=True)
class Witness:
    """An evaluated statement.

    `outputs` are signed integers of the given items; `slots` are the items with padding;
    `instances` are the words that a proof of it must show.
    """

    items: tuple[Item, ...]
    slots: tuple[Item, ...]
    context: tuple[int, ...]
    outputs: tuple[tuple[int, ...], ...]
    instances: tuple[int, ...]


def item_words(manifest: Manifest, item: Item) -> tuple[int, ...]:
    """The words that stand for an item in the instances; StatementInvalid as `check_item`."""
    check_item(manifest, item)
    if manifest.plan.input_mode == HASHED:
        return (poseidon.digest((*item.values, *item.salt)),)
    return tuple(encode_signed(value) for value in item.values)


def check_item(manifest: Manifest, item: Item) -> None:
    """Raise StatementInvalid unless the item has the circuit's shape, domain and salt."""
    plan = manifest.plan
    _check_count("values", len(item.values), manifest.item_elements)
    _check_count("salt elements", len(item.salt), plan.salt_elements)
    _check_range("value", item.values, plan.input_min, plan.input_max)
    _check_range("salt", item.salt, 0, (1 << plan.salt_bits) - 1)


def make_witness(
    artifacts: Artifacts, items: Sequence[Item], context: JobContext, limits: Limits
) -> Witness:
    """Evaluate the circuit on 1 to b items; the other slots are padded. Raises StatementInvalid."""
    manifest = artifacts.manifest
    layout = manifest.layout
    slots = _fill(manifest, items)
    limbs = context.limbs(layout.context_limbs, layout.context_bits)
    inputs = _graph_inputs(slots, limbs)
    arguments = {"compiled": artifacts.path(files.CIRCUIT), "inputs": [inputs]}
    made = run(f"{ENGINE}:witnesses", arguments, limits)["witnesses"][0]
    if made["inputs"] != inputs:
        raise ProvingError("ezkl changed the inputs given to it: report this with the model's plan")
    return Witness(
        items=tuple(items),
        slots=slots,
        context=limbs,
        outputs=tuple(tuple(row) for row in made["outputs"][: len(items)]),
        instances=_instances(manifest, slots, limbs, made["outputs"], made["weights_digest"]),
    )


def outputs_of(
    artifacts: Artifacts, items: Sequence[Item], limits: Limits
) -> tuple[tuple[int, ...], ...]:
    """Signed output words of any number of items, by ezkl's own witnesses, all in one child.

    They depend on no context. Fixed weights are taken from the network that the manifest hashes,
    as an imported model has no compiled circuit. Raises StatementInvalid as `check_item`,
    WorkerFailed.
    """
    manifest = artifacts.manifest
    count = manifest.layout.items
    groups = [items[at : at + count] for at in range(0, len(items), count)]
    limbs = [0] * manifest.layout.context_limbs
    inputs = [_graph_inputs(_fill(manifest, group), limbs) for group in groups]
    if manifest.plan.weights == FIXED:
        settings = json.loads(Path(artifacts.path(files.SETTINGS)).read_text())
        network = {"model": artifacts.path(files.NETWORK), "settings": settings}
        made = run(f"{ENGINE}:compile_and_evaluate", network | {"inputs": inputs}, limits)
    else:
        compiled = {"compiled": artifacts.path(files.CIRCUIT)}
        made = run(f"{ENGINE}:witnesses", compiled | {"inputs": inputs}, limits)
    rows = [row for one in made["witnesses"] for row in one["outputs"][:count]]
    return tuple(tuple(row) for row in rows[: len(items)])


def prove(
    artifacts: Artifacts, witness: Witness, limits: Limits, progress: Progress | None = None
) -> Proof:
    """Prove, verify, and check that the instances are exactly those of the witness.

    Raises ArtifactMismatch if the proving key is not the manifest's, ProofRejected, WorkerFailed.
    """
    names = {
        "compiled": files.CIRCUIT,
        "settings": files.SETTINGS,
        "vk": files.VK,
        "pk": files.PK,
        "srs": files.SRS,
    }
    arguments = {key: artifacts.path(name) for key, name in names.items()} | {
        "inputs": _graph_inputs(witness.slots, witness.context),
        "pk_sha256": artifacts.manifest.sha256[files.PK],
    }
    made = run(f"{ENGINE}:prove", arguments, limits, progress=progress)
    proof = Proof(bytes.fromhex(made["proof"].removeprefix("0x")), tuple(made["instances"]))
    check_form(artifacts.manifest, proof)
    _check_instances(artifacts.manifest.layout, proof.instances, witness.instances)
    return proof


def verify(artifacts: Artifacts, proofs: Sequence[Proof], limits: Limits) -> None:
    """Raise ProofRejected, naming the proof by its place, unless all hold; in one child."""
    for proof in proofs:
        check_form(artifacts.manifest, proof)
    names = {"settings": files.SETTINGS, "vk": files.VK, "srs": files.SRS}
    arguments = {key: artifacts.path(name) for key, name in names.items()} | {
        "proofs": [(proof.proof.hex(), list(proof.instances)) for proof in proofs]
    }
    rejected = run(f"{ENGINE}:verify_all", arguments, limits)["rejected"]
    if rejected:
        first = min(rejected, key=int)
        raise ProofRejected(f"proof {first} of {len(proofs)}: {rejected[first]}")


def prove_sample(artifacts: Artifacts, limits: Limits, progress: Progress | None = None) -> Proof:
    """A proof about padding only, in a context that belongs to no job."""
    padding = _padding(artifacts.manifest)
    witness = make_witness(artifacts, [padding], NO_JOB, limits)
    return prove(artifacts, witness, limits, progress)


def weights_digest(artifacts: Artifacts, limits: Limits) -> int:
    """Poseidon digest of the compiled circuit's hidden weights."""
    slots = _fill(artifacts.manifest, [_padding(artifacts.manifest)])
    inputs = _graph_inputs(slots, [0] * artifacts.manifest.layout.context_limbs)
    arguments = {"compiled": artifacts.path(files.CIRCUIT), "inputs": [inputs]}
    made = run(f"{ENGINE}:witnesses", arguments, limits)["witnesses"][0]
    return check_canonical(made["weights_digest"])


def check_context(manifest: Manifest, proof: Proof, context: JobContext) -> None:
    """Raise ProofRejected unless the proof was made for this chain, contract, job, payee, model."""
    layout = manifest.layout
    found = layout.section("context", proof.instances)
    wanted = context.limbs(layout.context_limbs, layout.context_bits)
    if found != wanted:
        raise ProofRejected(
            f"the proof's context is {list(found)}: expected {list(wanted)} for this chain, "
            "contract, job, payee and model; it was made for another one"
        )


def check_items(manifest: Manifest, proof: Proof, items: Sequence[Item], name: str) -> None:
    """Raise ProofRejected unless the proof is about these items, which `name` holds."""
    layout = manifest.layout
    for number, item in enumerate(items):
        if number >= layout.items or layout.item_inputs(proof.instances, number) != item.words():
            raise ProofRejected(
                f"the proof's item {number} is not that of {name}: prove that file, or verify the "
                "proof with its own"
            )


def check_form(manifest: Manifest, proof: Proof) -> None:
    """Raise ProofRejected or StatementInvalid unless lengths are exact and instances canonical."""
    if len(proof.proof) != manifest.verifier.proof_bytes:
        raise ProofRejected(
            f"proof has {len(proof.proof)} bytes: expected exactly "
            f"{manifest.verifier.proof_bytes}; use the proof as it was made"
        )
    manifest.layout.check_length(proof.instances)
    for word in proof.instances:
        check_canonical(word)


def _fill(manifest: Manifest, items: Sequence[Item]) -> tuple[Item, ...]:
    slots = manifest.layout.items
    if not 1 <= len(items) <= slots:
        raise StatementInvalid(
            f"{len(items)} items: expected 1 to {slots} in one proof; split the job"
        )
    for item in items:
        check_item(manifest, item)
    return (*items, *[_padding(manifest)] * (slots - len(items)))


def _padding(manifest: Manifest) -> Item:
    plan = manifest.plan
    nearest_zero = min(max(0, plan.input_min), plan.input_max)
    return Item((nearest_zero,) * manifest.item_elements, (0,) * plan.salt_elements)


def _graph_inputs(slots: Sequence[Item], limbs: Sequence[int]) -> list[list[int]]:
    return [[*slot.values, *slot.salt] for slot in slots] + [list(limbs)]


def _instances(
    manifest: Manifest,
    slots: Sequence[Item],
    limbs: tuple[int, ...],
    outputs: Sequence[Sequence[int]],
    weights: int | None,
) -> tuple[int, ...]:
    """What the statement says the proof must show, from our own Poseidon and encoding."""
    hashed = manifest.plan.input_mode == HASHED
    if (weights is None) != (manifest.plan.weights == FIXED):
        raise ProvingError(
            "the circuit does not hash its weights as its plan says: set it up again"
        )
    sections = {
        "context": limbs,
        "context_echo": (poseidon.digest(limbs),) if hashed else limbs,
        "inputs": tuple(word for slot in slots for word in item_words(manifest, slot)),
        "weights": () if weights is None else (weights,),
        "outputs": tuple(encode_signed(value) for row in outputs[:-1] for value in row),
    }
    words: dict[int, int] = {}
    for name, where in manifest.layout.sections().items():
        words.update(zip(where, sections[name], strict=True))
    return tuple(words[index] for index in range(manifest.layout.instances))


def _check_instances(layout: Layout, found: Sequence[int], expected: Sequence[int]) -> None:
    for name, where in layout.sections().items():
        if tuple(found[where.start : where.stop]) != tuple(expected[where.start : where.stop]):
            raise ProofRejected(
                f"the proof's {name} words are not those of the statement: "
                f"found {list(found[where.start : where.stop])}, expected "
                f"{list(expected[where.start : where.stop])}; do not submit it"
            )


def _check_count(name: str, found: int, allowed: int) -> None:
    if found != allowed:
        raise StatementInvalid(
            f"item has {found} {name}: expected exactly {allowed}; check the input's shape"
        )


def _check_range(name: str, values: Sequence[int], low: int, high: int) -> None:
    for index, value in enumerate(values):
        if not low <= value <= high:
            raise StatementInvalid(
                f"item's {name} {index} is {value}: expected {low} to {high}; scale the input "
                "as the model's manifest says"
            )
