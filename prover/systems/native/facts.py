"""What protocols compute with, of a native circuit."""

from collections.abc import Mapping
from typing import Any

from prover.protocol.costs import Proving
from prover.solidity.native import key_code, verifier_code
from prover.statement.documents.inputs_file import Shape
from prover.statement.layout import Layout, OutputKind
from prover.statement.sealing import SealedForm
from prover.systems.interface import CircuitFacts
from prover.systems.native.circuit.columns import (
    COLUMNS_PER_GRAND_PRODUCT,
    count_columns,
    grand_products,
)
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import CircuitLayout
from prover.systems.native.hiding.image import SEED_BITS, SEED_ELEMENTS
from prover.systems.native.network.network import Network
from prover.systems.native.packing import Packing
from prover.verify import Description
from prover.verify.digest import circuit_key

# EfficientNet-Lite0's proof, and the work of its layout (benchmarks/results/imagenet.json).
MEASURED_SECONDS, MEASURED_COST = 120.8, CircuitLayout(20, 9, 5).cost
# Gas of a point that is multiplied, of a word of calldata, of all else; measured
# (benchmarks/results/native_gas.json).
POINT_GAS, WORD_GAS, OTHER_GAS = 6_400, 530, 290_000
POINTS_AT_LAST, QUOTIENT_PIECES = 2, 3  # W and W' of the opening


def facts_of(
    description: Description,
    network: Network,
    chosen: CircuitLayout,
    form: Form,
    context_bits: int,
    accuracy: Mapping[str, Any] | None,
    proofs_hidden: int | None,
) -> CircuitFacts:
    """Of a circuit with this description, made of this network in the layout that was chosen."""
    layout, output = _statement(description, network, context_bits), network.layer(network.output)
    key = circuit_key(description)
    labels = layout.output_kind is OutputKind.LABEL
    return CircuitFacts(
        layout=layout,
        shape=_shape(network),
        sealed=_sealed(network, chosen, form),
        exact=True,
        tolerance=0,
        logrows=description.k,
        proof_bytes=description.proof.bytes,
        reach=layout.classes if labels else max(-output.low, output.high) + 1,
        input_unit=network.input_scale,
        output_unit=1.0 if labels else output.scale,
        proving=predicted(chosen, form, description.instances.count),
        code_bytes=len(verifier_code(key)),
        key_bytes=len(key_code(key)),
        accuracy=accuracy,
        proofs_hidden=proofs_hidden,
    )


def _statement(description: Description, network: Network, context_bits: int) -> Layout:
    """Context, digests, outputs; all else is in points of the proof."""
    sections, shape = description.instances, description.shape
    return Layout(
        instances=sections.count,
        items=1,
        context=0,
        context_limbs=sections.context,
        context_bits=context_bits,
        context_echo=0,
        context_echo_words=0,
        inputs=sections.context if sections.digests else 0,
        input_words=sections.digests,
        weights=0,
        weight_words=0,
        weight_points=shape.weight_lanes + 1 if shape.hidden else 0,
        outputs=sections.context + sections.digests,
        output_words=sections.outputs,
        output_kind=OutputKind.LABEL if shape.labels else OutputKind.SCORES,
        classes=network.layer(network.output).channels,
    )


def _shape(network: Network) -> Shape:
    """The values of an image, and the seed that hides it."""
    source = network.input
    return Shape(
        slots=1,
        values=source.channels * source.height * source.width,
        salt_elements=SEED_ELEMENTS,
        salt_bits=SEED_BITS,
        input_min=source.low,
        input_max=source.high,
    )


def _sealed(network: Network, layout: CircuitLayout, form: Form) -> SealedForm | None:
    """Of hashed images in whose digits 0 is one, which padding holds."""
    if form.inputs != "hashed":
        return None
    packing = Packing.of(network, layout.lanes)
    return packing.form if packing.is_sealable else None


def predicted(layout: CircuitLayout, form: Form, instances: int) -> Proving:
    """What a proof of a circuit takes, before there are keys; `instances` are its public words."""
    lanes = layout.lanes, layout.weight_lanes
    advice = count_columns("advice", *lanes, None, form.names)
    fixed = count_columns("fixed", *lanes, None, form.names)
    secret = layout.weight_lanes + 1 if form.weights == "hidden" else 0
    products = grand_products(form.names)
    packed = -(-(fixed + COLUMNS_PER_GRAND_PRODUCT * products - secret) // layout.packing)
    in_proof = advice + products + 1 + QUOTIENT_PIECES + POINTS_AT_LAST + secret
    evaluations = advice + fixed + 5 * products
    words = 2 * in_proof + evaluations + instances
    gas = (in_proof + packed) * POINT_GAS + words * WORD_GAS + OTHER_GAS
    return Proving(_seconds(layout), 1, gas)


def _seconds(layout: CircuitLayout) -> float:
    """Of one proof, in proportion to the measured one."""
    return MEASURED_SECONDS * layout.cost / MEASURED_COST
