"""States, moves, deadlines and defaults as data, which reducer, documents and tests read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from prover.protocol.events import Event


@dataclass(frozen=True)
class Move:
    """Who makes the move by calling what, the event it leaves, and the state it leads to."""

    by: str
    call: str
    event: type[Event]
    to: IntEnum


@dataclass(frozen=True)
class Rule:
    """A state that has not ended: moves until the deadline, and the one default after it."""

    state: IntEnum
    moves: tuple[Move, ...]
    deadline: str
    default: Move


Table = Mapping[IntEnum, Rule]


def table_of(rules: Iterable[Rule]) -> dict[IntEnum, Rule]:
    """The rules by their states."""
    return {rule.state: rule for rule in rules}


def markdown(table: Table) -> str:
    """The table as docs/SPEC.md shows it."""
    lines = ["| state | moves | deadline | when the deadline has passed |", "|---|---|---|---|"]
    for rule in table.values():
        moves = "; ".join(_words(move) for move in rule.moves)
        name = _title(rule.state)
        lines.append(f"| {name} | {moves} | {rule.deadline} | {_words(rule.default)} |")
    return "\n".join(lines)


def _words(move: Move) -> str:
    return f"{move.by} `{move.call}` -> {_title(move.to)}"


def _title(state: IntEnum) -> str:
    return state.name.capitalize()
