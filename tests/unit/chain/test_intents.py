"""Intents are found by what was asked for, on one chain, by one account."""

from itertools import product
from pathlib import Path

import pytest

from prover.chain.intents import Intent, Intents, name_of

SCOPES, ACCOUNTS = ("31337:aa", "31337:bb"), ("0x01", "0x02")
NAME = name_of({"asked": 1})


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_nobody_else_finds_an_intent(tmp_path: Path, scope: str, account: str) -> None:
    path = tmp_path / "intents.sqlite"
    Intents(path, scope, account).keep(NAME, "drawn")
    for other in product(SCOPES, ACCOUNTS):
        found = Intents(path, *other).find(NAME)
        assert (found is not None) == (other == (scope, account))
    for other in product(SCOPES, ACCOUNTS):
        if other != (scope, account):
            Intents(path, *other).end(NAME)
            Intents(path, *other).hand_over(NAME)
    assert Intents(path, scope, account).find(NAME) == Intent("drawn", handed=False, told=False)


def test_another_wish_is_another_intent(tmp_path: Path) -> None:
    mine = Intents(tmp_path / "intents.sqlite", SCOPES[0], ACCOUNTS[0])
    other = name_of({"asked": 2})
    mine.keep(NAME, "drawn")
    assert mine.find(other) is None
    mine.end(other)
    mine.hand_over(other)
    assert mine.find(NAME) == Intent("drawn", handed=False, told=False)


def test_what_became_of_an_intent_is_kept_until_it_is_drawn_anew(tmp_path: Path) -> None:
    path = tmp_path / "intents.sqlite"
    Intents(path, SCOPES[0], ACCOUNTS[0]).keep(NAME, "first")
    Intents(path, SCOPES[0], ACCOUNTS[0]).hand_over(NAME)
    again = Intents(path, SCOPES[0], ACCOUNTS[0])
    assert again.find(NAME) == Intent("first", handed=True, told=False)
    again.end(NAME)
    assert again.find(NAME) == Intent("first", handed=True, told=True)
    again.keep(NAME, "second")
    assert again.find(NAME) == Intent("second", handed=False, told=False)


def test_an_intent_is_named_by_its_content_alone() -> None:
    assert name_of({"a": 1, "b": [2]}) == name_of({"b": [2], "a": 1})
    assert len({name_of({"a": 1}), name_of({"a": 2}), name_of({"b": 1})}) == 3
