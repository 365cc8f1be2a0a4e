"""States, moves, deadlines and defaults as data, which reducers, documents and tests read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from prover.protocol.event import Event


@dataclass(frozen=True)
class Move:
    """Who makes the move by calling what, the event it leaves, and the state it leads to.

    `when` is a condition besides the time, as text.
    """

    by: str
    call: str
    event: type[Event]
    to: IntEnum
    when: str = ""


@dataclass(frozen=True)
class ByTime:
    """The default is another state, entered by the time alone: nobody need call anything."""

    to: IntEnum


@dataclass(frozen=True)
class Rule:
    """A state that has not ended: moves until the deadline, and the one default after it."""

    state: IntEnum
    moves: tuple[Move, ...]
    deadline: str
    default: Move | ByTime


Table = Mapping[IntEnum, Rule]


def table_of(rules: Iterable[Rule]) -> dict[IntEnum, Rule]:
    """The rules by their states."""
    return {rule.state: rule for rule in rules}


def markdown(table: Table) -> str:
    """The table as docs/SPEC.md shows it, a line for each move.

    The first line of a state has its name, its deadline and its default too.
    """
    lines = ["| state | moves | deadline | when the deadline has passed |", "|---|---|---|---|"]
    for rule in table.values():
        first, *later = [_text(move) for move in rule.moves]
        name = title(rule.state)
        lines.append(f"| {name} | {first} | {rule.deadline} | {_text(rule.default)} |")
        lines += [f"| | {move} | | |" for move in later]
    return "\n".join(lines)


def mermaid(table: Table, void: Move) -> str:
    """The table as a state diagram; `void` leads on from every state that has not ended."""
    first = next(iter(table))
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {title(first)}: post"]
    for rule in table.values():
        lines += [_arrow(rule.state, move, move.call) for move in rule.moves]
        lines.append(_arrow(rule.state, rule.default, _late(rule)))
        lines.append(_arrow(rule.state, void, f"{void.call}, circuit condemned"))
    ends = {move.to for rule in table.values() for move in (*rule.moves, rule.default, void)}
    lines += [f"    {title(end)} --> [*]" for end in sorted(ends - set(table))]
    return "\n".join([*lines, "```"])


def title(state: IntEnum) -> str:
    """The state's name as the contracts spell it: KEY_WITHHELD is KeyWithheld."""
    return "".join(word.capitalize() for word in state.name.split("_"))


def _text(move: Move | ByTime) -> str:
    if isinstance(move, ByTime):
        return f"by time alone -> {title(move.to)}"
    when = f" ({move.when})" if move.when else ""
    return f"{move.by} `{move.call}`{when} -> {title(move.to)}"


def _arrow(state: IntEnum, move: Move | ByTime, label: str) -> str:
    when = f" ({move.when})" if isinstance(move, Move) and move.when else ""
    return f"    {title(state)} --> {title(move.to)}: {label}{when}"


def _late(rule: Rule) -> str:
    missed = "deadline missed"
    return missed if isinstance(rule.default, ByTime) else f"{rule.default.call}, {missed}"
