"""Layout of prover/statement takes exactly the layouts that Tiling takes."""

import random

import pytest
from ape.exceptions import ContractLogicError

from prover.base.errors import StatementInvalid
from prover.statement.layout import Layout, OutputKind

TRIES = 600
LIMBS, BITS = 8, 21  # a limb or two more or fewer bind enough bits, which is not Tiling's rule
LENGTHS = {  # of each section, in words
    "context": ("context_limbs",),
    "context_echo": ("context_echo_words",),
    "inputs": ("items", "input_words"),
    "weights": ("weight_words",),
    "outputs": ("items", "output_words"),
}
SHIFTED = ("items", "input_words", "context_limbs", "context_echo_words", "weight_words")
SHIFTED += ("weight_points", "output_words", "classes", "instances", *LENGTHS)


@pytest.fixture(scope="session")
def library(project, deployer):
    return deployer.deploy(project.LibraryHarness)


def test_python_and_the_contract_take_the_same_layouts(library):
    draw, taken = random.Random("tiling"), 0
    for _ in range(TRIES):
        fields = some_layout(draw)
        expected = python_takes(fields)
        assert contract_takes(library, fields) == expected, fields
        taken += expected
    assert TRIES // 4 < taken < 3 * TRIES // 4


def python_takes(fields: dict[str, int]) -> bool:
    try:
        Layout.from_dict(fields)
    except StatementInvalid:
        return False
    return True


def contract_takes(library, fields: dict[str, int]) -> bool:
    try:
        library.requireTiled([*fields.values()])
    except ContractLogicError:
        return False
    return True


def some_layout(draw: random.Random) -> dict[str, int]:
    """Sections that tile, in any order; or one field is a little off, which may not matter."""
    fields = sound_fields(draw)
    place(fields, draw)
    if draw.random() < 0.3:
        return fields
    name = draw.choice(SHIFTED)
    fields[name] = max(0, fields[name] + draw.choice((-2, -1, 1, 2)))
    if name not in LENGTHS and name != "instances" and draw.random() < 0.8:
        place(fields, draw)  # what else is wrong with it is left to be seen
    return fields


def sound_fields(draw: random.Random) -> dict[str, int]:
    words, classes = draw.randint(0, 3), draw.randint(1, 4)
    kind, digest = draw.choice(list(OutputKind)), draw.randint(0, 1)
    return {
        "instances": 0,
        "items": draw.randint(1, 3) if words else 1,
        "context": 0,
        "context_limbs": LIMBS,
        "context_bits": BITS,
        "context_echo": 0,
        "context_echo_words": draw.choice((0, 1, LIMBS)),
        "inputs": 0,
        "input_words": words,
        "weights": 0,
        "weight_words": digest,
        "weight_points": 0 if digest else draw.randint(0, 2),
        "outputs": 0,
        "output_words": classes if kind is OutputKind.SCORES else draw.randint(1, classes),
        "output_kind": int(kind),
        "classes": classes,
    }


def place(fields: dict[str, int], draw: random.Random) -> None:
    """One section behind the other, in any order."""
    end = 0
    for name in draw.sample(list(LENGTHS), len(LENGTHS)):
        length = 1
        for factor in LENGTHS[name]:
            length *= fields[factor]
        fields[name], end = end, end + length
    fields["instances"] = end
