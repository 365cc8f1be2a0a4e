"""The circuit's columns and flags, as columns.json declares them.

The file is the one place: the placement's lists and those of docs/NATIVE.md are made from it,
and the engine's columns are compared with it by the tests. Code and descriptions have the spelled
out `name`; formulas, and the digest of a circuit, the `symbol`.
"""

from dataclasses import dataclass
from importlib.resources import files
from textwrap import fill
from typing import Literal

from pydantic import TypeAdapter

Count = Literal["one", "two", "lanes", "weight_lanes"]
FormName = Literal["all", "labels", "hashed", "hidden"]
Part = Literal["all", "tensor", "fold", "rank", "hash", "lookup"]


@dataclass(frozen=True)
class Column:
    """One column, or `count` of the same kind.

    `form`: the circuits that have it, by what is public; `part`: the rows that it is about;
    `set_by`: `program` (with the placement), `caller` (with a witness) or the `engine`; `phase` of
    advice; a `flag` is 0 or 1, and one that `looks_back` takes from the row before; `gates` are
    those that read it; `says`: what it holds, or on which rows a flag is 1.
    """

    symbol: str
    name: str
    kind: Literal["advice", "fixed", "instance"]
    count: Count
    form: FormName
    part: Part
    set_by: Literal["program", "caller", "engine"]
    gates: tuple[str, ...]
    says: str
    phase: int = 0
    flag: bool = False
    looks_back: bool = False

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
# Flags that take a value from the row before: no gate holds on the row before the first.
LOOKING_BACK = tuple(column.name for column in DECLARED if column.looks_back)
# 1 + the number of a hash row's round, 0 where it is none: the engine makes `hash_constant` of it.
HASH_ROUND = "hash_round"


_KINDS = {"advice": "Advice", "fixed": "Fixed", "instance": "Instance"}
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
    told = column.form in ("all", _FORM_OF_PART.get(column.part))
    return (*_COUNTS[column.count], *phase, *(() if told else (f"circuits `{column.form}`",)))
