"""Models by name, by id, or by an id's first digits."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prover.base.errors import UsageError
from prover.chain.state import replay
from prover.cli import model
from prover.clients.common.models import _model_id, aliases, free_name, remember

ONE, TWO = b"\x12\x34\x56" + bytes(29), b"\x12\x34\x57" + bytes(29)
NODE: Any = SimpleNamespace(scope="31337:0xab")


@pytest.fixture
def registered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = SimpleNamespace(registry=SimpleNamespace(models={ONE: (b"", 0), TWO: (b"", 0)}))
    monkeypatch.setattr(replay, "load_world", lambda *_: world)


@pytest.mark.usefixtures("registered")
def test_a_model_is_named_by_its_alias_its_id_or_the_ids_first_digits() -> None:
    remember(NODE, "digits", TWO)
    for text, expected in (("digits", TWO), ("0x123456", ONE), ("0x" + ONE.hex(), ONE)):
        assert _model_id(NODE, None, text) == expected  # type: ignore[arg-type]


def test_a_name_that_moves_to_another_model_says_whose_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs are posted by it: whoever typed it before would mean another model without a word."""
    assert remember(NODE, "digits", ONE) is None
    assert remember(NODE, "digits", ONE) is None
    assert remember(NODE, "digits", TWO) == f"0x{ONE.hex()}"
    said: list[dict[str, object]] = []
    log = SimpleNamespace(warning=lambda _, **facts: said.append(facts))
    monkeypatch.setattr(model, "LOG", log)
    model._name(NODE, "digits", ONE)
    model._name(NODE, "digits", ONE)
    assert said == [{"name": "digits", "before": f"0x{TWO.hex()}"}]


def test_a_folder_gives_a_model_its_name_but_takes_no_other_models(home: Path) -> None:
    """A stranger chooses the folder's name: it must not become what the user typed until now."""
    assert free_name(NODE, "digits", ONE) == "digits"
    remember(NODE, "digits", ONE)
    assert free_name(NODE, "digits", ONE) == "digits"
    with pytest.raises(UsageError, match=f"is that of model 0x{ONE.hex()}.*with --name"):
        free_name(NODE, "digits", TWO)
    for name in ("0x" + ONE.hex(), "0x1234"):
        with pytest.raises(UsageError, match=r"looks like an id: .*with --name"):
            free_name(NODE, name, TWO)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0x1234", "exactly one id, found 2"),
        ("0xabcd", "exactly one id, found 0"),
        ("0x1", "a name"),
        ("nobody", r"a name \(none\)"),
        ("0x" + "1" * 65, "a name"),
    ],
)
def test_what_names_no_model_or_several_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as found:
        _model_id(NODE, None, text)  # type: ignore[arg-type]
    assert "`zkescrow model import`" in str(found.value)


@pytest.mark.parametrize(
    "content",
    [
        *(b"[]", b"1", b"null", b'"x"', b"\xff"),
        pytest.param(b"[" * 100_000, id="too deep"),
        b'{"31337:0xab": []}',
        b'{"31337:0xab": {"digits": 1}}',
        b'{"31337:0xab": {"digits": "0x12"}}',
    ],
)
def test_a_file_of_names_that_holds_something_else_is_said_to_do_so(
    home: Path, content: bytes
) -> None:
    home.mkdir()
    (home / "models.json").write_bytes(content)
    for step in (lambda: aliases(NODE), lambda: remember(NODE, "digits", ONE)):
        with pytest.raises(UsageError, match=r"models\.json .*[:;] correct it or remove it"):
            step()
    assert (home / "models.json").read_bytes() == content
