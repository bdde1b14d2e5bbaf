"""What a store keeps, for how long, and what it says of it."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cache.stores import (
    BEGINNING,
    HOUR,
    TABLE,
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

from weighbridge.cache import Counted, CountKey
from weighbridge.cache.backlog import Batch
from weighbridge.cache.database import Database
from weighbridge.cache.entry import Given


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "counts.db"


def test_counts_survive_a_restart(path: Path) -> None:
    make(path, 1, 2)
    with kept(url(path)) as it:
        assert it.store.get_many([key(1), key(2), key(3)]) == rows(1, 2)
        assert (it.fault(), it.warnings) == (None, [])


def test_a_count_belongs_to_one_tokenizer_in_one_version(path: Path) -> None:
    keys = [key(1), key(1, "o200k_base"), key(1, version="2")]
    numbered = dict(zip(keys, map(counted, range(3)), strict=True))
    with kept(url(path)) as it:
        it.store.put_many(numbered)
        it.store.flush()
        assert it.store.get_many([*keys, key(1, "p50k_base"), *keys]) == numbered


def test_counts_can_be_read_before_they_are_written(path: Path) -> None:
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
        assert it.store.get_many([key(1), key(2)]) == rows(1)
        assert query(path, f"SELECT count(*) FROM {TABLE}") == [(0,)]


def test_closing_writes_what_waits(path: Path) -> None:
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
    assert numbers_in(path) == {1}


def test_a_full_backlog_is_written_unasked(path: Path) -> None:
    wrote = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        write = Database.write

        def telling(self: Database, batch: Batch) -> None:
            write(self, batch)
            wrote.set()

        patch.setattr(Database, "write", telling)
        with kept(url(path), flush_rows=3) as it:
            it.store.put_many(rows(1, 2, 3))
            assert wrote.wait(HANGS_AFTER)
            assert numbers_in(path) == {1, 2, 3}


def test_what_waited_long_enough_is_written_unasked(path: Path) -> None:
    wrote = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "write", lambda *_: wrote.set())
        with kept(url(path), flush_after=0.0) as it:
            it.store.put_many(rows(1))
            assert wrote.wait(HANGS_AFTER)


def test_that_a_count_is_in_use_is_told_once_a_day(path: Path) -> None:
    now = Moments()
    columns = f"SELECT hits, created_at, accessed_at FROM {TABLE} ORDER BY tokens"
    with kept(url(path), now=now) as it:
        it.store.put_many(rows(1, 2))
        it.store.flush()
        for hours, hits, day in ((1, 0, "01 00"), (25, 1, "02 01"), (26, 1, "02 01"), (50, 2, "03 02")):
            now.at = hours * HOUR
            assert it.store.get_many([key(1), key(3)]) == rows(1)
            it.store.flush()
            assert query(path, columns) == [
                (hits, "2026-01-01 00:00:00.000000", f"2026-01-{day}:00:00.000000"),
                (0, "2026-01-01 00:00:00.000000", "2026-01-01 00:00:00.000000"),
            ]


def test_moments_are_written_in_utc(path: Path) -> None:
    with kept(url(path), now=lambda: BEGINNING.astimezone(timezone(timedelta(hours=9)))) as it:
        it.store.put_many(rows(1))
    assert query(path, f"SELECT created_at FROM {TABLE}") == [("2026-01-01 00:00:00.000000",)]


def test_a_count_written_again_replaces_the_numbers_and_keeps_its_history(path: Path) -> None:
    now = Moments()
    with kept(url(path), now=now) as it:
        it.store.put_many(rows(1))
        it.store.flush()
        now.at = 25 * HOUR
        it.store.get_many([key(1)])
        it.store.flush()
        now.at = 26 * HOUR
        it.store.put_many({key(1): counted(8)})
        it.store.flush()
    assert query(path, f"SELECT tokens, hits, created_at, accessed_at FROM {TABLE}") == [
        (11, 1, "2026-01-01 00:00:00.000000", "2026-01-02 02:00:00.000000")
    ]


def test_the_database_holds_numbers_and_names_only(path: Path) -> None:
    make(path, 1)
    assert [row[1:3] for row in query(path, f"PRAGMA table_info({TABLE})")] == [
        ("digest", "BLOB"),
        ("tokenizer", "VARCHAR(100)"),
        ("version", "VARCHAR(200)"),
        *(
            (name, "INTEGER")
            for name in ("tokens", "chars", "head_chars", "head_tokens", "tail_chars", "tail_tokens", "hits")
        ),
        ("created_at", "DATETIME"),
        ("accessed_at", "DATETIME"),
    ]
    assert [name for (name,) in query(path, "SELECT name FROM sqlite_master WHERE type='table'")] == [
        TABLE,
        "weighbridge_schema",
    ]


def test_sqlite_is_set_up_for_several_processes(path: Path) -> None:
    make(path, 1)
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_rows_used_longest_ago_are_evicted(path: Path) -> None:
    now = Moments()
    with kept(url(path), now=now, max_rows=10) as it:
        for number in range(10):
            now.at = number
            it.store.put_many(rows(number))
        it.store.flush()
        now.at = 25 * HOUR
        it.store.get_many([key(0), key(3)])
        it.store.put_many(rows(10, 11, 12, 13))
        it.store.flush()
        assert numbers_in(path) == {0, 3, 6, 7, 8, 9, 10, 11, 12, 13}


def test_a_smaller_maximum_is_kept_after_a_restart(path: Path) -> None:
    make(path, *range(20))
    with kept(url(path), max_rows=4):
        pass
    assert len(numbers_in(path)) == 4


def test_many_rows_are_evicted_in_steps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weighbridge.cache.database._DELETED_AT_ONCE", 3)
    now = Moments()
    with kept(url(path), now=now) as it:
        for number in range(11):
            now.at = number
            it.store.put_many(rows(number))
    with kept(url(path), max_rows=4):
        pass
    assert numbers_in(path) == {7, 8, 9, 10}


def test_clear_forgets_what_is_written_and_what_waits(path: Path) -> None:
    with kept(url(path)) as it:
        it.store.put_many(rows(*range(500)))
        it.store.flush()
        it.store.put_many(rows(501))
        assert it.store.clear()
        assert it.store.get_many(map(key, range(502))) == {}
        it.store.put_many(rows(7))
    assert numbers_in(path) == {7}
    assert query(path, "PRAGMA freelist_count") == [(0,)]


def test_clear_while_a_batch_is_being_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    write = Database.write

    def slow(self: Database, batch: Batch) -> None:
        begun.set()
        assert go_on.wait(HANGS_AFTER)
        write(self, batch)

    monkeypatch.setattr(Database, "write", slow)
    with kept(url(path), flush_rows=2) as it:
        it.store.put_many(rows(1, 2))
        assert begun.wait(HANGS_AFTER)
        assert it.store.get_many([key(1)]) == rows(1)
        clearing = threading.Thread(target=it.store.clear)
        forgot = threading.Event()
        monkeypatch.setattr(it.store, "_requests", _Told(forgot))
        clearing.start()
        assert forgot.wait(HANGS_AFTER)
        it.store.put_many(rows(3))
        go_on.set()
        clearing.join(HANGS_AFTER)
        assert it.store.flush()
        assert it.store.get_many([key(1), key(2), key(3)]) == rows(3)
    assert numbers_in(path) == {3}


class _Told(list[object]):
    """A list that says when it is added to."""

    def __init__(self, event: threading.Event) -> None:
        super().__init__()
        self._event = event

    def append(self, item: object) -> None:
        super().append(item)
        self._event.set()


def test_threads_put_get_and_clear_at_once(path: Path) -> None:
    with kept(url(path), flush_rows=5) as it:

        def work(start: int) -> None:
            for number in range(start, start + 60):
                it.store.put_many(rows(number))
                assert it.store.get_many([key(number)]) in ({}, rows(number))
                if number % 20 == 19:
                    it.store.clear()

        workers = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(HANGS_AFTER)
        assert (it.store.clear(), it.fault(), it.warnings) == (True, None, [])
    assert numbers_in(path) == set()


def test_a_closed_store_gives_and_keeps_nothing(path: Path) -> None:
    make(path, 1)
    with kept(url(path)) as it:
        it.store.close()
        it.store.put_many(rows(2))
        assert (it.store.get_many([key(1)]), it.store.flush(), it.store.clear()) == ({}, False, False)
        it.store.close()
    assert numbers_in(path) == {1}


@pytest.mark.parametrize("cache_url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true"])
def test_a_database_in_memory_is_one_for_all_threads(cache_url: str) -> None:
    with kept(cache_url) as it:
        it.store.put_many(rows(1))
        assert it.store.flush(30)
        found: list[dict[CountKey, Counted]] = []
        reader = threading.Thread(target=lambda: found.append(it.store.get_many([key(1)])))
        reader.start()
        reader.join(HANGS_AFTER)
        assert (found, it.fault(), it.warnings) == ([rows(1)], None, [])


@pytest.mark.parametrize(
    "values",
    [
        "tokens = 'many'",
        "tokens = NULL",
        "tokens = 2.5",
        "tokens = -1",
        "chars = 3",
        "tail_chars = -5",
        "head_chars = 0",
        "head_tokens = 9",
        "tail_chars = 0, tail_tokens = 0",
    ],
)
def test_a_row_that_can_be_no_text_is_none(path: Path, values: str) -> None:
    make(path, 1, 2)
    execute(
        path,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = '{TABLE}'",
    )
    execute(path, f"UPDATE {TABLE} SET {values} WHERE tokens = 4")
    with kept(url(path)) as it:
        assert it.store.get_many([key(1), key(2)]) == rows(2)
        it.store.put_many(rows(1))
        it.store.flush()
        assert it.store.get_many([key(1), key(2)]) == rows(1, 2)
        assert it.warnings == []


def test_the_environment_names_the_database_where_no_setting_does(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_CACHE_URL", url(path))
    for named, there in ((None, {1}), (url(tmp_path / "other.db"), {1})):
        with kept(named) as it:
            it.store.put_many(rows(1 if named is None else 2))
            assert it.store.flush(30)
        assert numbers_in(path) == there


def test_more_keys_than_a_statement_takes(path: Path) -> None:
    make(path, *range(1_200))
    with kept(url(path)) as it:
        assert it.store.get_many(map(key, range(1_300))) == rows(*range(1_200))


operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sets(st.integers(0, 9), max_size=4)),
        st.tuples(st.just("get"), st.sets(st.integers(0, 9), max_size=4)),
        st.tuples(st.sampled_from(["flush", "clear", "reopen"]), st.just(frozenset[int]())),
    ),
    max_size=12,
)


@given(operations=operations)
@settings(max_examples=25)
def test_a_store_is_a_map(operations: list[tuple[str, set[int]]]) -> None:
    expected: dict[CountKey, Counted] = {}
    with TemporaryDirectory() as folder:
        place = Path(folder, "counts.db")
        remaining = iter(operations)
        again = True
        while again:
            again = False
            with kept(url(place)) as it:
                for name, numbers in remaining:
                    if name == "put":
                        it.store.put_many(rows(*numbers))
                        expected |= rows(*numbers)
                    elif name == "get":
                        wanted = {key(number) for number in numbers}
                        found = {one: expected[one] for one in wanted & expected.keys()}
                        assert it.store.get_many(wanted) == found
                    elif name == "clear":
                        assert it.store.clear(30)
                        expected.clear()
                    elif name == "flush":
                        assert it.store.flush(30)
                    else:
                        again = True
                        break
                assert it.warnings == []
        assert {key(number) for number in numbers_in(place)} == expected.keys()


def test_the_counts_given_last_are_read_when_it_opens(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = Moments()
    with kept(url(path), now=moments) as it:
        for number in range(5):
            moments.at = number
            it.store.put_many(rows(number))
    asked: list[set[CountKey]] = []
    get = Database.get

    def watched(database: Database, keys: Iterable[CountKey], moment: datetime) -> Given:
        asked.append(set(keys))
        return get(database, asked[-1], moment)

    monkeypatch.setattr(Database, "get", watched)
    with kept(url(path), recalled=2, now=moments) as it:
        assert it.store.flush(30)
        assert it.store.get_many([key(2), key(3), key(4)]) == rows(2, 3, 4)
    assert asked == [{key(2)}]
    assert query(path, f"SELECT max(hits) FROM {TABLE}") == [(0,)]
    moments.at = 25 * HOUR
    with kept(url(path), recalled=2, now=moments) as it:
        assert it.store.flush(30)
        assert it.store.get_many([key(2), key(3), key(4)]) == rows(2, 3, 4)
        assert it.store.get_many([key(3), key(4)]) == rows(3, 4)
    # Given is given: from the disk or from what was read ahead.
    found = query(path, f"SELECT hits, accessed_at FROM {TABLE} ORDER BY tokens")
    assert [hits for hits, _ in found] == [0, 0, 1, 1, 1]
    assert len({accessed for _, accessed in found[2:]}) == 1


def test_what_is_cleared_is_not_recalled(path: Path) -> None:
    with kept(url(path)) as it:
        it.store.put_many(rows(1))
    with kept(url(path), recalled=9) as it:
        assert it.store.flush(30)
        assert it.store.clear(30)
        assert it.store.get_many([key(1)]) == {}


def test_sqlalchemy_is_not_imported_before_a_store_is_opened() -> None:
    code = "import sys, weighbridge.cache; print('sqlalchemy' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert ran.stdout == "False\n"


def test_a_database_of_another_program_keeps_its_tables(path: Path) -> None:
    execute(path, "CREATE TABLE theirs (a)", "INSERT INTO theirs VALUES (1)")
    make(path, 1)
    assert (query(path, "SELECT a FROM theirs"), numbers_in(path)) == ([(1,)], {1})
