"""The database behind a store. Any thread may read, one writes. Every method may raise what its driver does."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import (
    Connection,
    Engine,
    Insert,
    QueuePool,
    Table,
    and_,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ColumnElement

from weighbridge.cache import direct
from weighbridge.cache.backlog import Batch, Rows
from weighbridge.cache.entry import Counted, CountKey
from weighbridge.cache.faults import DeletedError, UnusableError, is_busy
from weighbridge.cache.migrations import check, migrate
from weighbridge.cache.models import TokenCount
from weighbridge.cache.place import DatabasePlace, identity, prepare, set_aside

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert

_ROWS_AT_ONCE: Final = 500
_DELETED_AT_ONCE: Final = 5_000

_table: Final = cast("Table", TokenCount.__table__)
_KEY: Final = ("digest", "tokenizer", "version")
_VALUES: Final = Counted._fields


class Database:
    """A connected engine."""

    def __init__(self, place: DatabasePlace, busy_timeout: float) -> None:
        self.place = place
        self._engine = _engine(place, busy_timeout)
        self._sqlite = self._engine.dialect.name == "sqlite"
        self._upsert = _upsert(self._engine)
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
            migrate(connection)

    def get(self, keys: Iterable[CountKey]) -> dict[CountKey, Counted]:
        """Look up counts. Rows that can't be a text's are as good as none."""
        with self._engine.connect() as connection:
            if self._sqlite:
                return direct.get(connection.exec_driver_sql, keys)
            found: dict[CountKey, Counted] = {}
            for tokenizer, version, digests in direct.grouped(keys):
                asked = {"tokenizer": tokenizer, "version": version, "digests": digests}
                found |= direct.sound(connection.execute(_SELECT, asked), tokenizer, version)
            return found

    def recent(self, most: int) -> Iterator[dict[CountKey, Counted]]:
        """The counts given last, `most` at most, some at a time."""
        with self._engine.connect() as connection:
            rows = connection.execute(_RECENT, {"most": most})
            while some := rows.fetchmany(_ROWS_AT_ONCE):
                yield {
                    CountKey(*key): counted
                    for *key, values in ((*row[:3], row[3:]) for row in some)
                    if (counted := Counted.of_row(values)) is not None
                }

    def write(self, batch: Batch) -> None:
        """Write counts, and that some were given, in one transaction."""
        if self.place.path is not None and not self.place.path.exists():
            # A deleted file can be written to, and nobody would ever read it.
            raise DeletedError
        with self._writing() as connection:
            if batch.rows:
                self._put(connection, batch.rows)
            if batch.touches and self._sqlite:
                direct.touch(connection, batch.touches)
            elif batch.touches:
                connection.execute(
                    _TOUCH,
                    [
                        _bound(key) | {"more": hits, "moment": moment}
                        for key, (hits, moment) in batch.touches.items()
                    ],
                )

    def evict(self, max_rows: int) -> None:
        """Delete the rows above `max_rows` whose last access is longest ago."""
        with self._engine.connect() as connection:
            excess = connection.execute(select(func.count()).select_from(_table)).scalar_one() - max_rows
        # In steps: other processes wait for one at a time.
        for start in range(0, excess, _DELETED_AT_ONCE):
            oldest = select(*(_table.c[name] for name in _KEY)).order_by(_table.c.accessed_at)
            with self._writing() as connection:
                rows = connection.execute(oldest.limit(min(_DELETED_AT_ONCE, excess - start)))
                keys = [_bound(CountKey(*row)) for row in rows]
                # Another process may have been at it too.
                if keys:
                    connection.execute(_DELETE, keys)

    def clear(self) -> None:
        """Delete all rows, and give their space back to the disk."""
        with self._writing() as connection:
            connection.execute(delete(_table))
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

    def _put(self, connection: Connection, rows: Rows) -> None:
        if self._sqlite and self._upsert is not None:
            direct.put(connection, rows)
            return
        written = [
            {
                **key._asdict(),
                **counted._asdict(),
                "hits": 0,
                "created_at": moment,
                "accessed_at": moment,
            }
            for key, (counted, moment) in rows.items()
        ]
        if self._upsert is not None:
            connection.execute(self._upsert, written)
            return
        connection.execute(_DELETE, [_bound(key) for key in rows])
        connection.execute(insert(_table), written)


def _bound(key: CountKey) -> dict[str, Any]:
    """Make a key parameters: a column's own name is taken where the statement writes it."""
    return {"key_digest": key.digest, "key_tokenizer": key.tokenizer, "key_version": key.version}


def _has_key() -> ColumnElement[bool]:
    return and_(*(_table.c[name] == bindparam(f"key_{name}") for name in _KEY))


_SELECT: Final = select(_table.c.digest, *(_table.c[name] for name in _VALUES)).where(
    _table.c.tokenizer == bindparam("tokenizer"),
    _table.c.version == bindparam("version"),
    _table.c.digest.in_(bindparam("digests", expanding=True)),
)
_RECENT: Final = (
    select(*(_table.c[name] for name in (*_KEY, *_VALUES)))
    .order_by(_table.c.accessed_at.desc())
    .limit(bindparam("most"))
)
_DELETE: Final = delete(_table).where(_has_key())
_TOUCH: Final = (
    update(_table)
    .where(_has_key())
    .values(hits=_table.c.hits + bindparam("more"), accessed_at=bindparam("moment"))
)


def _upsert(engine: Engine) -> Insert | None:
    """Make an insert that replaces the numbers of a row that is there, and keeps its hits; None where it takes two statements."""
    statement: sqlite.Insert | PostgresInsert
    if engine.dialect.name == "sqlite":
        statement = sqlite.insert(_table)
    elif engine.dialect.name == "postgresql":
        # Who uses another database should not wait for this one's dialect to load.
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415

        statement = postgresql.insert(_table)
    else:
        return None
    replaced = {name: statement.excluded[name] for name in (*_VALUES, "accessed_at")}
    return statement.on_conflict_do_update(index_elements=_KEY, set_=replaced)


def _engine(place: DatabasePlace, busy_timeout: float) -> Engine:
    if place.url.get_dialect().is_async:
        raise UnusableError("its driver is an asynchronous one; name another in cacheUrl")
    if place.url.get_backend_name() != "sqlite":
        return create_engine(place.url, hide_parameters=True, pool_pre_ping=True)
    engine = create_engine(
        place.url,
        hide_parameters=True,
        poolclass=QueuePool,
        # What isn't in a file is gone with its connection, and no other connection sees it.
        pool_size=1 if place.path is None else 4,
        max_overflow=0 if place.path is None else -1,
        connect_args={"timeout": busy_timeout, "check_same_thread": False},
    )
    event.listen(engine, "connect", direct.configure)
    return engine
