"""Every claim, gate and copy counts: proofs that only a verifier without one would accept."""

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prover.systems.native.circuit.form import Form
from prover.verify import Description, parse_description
from prover.verify.algebra.field import R
from prover.verify.algebra.group import P
from prover.verify.digest import circuit_digest
from tests.unit.solidity.native.conftest import OnChain
from tests.unit.solidity.native.forger import (
    Forgery,
    Values,
    engine_key,
    points_before_evaluations,
    with_known_points,
)
from tests.unit.solidity.native.real import engine_accepts, reference_accepts
from tests.unit.systems.native.needs import needs_engine
from tests.unit.systems.native.test_columns import described

pytestmark = needs_engine
CONTEXT = 2
PACKINGS = (1, 2, 4, 8)
EVERYTHING = Form(CONTEXT, "hashed", 2, "hidden")
SHAPES = [
    (Form(CONTEXT), 1, 1),
    (Form(CONTEXT), 3, 2),
    (Form(CONTEXT, labels=2), 9, 5),
    (Form(CONTEXT, "hashed"), 1, 3),
    (Form(CONTEXT, "hashed", 2), 4, 3),
    (Form(CONTEXT, weights="hidden"), 2, 2),
    (Form(CONTEXT, labels=1, weights="hidden"), 5, 12),
    (EVERYTHING, 2, 3),
    (EVERYTHING, 16, 12),
    (Form(CONTEXT), 31, 64),
]


@cache
def circuit(form: Form, lanes: int, weight_lanes: int, packing: int = 4) -> Description:
    """The engine's columns and gates, with points whose logarithms are known."""
    found = parse_description(json.dumps(described(form, lanes, weight_lanes)).encode())
    return with_known_points(found, packing)


def forgery(form: Form, lanes: int, weight_lanes: int, seed: int = 0, packing: int = 4) -> Forgery:
    made = circuit(form, lanes, weight_lanes, packing)
    count = made.instances.count
    return Forgery(made, tuple(7 + index for index in range(count)), seed)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(("form", "lanes", "weight_lanes"), SHAPES)
def test_what_fits_is_accepted_whatever_the_shape(
    on_chain: OnChain, form: Form, lanes: int, weight_lanes: int, packing: int
) -> None:
    """All columns, claims and gates are where the description has them: random values show it."""
    made = forgery(form, lanes, weight_lanes, packing=packing)
    proofs = [(made.proof(), made.instances)]
    assert on_chain.accepts(made.description, proofs) == [True]


@pytest.mark.parametrize(("k", "outputs"), [(4, 1), (20, 1_000), (28, 3)])
def test_circuits_of_any_size_are_verified(on_chain: OnChain, k: int, outputs: int) -> None:
    """From the fewest rows to the most, and with as many scores as ImageNet has classes."""
    made = circuit(Form(CONTEXT), 2, 2)
    changed = made.model_copy(
        update={
            "k": k,
            "omega": pow(5, (R - 1) >> k, R),
            "instances": made.instances.model_copy(update={"outputs": outputs}),
        }
    )
    sized = changed.model_copy(update={"digest": circuit_digest(changed)})
    forged = Forgery(sized, tuple(range(CONTEXT + outputs)))
    assert on_chain.accepts(sized, [(forged.proof(), forged.instances)]) == [True]


def test_a_witness_that_breaks_one_gate_or_copy_is_refused(on_chain: OnChain) -> None:
    """For each polynomial: a proof that holds for a verifier that lacks it, and for no other."""
    made = forgery(EVERYTHING, 2, 3)
    count = len(made.description.polynomials) + 1 + 1 + 2 + 3
    proofs = [(made.proof(without=[index]), made.instances) for index in range(count)]
    assert on_chain.accepts(made.description, proofs) == [False] * count
    with pytest.raises(IndexError):
        made.proof(without=[count])


def at_zero(place: int) -> Values:
    return lambda values: [*values[:place], 0, *values[place + 1 :]]


def exchanged(place: int) -> Values:
    return lambda found: [*found[:place], found[place + 1], found[place], *found[place + 2 :]]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", [Form(CONTEXT, "hashed", 2), EVERYTHING])
def test_each_value_of_a_packed_polynomial_counts(
    on_chain: OnChain, form: Form, packing: int, tmp_path: Path
) -> None:
    """Proofs that only a verifier accepts which leaves one value of r out, or takes it for another.

    Of the first packed polynomial, and of the last, which may have fewer columns.
    """
    made = forgery(form, 4, 3, packing=packing)
    columns = made.description.packed_columns
    places = {*range(packing), *range(columns - packing - 1, columns)}
    proofs = [made.proof()]
    proofs += [made.proof(opened=at_zero(place)) for place in places]
    proofs += [made.proof(opened=exchanged(place)) for place in places - {columns - 1}]
    key, wanted = engine_key(made.description, tmp_path), [True] + [False] * (len(proofs) - 1)
    statements = [(proof, made.instances) for proof in proofs]
    assert on_chain.accepts(made.description, statements) == wanted
    assert [engine_accepts(key, *one) for one in statements] == wanted
    assert [reference_accepts(made.description, *one) for one in statements] == wanted


def test_each_word_counts(on_chain: OnChain) -> None:
    """Evaluations and points, one by one; of a point the negative, which is on the curve too."""
    made = forgery(EVERYTHING, 2, 3)
    honest = made.proof()
    words = [int.from_bytes(honest[at : at + 32], "big") for at in range(0, len(honest), 32)]
    layout = made.description.proof
    points = points_before_evaluations(layout)
    others = []
    for index, word in enumerate(words[1:], 1):  # behind the digest
        scalar = 2 * points < index <= 2 * points + layout.evaluations
        if scalar:
            other = (word + 1) % R
        elif (index - 1 - 2 * points - layout.evaluations) % 2 == 0:
            continue
        else:
            other = P - word
        others.append((_joined([*words[:index], other, *words[index + 1 :]]), made.instances))
    assert len(others) == points + 2 + layout.evaluations
    assert on_chain.accepts(made.description, others) == [False] * len(others)


def _joined(words: list[int]) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in words)


@given(st.integers(0, 2**64), st.lists(st.integers(0, R - 1), min_size=3, max_size=3))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_that_fit_are_accepted(on_chain: OnChain, seed: int, words: list[int]) -> None:
    """Also instances at the edge of the field."""
    made = forgery(Form(CONTEXT, labels=1), 3, 2, seed).with_instances(tuple(words))
    edge = made.with_instances((R - 1, 0, R - 1))
    proofs = [(one.proof(), one.instances) for one in (made, edge)]
    assert on_chain.accepts(made.description, proofs) == [True, True]
    crossed = [(proofs[0][0], edge.instances), (proofs[1][0], made.instances)]
    assert on_chain.accepts(made.description, crossed) == [False, False]
