"""Tables of any age become today's, or are begun anew; a newer Weighbridge's are left alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, inspect
from tests.cache.stores import TABLE, make, query, url

from weighbridge.cache.faults import NewerSchemaError
from weighbridge.cache.migrations import Step, check, migrate
from weighbridge.cache.models import COUNTS


def add(column: str) -> Step:
    def step(connection: Connection) -> None:
        connection.exec_driver_sql(f"ALTER TABLE {TABLE} ADD COLUMN {column} INTEGER")

    return step


ADD_COST = add("cost")
ADD_PRICE = add("price")
TODAY = set(COUNTS.columns.keys())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "counts.db"
    make(path, 1, 2)
    return path


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = create_engine(url(path))
    yield engine
    engine.dispose()


def shape(path: Path) -> tuple[int, set[str], int]:
    """The version, the table's columns and how many rows it has."""
    [(version,)] = query(path, "SELECT version FROM weighbridge_schema")
    [(count,)] = query(path, f"SELECT count(*) FROM {TABLE}")
    return version, {row[1] for row in query(path, f"PRAGMA table_info({TABLE})")}, count


def run(engine: Engine, *steps: Step) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        migrate(connection, steps)


def test_nothing_is_done_to_todays_tables(path: Path, engine: Engine) -> None:
    run(engine)
    assert shape(path) == (1, TODAY, 2)


def test_steps_are_taken_from_where_the_tables_are(path: Path, engine: Engine) -> None:
    run(engine, ADD_COST)
    assert shape(path) == (2, TODAY | {"cost"}, 2)
    # A step that was taken would fail if it were taken again.
    run(engine, ADD_COST, ADD_PRICE)
    assert shape(path) == (3, TODAY | {"cost", "price"}, 2)


def test_a_step_that_fails_changes_nothing(path: Path, engine: Engine) -> None:
    def fail(_: Connection) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        run(engine, ADD_COST, fail)
    assert shape(path) == (1, TODAY, 2)


@pytest.mark.parametrize("looks", [check, migrate])
def test_newer_tables_are_refused(path: Path, engine: Engine, looks: Step) -> None:
    run(engine, ADD_COST, ADD_PRICE)
    with (
        engine.connect() as connection,
        pytest.raises(NewerSchemaError, match=r"newer Weighbridge \(schema 3, this one knows 1\)"),
    ):
        looks(connection)
    assert shape(path) == (3, TODAY | {"cost", "price"}, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE weighbridge_schema",
        "DELETE FROM weighbridge_schema",
        "UPDATE weighbridge_schema SET version = 0",
        "UPDATE weighbridge_schema SET version = 'one'",
        "ALTER TABLE weighbridge_schema RENAME COLUMN version TO number",
        f"DROP TABLE {TABLE}",
        f"ALTER TABLE {TABLE} DROP COLUMN tokens",
        f"CREATE TABLE other AS SELECT * FROM {TABLE}; DROP TABLE {TABLE}; ALTER TABLE other RENAME TO {TABLE}",
    ],
)
def test_tables_that_make_no_sense_are_begun_anew(path: Path, engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        for one in statement.split("; "):
            connection.exec_driver_sql(one)
    run(engine)
    assert shape(path) == (1, TODAY, 0)
    with engine.connect() as connection:
        key = inspect(connection).get_pk_constraint(TABLE)["constrained_columns"]
    assert key == ["digest", "tokenizer", "version"]
