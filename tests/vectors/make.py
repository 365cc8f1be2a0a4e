"""Writes the vectors that Python and Solidity share: python tests/vectors/make.py.

tests/unit/statement/test_vectors.py fails if a file here is not what this script writes.
"""

import json
import random
from pathlib import Path
from typing import Any

from prover.statement import poseidon, tree
from prover.statement.commitment import (
    POINT_BYTES,
    input_commitment,
    input_point,
    inputs_hash,
    proven_input,
    weights_of,
)
from prover.statement.context import JobContext
from prover.statement.documents import sealed
from prover.statement.field import FIELD_MODULUS, decode_signed, encode_signed
from prover.statement.layout import Layout, OutputKind

HERE = Path(__file__).parent
COUNTS = (1, 2, 3, 5, 8, 13)
NAMES = ("public", "hashed", "hidden", "open", "point", "labels", "pointHidden", "head")
POINTS = {"pointHidden": 3, "head": 1}  # of hidden weights


def hexadecimal(value: bytes) -> str:
    return "0x" + value.hex()


def word(value: int) -> str:
    return hexadecimal(value.to_bytes(32, "big"))


def tree_vectors() -> dict[str, Any]:
    return {"trees": [one_tree(count) for count in COUNTS]}


def one_tree(count: int) -> dict[str, Any]:
    fields = [index.to_bytes(32, "big") + bytes([7 * index % 251]) * 40 for index in range(count)]
    leaves = [tree.leaf_hash(item) for item in fields]
    built = tree.build(leaves)
    return {
        "count": count,
        "depth": built.depth,
        "root": hexadecimal(built.root),
        "fields": [hexadecimal(item) for item in fields],
        "leaves": [hexadecimal(leaf) for leaf in leaves],
        "paths": [[hexadecimal(node) for node in built.path(index)] for index in range(count)],
        "batches": [
            batch(built, start, log2)
            for log2 in range(1, built.depth + 1)
            for start in range(0, count, 1 << log2)
        ],
    }


def batch(built: tree.PositionalTree, start: int, log2: int) -> dict[str, Any]:
    leaves = built.levels[0][start : start + (1 << log2)]
    return {
        "start": start,
        "log2": log2,
        "leaves": [hexadecimal(leaf) for leaf in leaves],
        "subtree": hexadecimal(tree.fold(leaves)),
        "path": [hexadecimal(node) for node in built.path(start, log2)],
    }


def layout(name: str) -> Layout:
    """Inputs as words, digests or a point; weights fixed, or hidden by a digest or by points."""
    items, limbs, outputs = {"hashed": 4, "hidden": 2, "open": 2, "head": 2}.get(name, 1), 8, 3
    hashed, pointed = name in ("hashed", "hidden", "head"), name in ("point", "pointHidden")
    words, echo = (0, 0) if pointed else (1, 1) if hashed else (5, limbs)
    weight_words = int(name in ("hidden", "open"))
    weights = items * words + echo if hashed else 0
    inputs = 0 if hashed else weight_words
    end = items * words + echo + weight_words
    return Layout(
        instances=end + items * outputs + limbs,
        items=items,
        context=end + items * outputs,
        context_limbs=limbs,
        context_bits=17,
        context_echo=inputs + items * words,
        context_echo_words=echo,
        inputs=inputs,
        input_words=words,
        weights=weights,
        weight_words=weight_words,
        weight_points=POINTS.get(name, 0),
        outputs=end,
        output_words=outputs,
        output_kind=OutputKind.LABEL if name in ("labels", "pointHidden") else OutputKind.SCORES,
        classes=7 if name in ("labels", "pointHidden") else outputs,
    )


def statement_vectors() -> dict[str, Any]:
    return {
        "modulus": word(FIELD_MODULUS),
        "layouts": [statement(name) for name in NAMES],
        "contexts": [context(seed) for seed in range(4)],
        "signed": [
            {"value": str(value), "element": word(encode_signed(value))}
            for value in (0, 1, -1, 2**127 - 1, 1 - 2**127, -123456789)
        ],
        "unsigned_out_of_range": [
            word(value) for value in (2**127, FIELD_MODULUS - 2**127, (FIELD_MODULUS - 1) // 2)
        ],
    }


def statement(name: str) -> dict[str, Any]:
    where = layout(name)
    draw = random.Random(name)
    instances = [encode_signed(draw.randrange(-(2**20), 2**20)) for _ in range(where.instances)]
    items, proof = range(where.items), draw.randbytes(input_point(where) + POINT_BYTES + 7)
    commitments = [proven_input(where, proof, instances, item) for item in items]
    outputs = [where.item_outputs(instances, item) for item in items]
    return {
        "name": name,
        "layout": where.to_dict(),
        "abi": list(where.to_abi()),
        "proof": hexadecimal(proof),
        "instances": [word(value) for value in instances],
        "sections": {key: [part.start, part.stop] for key, part in where.sections().items()},
        "weightsCommitment": word(weights_of(where, proof, instances)),
        "inputCommitments": [hexadecimal(value) for value in commitments],
        "inputsHash": hexadecimal(inputs_hash(commitments)),
        "inputsHashOfFirst": hexadecimal(inputs_hash(commitments[:1])),
        "outputs": [[str(decode_signed(value)) for value in row] for row in outputs],
    }


def context(seed: int) -> dict[str, Any]:
    draw = random.Random(seed)
    limbs, bits = ((8, 17), (6, 24), (1, 253), (12, 10))[seed]
    ids = [draw.randbytes(size) for size in (20, 32, 20, 32)]
    job = JobContext(31337 + seed, *ids)
    return {
        "chainId": job.chain_id,
        "escrow": hexadecimal(job.escrow),
        "jobId": hexadecimal(job.job_id),
        "payee": hexadecimal(job.payee),
        "modelId": hexadecimal(job.model_id),
        "hash": word(job.hash()),
        "limbs": limbs,
        "bits": bits,
        "words": [word(limb) for limb in job.limbs(limbs, bits)],
    }


def poseidon_vectors() -> dict[str, Any]:
    draw = random.Random(0)
    messages = [[draw.randrange(FIELD_MODULUS) for _ in range(size)] for size in (1, 2, 3, 9)]
    messages += [[encode_signed(value) for value in (-128, 0, 127, -1)]]
    return {
        "permutation": {
            "input": [word(value) for value in poseidon.INITIAL_STATE],
            "output": [word(value) for value in poseidon.permute(poseidon.INITIAL_STATE)],
        },
        "digests": [
            {
                "elements": [word(value) for value in message],
                "digest": word(poseidon.digest(message)),
            }
            for message in messages
        ],
        "roundConstants": [[word(value) for value in row] for row in poseidon.round_constants()],
        "mixing": [[word(value) for value in row] for row in poseidon.mixing_matrix()],
    }


def sealed_vectors() -> dict[str, Any]:
    draw = random.Random("sealed")
    shapes = ((1, 2, 1), (1, 6, 4), (1, 72, 8), (2, 3, 1), (3, 11, 10), (40, 2, 1))
    return {
        "ciphers": [cipher(draw, size) for size in (0, 1, 4, 31, 32, 33, 64, 97, 288)],
        "items": [sealed_item(draw, *shape) for shape in shapes],
    }


def cipher(draw: random.Random, size: int) -> dict[str, Any]:
    content, key, index = draw.randbytes(size), draw.randbytes(32), draw.randrange(65_536)
    return {
        "key": hexadecimal(key),
        "index": index,
        "content": hexadecimal(content),
        "ciphertext": hexadecimal(sealed.seal(content, key, index)),
    }


def sealed_item(draw: random.Random, words: int, elements: int, salt: int) -> dict[str, Any]:
    """Each value is one of [-300, 500], each salt element below 2^20."""
    rows = [
        [draw.randrange(-300, 501) for _ in range(elements - salt)]
        + [draw.randrange(1 << 20) for _ in range(salt)]
        for _ in range(words)
    ]
    content = b"".join(element.to_bytes(4, "big", signed=True) for row in rows for element in row)
    digests = [poseidon.digest([encode_signed(element) for element in row]) for row in rows]
    return {
        "inputWords": words,
        "digestElements": elements,
        "saltElements": salt,
        "content": hexadecimal(content),
        "inputCommitment": hexadecimal(input_commitment(digests)),
    }


def vectors() -> dict[str, str]:
    """File name -> content."""
    made = {
        "tree.json": tree_vectors(),
        "statement.json": statement_vectors(),
        "poseidon.json": poseidon_vectors(),
        "sealed.json": sealed_vectors(),
    }
    return {name: json.dumps(content, indent=1) + "\n" for name, content in made.items()}


if __name__ == "__main__":
    for name, content in vectors().items():
        (HERE / name).write_text(content)
