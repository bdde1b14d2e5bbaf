"""A database that can't be used costs a warning and the persistence, never an exception, never a wait without end."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from tests.cache.stores import (
    TABLE,
    Hours,
    Kept,
    Moments,
    counted,
    execute,
    kept,
    key,
    make,
    numbers_in,
    query,
    rows,
    url,
)
from tests.patience import HANGS_AFTER

from weighbridge.cache import CountStore, place, sqlite
from weighbridge.cache import database as database_module
from weighbridge.cache.database import Database
from weighbridge.cache.place import FILE_NAME


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts.db"


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    return Hours(monkeypatch)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program has the database for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def degraded(it: Kept, reason: str) -> None:
    """Assert that a store does nothing and says so once, however often it is asked."""
    for _ in range(3):
        it.store.put_many(rows(1))
        it.store.get_many([key(1), key(2)])
        assert (it.store.flush(30), it.store.clear(30)) == (False, False)
    assert it.store.get_many([key(2)]) == {}
    assert it.fault() == reason
    assert it.warnings == [f"Counts are not kept across restarts: {reason}"]


def set_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.corrupt-*"))


def begun_anew(it: Kept, path: Path, reason: str) -> None:
    """Assert that a store works, and that what was there is there under another name."""
    it.store.put_many(rows(5))
    assert it.store.flush(30)
    assert (it.fault(), numbers_in(path)) == (None, {5})
    [aside] = set_aside(path)
    assert it.warnings == [f"{path}: {reason}; it is now {aside.name}, and counts begin anew"]


# Damage


@pytest.mark.parametrize(
    "content", [b"garbage", b"# Notes\n" * 5_000, b"SQLite format 3\0" + b"\xff" * 5_000, os.urandom(4096)]
)
def test_what_is_no_database_is_set_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with kept(url(path)) as it:
        begun_anew(it, path, "it is no database")
    assert set_aside(path)[0].read_bytes() == content


def test_a_truncated_database_is_set_aside(path: Path) -> None:
    make(path, *range(900))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 // 4096 * 4096])
    with kept(url(path)) as it:
        begun_anew(it, path, "it is damaged")


def test_an_empty_file_is_an_empty_database(path: Path) -> None:
    path.touch()
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
        assert (it.store.flush(30), it.fault(), it.warnings) == (True, None, [])
    assert (numbers_in(path), set_aside(path)) == ({1}, [])


def test_damage_found_while_reading(path: Path) -> None:
    make(path, *range(900))
    content = path.read_bytes()
    page = 4096
    path.write_bytes(content[: 6 * page] + b"\xa5" * (len(content) - 6 * page))
    with kept(url(path)) as it:
        assert it.store.get_many(map(key, range(900))) == {}
        begun_anew(it, path, "it is damaged")


def test_damage_found_while_writing(path: Path) -> None:
    make(path, *range(900))
    content = path.read_bytes()
    page = 4096
    path.write_bytes(content[: 6 * page] + b"\xa5" * (len(content) - 6 * page))
    with kept(url(path)) as it:
        it.store.put_many(rows(*range(900, 1000)))
        assert it.store.flush(30)
        assert numbers_in(path) == set(range(900, 1000))
        assert (it.fault(), len(it.warnings)) == (None, 1)


def test_the_log_is_set_aside_with_its_database(path: Path) -> None:
    for companion in ("", "-wal", "-shm"):
        path.with_name(path.name + companion).write_text(companion)
    aside = place.set_aside(path)
    assert {found.name.removeprefix(aside.name): found.read_text() for found in path.parent.iterdir()} == {
        "": "",
        "-wal": "-wal",
        "-shm": "-shm",
    }


def test_a_database_damaged_again_and_again_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        error = sqlite3.DatabaseError("malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise DBAPIError("statement", {}, error)

    monkeypatch.setattr(Database, "write", fail)
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
        assert it.store.flush(30) is False
        assert (it.fault(), len(it.warnings)) == (f"{path}: it is damaged", 2)
        assert len(set_aside(path)) == 1


def test_another_process_was_faster_to_begin_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path, *range(3))
    other = path.with_name("other.db")
    make(other, 7)
    with kept(url(path)) as it:
        assert it.store.flush(30)

        def fail(*_: Any) -> None:
            monkeypatch.undo()
            other.rename(path)
            error = sqlite3.DatabaseError("malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise DBAPIError("statement", {}, error)

        monkeypatch.setattr(Database, "get", fail)
        assert it.store.get_many([key(1)]) == {}
        assert it.store.flush(30)
        assert it.store.get_many([key(1), key(7)]) == rows(7)
        assert (set_aside(path), it.warnings) == ([], [])


def test_a_table_of_another_shape_is_begun_anew(path: Path) -> None:
    execute(path, f"CREATE TABLE {TABLE} (digest TEXT)", "CREATE TABLE theirs (a)")
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
        assert (it.store.flush(30), it.warnings) == (True, [])
    assert (numbers_in(path), query(path, "SELECT * FROM theirs")) == ({1}, [])


def test_a_newer_database_is_not_touched(path: Path) -> None:
    make(path, 1)
    execute(path, "UPDATE weighbridge_schema SET version = 99", f"ALTER TABLE {TABLE} RENAME TO later")
    before = path.read_bytes()
    with kept(url(path)) as it:
        degraded(it, f"{path}: it was written by a newer Weighbridge (schema 99, this one knows 1)")
    assert (path.read_bytes(), set_aside(path)) == (before, [])


# Places


def test_a_folder_is_no_database(path: Path) -> None:
    path.mkdir()
    with kept(url(path)) as it:
        degraded(it, f"{path}: it is a folder")


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with kept(url(path)) as it:
        degraded(it, f"{path}: it is no regular file")


def test_a_folder_that_can_not_be_made(path: Path) -> None:
    path.write_text("a file")
    inner = path / "cache" / "counts.db"
    with kept(url(inner)) as it:
        degraded(it, f"{inner}: Not a directory")
    assert path.read_text() == "a file"


def test_a_database_that_may_only_be_read(path: Path) -> None:
    make(path, 1)
    with kept(f"sqlite:///file:{path}?mode=ro&uri=true") as it:
        degraded(it, "the sqlite database of cacheUrl: it can't be written to")
    assert numbers_in(path) == {1}


def test_a_damaged_database_behind_a_uri_is_left_alone(path: Path) -> None:
    path.write_bytes(b"garbage" * 100)
    with kept(f"sqlite:///file:{path}?uri=true") as it:
        degraded(it, "the sqlite database of cacheUrl: it is damaged")
    assert path.read_bytes() == b"garbage" * 100


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "counts.db"
    make(path, 1)
    assert numbers_in(path) == {1}


def test_files_are_for_their_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "weighbridge" / FILE_NAME
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)
    with kept(None) as it:
        it.store.put_many(rows(1))
        assert (it.store.flush(30), it.warnings) == (True, [])
        modes = {found.name: found.stat().st_mode & 0o777 for found in path.parent.iterdir()}
    assert modes == dict.fromkeys((FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"), 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database in the user's cache folder, with a count that somebody wrote."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "weighbridge" / FILE_NAME
    make(path, 1)
    path.chmod(0o600)
    return path


def of_another_user(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have a file or folder belong to somebody else."""

    def changed(look: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def owned(self: Path, **kwargs: bool) -> os.stat_result:
            found = look(self, **kwargs)
            if self.name != name:
                return found
            return os.stat_result((*found[:4], found.st_uid + 1, *found[5:]))

        return owned

    monkeypatch.setattr(Path, "stat", changed(Path.stat))


@pytest.mark.parametrize(
    ("name", "mode", "reason"),
    [
        ("", 0o600, "it belongs to another user"),
        ("", 0o620, "others may have written to it"),
        ("", 0o602, "others may have written to it"),
        ("-wal", 0o600, "it belongs to another user"),
        ("-journal", 0o666, "others may have written to it"),
    ],
)
def test_a_database_that_others_may_have_written_is_not_believed(
    ours: Path, monkeypatch: pytest.MonkeyPatch, name: str, mode: int, reason: str
) -> None:
    file = ours.with_name(ours.name + name)
    file.touch()
    file.chmod(mode)
    with monkeypatch.context() as patch:
        if mode == 0o600:
            of_another_user(patch, file.name)
            # Once it is gone, what has its name is the user's own.
            moved = place.set_aside

            def set_aside_once(path: Path) -> Path:
                patch.undo()
                return moved(path)

            patch.setattr(database_module, "set_aside", set_aside_once)
        with kept(None) as it:
            assert it.store.get_many([key(1)]) == {}
            it.store.put_many(rows(2))
            assert it.store.flush(30)
            aside = set_aside(ours)[0]
            assert it.warnings == [f"{ours}: {reason}; it is now {aside.name}, and counts begin anew"]
    assert numbers_in(ours) == {2}
    assert numbers_in(aside) == {1}


def test_a_folder_of_another_user_is_not_used(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_another_user(monkeypatch, ours.parent.name)
    with kept(None) as it:
        degraded(it, f"{ours}: its folder belongs to another user")
    assert numbers_in(ours) == {1}


def test_a_database_that_the_user_links_to_is_believed(ours: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    ours.rename(elsewhere)
    ours.symlink_to(elsewhere)
    with kept(None) as it:
        assert it.store.get_many([key(1)]) == rows(1)
        assert it.warnings == []


def test_a_new_file_somewhere_else_is_for_its_owner_alone_too(path: Path) -> None:
    make(path, 1)
    assert path.stat().st_mode & 0o777 == 0o600


# URLs


@pytest.mark.parametrize(
    ("cache_url", "reason"),
    [
        ("hunter2", "cacheUrl: it is no URL of a database"),
        ("", "cacheUrl: it is no URL of a database"),
        ("sqlite//hunter2", "cacheUrl: it is no URL of a database"),
        ("nosuch://me:hunter2@host/db", "cacheUrl: it names neither SQLite nor PostgreSQL"),
        (
            "oracle+cx_oracle://me:hunter2@host/db?password=hunter2",
            "cacheUrl: it names neither SQLite nor PostgreSQL",
        ),
        (
            "sqlite+aiosqlite:///hunter2.db",
            "cacheUrl: its driver is an asynchronous one; name another in cacheUrl",
        ),
        ("sqlite:///hunter2.db?timeout=hunter2", None),
    ],
)
def test_unusable_urls_tell_no_secret(
    cache_url: str,
    reason: str | None,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    with kept(cache_url) as it:
        assert it.store.flush(30) is False
        degraded(it, reason or it.fault() or "")
    told = [*it.warnings, caplog.text, repr(it.fault())]
    assert not [text for text in told if "hunter2" in text.replace("hunter2.db", "")]


# Faults that pass


def test_a_database_locked_while_it_is_opened(path: Path) -> None:
    make(path, 1)
    with held(path), kept(url(path)) as it:
        degraded(it, f"{path}: it is locked by another program")
    assert numbers_in(path) == {1}


def test_a_lock_that_passes(path: Path, hours: Hours) -> None:
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
        assert it.store.flush(30)
        with held(path):
            it.store.put_many(rows(2))
            for passed in range(4):
                hours.passed = passed
                assert it.store.flush(30) is False
            assert it.fault() == f"{path}: it is locked by another program"
            it.store.put_many(rows(3))
            assert it.store.get_many([key(2), key(3)]) == rows(2, 3)
        hours.passed += 1
        assert it.store.flush(30)
        assert (it.fault(), len(it.warnings)) == (None, 1)
    assert numbers_in(path) == {1, 2, 3}


def test_what_was_to_be_cleared_is_cleared_when_the_lock_has_passed(path: Path, hours: Hours) -> None:
    make(path, 1, 2)
    with kept(url(path)) as it:
        assert it.store.get_many([key(1)]) == rows(1)
        with held(path):
            assert it.store.clear(30) is False
            it.store.put_many(rows(3))
        hours.passed += 1
        assert it.store.flush(30)
    assert numbers_in(path) == {3}


def test_a_fault_is_not_tried_again_before_its_time(path: Path) -> None:
    with kept(url(path)) as it:
        assert it.store.flush(30)
        with held(path):
            it.store.put_many(rows(2))
            assert it.store.flush(30) is False
        assert it.store.flush(30) is False
        degraded(it, f"{path}: it is locked by another program")


def test_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch, hours: Hours) -> None:
    configure = sqlite.configure
    pages = 20

    def limited(connection: Any, record: Any) -> None:
        configure(connection, record)
        connection.execute(f"PRAGMA max_page_count = {pages}")

    monkeypatch.setattr(sqlite, "configure", limited)
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
        assert it.store.flush(30)
        it.store.put_many(rows(*range(2, 2_000)))
        assert it.store.flush(30) is False
        assert it.fault() == f"{path}: the disk is full"
        assert it.store.get_many([key(2)]) == rows(2)
        pages = 10_000
        hours.passed += 1
        assert it.store.flush(30)
        assert (it.fault(), len(it.warnings)) == (None, 1)
    assert len(query(path, f"SELECT 1 FROM {TABLE}")) == 1_999


def test_a_database_deleted_under_way_is_made_again(path: Path) -> None:
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
        assert it.store.flush(30)
        for found in path.parent.iterdir():
            found.unlink()
        it.store.put_many(rows(2))
        assert it.store.flush(30)
        assert (numbers_in(path), it.fault(), it.warnings) == ({2}, None, [])


@pytest.mark.parametrize("error", [RuntimeError("hunter2"), UnicodeError("hunter2"), KeyError("hunter2")])
def test_whatever_a_driver_raises(path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Database, "get", fail)
    with kept(url(path)) as it:
        assert it.store.get_many([key(1)]) == {}
        degraded(it, f"{path}: it can't be used ({type(error).__name__})")


# Waiting


def test_a_database_that_does_not_open_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path, 1)
    go_on = threading.Event()
    opened = Database.open

    def hang(self: Database) -> None:
        assert go_on.wait(HANGS_AFTER)
        opened(self)

    monkeypatch.setattr(Database, "open", hang)
    with kept(url(path), patience=0.01) as it:
        it.store.put_many(rows(2))
        assert it.store.get_many([key(1), key(2)]) == rows(2)
        reason = "opening the database takes longer than 0.01 seconds"
        assert it.fault() == reason
        assert it.store.flush(0.01) is False
        it.store.close(timeout=0.01)
        go_on.set()
    assert it.warnings == it.over == [f"Counts are not kept across restarts: {reason}"]
    assert numbers_in(path) == {1, 2}


def test_a_database_that_opens_late_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path, 1)
    go_on = threading.Event()
    opened = Database.open

    def hang(self: Database) -> None:
        assert go_on.wait(HANGS_AFTER)
        opened(self)

    monkeypatch.setattr(Database, "open", hang)
    with kept(url(path), patience=0.0) as it:
        assert it.store.get_many([key(1)]) == {}
        assert (len(it.warnings), it.over) == (1, [])
        go_on.set()
        assert it.store.flush(30)
        assert it.over == it.warnings
        assert (it.store.get_many([key(1)]), it.fault()) == (rows(1), None)


def test_a_listener_that_fails_is_nobodys_business(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fail(text: str) -> None:
        raise RuntimeError(text)

    path.mkdir()
    store = CountStore(url(path), on_warning=fail, now=Moments())
    assert store.flush(30) is False
    store.close(30)
    assert [record.message for record in caplog.records] == [
        f"Counts are not kept across restarts: {path}: it is a folder"
    ]


def test_without_a_listener_the_log_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    store = CountStore(url(path))
    store.put_many({key(1): counted(1)})
    store.close(30)
    assert [record.message for record in caplog.records] == [
        f"Counts are not kept across restarts: {path}: it is a folder"
    ]
