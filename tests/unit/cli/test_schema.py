"""What commands print with --json: each has a schema, in one style, and is held to it."""

import json
import os
import re
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from prover.chain.node import anvil
from prover.cli.app import app
from prover.cli.schema import commands, parts
from tests import printed
from tests.e2e.conftest import ZKESCROW

SCHEMA = commands.schema()
FILE = Path(commands.__file__).with_name("schema.json")
STANDARD = {model.__name__ for model in parts.STANDARD}
SIGNED_HERE = {"provider key"}  # takes --unsigned as all that take --account, and sends nothing


def options() -> dict[str, set[str]]:
    """The options of every command, by its words."""
    found: dict[str, set[str]] = {}

    def add(command: Any, *names: str) -> None:
        if not hasattr(command, "list_commands"):
            found[" ".join(names)] = {one for each in command.params for one in each.opts}
            return
        context = command.make_context("", ["--"], resilient_parsing=True)
        for name in command.list_commands(context):
            add(command.get_command(context, name), *names, name)

    add(typer.main.get_command(app))
    return found


def keys() -> Iterator[tuple[str, str]]:
    for name, one in SCHEMA["$defs"].items():
        yield from ((name, key) for key in one.get("properties", ()))


def test_every_command_has_a_schema_and_takes_json() -> None:
    found = options()
    assert list(SCHEMA["properties"]) == list(commands.COMMANDS)
    assert set(found) == set(commands.COMMANDS)
    assert [name for name, one in found.items() if "--json" not in one] == []


def test_a_command_that_may_sign_nothing_prints_what_is_to_be_signed() -> None:
    unsigned = {name for name, one in options().items() if "--unsigned" in one}
    described = {name for name, models in commands.COMMANDS.items() if parts.Unsigned in models}
    assert unsigned - described == SIGNED_HERE
    assert described <= unsigned


def test_keys_are_in_snake_case_but_for_those_of_standards() -> None:
    ours = [key for name, key in keys() if name not in STANDARD]
    theirs = [key for name, key in keys() if name in STANDARD]
    assert len(ours) > 300
    assert [key for key in ours if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", key)] == []
    assert {"chainId", "createdFromSafeAddress"} <= set(theirs)


def kind_of(one: dict[str, Any]) -> str:
    """What a value is, whether or not it may be null; each protocol's states are states."""
    if "$ref" in one:
        name = str(one["$ref"].rpartition("/")[2])
        is_object = "properties" in SCHEMA["$defs"].get(name, {})
        return "object" if is_object else re.sub("^[A-Za-z]+State$", "State", name)
    if "anyOf" in one:
        found = {kind_of(each) for each in one["anyOf"] if each != {"type": "null"}}
        return " or ".join(sorted(found))
    if one["type"] == "array":
        return f"list of {kind_of(one['items'])}"
    if one["type"] == "object":
        return f"map to {kind_of(one['additionalProperties'])}"
    return "choice" if "enum" in one else str(one["type"])


def meaning_of(one: dict[str, Any]) -> str:
    """The first sentence; those after it say when the value is null, 0 or empty, and why."""
    return str(one.get("description", "")).partition(". ")[0].rstrip(".")


def clashes(definitions: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Keys that mean two things, or have values of two kinds."""
    found = defaultdict(set)
    for name, definition in definitions.items():
        if name not in STANDARD:
            for key, one in definition.get("properties", {}).items():
                found[key].add((kind_of(one), meaning_of(one)))
    return {key: meanings for key, meanings in found.items() if len(meanings) > 1}


def test_a_key_has_one_meaning_and_one_kind_of_value_in_all_objects() -> None:
    assert clashes(SCHEMA["$defs"]) == {}


AMOUNT, NULL = {"$ref": "#/$defs/Amount"}, {"type": "null"}


@pytest.mark.parametrize(
    ("kind", "description", "fits"),
    [
        (AMOUNT, "Of one item.", True),
        (AMOUNT, "Of one item. 0 if it is free.", True),
        ({"anyOf": [AMOUNT, NULL]}, "Of one item.", True),
        ({"$ref": "#/$defs/Wei"}, "Of one item.", False),
        ({"type": "string"}, "Of one item.", False),
        ({"type": "array", "items": AMOUNT}, "Of one item.", False),
        (AMOUNT, "Of all items.", False),
        (AMOUNT, "", False),
    ],
)
def test_a_key_with_two_meanings_is_found(
    kind: dict[str, Any], description: str, fits: bool
) -> None:
    prices = [AMOUNT | {"description": "Of one item."}, kind | {"description": description}]
    objects = {str(at): {"properties": {"price": one}} for at, one in enumerate(prices)}
    assert set(clashes(objects)) == (set() if fits else {"price"})


# A key that ends so has such values, and such values have a key that ends so.
ENDINGS = {
    "Time": "_at|until|now",
    "Window": "_window_seconds",
    "Seconds": "(proof|total)_seconds",
    "Gas": "gas|gas_by_step",
    "Wei": "_wei",
    "ByteCount": "_bytes",
    "ChainId": "chain_id",
    "Log2": "logrows",
    "Word": "(model|circuit)_id|_hash|_root|_digest|_commitment|dataset|public_key|digests",
}


def test_a_unit_is_in_the_key() -> None:
    """Of times, gas and sizes."""
    named = [
        (key, re.sub(r"^(list of|map to) ", "", kind_of(one)))
        for name, definition in SCHEMA["$defs"].items()
        if name not in STANDARD
        for key, one in definition.get("properties", {}).items()
    ]
    assert {kind for _, kind in named} >= set(ENDINGS)
    for key, kind in named:
        ends = {unit for unit, ending in ENDINGS.items() if re.search(f"({ending})$", key)}
        assert ends == ({kind} if kind in ENDINGS else set()), (key, kind)


def test_an_amount_stands_beside_its_currency() -> None:
    objects = {name: one.get("properties", {}) for name, one in SCHEMA["$defs"].items()}
    with_amounts = {
        name
        for name, properties in objects.items()
        if any(kind_of(one) == "Amount" for one in properties.values())
    }
    assert len(with_amounts) > 10
    assert [name for name in with_amounts if "currency" not in objects[name]] == []


def test_no_object_has_other_keys() -> None:
    objects = [one for one in SCHEMA["$defs"].values() if "properties" in one]
    assert len(objects) > 50
    assert all(one["additionalProperties"] is False for one in objects)
    assert SCHEMA["additionalProperties"] is False


def test_the_file_of_the_schema_is_what_the_models_give() -> None:
    """If this fails: python scripts/tables.py."""
    assert json.loads(FILE.read_text()) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    named = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(SCHEMA)))
    assert named == set(SCHEMA["$defs"])


def test_what_is_not_described_is_refused() -> None:
    data = {"rpc": "http://127.0.0.1:8545", "chain_id": 31337, "pid": 7}
    printed.check("node", data)
    for wrong in (
        data | {"more": 1},
        data | {"pid": "7"},
        {"rpc": data["rpc"], "chainId": 31337, "pid": 7},
    ):
        with pytest.raises(printed.Undocumented):
            printed.check("node", wrong)
    with pytest.raises(printed.Undocumented):
        printed.check("no such command", data)


def test_what_a_command_shows_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from prover.cli import doctor
    from prover.cli.app import run

    monkeypatch.setattr(doctor, "asdict", lambda one: {"name": one.name})
    with pytest.raises(printed.Undocumented, match="doctor showed"):
        run(["doctor", "--json"])
    with pytest.raises(printed.Undocumented, match="doctor showed"):
        run(["doctor"])


def test_a_run_tells_what_no_test_has_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(printed.SEEN, str(tmp_path))
    before = printed.unseen(tmp_path)
    printed.check("node", {"rpc": "http://127.0.0.1:8545", "chain_id": 31337, "pid": 7})
    printed.check(
        "serving join", {"job": "0x" + "11" * 32, "state": "joined", "next": "", "already": True}
    )
    assert {"node: LocalNode", "serving join: JoinedRound", "Already", "Unsigned"} <= set(before)
    assert "serving join: Already" not in before
    assert set(before) - set(printed.unseen(tmp_path)) == {"node: LocalNode", "Already"}


def test_a_node_prints_one_object_and_goes_on(tmp_path: Path) -> None:
    port = anvil.free_port()
    process = subprocess.Popen(
        [ZKESCROW, "node", "--port", str(port), "--json"],
        env=os.environ | {"ZKESCROW_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(5)]
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    told = json.loads("".join(lines))
    printed.check("node", told)
    assert (told["rpc"], told["chain_id"]) == (f"http://127.0.0.1:{port}", 31337)
    assert rest == ""


def test_an_error_is_a_message_and_no_object(capsys: pytest.CaptureFixture[str]) -> None:
    from prover.cli.app import run

    assert run(["explain-revert", "no hexadecimal", "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("zkescrow: ")
    assert err.count("\n") == 1
