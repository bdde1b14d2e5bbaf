"""The tables of the database. They are no mapped classes: to load what maps takes a third of the time that SQLAlchemy does."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.types import TypeDecorator

from weighbridge.cache.digest import SIZE
from weighbridge.cache.entry import COUNTS_TABLE, SCHEMA_TABLE, Counted


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, stored in UTC without a zone, as every database can."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None


METADATA: Final = MetaData()
"""All tables of the store. Their names say whose they are: the database may be shared."""

COUNTS: Final = Table(
    COUNTS_TABLE,
    METADATA,
    Column("digest", LargeBinary(SIZE), primary_key=True),
    Column("tokenizer", String(100), primary_key=True),
    Column("version", String(200), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in Counted._fields),
    Column("hits", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("accessed_at", UtcDateTime, nullable=False),
    Index(f"ix_{COUNTS_TABLE}_accessed_at", "accessed_at"),
    # Rows are found by their key alone, so SQLite keeps them in the key's own tree.
    sqlite_with_rowid=False,
)
"""The counts of texts, each under one tokenizer. Neither content nor a path is ever written.

The fields of `Counted`; `hits`: how often it was told that the store gave it, which is once a day at most; `created_at`,
`accessed_at`: when it was written, and last written or so told (UTC).
"""

SCHEMA_VERSION: Final = Table(
    SCHEMA_TABLE,
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)
"""Which shape the tables have: one row."""
