"""The database behind a store. Any thread may read, one writes. Every method may raise what its driver does."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import (
    Connection,
    Engine,
    QueuePool,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError

from weighbridge.cache import postgres, sqlite
from weighbridge.cache.backlog import Batch
from weighbridge.cache.entry import TOLD_EVERY, Counted, CountKey, Given
from weighbridge.cache.faults import DeletedError, UnusableError, is_busy
from weighbridge.cache.migrations import check, migrate
from weighbridge.cache.models import COUNTS
from weighbridge.cache.place import DatabasePlace, identity, prepare, set_aside

_ROWS_AT_ONCE: Final = 500
_DELETED_AT_ONCE: Final = 5_000


class Database:
    """A connected engine."""

    def __init__(self, place: DatabasePlace, busy_timeout: float) -> None:
        self.place = place
        self._engine = _engine(place, busy_timeout)
        self._sqlite = self._engine.dialect.name == "sqlite"
        self._statements = sqlite if self._sqlite else postgres
        self._identity: tuple[int, int] | None = None

    def open(self) -> None:
        """Make the file if there is none, and give the tables today's shape."""
        try:
            prepare(self.place.path, ours=self.place.ours)
        finally:
            self._identity = None if self.place.path is None else identity(self.place.path)
        with self._engine.connect() as connection:
            # Before anything else: not a bit of a newer Weighbridge's file is to change.
            check(connection)
        if self._sqlite:
            self._keep_a_log()
        with self._writing() as connection:
            if not self._sqlite:
                postgres.alone(connection)
            # A file that can't be written to shows it now. Of a team's database, many may only use the tables.
            migrate(connection, say=self._sqlite)

    def get(self, keys: Iterable[CountKey], moment: datetime) -> Given:
        """Look up counts; `moment`: now. Rows that can't be a text's are as good as none."""
        with self._engine.connect() as connection:
            if self._sqlite:
                return sqlite.get(connection.exec_driver_sql, keys, moment)
            return postgres.get(connection, keys, moment)

    def recent(self, most: int, moment: datetime) -> Iterator[Given]:
        """The counts given last, `most` at most, some at a time. `moment`: now."""
        with self._engine.connect() as connection:
            rows = connection.execute(_RECENT, {"most": most, "told": moment - TOLD_EVERY})
            while batch := rows.fetchmany(_ROWS_AT_ONCE):
                given = Given({}, [])
                for untold, digest, tokenizer, version, *numbers in batch:
                    given.take(CountKey(digest, tokenizer, version), numbers, untold=untold)
                yield given

    def write(self, batch: Batch) -> None:
        """Write counts, and that some were given, in one transaction."""
        if self.place.path is not None and not self.place.path.exists():
            # A deleted file can be written to, and nobody would ever read it.
            raise DeletedError
        with self._writing() as connection:
            if batch.rows:
                self._statements.put(connection, batch.rows)
            if batch.touches:
                self._statements.touch(connection, batch.touches)

    def evict(self, max_rows: int) -> None:
        """Delete the rows above `max_rows` whose last access is longest ago. A team's table may hold more, and is estimated."""
        with self._engine.connect() as connection:
            if self._sqlite:
                rows = connection.execute(select(func.count()).select_from(COUNTS)).scalar_one()
            else:
                rows = connection.exec_driver_sql(postgres.ROWS).scalar_one()
                max_rows = max(max_rows, postgres.MOST_ROWS)
        # In steps: other processes wait for one at a time.
        for start in range(0, rows - max_rows, _DELETED_AT_ONCE):
            with self._writing() as connection:
                self._statements.evict(connection, min(_DELETED_AT_ONCE, rows - max_rows - start))

    def clear(self) -> None:
        """Delete all rows, a team's as well, and give their space back to the disk."""
        with self._writing() as connection:
            self._statements.clear(connection)
        if self._sqlite:
            with self._engine.connect() as connection:
                try:
                    connection.exec_driver_sql("VACUUM")
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                except DBAPIError as error:
                    # Another process is at work: the space will be used again, only later.
                    if not is_busy(error):
                        raise

    def close(self) -> None:
        """Close all connections that aren't in use; the others close when they are given back."""
        self._engine.dispose()

    def set_aside(self) -> Path | None:
        """Rename the damaged file, after `close`. Give its new path; None if another process was faster.

        Raises OSError if it can't be renamed, UnusableError if it is in no file.
        """
        path = self.place.path
        if path is None:
            raise UnusableError("it is damaged")
        return set_aside(path) if identity(path) == self._identity else None

    def _keep_a_log(self) -> None:
        """Let readers and a writer work at once. Remembered by the file."""
        with self._engine.connect() as connection:
            try:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            except DBAPIError as error:
                # Somebody else is opening it now and does the same; without, it works too, only slower.
                if not is_busy(error):
                    raise

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end, and rolled back on an error."""
        with self._engine.begin() as connection:
            if self._sqlite:
                # Taken at the first write instead, the lock would be refused at once where another is faster.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection


_RECENT: Final = (
    select(
        COUNTS.c.accessed_at < bindparam("told"),
        *(COUNTS.c[name] for name in (*CountKey._fields, *Counted._fields)),
    )
    .order_by(COUNTS.c.accessed_at.desc())
    .limit(bindparam("most"))
)


def _engine(place: DatabasePlace, busy_timeout: float) -> Engine:
    if place.url.get_dialect().is_async:
        raise UnusableError("its driver is an asynchronous one; name another in cacheUrl")
    if place.url.get_backend_name() == "postgresql":
        engine = create_engine(
            place.url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=postgres.MOST_CONNECTIONS,
            max_overflow=0,
            connect_args=postgres.OPTIONS,
        )
        event.listen(engine, "connect", postgres.configure)
        return engine
    engine = create_engine(
        place.url,
        hide_parameters=True,
        poolclass=QueuePool,
        # What isn't in a file is gone with its connection, and no other connection sees it.
        pool_size=1 if place.path is None else 4,
        max_overflow=0 if place.path is None else -1,
        connect_args={"timeout": busy_timeout, "check_same_thread": False},
    )
    event.listen(engine, "connect", sqlite.configure)
    return engine
