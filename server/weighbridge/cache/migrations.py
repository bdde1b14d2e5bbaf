"""Migrations: steps from any earlier shape of the tables to today's.

The store is a cache: what can't be migrated is dropped and begun anew, but only our own tables, and never those of a
newer Weighbridge.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, Table, inspect, select

from weighbridge.cache.faults import NewerSchemaError
from weighbridge.cache.models import COUNTS, METADATA, SCHEMA_VERSION

Step = Callable[[Connection], None]

STEPS: Final[tuple[Step, ...]] = ()
"""What leads from version 1 to 2, from 2 to 3, and so on: each an `ALTER TABLE` or two."""

_ROW: Final = 1


def check(connection: Connection, steps: Sequence[Step] = STEPS) -> None:
    """Read which version the tables have, without touching anything. Raises NewerSchemaError."""
    version = _version(connection)
    if version is not None and version > len(steps) + 1:
        raise NewerSchemaError(version, len(steps) + 1)


def migrate(connection: Connection, steps: Sequence[Step] = STEPS, *, say: bool = True) -> None:
    """Give the tables today's shape, within the caller's transaction. Raises NewerSchemaError.

    `say`: write the version even if it is so already: where nothing can be written, that shows now.
    """
    check(connection, steps)
    version = _version(connection)
    if version is None or version < 1:
        _begin_anew(connection, len(steps) + 1)
        return
    for step in steps[version - 1 :]:
        step(connection)
    if say or version <= len(steps):
        connection.execute(SCHEMA_VERSION.update().values(version=len(steps) + 1))
    if not _has_shape(connection):
        _begin_anew(connection, len(steps) + 1)


def _version(connection: Connection) -> int | None:
    """Read the tables' version; None if they have none that can be read."""
    if not _columns(connection, SCHEMA_VERSION) >= set(SCHEMA_VERSION.c.keys()):
        return None
    version = connection.execute(select(SCHEMA_VERSION.c.version).where(SCHEMA_VERSION.c.id == _ROW)).scalar()
    return version if isinstance(version, int) else None


def _has_shape(connection: Connection) -> bool:
    if not _columns(connection, COUNTS) >= set(COUNTS.c.keys()):
        return False
    key = inspect(connection).get_pk_constraint(COUNTS.name)["constrained_columns"]
    return key == list(COUNTS.primary_key.columns.keys())


def _columns(connection: Connection, table: Table) -> set[str]:
    """Look up the columns that a table really has; none if there is no such table."""
    inspector = inspect(connection)
    if not inspector.has_table(table.name):
        return set()
    return {column["name"] for column in inspector.get_columns(table.name)}


def _begin_anew(connection: Connection, version: int) -> None:
    METADATA.drop_all(connection)
    METADATA.create_all(connection)
    connection.execute(SCHEMA_VERSION.insert().values(id=_ROW, version=version))
