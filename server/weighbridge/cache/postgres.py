"""PostgreSQL's statements, where a team's editors and builds keep their counts together.

A statement takes a whole batch, as arrays: one way to the server and back. Nobody waits for two rows in another order than
anybody else, so writers can't block each other for good: rows are put in the order of their keys, and what is only told
(a row was given; it is among the oldest) passes over rows that somebody else is writing.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from weighbridge.cache.backlog import Rows, Touches
from weighbridge.cache.entry import COUNTS_TABLE, TOLD_EVERY, Counted, CountKey, Given, grouped

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Rows that a team keeps at most, however few each of its members would: about 4.5 GB.
MOST_ROWS: Final = 20_000_000
#: Connections that one process opens at most.
MOST_CONNECTIONS: Final = 4
#: Seconds for a connection to be made, and for a statement's answer: a read that takes longer is a miss.
_CONNECTING, _ANSWERING = 3, 5
#: Any number that nobody else takes: who makes or changes the tables holds this lock.
_LOCK: Final = 0x77656967

OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": _CONNECTING,
    # A server that is gone without a word.
    "tcp_user_timeout": _ANSWERING * 1000,
    # Connections of a pooler don't remember statements.
    "prepare_threshold": None,
}
"""What a connection is opened with."""

_KEY: Final = ", ".join(CountKey._fields)
_NUMBERS: Final = ", ".join(Counted._fields)
_NEW: Final = ", ".join(f"excluded.{name}" for name in Counted._fields)
_OLD: Final = ", ".join(f"old.{name}" for name in Counted._fields)
_ARRAYS: Final = ", ".join(
    ["%s::bytea[]", "%s::text[]", "%s::text[]", *["%s::integer[]"] * len(Counted._fields), "%s::timestamp[]"]
)

# A row that is there and says the same is left as it is.
_PUT: Final = f"""
INSERT INTO {COUNTS_TABLE} AS old ({_KEY}, {_NUMBERS}, hits, created_at, accessed_at)
SELECT {_KEY}, {_NUMBERS}, 0, moment, moment FROM unnest({_ARRAYS}) AS put ({_KEY}, {_NUMBERS}, moment)
ON CONFLICT ({_KEY}) DO UPDATE SET ({_NUMBERS}, accessed_at) = ROW ({_NEW}, excluded.accessed_at)
WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})
"""
# What another process has told meanwhile is not told again (`TOLD_EVERY`).
_TOUCH: Final = f"""
WITH given AS (
  SELECT row.ctid, told.hits, told.moment
  FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::integer[], %s::timestamp[]) AS told ({_KEY}, hits, moment)
  JOIN {COUNTS_TABLE} AS row USING ({_KEY})
  WHERE row.accessed_at < told.moment - interval '1 day'
  FOR UPDATE OF row SKIP LOCKED
)
UPDATE {COUNTS_TABLE} AS row SET hits = row.hits + given.hits, accessed_at = given.moment
FROM given WHERE row.ctid = given.ctid
"""
_GET: Final = (
    f"SELECT accessed_at < %s, digest, {_NUMBERS} FROM {COUNTS_TABLE} "
    "WHERE tokenizer = %s AND version = %s AND digest = ANY(%s)"
)
_EVICT: Final = f"""
DELETE FROM {COUNTS_TABLE} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {COUNTS_TABLE} ORDER BY accessed_at LIMIT %s FOR UPDATE SKIP LOCKED
))
"""
#: As the server's own statistics have it: counting millions takes seconds.
ROWS: Final = f"SELECT reltuples::bigint FROM pg_class WHERE oid = '{COUNTS_TABLE}'::regclass"


def configure(connection: Any, _record: Any = None) -> None:
    """Set up a new connection."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {_ANSWERING * 1000}")
        cursor.execute("SET application_name = 'weighbridge'")
    connection.commit()


def alone(connection: "Connection") -> None:
    """Let nobody else make or change the tables until the transaction ends."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def get(connection: "Connection", keys: Iterable[CountKey], moment: datetime) -> Given:
    """Look up counts. `moment`: now."""
    given = Given({}, [])
    told = _stored(moment - TOLD_EVERY)
    for tokenizer, version, digests in grouped(keys):
        rows = connection.exec_driver_sql(_GET, (told, tokenizer, version, digests))
        for untold, digest, *numbers in rows:
            given.take(CountKey(digest, tokenizer, version), numbers, untold=untold)
    return given


def put(connection: "Connection", rows: Rows) -> None:
    """Write counts; a row that is there gets the new numbers and keeps its hits."""
    keys = sorted(rows)
    written = [(*key, *rows[key][0], _stored(rows[key][1])) for key in keys]
    connection.exec_driver_sql(_PUT, tuple(map(list, zip(*written, strict=True))))


def touch(connection: "Connection", touches: Touches) -> None:
    """Write that counts were given, where that was last told a day ago or more."""
    rows = [(*key, hits, _stored(moment)) for key, (hits, moment) in touches.items()]
    connection.exec_driver_sql(_TOUCH, tuple(map(list, zip(*rows, strict=True))))


def evict(connection: "Connection", most: int) -> None:
    """Delete rows, `most` at most: those whose last access is longest ago."""
    connection.exec_driver_sql(_EVICT, (most,))


def clear(connection: "Connection") -> None:
    """Delete all rows, the whole team's, however long it takes. Who writes meanwhile waits."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(f"LOCK TABLE {COUNTS_TABLE} IN SHARE ROW EXCLUSIVE MODE")
    connection.exec_driver_sql(f"DELETE FROM {COUNTS_TABLE}")


def _stored(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
