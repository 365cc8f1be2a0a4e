"""Small changes of Solidity sources, each of which a good test suite notices.

Sources are formatted by prettier, so that operators stand between spaces. Comments, strings and
whatever stands outside of function bodies (but literals of constants and the reentrancy guard) are
left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SWAPS = {
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "&&": "||",
    "||": "&&",
    "+": "-",
    "-": "+",
    "*": "+",
    "/": "*",
    "%": "/",
    "<<": ">>",
    ">>": "<<",
    "&": "|",
    "|": "&",
    "^": "&",
    "+=": "=",
    "-=": "+=",
    "|=": "=",
}
_HIDDEN = re.compile(r'//[^\n]*|/\*.*?\*/|"[^"\n]*"|\b(?:hex|unicode)"[^"]*"', re.S)
_OPERATOR = re.compile(
    "(?<= )(?:" + "|".join(map(re.escape, sorted(SWAPS, key=len)[::-1])) + ")(?= )"
)
_NOT = re.compile(r"!(?=[\w(])")
_CONDITION = re.compile(r"\b(?:if|while) \(")
_TERNARY = re.compile(r"(?<= )\?(?= )")
_LITERAL = re.compile(r"(?<![\w.])(0|[1-9][0-9_]*)(?![\w.x])")
_DECLARATION = re.compile(
    r"\s*(?:\([^=]*\) = |[\w.\[\]]+(?: (?:memory|calldata|storage))? \w+\s*(?:=|;))"
)
_KEYWORD = re.compile(r"\s*(?:return|delete|emit|revert)\b")
_FUNCTION = re.compile(r"function (\w+)")
_GUARD = re.compile(r" nonReentrant\b")


@dataclass(frozen=True)
class Mutant:
    """Replace `source[start:end]` by `text`; `line` counts from 1."""

    operator: str
    start: int
    end: int
    text: str
    line: int

    def apply(self, source: str) -> str:
        """The mutated source."""
        return source[: self.start] + self.text + source[self.end :]

    def key(self, source: str) -> str:
        """What names the mutant as long as its line stays as it is."""
        before = " ".join(source[self.start : self.end].split())
        line = source.splitlines()[self.line - 1]
        column = self.start - source.rfind("\n", 0, self.start)
        functions = _FUNCTION.findall(source, 0, self.end)
        where = functions[-1] if functions else "the contract"
        return (
            f"{where}: {self.operator} `{before}` -> `{self.text}` at {column} of `{line.strip()}`"
        )


def mutants(source: str) -> list[Mutant]:
    """All mutants, in the order of the source."""
    code = _HIDDEN.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), source)
    bodies = _bodies(code)
    found = [
        *_swapped(code, bodies),
        *_negated(code, bodies),
        *_decided(code, bodies),
        *_counted(code),
        *_deleted(code, bodies),
        *_unguarded(code),
    ]
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.text))


def _bodies(code: str) -> list[bool]:
    """Whether each character stands inside a function's body."""
    inside, stack = [], []
    start = 0
    for at, character in enumerate(code):
        if character == "{":
            header = code[start:at]
            body = bool(
                re.search(r"\b(?:function|constructor|receive|fallback|modifier)\b", header)
            )
            stack.append(body or (bool(stack) and stack[-1]))
        inside.append(bool(stack) and stack[-1])
        if character == "}":
            stack.pop()
        if character in "{};":
            start = at + 1
    return inside


def _made(code: str, operator: str, start: int, end: int, text: str) -> Mutant:
    return Mutant(operator, start, end, text, code.count("\n", 0, start) + 1)


def _swapped(code: str, bodies: list[bool]) -> Iterator[Mutant]:
    for found in _OPERATOR.finditer(code):
        if bodies[found.start()]:
            yield _made(code, "swap", *found.span(), SWAPS[found.group()])


def _negated(code: str, bodies: list[bool]) -> Iterator[Mutant]:
    for found in _NOT.finditer(code):
        if bodies[found.start()]:
            yield _made(code, "negate", *found.span(), "")


def _decided(code: str, bodies: list[bool]) -> Iterator[Mutant]:
    """Conditions that always or never hold; a check that reverts is deleted as a whole instead."""
    for found in _CONDITION.finditer(code):
        end = _closing(code, found.end() - 1)
        checks = code[end + 1 :].lstrip().startswith("revert")
        if bodies[found.start()] and not checks:
            for value in ("false",) if found.group().startswith("while") else ("true", "false"):
                yield _made(code, "decide", found.end(), end, value)


def _counted(code: str) -> Iterator[Mutant]:
    for found in _LITERAL.finditer(code):
        line = code[code.rfind("\n", 0, found.start()) + 1 : code.find("\n", found.end())]
        if "pragma" not in line and not line.lstrip().startswith("for "):
            value = int(found.group().replace("_", ""))
            yield _made(code, "count", *found.span(), str(value + 1))


def _deleted(code: str, bodies: list[bool]) -> Iterator[Mutant]:
    """Statements that are no declarations; with a leading condition, if that stands before one."""
    start = 0
    depth = 0
    for at, character in enumerate(code):
        depth += (character == "(") - (character == ")")
        if character in "{}" or (character == ";" and not depth):
            statement = code[start:at]
            plain = character == ";" and bodies[at] and statement.strip()
            if plain and (
                _KEYWORD.match(statement) or not _DECLARATION.match(code[start : at + 1])
            ):
                first = start + len(statement) - len(statement.lstrip())
                yield _made(code, "delete", first, at + 1, "")
            start = at + 1


def _unguarded(code: str) -> Iterator[Mutant]:
    for found in _GUARD.finditer(code):
        yield _made(code, "unguard", *found.span(), "")


def _closing(code: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(code)):
        depth += (code[at] == "(") - (code[at] == ")")
        if depth == 0:
            return at
    raise ValueError("a bracket is not closed")
