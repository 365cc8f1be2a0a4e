"""Real keys and proofs of a small network."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from prover.base.errors import ProofRejected
from prover.statement.field import FIELD_MODULUS
from prover.systems.native import engine
from prover.systems.native.circuit.form import Form
from prover.systems.native.circuit.layout import choose_layout
from prover.systems.native.circuit.program import compile_network
from prover.systems.native.witness import execute, packed_image
from tests.unit.systems.native.networks import image_of, tiny_network
from tests.unit.systems.native.plain import execute_plainly

native = pytest.importorskip(
    "zkescrow_native", reason="the Rust engine is not installed (no cargo)"
)

CONTEXT = (11, 12)
FORM = Form(context=len(CONTEXT))
HIDDEN = engine.Secrets(tuple(range(1, 9)), bytes(32))


@cache
def proven() -> tuple[Any, Any, Any, bytes, list[int]]:
    network = tiny_network()
    layout = choose_layout(network)
    program = compile_network(network, layout.lanes, layout.weight_lanes, FORM)
    loaded = engine.load_program(program, layout)
    srs = native.Srs.development(layout.k, bytes(range(32)), layout.packing)
    keys = native.keygen(loaded, srs)
    found = execute(program, image_of(network, 4), layout.usable_rows)
    instances = engine.instances_of(program, found, CONTEXT)
    cells = engine.load_witness(program, found, HIDDEN, instances)
    assert native.check(loaded, cells, []) == []
    return loaded, srs, keys, engine.prove(loaded, keys, srs, cells, HIDDEN), instances


def vk() -> Any:
    return proven()[2].verifying_key()


def test_a_proof_of_the_networks_outputs_is_accepted() -> None:
    network = tiny_network()
    *_, proof, instances = proven()
    assert instances == [
        *CONTEXT,
        *(v % FIELD_MODULUS for v in execute_plainly(network, image_of(network, 4))),
    ]
    engine.verify(vk(), proof, instances)


@pytest.mark.parametrize("index", range(5))
def test_other_instances_are_rejected(index: int) -> None:
    *_, proof, instances = proven()
    other = list(instances)
    other[index] = (other[index] + 1) % FIELD_MODULUS
    with pytest.raises(ProofRejected):
        engine.verify(vk(), proof, other)


def test_an_instance_too_many_or_too_few_is_rejected() -> None:
    *_, proof, instances = proven()
    for other in ([*instances, 0], instances[:-1], []):
        with pytest.raises(ProofRejected):
            engine.verify(vk(), proof, other)


def test_every_changed_word_of_a_proof_is_rejected() -> None:
    *_, proof, instances = proven()
    for start in range(0, len(proof), 32):
        changed = bytearray(proof)
        changed[start + 31] ^= 1
        with pytest.raises(ProofRejected):
            engine.verify(vk(), bytes(changed), instances)


def test_a_proof_cut_short_or_extended_is_rejected() -> None:
    *_, proof, instances = proven()
    for other in (proof[:-1], proof[:-32], proof + b"\0", proof + bytes(32), b""):
        with pytest.raises(ProofRejected):
            engine.verify(vk(), other, instances)


def test_keys_are_deterministic_and_bind_the_weights() -> None:
    loaded, srs, keys, *_ = proven()
    assert keys.verifying_key().to_bytes() == native.keygen(loaded, srs).verifying_key().to_bytes()
    other = tiny_network(seed=1)
    layout = replace(choose_layout(other), k=srs.k)
    program = compile_network(other, layout.lanes, layout.weight_lanes, FORM)
    others = native.keygen(engine.load_program(program, layout), srs).verifying_key()
    assert others.to_bytes() != keys.verifying_key().to_bytes()
    *_, proof, instances = proven()
    with pytest.raises(ProofRejected):
        engine.verify(others, proof, instances)


def test_a_false_witness_gives_no_valid_proof() -> None:
    loaded, srs, keys, _, instances = proven()
    network = tiny_network()
    layout = choose_layout(network)
    program = compile_network(network, layout.lanes, layout.weight_lanes, FORM)
    found = execute(program, image_of(network, 4), layout.usable_rows)
    r = found.cells.remainder.copy()
    r[tuple(np.argwhere(r)[0])] -= 1
    false = replace(found, cells=replace(found.cells, remainder=r))
    cells = engine.load_witness(program, false, HIDDEN, instances)
    with pytest.raises(ProofRejected):
        engine.verify(vk(), engine.prove(loaded, keys, srs, cells, HIDDEN), instances)


def test_the_images_commitment_is_known_before_the_proof() -> None:
    """The first point of a proof, whatever the proof's own randomness is."""
    _, srs, _, proof, _ = proven()
    network = tiny_network()
    layout = choose_layout(network)
    program = compile_network(network, layout.lanes, layout.weight_lanes, FORM)
    found = execute(program, image_of(network, 4), layout.usable_rows)
    words = [v.to_bytes(32, "little") for v in packed_image(program, found.cells, HIDDEN.salt)]
    assert bytes(native.commit_image(srs, words, HIDDEN.image_seed)) == proof[:64]
    assert bytes(native.commit_image(srs, words, bytes(31) + b"\1")) != proof[:64]
