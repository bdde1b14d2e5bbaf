"""SQLite's statements, with plain tuples: ten times as quick as SQLAlchemy's for each row, and read and written by the thousand.

They do as `database`'s do; the columns' types are written out as SQLAlchemy writes them.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from weighbridge.cache.backlog import Rows, Touches
from weighbridge.cache.entry import Counted, CountKey
from weighbridge.cache.models import TokenCount

_TABLE: Final = TokenCount.__tablename__
_KEY: Final = ", ".join(CountKey._fields)
_VALUES: Final = ", ".join(Counted._fields)
_MARKS: Final = ", ".join("?" * (len(CountKey._fields) + len(Counted._fields)))
_REPLACED: Final = ", ".join(f"{name} = excluded.{name}" for name in (*Counted._fields, "accessed_at"))

_PUT: Final = (
    f"INSERT INTO {_TABLE} ({_KEY}, {_VALUES}, hits, created_at, accessed_at) VALUES ({_MARKS}, 0, ?, ?) "
    f"ON CONFLICT ({_KEY}) DO UPDATE SET {_REPLACED}"
)
_TOUCH: Final = (
    f"UPDATE {_TABLE} SET hits = hits + ?, accessed_at = ? WHERE digest = ? AND tokenizer = ? AND version = ?"
)
_GET: Final = f"SELECT digest, {_VALUES} FROM {_TABLE} WHERE tokenizer = ? AND version = ? AND digest IN "


def put(connection: Connection, rows: Rows) -> None:
    """Write counts; a row that is there gets the new numbers and keeps its hits."""
    written = []
    for key, (counted, moment) in rows.items():
        at = _stored(moment)
        written.append((*key, *counted, at, at))
    connection.exec_driver_sql(_PUT, written)


def touch(connection: Connection, touches: Touches) -> None:
    """Write that counts were given."""
    connection.exec_driver_sql(
        _TOUCH, [(hits, _stored(moment), *key) for key, (hits, moment) in touches.items()]
    )


def get(
    connection: Connection, tokenizer: str, version: str, digests: Sequence[bytes]
) -> Iterator[Sequence[Any]]:
    """Look up rows: each one's digest and values, whatever they are."""
    marks = ", ".join("?" * len(digests))
    yield from connection.exec_driver_sql(f"{_GET}({marks})", (tokenizer, version, *digests))


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
