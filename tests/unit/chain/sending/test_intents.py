"""Intents are found by what was asked for, on one chain, by one account."""

import sqlite3
from itertools import product
from pathlib import Path

import pytest

from prover.chain.sending.intents import Intent, Intents, name_of

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


def test_other_options_are_another_intent(tmp_path: Path) -> None:
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


def test_only_what_came_to_nothing_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "intents.sqlite"
    other = name_of({"asked": 2})
    for about in product(SCOPES, ACCOUNTS):
        for name in (NAME, other):
            Intents(path, *about).keep(name, "drawn")
    Intents(path, SCOPES[1], ACCOUNTS[0]).forget(NAME)
    left = [
        (*about, name)
        for about in product(SCOPES, ACCOUNTS)
        for name in (NAME, other)
        if Intents(path, *about).find(name)
    ]
    assert len(left) == 7
    assert (SCOPES[1], ACCOUNTS[0], NAME) not in left


def test_a_draw_replaces_that_of_its_account_on_its_chain_alone(tmp_path: Path) -> None:
    path = tmp_path / "intents.sqlite"
    for about in product(SCOPES, ACCOUNTS):
        Intents(path, *about).keep(NAME, "first")
    Intents(path, SCOPES[0], ACCOUNTS[1]).keep(NAME, "second")
    found = [Intents(path, *about).find(NAME) for about in product(SCOPES, ACCOUNTS)]
    assert [one.drawn for one in found if one] == ["first", "second", "first", "first"]


def test_intents_of_the_first_version_are_taken_on_as_not_told(tmp_path: Path) -> None:
    path = tmp_path / "intents.sqlite"
    Intents(path, SCOPES[0], ACCOUNTS[0]).keep(NAME, "drawn")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=0")
        connection.execute("ALTER TABLE intents DROP COLUMN told")
    connection.close()
    mine = Intents(path, SCOPES[0], ACCOUNTS[0])
    assert mine.find(NAME) == Intent("drawn", handed=False, told=False)
    mine.end(NAME)
    assert mine.find(NAME) == Intent("drawn", handed=False, told=True)
