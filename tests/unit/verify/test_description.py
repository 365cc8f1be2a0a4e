"""A description is refused if a field is malformed or does not fit the others.

Where it is neither, but not the circuit's, the proof is rejected.
"""

import json
from collections.abc import Callable
from operator import setitem
from typing import Any

import pytest

from prover.base.errors import ArtifactMismatch, ProofRejected, UnsoundCircuit
from prover.verify import Description, parse_description, verify
from prover.verify.algebra.field import R
from prover.verify.algebra.group import P, bn128
from prover.verify.consistency import _check_layout
from prover.verify.proof import Challenges, read_proof
from prover.verify.words import scalar
from tests.unit.verify.test_group import twist_point_outside
from tests.unit.verify.vector import (
    DESCRIPTION,
    INSTANCES,
    PROOF,
    changed,
    description,
    restated,
)

Json = dict[str, Any]
G1_TWICE = [f"0x{int(value):064x}" for value in bn128.normalize(bn128.double(bn128.G1))]


def hexadecimal(value: int) -> str:
    return f"0x{value:064x}"


OUTSIDE = [[hexadecimal(part) for part in parts] for parts in twist_point_outside()]


def set_at(*path: Any) -> Callable[[Json], None]:
    """A change: the last of `path` is put where the others lead."""
    *way, last, value = path

    def change(found: Json) -> None:
        place: Any = found
        for step in way:
            place = place[step]
        setitem(place, last, value)

    return change


def test_the_committed_description_is_read() -> None:
    read = parse_description(DESCRIPTION)
    assert read.proof.bytes == len(PROOF)
    assert read.instances.count == len(INSTANCES)
    assert [len(read.advice_of(phase)) for phase in read.phases] == [*read.proof.advice_points]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (set_at("format", "zkescrow native circuit 2"), "format"),
        (set_at("omega", "0x1"), "omega"),
        (set_at("omega", hexadecimal(R)), "omega"),
        (set_at("digest", hexadecimal(5).upper()), "digest"),
        (set_at("k", "7"), "k"),
        (set_at("k", True), "k"),
        (set_at("k", 29), "k"),
        (set_at("instances", "context", -1), "instances.context"),
        (set_at("shape", "hidden", 0), "shape.hidden"),
        (set_at("shape", "packing", 0), "shape.packing"),
        (set_at("secret_columns", [-1]), "secret_columns.0"),
        (set_at("packed_commitments", 0, [hexadecimal(1), hexadecimal(1)]), "packed_commitments.0"),
        (set_at("packed_commitments", 0, [hexadecimal(1)]), "packed_commitments.0"),
        (set_at("packed_commitments", 0, [hexadecimal(1 + P), hexadecimal(2)]), "a value below p"),
        (set_at("packed_commitments", 0, [hexadecimal(P), hexadecimal(2)]), "a value below p"),
        (set_at("srs", "g2", [[hexadecimal(0)] * 2] * 2), "srs.g2"),
        (set_at("srs", "s_g2", OUTSIDE), "a point in the group"),
        (set_at("srs", "s_g2", [[hexadecimal(0)] * 2] * 2), "srs.s_g2"),
        (set_at("gates", 0, "polynomials", 0, ["/", 1, 2]), "expected an expression"),
        (set_at("gates", 0, "polynomials", 0, ["challenge", -1]), "integer from 0 on"),
        (set_at("gates", 0, "polynomials", 0, ["fixed", 0, 0.5]), "expected an integer"),
        (set_at("gates", 0, "polynomials", 0, ["fixed", True, 0]), "expected an integer"),
        (set_at("gates", 0, "polynomials", 0, ["+", 1]), "expected an expression"),
        (set_at("lookups", [["advice", 0, 0]]), "built-in lookups"),
        (set_at("further", 1), "further"),
    ],
)
def test_a_malformed_field_is_named(change: Callable[[Json], None], field: str) -> None:
    with pytest.raises(ArtifactMismatch, match=field.replace(".", r"\.")):
        parse_description(changed(change))


def test_of_an_odd_word_80_characters_are_shown() -> None:
    with pytest.raises(ValueError, match=f"64 lower-case hexadecimal digits, found 0x{'z' * 78}$"):
        scalar("0x" + "z" * 200)


@pytest.mark.parametrize("name", sorted(json.loads(DESCRIPTION)))
def test_no_field_may_be_missing(name: str) -> None:
    with pytest.raises(ArtifactMismatch, match=f"{name}: Field required"):
        parse_description(changed(lambda found: found.pop(name)))


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"[" * 5000, b"\xff"])
def test_what_is_no_description_is_refused(text: bytes) -> None:
    with pytest.raises(ArtifactMismatch, match="circuit description"):
        parse_description(text)


def test_a_deep_expression_is_refused() -> None:
    deep: Any = ["challenge", 0]
    for _ in range(160):
        deep = ["-", deep]
    with pytest.raises(ArtifactMismatch, match="at most 150 deep"):
        parse_description(changed(set_at("gates", 0, "polynomials", 0, deep)))


OMEGA = description().omega
COLUMNS = len(description().columns.fixed)


def duplicate(*path: Any) -> Callable[[Json], None]:
    def change(found: Json) -> None:
        place: Any = found
        for step in path:
            place = place[step]
        place.append(place[0])

    return change


def phase_of(symbol: str, phase: int) -> Callable[[Json], None]:
    def change(found: Json) -> None:
        (column,) = (one for one in found["columns"]["advice"] if one["symbol"] == symbol)
        found["proof"]["advice_points"][column["phase"]] -= 1
        found["proof"]["advice_points"][phase] += 1
        column["phase"] = phase

    return change


BIAS, WEIGHT = (description().columns.fixed.index(name) for name in ("bias", "weight_0"))


def hidden(columns: list[int]) -> Callable[[Json], None]:
    """These columns are secret: their points stand in proofs, and fewer are packed."""

    def change(found: Json) -> None:
        found["shape"]["hidden"], found["secret_columns"] = True, columns
        found["proof"]["secret_points"] = len(columns)
        found["proof"]["bytes"] += 32 + 64 * len(columns)
        count = len(found["columns"]["fixed"]) + len(found["permutation"]["columns"])
        found["packed_commitments"] = found["packed_commitments"][: -(-(count - len(columns)) // 4)]

    return change


def read_before(name: str) -> Callable[[Json], None]:
    """A gate reads a fixed column on the row before too."""
    cell = [description().columns.fixed.index(name), -1]

    def change(found: Json) -> None:
        found["queries"]["fixed"].append(cell)
        found["gates"][0]["polynomials"].append(["fixed", *cell])
        found["proof"]["evaluations"] += 1
        found["proof"]["bytes"] += 32

    return change


def never_read(found: Json) -> None:
    """A fixed column that no gate reads."""
    found["columns"]["fixed"].append("unread")


def packed_by(packing: int) -> Callable[[Json], None]:
    def change(found: Json) -> None:
        count = len(found["columns"]["fixed"]) + len(found["permutation"]["columns"])
        found["shape"]["packing"] = packing
        points = found["packed_commitments"] * 4
        found["packed_commitments"] = points[: -(-count // packing)]

    return change


def few_rows(blinding: int) -> Callable[[Json], None]:
    """So many random rows that no more than they are left, and one."""

    def change(found: Json) -> None:
        found["k"] = found["shape"]["k"] = 4
        found["omega"] = hexadecimal(pow(OMEGA, 1 << (description().k - 4), R))
        found["blinding_rows"], found["usable_rows"] = blinding, 16 - blinding - 1

    return change


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (set_at("omega", hexadecimal(pow(OMEGA, 2, R))), "omega"),
        (set_at("omega", hexadecimal(1)), "omega"),
        (set_at("k", description().k + 1), "omega"),
        (set_at("delta", hexadecimal(0)), "delta"),
        (set_at("delta", hexadecimal(OMEGA)), "delta"),
        (set_at("delta", hexadecimal(R - 1)), "delta"),
        (set_at("blinding_rows", 4), "blinding_rows"),
        (set_at("blinding_rows", 6), "usable_rows"),
        (set_at("usable_rows", 1), "usable_rows"),
        (set_at("instances", "outputs", 1 << description().k), "instances"),
        (few_rows(7), "usable_rows is 8: expected more than 8"),
        (set_at("instances", "digests", 1), r"instances\.digests"),
        (set_at("shape", "hash_group", 1), r"instances\.digests"),
        (set_at("shape", "labels", 1), "outputs"),
        (set_at("shape", "k", 1), r"shape\.k"),
        (set_at("columns", "instance", ["a", "b"]), "instance columns"),
        (set_at("columns", "instance", []), "instance columns"),
        (set_at("shape", "packing", 3), r"shape\.packing is 3: expected one of"),
        (set_at("shape", "packing", 16), r"shape\.packing"),
        (set_at("shape", "packing", 2), "number of packed_commitments is 8: expected 15"),
        (duplicate("packed_commitments"), "number of packed_commitments"),
        (set_at("secret_columns", [0]), "number of secret_columns is 1: expected 0"),
        (set_at("shape", "hidden", True), "number of secret_columns is 0: expected 2"),
        (hidden([WEIGHT, BIAS]), "secret_columns is .* in order of the queries"),
        (hidden([BIAS, BIAS]), "secret_columns is"),
        (hidden([BIAS, COLUMNS]), "secret_columns is"),
        (read_before("weight_0"), "rotation of .* expected 0, as it is packed"),
        (never_read, "number of packed fixed columns"),
        (set_at("proof", "secret_points", 1), r"proof\.secret_points"),
        (duplicate("queries", "advice"), "queries"),
        (set_at("queries", "fixed", 0, 0, COLUMNS), "query of fixed column"),
        (set_at("queries", "advice", 0, 0, 99), "query of advice column"),
        (set_at("queries", "advice", 0, 1, -6), "rotation"),
        (set_at("queries", "advice", 0, 1, 1 << 70), "rotation"),
        (lambda found: found["queries"]["fixed"].pop(), "not declared"),
        (lambda found: [found["queries"]["fixed"].pop() for _ in range(2)], "not declared"),
        (lambda found: found["queries"]["advice"].append([0, 2]), "not used"),
        (lambda found: found["gates"].pop(), "not used"),
        (set_at("degree", 6), "degree"),
        (set_at("proof", "quotient_pieces", 5), "quotient_pieces"),
        (set_at("permutation", "columns_per_grand_product", 3), "columns_per_grand_product"),
        (phase_of("q0", 1), "phase of quotient_0"),
        (phase_of("img", 1), "phase of input"),
        (set_at("columns", "advice", 5, "symbol", "new"), "phase of pre_inner"),
        (set_at("columns", "advice", 2, "name", "input"), "names of advice columns"),
        (set_at("columns", "advice", 2, "symbol", "img"), "symbols of advice columns"),
        (set_at("columns", "advice", 5, "phase", 2), "phases"),
        (set_at("challenge_phases", 0, 2), "challenge_phases"),
        (lambda found: found["challenges"].pop(), "number of challenges"),
        (lambda found: found["challenge_phases"].append(0), "number of challenges"),
        (lambda found: found["challenges"].append("more"), "number of challenges"),
        (
            lambda found: found["gates"][0]["polynomials"].append(["challenge", 5]),
            "challenges of the gates",
        ),
        (set_at("proof", "advice_points", [3, 3]), "advice_points"),
        (set_at("proof", "grand_products", 1), "grand_products"),
        (set_at("proof", "grand_products", 99), "grand_products"),
        (set_at("proof", "evaluations", 1), r"proof\.evaluations"),
        (set_at("proof", "bytes", len(PROOF) + 32), r"proof\.bytes"),
    ],
)
def test_a_description_whose_parts_do_not_fit_is_refused(
    change: Callable[[Json], object], rule: str
) -> None:
    with pytest.raises(UnsoundCircuit, match=rule):
        parse_description(changed(change))


def exchange(*path: Any) -> Callable[[Json], None]:
    """Exchange two items of a list: path to it, then their indices."""
    *way, first, second = path

    def change(found: Json) -> None:
        place: Any = found
        for step in way:
            place = place[step]
        place[first], place[second] = place[second], place[first]

    return change


def other_constant(found: Json) -> None:
    """Adds 1 to the first constant of the gates."""
    text = json.dumps(found["gates"])
    before, mark, after = text.partition('["constant", "')
    assert mark
    value = (int(after[:66], 16) + 1) % R
    found["gates"] = json.loads(before + mark + hexadecimal(value) + after[66:])


def other_challenges(found: Json) -> None:
    """theta and beta change places."""
    text = json.dumps(found["gates"])
    text = text.replace('"challenge", 3', '"challenge", x').replace('"challenge", 4', "y")
    text = text.replace("x]", "4]").replace("[y]", '["challenge", 3]')
    found["gates"] = json.loads(text)


def another_root(found: Json) -> None:
    """Another primitive root of the same order."""
    found["omega"] = hexadecimal(pow(OMEGA, 3, R))


OTHER_CIRCUITS: list[Callable[[Json], object]] = [
    another_root,
    other_constant,
    other_challenges,
    set_at("packed_commitments", 0, G1_TWICE),
    exchange("packed_commitments", 0, 1),
    packed_by(8),
    packed_by(2),
    packed_by(1),
    exchange("permutation", "columns", 0, 1),
    exchange("queries", "advice", 0, 1),
    exchange("queries", "fixed", 0, 1),
    exchange("gates", 0, 1),
    set_at("instances", {"context": 0, "digests": 0, "outputs": len(INSTANCES)}),
    set_at("shape", "lanes", 9),
    set_at("shape", "y_offset", -1),
    set_at("columns", "advice", 2, "symbol", "q9"),
    set_at("delta", hexadecimal(pow(description().delta, 3, R))),
    lambda found: found["srs"].update(s_g2=found["srs"]["g2"]),
    set_at("challenge_phases", 0, 1),
]


@pytest.mark.parametrize("change", OTHER_CIRCUITS)
def test_a_change_under_the_old_digest_is_refused(change: Callable[[Json], object]) -> None:
    with pytest.raises(UnsoundCircuit, match="digest is 0x"):
        parse_description(changed(change))


@pytest.mark.parametrize("change", OTHER_CIRCUITS)
def test_the_challenges_depend_on_all_of_the_key(change: Callable[[Json], object]) -> None:
    """Or a point of the key could be computed from them, and a false statement be accepted.

    The digest that the description states is not even looked at.
    """
    other = Description.model_validate_json(changed(change))
    assert other.digest == description().digest
    found = read_proof(other, PROOF, INSTANCES).challenges
    assert not {*found.gates, found.x} & {*honest().gates, honest().x}


def honest() -> Challenges:
    return read_proof(description(), PROOF, INSTANCES).challenges


@pytest.mark.parametrize("change", OTHER_CIRCUITS)
def test_a_proof_is_not_one_of_another_circuit(change: Callable[[Json], object]) -> None:
    """Of one that states its own digest."""
    other = parse_description(restated(change))
    with pytest.raises(ProofRejected, match=r"^(opening|commitment|evaluation)"):
        verify(other, PROOF, INSTANCES)


def test_hidden_weights_make_another_circuit() -> None:
    """Their points stand in proofs, behind the digest; which columns they are is in it."""
    with pytest.raises(UnsoundCircuit, match="digest is 0x"):
        parse_description(changed(hidden([BIAS, WEIGHT])))
    other = parse_description(restated(hidden([BIAS, WEIGHT])))
    prefix = other.digest.to_bytes(32, "big") + PROOF[: 2 * 64]
    with pytest.raises(ProofRejected, match=r"^length"):
        verify(other, PROOF, INSTANCES)
    with pytest.raises(ProofRejected, match=r"^digest: the proof begins with"):
        verify(other, bytes(32) + prefix[32:] + PROOF, INSTANCES)
    with pytest.raises(ProofRejected, match=r"^opening"):
        verify(other, prefix + PROOF, INSTANCES)


def test_another_digest_is_refused() -> None:
    with pytest.raises(UnsoundCircuit, match="it was changed after it was made"):
        parse_description(changed(set_at("digest", hexadecimal(1))))


def test_the_digest_is_no_scalar() -> None:
    """A hash may be r or more; it is absorbed as it is."""
    read = Description.model_validate_json(changed(set_at("digest", "0x" + "ff" * 32)))
    assert read.digest == 2**256 - 1


@pytest.mark.parametrize(
    "change",
    [
        set_at("columns", "advice", 2, "name", "renamed"),
        set_at("columns", "fixed", 0, "renamed"),
        set_at("gates", 0, "name", "renamed"),
        set_at("challenges", 0, "renamed"),
    ],
)
def test_other_names_are_for_readers(change: Callable[[Json], None]) -> None:
    verify(parse_description(changed(change)), PROOF, INSTANCES)


@pytest.mark.parametrize("field", ["name", "symbol", "phase"])
def test_an_advice_column_has_a_name_a_symbol_and_a_phase(field: str) -> None:
    """A description of before names were spelled out has no symbols, and is refused."""
    with pytest.raises(ArtifactMismatch, match=rf"columns\.advice\.2\.{field}: Field required"):
        parse_description(changed(lambda found: found["columns"]["advice"][2].pop(field)))


def test_a_proof_may_have_many_evaluations() -> None:
    """Their number is compared as a number, also beyond what Python keeps one object of."""
    read = description()
    more = [(0, rotation) for rotation in range(1000, 1300)]
    queries = read.queries.model_copy(update={"advice": [*read.queries.advice, *more]})
    proof = read.proof.model_copy(
        update={"evaluations": read.proof.evaluations + 300, "bytes": read.proof.bytes + 300 * 32}
    )
    _check_layout(read.model_copy(update={"queries": queries, "proof": proof}))
