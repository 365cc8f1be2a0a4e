"""The circuit's columns, flags and challenges, as columns.json declares them.

The file is the one place: the layout's lists and counts and the lists of docs/NATIVE.md are made
from it, and the engine's columns are compared with it by the tests. Code and descriptions have the
spelled out `name`; formulas, and the digest of a circuit, the `symbol`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files
from textwrap import fill
from typing import Literal

from pydantic import TypeAdapter

Kind = Literal["advice", "fixed", "instance", "input", "challenge"]
Count = Literal["one", "two", "lanes", "weight_lanes"]
FormName = Literal["all", "labels", "hashed", "hidden"]
EVERY: tuple[FormName, ...] = ("all",)  # columns that every circuit has
Part = Literal["all", "tensor", "fold", "rank", "hash", "lookup"]


@dataclass(frozen=True)
class Column:
    """One column, or `count` of the same kind; or a challenge, whose value all rows share.

    `kind`: an `input` is no column of the circuit, but what the engine makes one of. `form`: the
    circuits that have it, by what is public. `part`: the rows that it is about. `set_by`: the
    `program` (with the layout), the `caller` (with a witness), the `engine` or the `transcript`.
    `phase`: that of advice, or the one after which a challenge is drawn; 0 is the first. A `flag`
    is 0 or 1; where one that `looks_back` is 1, its gates read the row before. `gates` are those
    that read it. `permutation_index`: its number in the permutation and in copies, if it is
    permuted. `says`: what it holds, or on which rows a flag is 1.
    """

    symbol: str
    name: str
    kind: Kind
    count: Count
    form: FormName
    part: Part
    set_by: Literal["program", "caller", "engine", "transcript"]
    gates: tuple[str, ...]
    says: str
    phase: int = 0
    flag: bool = False
    looks_back: bool = False
    permutation_index: int | None = None

    def numbered(self, lanes: int, weight_lanes: int) -> list[tuple[str, str]]:
        """(name, symbol) of each of its columns."""
        if self.count == "one":
            return [(self.name, self.symbol)]
        many = {"two": 2, "lanes": lanes, "weight_lanes": weight_lanes}[self.count]
        return [(f"{self.name}_{i}", f"{self.symbol}{i}") for i in range(many)]


_CONTENT = files("prover.systems.native.circuit").joinpath("columns.json").read_bytes()
# In order of the columns' index, kind by kind.
DECLARED = TypeAdapter(tuple[Column, ...]).validate_json(_CONTENT)


def flags(part: Part, form: FormName = "all") -> tuple[str, ...]:
    """The flags of a part that a program sets, in order."""
    return tuple(
        column.name
        for column in DECLARED
        if column.flag and (column.part, column.form, column.set_by) == (part, form, "program")
    )


TENSOR_FLAGS, FOLD_FLAGS = flags("tensor"), flags("fold")
RANK_FLAGS, HASH_FLAGS = flags("rank", "labels"), flags("hash", "hashed")
(CONTINUES_WORD,) = flags("tensor", "hashed")
OUTPUT_SELECTOR, NO_WEIGHT = flags("fold", "hidden")
(SAME_BIAS,) = flags("tensor", "hidden")
# Flags of a program by which a gate reads the row before: no gate holds on the row before the
# first. The engine's `steps_segment` is 0 where `continues_segment` is.
LOOKING_BACK = tuple(c.name for c in DECLARED if c.looks_back and c.set_by == "program")
(HASH_ROUND,) = (column.name for column in DECLARED if column.kind == "input")

_PERMUTED = {c.permutation_index: c for c in DECLARED if c.permutation_index is not None}
# The permutation's columns in order of their index, by which copies name them.
PERMUTED = tuple(_PERMUTED[index].name for index in range(len(_PERMUTED)))
# The greatest degree of a gate, 4, less two: a grand product is multiplied by one selector, and by
# a term of each of its columns.
COLUMNS_PER_GRAND_PRODUCT = 2


def count_columns(
    kind: Kind,
    lanes: int,
    weight_lanes: int,
    phase: int | None = 0,
    forms: Collection[FormName] = EVERY,
) -> int:
    """How many columns of a kind, and phase or all, the circuits of these forms have."""
    found = (c for c in DECLARED if c.kind == kind and c.form in forms and phase in (None, c.phase))
    return sum(len(column.numbered(lanes, weight_lanes)) for column in found)


def grand_products(forms: Collection[FormName] = EVERY) -> int:
    """How many grand products the circuits of these forms have."""
    permuted = sum(column.form in forms for column in _PERMUTED.values())
    return -(-permuted // COLUMNS_PER_GRAND_PRODUCT)


_KINDS = {
    "advice": "Advice",
    "fixed": "Fixed",
    "instance": "Instance",
    "input": "Given to the engine, but no column of the circuit",
    "challenge": "Challenges, drawn after phase 1",
}
_PARTS = {
    "all": "all rows",
    "tensor": "tensor rows",
    "fold": "fold rows",
    "lookup": "lookups",
    "rank": "rank rows (circuits `labels`)",
    "hash": "hash rows (circuits `hashed`)",
}
_COUNTS = {"one": (), "two": ("two",), "lanes": ("per lane",), "weight_lanes": ("per weight lane",)}
# Of the columns of these parts the title says the form.
_FORM_OF_PART = {"rank": "labels", "hash": "hashed"}


def markdown() -> str:
    """The lists of docs/NATIVE.md: by kind and part an item for each column."""
    groups = [
        (f"{kind_title}: {part_title}", [c for c in DECLARED if (c.kind, c.part) == (kind, part)])
        for kind, kind_title in _KINDS.items()
        for part, part_title in _PARTS.items()
    ]
    return "\n\n".join(
        "\n".join((f"**{title}**", "", *map(_item, columns)))
        for title, columns in groups
        if columns
    )


def _item(column: Column) -> str:
    gates = f" Gates: {', '.join(column.gates)}." if column.gates else ""
    notes = f" ({', '.join(_notes(column))})" if _notes(column) else ""
    says = f"- `{column.symbol}`, `{column.name}`{notes}: {column.says}.{gates}"
    return fill(says, 120, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def _notes(column: Column) -> tuple[str, ...]:
    phase = (f"phase {column.phase + 1}",) if column.kind == "advice" else ()
    permuted = () if column.permutation_index is None else ("permuted",)
    is_usual = column.form in ("all", _FORM_OF_PART.get(column.part))
    form = () if is_usual else (f"circuits `{column.form}`",)
    return (*_COUNTS[column.count], *phase, *permuted, *form)
