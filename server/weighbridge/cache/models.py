"""The tables of the database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Index, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from weighbridge.cache.digest import SIZE
from weighbridge.cache.entry import COUNTS_TABLE, SCHEMA_TABLE


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, stored in UTC without a zone, as every database can."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None


class Base(DeclarativeBase):
    """All tables of the store. Their names say whose they are: the database may be shared."""


class TokenCount(Base):
    """The count of one text under one tokenizer. Neither content nor a path is ever written.

    The fields of `Counted`; `hits`: how often it was told that the store gave it, which is once a day at most; `created_at`,
    `accessed_at`: when it was written, and last written or so told (UTC).
    """

    __tablename__ = COUNTS_TABLE

    digest: Mapped[bytes] = mapped_column(LargeBinary(SIZE), primary_key=True)
    tokenizer: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[str] = mapped_column(String(200), primary_key=True)
    tokens: Mapped[int]
    chars: Mapped[int]
    head_chars: Mapped[int]
    head_tokens: Mapped[int]
    tail_chars: Mapped[int]
    tail_tokens: Mapped[int]
    hits: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accessed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # Rows are found by their key alone, so SQLite keeps them in the key's own tree.
    __table_args__ = (
        Index(f"ix_{COUNTS_TABLE}_accessed_at", "accessed_at"),
        {"sqlite_with_rowid": False},
    )


class SchemaVersion(Base):
    """Which shape the tables have: one row."""

    __tablename__ = SCHEMA_TABLE

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
