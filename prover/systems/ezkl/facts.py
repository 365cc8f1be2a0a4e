"""What protocols compute with, of a circuit of ezkl."""

from prover.protocol.costs import Proving
from prover.statement.documents.inputs_file import Shape
from prover.statement.sealing import UNSEALED, SealedForm
from prover.systems.ezkl.manifest import Manifest
from prover.systems.interface import CircuitFacts


def shape_of(manifest: Manifest) -> Shape:
    """Slots, values and salt of an item, and the domain of its values."""
    plan = manifest.plan
    return Shape(
        slots=manifest.layout.items,
        values=manifest.item_elements,
        salt_elements=plan.salt_elements if manifest.digest_elements else 0,
        salt_bits=plan.salt_bits,
        input_min=plan.input_min,
        input_max=plan.input_max,
    )


def _sealed(manifest: Manifest) -> SealedForm | None:
    sealing, plan = manifest.sealing, manifest.plan
    if sealing == UNSEALED:
        return None
    return SealedForm(sealing, manifest.layout.input_words, plan.input_min, plan.input_max)


def facts_of(manifest: Manifest) -> CircuitFacts:
    """All of it, from the manifest."""
    plan, layout = manifest.plan, manifest.layout
    return CircuitFacts(
        layout=layout,
        shape=shape_of(manifest),
        sealed=_sealed(manifest),
        exact=plan.exact,
        tolerance=plan.tolerance,
        logrows=plan.logrows,
        proof_bytes=manifest.verifier.proof_bytes,
        reach=plan.decomp_base**plan.decomp_legs,
        input_unit=2.0**-manifest.scales.input,
        output_unit=2.0**-manifest.scales.output,
        proving=Proving.predicted(plan.logrows, layout.items, layout.instances),
        code_bytes=manifest.verifier.code_bytes,
        key_bytes=0,
        accuracy=manifest.accuracy,
        proofs_hidden=None,
    )
