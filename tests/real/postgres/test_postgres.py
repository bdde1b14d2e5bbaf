"""Counts that a team keeps in PostgreSQL: the real server, several processes, faults of every kind."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from tests.cache.stores import BEGINNING, PATIENT, TABLE, Hours, Moments, counted, kept, key, rows
from tests.e2e.process import environment_in, serving
from tests.real.postgres.conftest import PAGE, Postgres
from tests.tokens.reference import tokens

from weighbridge.cache import postgres
from weighbridge.cache.database import Database
from weighbridge.cache.migrations import migrate
from weighbridge.cache.place import place_of

UNREACHABLE = "the postgresql database of cacheUrl: it can't be reached, or lets nobody in"
ROOT = Path(__file__).parents[3]


def numbers(server: Postgres, database: str, of: int = 10_000) -> set[int]:
    """Which of the numbers below `of` have a row."""
    by_digest = {key(number).digest: number for number in range(of)}
    return {by_digest[digest] for (digest,) in server.execute(database, f"SELECT digest FROM {TABLE}")}


def make(server: Postgres, database: str, *numbers: int) -> None:
    with kept(server.url(database)) as it:
        it.store.put_many(rows(*numbers))
        assert it.store.flush(30)


def test_what_one_keeps_another_is_given(server: Postgres, database: str) -> None:
    with kept(server.url(database)) as one, kept(server.url(database)) as other:
        assert one.store.get_many([key(1)]) == {}
        one.store.put_many(rows(*range(3_000)))
        assert one.store.flush(30)
        assert other.store.get_many(map(key, range(4_000))) == rows(*range(3_000))
        assert (one.fault(), other.fault(), one.warnings, other.warnings) == (None, None, [], [])


def test_other_numbers_replace_a_rows_and_the_same_leave_it_alone(server: Postgres, database: str) -> None:
    make(server, database, 1, 2)
    server.execute(
        database, f"UPDATE {TABLE} SET tokens = 5, hits = 7 WHERE digest = '\\x{key(1).digest.hex()}'"
    )
    before = dict(server.execute(database, f"SELECT digest, xmin::text FROM {TABLE}"))
    make(server, database, 1, 2)
    after = server.execute(database, f"SELECT digest, tokens, hits, xmin::text FROM {TABLE}")
    assert {row[:3] for row in after} == {
        (key(1).digest, counted(1).tokens, 7),
        (key(2).digest, counted(2).tokens, 0),
    }
    assert {digest for digest, _, _, written in after if before[digest] == written} == {key(2).digest}


def test_that_a_row_is_in_use_is_told_once_a_day(server: Postgres, database: str) -> None:
    moments = Moments()
    with kept(server.url(database), now=moments) as it:
        it.store.put_many(rows(1))
        for hours, hits, at in ((1, 0, 0), (25, 1, 25), (26, 1, 25), (50, 2, 50)):
            moments.at = hours * 3600
            assert it.store.get_many([key(1)]) == rows(1)
            assert it.store.flush(30)
            told = server.execute(database, f"SELECT hits, accessed_at FROM {TABLE}")
            assert told == [(hits, (BEGINNING + timedelta(hours=at)).replace(tzinfo=None))]


def test_the_oldest_are_deleted_above_what_a_team_keeps(
    server: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = Moments()
    with kept(server.url(database), now=moments) as it:
        for number in range(20):
            moments.at = number
            it.store.put_many(rows(number))
            assert it.store.flush(30)
    server.execute(database, f"ANALYZE {TABLE}")
    opened = Database(place_of(server.url(database)), 1.0)
    opened.open()
    # A member's own limit is not the team's.
    opened.evict(5)
    assert numbers(server, database) == set(range(20))
    monkeypatch.setattr(postgres, "MOST_ROWS", 12)
    opened.evict(5)
    opened.close()
    assert numbers(server, database) == set(range(8, 20))


def test_clearing_forgets_all(server: Postgres, database: str) -> None:
    make(server, database, *range(100))
    with kept(server.url(database)) as it:
        assert it.store.clear(30)
        assert it.store.get_many([key(1)]) == {}
    assert numbers(server, database) == set()


def test_an_older_shape_becomes_todays_and_keeps_its_rows(server: Postgres, database: str) -> None:
    make(server, database, 1, 2)

    def step(connection: Connection) -> None:
        connection.exec_driver_sql(f"ALTER TABLE {TABLE} ADD COLUMN cost INTEGER")

    engine = create_engine(place_of(server.url(database)).url)
    for _ in range(2):
        with engine.begin() as connection:
            postgres.alone(connection)
            migrate(connection, [step], say=False)
    engine.dispose()
    assert server.execute(database, "SELECT version FROM weighbridge_schema") == [(2,)]
    assert server.execute(database, f"SELECT count(cost), count(*) FROM {TABLE}") == [(0, 2)]
    # This Weighbridge is now an older one: it leaves the tables alone.
    with kept(server.url(database)) as it:
        assert it.store.flush(30) is False
        assert "written by a newer Weighbridge" in it.warnings[0]
    assert numbers(server, database) == {1, 2}


# Others at the same time


def until_somebody_waits(server: Postgres, database: str) -> None:
    """Until a transaction waits for another one's lock."""
    waiting = (
        f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    )
    while server.execute("postgres", waiting) == [(0,)]:
        pass


def test_who_comes_while_the_tables_are_made_waits_for_them(server: Postgres, database: str) -> None:
    engine = create_engine(place_of(server.url(database)).url)
    with engine.connect() as making:
        postgres.alone(making)
        migrate(making)
        with kept(server.url(database)) as it:
            it.store.put_many(rows(1))
            until_somebody_waits(server, database)
            making.commit()
            assert it.store.flush(30), it.warnings
            assert it.warnings == []
    engine.dispose()
    assert numbers(server, database) == {1}


def test_rows_are_put_in_one_order_so_that_nobody_waits_in_a_circle(server: Postgres, database: str) -> None:
    keys = sorted(key(number) for number in range(2))
    first, last = ({one: counted(7)} for one in keys)
    moment = BEGINNING
    engine = create_engine(place_of(server.url(database)).url)
    with kept(server.url(database)) as it, engine.connect() as other:
        assert it.store.flush(30)
        postgres.put(other, {one: (value, moment) for one, value in first.items()})
        it.store.put_many(last | first)
        writing = threading.Thread(target=it.store.flush, args=[30])
        writing.start()
        until_somebody_waits(server, database)
        postgres.put(other, {one: (value, moment) for one, value in last.items()})
        other.commit()
        writing.join()
        assert it.warnings == []
    engine.dispose()
    assert "deadlock detected" not in server.log.read_text()


def test_what_is_only_told_waits_for_nobody(server: Postgres, database: str) -> None:
    moments = Moments()
    engine = create_engine(place_of(server.url(database)).url)
    with kept(server.url(database), now=moments) as it, engine.connect() as other:
        it.store.put_many(rows(1))
        assert it.store.flush(30)
        postgres.put(other, {key(1): (counted(5), BEGINNING)})
        moments.at = 100 * 3600
        assert it.store.get_many([key(1)]) == rows(1)
        assert it.store.flush(30)
        other.rollback()
        assert it.warnings == []
    engine.dispose()
    assert server.execute(database, f"SELECT hits FROM {TABLE}") == [(0,)]


# Rights


def test_the_rights_that_the_page_grants_are_enough_and_no_more_are_needed(
    server: Postgres, database: str
) -> None:
    once, each = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    server.execute("postgres", "DROP ROLE IF EXISTS weighbridge", "DROP ROLE IF EXISTS ada")
    server.execute("postgres", "CREATE ROLE weighbridge LOGIN")
    server.execute(database, "GRANT CREATE, USAGE ON SCHEMA public TO weighbridge")
    with kept(server.url(database, "weighbridge")) as it:
        assert it.store.flush(30), it.warnings
    server.execute("postgres", "CREATE ROLE ada LOGIN")
    assert "CREATE DATABASE" in once
    with kept(server.url(database, "ada")) as it:
        assert it.store.flush(30) is False
        assert it.warnings[0].endswith("this user lacks a right there: docs/team-cache.md says what to grant")
    server.execute(database, *(part for part in each.split(";") if part.strip()), user="weighbridge")
    with kept(server.url(database, "ada")) as it:
        it.store.put_many(rows(1, 2))
        assert it.store.flush(30), it.warnings
        assert it.store.get_many([key(1)]) == rows(1)
        assert it.store.flush(30), it.warnings
        assert it.store.clear(30)
        assert it.warnings == []


def test_who_may_not_make_tables_is_told_what_to_do(server: Postgres, database: str) -> None:
    server.execute("postgres", "DROP ROLE IF EXISTS eve", "CREATE ROLE eve LOGIN")
    server.execute(database, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with kept(server.url(database, "eve")) as it:
        assert it.store.flush(30) is False
        assert it.warnings[0].endswith("this user lacks a right there: docs/team-cache.md says what to grant")


def test_a_database_that_is_not_there(server: Postgres) -> None:
    with kept(server.url("nowhere")) as it:
        assert it.store.flush(30) is False
        assert it.fault() == UNREACHABLE


# Connections


def test_a_process_opens_no_more_connections_than_it_may(server: Postgres, database: str) -> None:
    make(server, database, *range(50))
    with kept(server.url(database)) as it:
        most, ended = 0, threading.Event()

        def watch() -> None:
            nonlocal most
            while not ended.is_set():
                [(now,)] = server.execute(
                    "postgres",
                    f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND application_name = 'weighbridge'",
                )
                most = max(most, now)

        watching = threading.Thread(target=watch)
        watching.start()
        given: list[bool] = []

        def read() -> None:
            given.extend(it.store.get_many(map(key, range(50))) == rows(*range(50)) for _ in range(20))

        readers = [threading.Thread(target=read) for _ in range(16)]
        for thread in readers:
            thread.start()
        for thread in readers:
            thread.join()
        ended.set()
        watching.join()
        assert given == [True] * 320
        assert 1 <= most <= postgres.MOST_CONNECTIONS
        assert it.warnings == []


def test_a_server_that_goes_is_done_without_until_it_comes_back(
    server: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = Hours(monkeypatch)
    with kept(server.url(database)) as it:
        it.store.put_many(rows(1))
        assert it.store.flush(30)
        server.stop("immediate")
        try:
            assert it.store.get_many([key(1)]) == {}
            it.store.put_many(rows(2))
            assert it.store.flush(30) is False
            assert it.store.get_many([key(1), key(2)]) == rows(2)
            assert it.fault() == UNREACHABLE
            assert len(it.warnings) == 1
        finally:
            server.start()
        hours.passed += 1
        assert it.store.flush(30)
        assert it.store.get_many([key(1), key(2)]) == rows(1, 2)
        assert (it.fault(), it.over) == (None, it.warnings)
    assert numbers(server, database) == {1, 2}


def test_a_restart_that_nobody_reads_through_is_not_noticed(server: Postgres, database: str) -> None:
    with kept(server.url(database)) as it:
        it.store.put_many(rows(1))
        assert it.store.flush(30)
        assert it.store.get_many([key(1)]) == rows(1)
        server.stop("immediate")
        server.start()
        it.store.put_many(rows(2))
        assert it.store.get_many([key(1)]) == rows(1)
        assert it.store.flush(30)
        assert (it.fault(), it.warnings) == (None, [])


# Processes

_WRITER = """
import random, sys
from tests.cache.stores import kept, key, rows
url, seed, first, last = sys.argv[1], *map(int, sys.argv[2:])
chosen = random.Random(seed)
with kept(url, flush_rows=1_000_000) as it:
    for start in range(first, last, 50):
        numbers = [*range(start, start + 50)]
        chosen.shuffle(numbers)
        it.store.put_many(rows(*numbers))
        it.store.get_many([key(number) for number in numbers[:20]] + [key(chosen.randrange(last)) for _ in range(20)])
        assert it.store.flush(60), it.warnings
        print(start + 50, flush=True)
    assert it.warnings == []
"""


def started(code: str, *arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_a_storm_of_kills_loses_nothing_that_was_written(server: Postgres, database: str) -> None:
    written: set[int] = set()
    for turn in range(4):
        writers = [
            started(_WRITER, server.url(database), str(seed), str(first), "9000")
            for seed, first in ((1, 0), (2, 50), (3, 2_000))
        ]
        for number, process in enumerate(writers):
            assert process.stdout is not None
            first = (0, 50, 2_000)[number]
            for _ in range(2 + turn + number):
                written.update(range(first, int(process.stdout.readline())))
        for process in writers:
            process.kill()
            process.communicate()
            assert process.returncode == -9
        with kept(server.url(database)) as it:
            assert it.store.get_many(map(key, sorted(written))) == rows(*written)
            assert it.warnings == []
    assert written <= numbers(server, database)


_COUNT = (
    sys.executable,
    "-c",
    f"{PATIENT}\nfrom weighbridge.cli import main\nsys.exit(main(sys.argv[1:]))",
    *("count", "--encoding", "cl100k_base"),
)


def test_command_lines_share_what_they_counted_and_the_rows_tell_nothing(
    server: Postgres, database: str, tmp_path: Path
) -> None:
    marker = "xylograph"
    texts = {f"{marker}-{number}.prompt.md": f"{marker} of {number}\n\n" * 20_000 for number in range(8)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    environment = {
        **os.environ,
        "WEIGHBRIDGE_CACHE_URL": server.url(database),
        "XDG_CACHE_HOME": str(tmp_path / "c"),
    }
    command = [*_COUNT, *texts]
    runs = [
        subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    total = sum(len(tokens("cl100k_base", text)) for text in texts.values())
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert (run.returncode, err) == (0, "")
        assert f"{total:,}" in out
    kept_rows = server.execute(database, f"SELECT row::text FROM {TABLE} AS row")
    assert len(kept_rows) >= len(texts)
    assert marker not in str(kept_rows)
    assert marker.encode().hex() not in str(kept_rows)
    assert not list((tmp_path / "c").rglob("counts*"))


async def test_servers_and_command_lines_under_kills_agree_and_lose_no_row(
    server: Postgres, database: str, tmp_path: Path
) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    texts = {f"{number}.prompt.md": f"Words of number {number}, and more.\n\n" * 3_000 for number in range(4)}
    for name, text in texts.items():
        (folder / name).write_text(text)
    totals = {name: len(tokens("cl100k_base", text)) for name, text in texts.items()}
    environment = {**environment_in(tmp_path), "WEIGHBRIDGE_CACHE_URL": server.url(database)}
    command = (*_COUNT, "--format", "json", ".")

    def committed() -> set[tuple[bytes, int]]:
        there = server.execute(database, f"SELECT to_regclass('{TABLE}')") != [(None,)]
        return set(server.execute(database, f"SELECT digest, tokens FROM {TABLE}")) if there else set()

    before: set[tuple[bytes, int]] = set()
    for turn in range(2):
        async with AsyncExitStack() as stack:
            places = [tmp_path / f"{turn}-{number}" for number in range(2)]
            for place in places:
                place.mkdir()
            servers = [
                await stack.enter_async_context(
                    serving(place, environment={"WEIGHBRIDGE_CACHE_URL": server.url(database)})
                )
                for place in places
            ]
            lines = [
                await asyncio.create_subprocess_exec(
                    *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE
                )
                for _ in range(2)
            ]
            for one in servers:
                await one.initialize(folder)
                uris = {name: one.open(folder / name) for name in texts}
                assert {name: await one.count(uri) for name, uri in uris.items()} == totals
            for line in lines:
                if turn:
                    out, _ = await line.communicate()
                    counted_so = {
                        Path(found["uri"]).name: found["tokens"] for found in json.loads(out)["documents"]
                    }
                    assert counted_so == totals
                else:
                    with suppress(ProcessLookupError):
                        line.kill()
                    await line.communicate()
            # Leaving the stack kills the servers, whatever they are writing.
        now = committed()
        assert before <= now
        before = now
    assert before
