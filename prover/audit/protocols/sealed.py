"""What a sealed item commits to, by its content: the mirror of `SealedItem.inputCommitment`."""

from prover.base.errors import StatementInvalid
from prover.chain.contracts.registry import Circuit
from prover.statement.commitment import input_commitment
from prover.statement.documents.inputs_file import Item, Shape
from prover.statement.documents.sealed import ELEMENT_BYTES, item_of
from prover.statement.field import encode_signed
from prover.statement.poseidon import digest


def commitment_of(circuit: Circuit, content: bytes) -> bytes | None:
    """The input commitment of an item, or None if the content is not well formed."""
    words, size = circuit.layout.input_words, circuit.digest_elements * ELEMENT_BYTES
    if len(content) != words * size:
        return None
    try:
        parts = [item_of(content[at * size :][:size], _shape(circuit)) for at in range(words)]
    except StatementInvalid:
        return None
    return input_commitment([_digest(part) for part in parts])


def _digest(part: Item) -> int:
    return digest([encode_signed(element) for element in (*part.values, *part.salt)])


def _shape(circuit: Circuit) -> Shape:
    """Of the elements behind one input word."""
    return Shape(
        slots=circuit.layout.items,
        values=circuit.digest_elements - circuit.salt_elements,
        salt_elements=circuit.salt_elements,
        salt_bits=circuit.salt_bits,
        input_min=circuit.input_min,
        input_max=circuit.input_max,
    )
