"""SQLite's statements, with plain tuples: ten times as quick as SQLAlchemy's for each row, and read and written by the thousand.

The columns' types are written out as SQLAlchemy writes them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from weighbridge.cache.backlog import Rows, Touches
from weighbridge.cache.entry import COUNTS_TABLE, SCHEMA_TABLE, TOLD_EVERY, Counted, CountKey, Given, grouped

if TYPE_CHECKING:
    from sqlalchemy import Connection

Execute = Callable[[str, tuple[Any, ...]], Iterable[Sequence[Any]]]
"""Runs a statement with its parameters, and gives the rows."""

_KEY: Final = ", ".join(CountKey._fields)
_VALUES: Final = ", ".join(Counted._fields)
_MARKS: Final = ", ".join("?" * (len(CountKey._fields) + len(Counted._fields)))
_REPLACED: Final = ", ".join(f"{name} = excluded.{name}" for name in (*Counted._fields, "accessed_at"))

_PUT: Final = (
    f"INSERT INTO {COUNTS_TABLE} ({_KEY}, {_VALUES}, hits, created_at, accessed_at) VALUES ({_MARKS}, 0, ?, ?) "
    f"ON CONFLICT ({_KEY}) DO UPDATE SET {_REPLACED}"
)
_TOUCH: Final = f"UPDATE {COUNTS_TABLE} SET hits = hits + ?, accessed_at = ? WHERE digest = ? AND tokenizer = ? AND version = ?"
_EVICT: Final = f"DELETE FROM {COUNTS_TABLE} WHERE ({_KEY}) IN (SELECT {_KEY} FROM {COUNTS_TABLE} ORDER BY accessed_at LIMIT ?)"
GET_TABLES: Final = "SELECT count(*) FROM sqlite_master"
GET_SCHEMA: Final = f"SELECT version FROM {SCHEMA_TABLE} WHERE id = 1"
_GET: Final = (
    f"SELECT accessed_at < ?, digest, {_VALUES} FROM {COUNTS_TABLE} "
    "WHERE tokenizer = ? AND version = ? AND digest IN "
)


def put(connection: "Connection", rows: Rows) -> None:
    """Write counts; a row that is there gets the new numbers and keeps its hits."""
    written = []
    for key, (counted, moment) in rows.items():
        at = _stored(moment)
        written.append((*key, *counted, at, at))
    connection.exec_driver_sql(_PUT, written)


def touch(connection: "Connection", touches: Touches) -> None:
    """Write that counts were given."""
    connection.exec_driver_sql(
        _TOUCH, [(hits, _stored(moment), *key) for key, (hits, moment) in touches.items()]
    )


def evict(connection: "Connection", most: int) -> None:
    """Delete rows, `most` at most: those whose last access is longest ago."""
    connection.exec_driver_sql(_EVICT, (most,))


def clear(connection: "Connection") -> None:
    """Delete all rows."""
    connection.exec_driver_sql(f"DELETE FROM {COUNTS_TABLE}")


def get(execute: Execute, keys: Iterable[CountKey], moment: datetime) -> Given:
    """Look up counts. `moment`: now."""
    given = Given({}, [])
    told = _stored(moment - TOLD_EVERY)
    for tokenizer, version, digests in grouped(keys):
        marks = ", ".join("?" * len(digests))
        for untold, digest, *numbers in execute(f"{_GET}({marks})", (told, tokenizer, version, *digests)):
            given.take(CountKey(digest, tokenizer, version), numbers, untold=untold)
    return given


def configure(connection: Any, _record: Any = None) -> None:
    """Set up a new connection of SQLite's own driver."""
    # A crash of the machine may lose the last counts, nothing else: no need to wait for the disk at every write.
    connection.execute("PRAGMA synchronous=NORMAL")
    # A file that somebody else made gets to run nothing, and its damage is seen early.
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
