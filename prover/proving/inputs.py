"""What a circuit takes, read off its manifest."""

from prover.proving.manifest import Manifest
from prover.statement.request import Shape


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
