"""The SQLite files of this user: what is made in a new one, and in one of another version."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy import inspect as inspector

from prover.base import database
from prover.base.database import open_database

ADVICE = "make it anew"


def tables(*columns: str, indexed: bool = False) -> MetaData:
    """One table, of whole numbers."""
    metadata = MetaData()
    Table("kept", metadata, *(Column(name, Integer, index=indexed) for name in columns))
    return metadata


def test_a_file_whose_tables_are_there_is_only_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tables("one")
    open_database(tmp_path / "a.sqlite", metadata, ADVICE).dispose()
    monkeypatch.setattr(database, "locked", None)
    engine = open_database(tmp_path / "a.sqlite", metadata, ADVICE)
    with engine.begin() as connection:
        connection.execute(insert(metadata.tables["kept"]).values(one=1))


@pytest.mark.parametrize("names", [("one", "two"), ("one", "two", "three")])
def test_a_file_of_an_earlier_version_is_given_what_it_lacks(
    tmp_path: Path, names: Sequence[str]
) -> None:
    before, now = tables("one"), tables(*names)
    with open_database(tmp_path / "a.sqlite", before, ADVICE).begin() as connection:
        connection.execute(insert(before.tables["kept"]).values(one=1))
    Table("further", now, Column("name", String))
    added = [now.tables["kept"].c[name] for name in names[1:]]
    for _ in range(2):
        engine = open_database(tmp_path / "a.sqlite", now, ADVICE, added=added)
        with engine.begin() as connection:
            rows = connection.execute(select(now.tables["kept"])).all()
        assert [tuple(row) for row in rows] == [(1, *(None for _ in added))]
        assert inspector(engine).get_table_names() == ["further", "kept"]


def test_an_earlier_version_takes_on_the_file_of_a_later_one(tmp_path: Path) -> None:
    later, earlier = tables("one", "two"), tables("one")
    open_database(tmp_path / "a.sqlite", later, ADVICE).dispose()
    for metadata in (earlier, later, earlier):
        with open_database(tmp_path / "a.sqlite", metadata, ADVICE).begin() as connection:
            connection.execute(insert(metadata.tables["kept"]).values(one=1))


def test_versions_are_told_apart() -> None:
    """By columns and by indices; none is that of a file without any."""
    made = [tables("one"), tables("two"), tables("one", "two"), tables("one", indexed=True)]
    numbers = [database._version(one) for one in made]
    assert len({0, *numbers}) == 5
    assert all(0 < number < 2**31 for number in numbers)
    assert numbers[0] == database._version(tables("one"))
