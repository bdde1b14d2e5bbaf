"""The user's own file is read before the database is opened, which loads SQLAlchemy."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cache.stores import HOUR, counted, execute, kept, key, make, numbers_in, query, rows
from tests.patience import HANGS_AFTER

from weighbridge.cache import connector
from weighbridge.cache.entry import COUNTS_TABLE, SCHEMA
from weighbridge.cache.migrations import STEPS
from weighbridge.cache.place import FILE_NAME


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database in the user's cache folder, with one count."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "weighbridge" / FILE_NAME
    path.parent.mkdir(mode=0o700)
    make(path, 1)
    # Long enough ago for its next use to be told.
    execute(path, f"UPDATE {COUNTS_TABLE} SET accessed_at = '2025-01-01 00:00:00.000000'")
    path.chmod(0o600)
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """When databases were opened."""
    found: list[str] = []
    open_ = connector.Connector.open

    def noted(self: connector.Connector) -> object:
        found.append("opened")
        return open_(self)

    monkeypatch.setattr(connector.Connector, "open", noted)
    return found


def test_the_schemas_number_is_that_of_the_migrations() -> None:
    assert len(STEPS) + 1 == SCHEMA


def test_counts_are_given_before_the_database_is_opened(ours: Path, opened: list[str]) -> None:
    with kept(None) as it:
        assert it.store.get_many([key(1), key(2)]) == {key(1): counted(1)}
        assert (opened, it.fault(), it.warnings) == ([], None, [])
    # At the end it is, to write that a count was given.
    assert opened == ["opened"]
    assert query(ours, f"SELECT hits FROM {COUNTS_TABLE}") == [(1,)]


def test_it_is_opened_for_what_is_to_be_written(ours: Path, opened: list[str]) -> None:
    with kept(None) as it:
        assert it.store.get_many([key(2)]) == {}
        it.store.put_many(rows(2))
        assert it.store.flush(30)
        assert opened == ["opened"]
        assert it.store.get_many([key(1), key(2)]) == rows(1, 2)
    assert numbers_in(ours) == {1, 2}


@pytest.mark.parametrize("limits", [{"flush_rows": 2}, {"flush_after": 0.0}], ids=str)
def test_it_is_opened_when_writing_is_due(ours: Path, limits: dict[str, Any]) -> None:
    with kept(None, **{"flush_after": HOUR, **limits}) as it:
        it.store.put_many(rows(2, 3))
        assert it.store._opened.wait(HANGS_AFTER)
    assert numbers_in(ours) == {1, 2, 3}


def test_who_wants_nothing_opens_nothing(ours: Path, opened: list[str]) -> None:
    with kept(None) as it:
        assert it.store.get_many([key(2)]) == {}
    assert opened == []
    assert numbers_in(ours) == {1}


def test_a_new_file_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with kept(None) as it:
        assert it.store.get_many([key(1)]) == {}
        assert (opened, it.fault()) == ([], None)


def test_a_file_that_is_just_being_made_holds_nothing_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "weighbridge" / FILE_NAME
    path.parent.mkdir(mode=0o700)
    execute(path, "PRAGMA journal_mode=WAL")
    path.chmod(0o600)
    with kept(None) as it:
        assert it.store.get_many([key(1)]) == {}
        assert (opened, it.warnings) == ([], [])
        make(path, 1)
        opened.clear()
        assert it.store.get_many([key(1)]) == rows(1)
        assert (opened, it.warnings) == ([], [])


@pytest.mark.parametrize(
    ("ruin", "said"),
    [
        (lambda path: path.write_bytes(b"garbage" * 1000), "it is no database"),
        (lambda path: path.chmod(0o666), "others may have written to it"),
        (lambda path: execute(path, "UPDATE weighbridge_schema SET version = 99"), "by a newer Weighbridge"),
    ],
    ids=["no database", "others' too", "a newer one's"],
)
def test_what_cannot_be_read_so_is_opened_and_said(
    ours: Path, opened: list[str], ruin: Callable[[Path], object], said: str
) -> None:
    ruin(ours)
    with kept(None) as it:
        assert it.store.get_many([key(1)]) == {}
        assert opened[0] == "opened"
        assert it.store.flush(30) in {True, False}
        assert said in "".join(it.warnings)


def test_a_table_of_another_shape_is_begun_anew(ours: Path) -> None:
    execute(ours, f"DROP TABLE {COUNTS_TABLE}", f"CREATE TABLE {COUNTS_TABLE} (digest)")
    with kept(None) as it:
        assert it.store.get_many([key(1)]) == {}
        it.store.put_many(rows(1))
        assert it.store.flush(30)
    assert numbers_in(ours) == {1}


def test_sqlalchemy_is_not_loaded_for_what_is_read(ours: Path) -> None:
    code = (
        "import sys; from weighbridge.cache import CountStore, CountKey; store = CountStore(); "
        "print(store.get_many([CountKey(b'1', 'a', 'b')]), 'sqlalchemy' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.stdout == "{} False\n"
