"""The JSON Schema as docs/JSON.md shows it: tables of commands and objects, and kinds of values."""

from collections.abc import Iterator
from textwrap import fill
from typing import Any

Schema = dict[str, Any]
_KINDS = {"string": "text", "boolean": "true or false"}


def commands(schema: Schema) -> str:
    """Which objects each command prints."""
    rows = (f"| `{name}` | {_type(one, schema)} |" for name, one in schema["properties"].items())
    return "\n".join(["| command | prints |", "|---|---|", *rows])


def objects(schema: Schema) -> str:
    """A section for each object: its keys, in the order of the schema."""
    found = (name for name in schema["$defs"] if _is_object(name, schema))
    return "\n\n".join("\n".join(_section(name, schema)) for name in found)


def values(schema: Schema) -> str:
    """The kinds of values that have a name."""
    rows = (
        _wrapped(f"- **{name}** ({_plain(one)}): {one['description']}")
        for name, one in schema["$defs"].items()
        if not _is_object(name, schema) and name != "JsonValue"
    )
    return "\n".join(rows)


def _wrapped(line: str) -> str:
    return fill(line, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _is_object(name: str, schema: Schema) -> bool:
    return "properties" in schema["$defs"][name]


def _section(name: str, schema: Schema) -> Iterator[str]:
    definition = schema["$defs"][name]
    yield from (f"### {name}", "", definition["description"], "")
    yield from ("| key | value | |", "|---|---|---|")
    for key, one in definition["properties"].items():
        optional = "" if key in definition.get("required", ()) else "May be left out. "
        text = f"{optional}{one.get('description', '')}".strip()
        yield f"| `{key}` | {_type(one, schema)} | {text} |"


def _type(one: Schema, schema: Schema) -> str:
    """A value in words; an object is a link to its section."""
    if "$ref" in one:
        return _named(one["$ref"].rpartition("/")[2], schema)
    if "anyOf" in one:
        return " or ".join(_type(each, schema) for each in one["anyOf"])
    if one["type"] == "array":
        return f"list of {_type(one['items'], schema)}"
    if one["type"] == "object":
        return f"map to {_type(one['additionalProperties'], schema)}"
    return _plain(one)


def _named(name: str, schema: Schema) -> str:
    if name == "JsonValue":
        return "any JSON"
    return f"[{name}](#{name.lower()})" if _is_object(name, schema) else name


def _plain(one: Schema) -> str:
    if "enum" in one or "const" in one:
        allowed = one.get("enum", [one.get("const")])
        return ", ".join(f"`{str(value).lower()}`" for value in allowed)
    kind = str(_KINDS.get(one["type"], one["type"]))
    return f"{kind} `{one['pattern']}`" if "pattern" in one else kind
