"""Stores under test, and a look into their files past all of our code."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from tests.patience import HANGS_AFTER

from weighbridge.cache import Counted, CountKey, CountStore, StoreLimits

TABLE = "weighbridge_token_counts"
HOUR = 3600.0
#: Python that a process runs first. However busy the machine is, reads wait for the database to open: what is tested is what is
#: said of it then.
PATIENT = """
import functools, sys
from weighbridge.cache import store
store.StoreLimits = functools.partial(store.StoreLimits, patience=3600.0)
"""
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def key(number: int, tokenizer: str = "cl100k_base", version: str = "1") -> CountKey:
    return CountKey(hashlib.sha256(b"%d" % number).digest(), tokenizer, version)


def counted(number: int) -> Counted:
    return Counted(
        tokens=number + 3, chars=10 * number + 9, head_chars=4, head_tokens=1, tail_chars=5, tail_tokens=2
    )


def rows(*numbers: int) -> dict[CountKey, Counted]:
    return {key(number): counted(number) for number in numbers}


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@dataclass
class Moments:
    """A clock that a test moves, in seconds."""

    at: float = 0

    def __call__(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.at)


@dataclass
class Kept:
    """A store, and what it warned of."""

    store: CountStore
    warnings: list[str] = field(default_factory=list)
    #: Those of them that no longer hold.
    over: list[str] = field(default_factory=list)

    def fault(self) -> str | None:
        """Why the store keeps nothing; None while it does."""
        said = "Counts are not kept across restarts: "
        faults = [
            text.removeprefix(said)
            for text in self.warnings
            if text.startswith(said) and text not in self.over
        ]
        return faults[-1] if faults else None


@contextmanager
def kept(
    cache_url: str | None, *, now: Callable[[], datetime] | None = None, **limits: Any
) -> Iterator[Kept]:
    """A store that does nothing by itself: it writes when it is asked to, and tries again after an hour."""
    defaults = {
        "flush_rows": 1_000_000,
        "flush_after": HOUR,
        "busy_timeout": 0.02,
        "retry_after": HOUR,
        "patience": 30.0,
        "recalled": 0,
    }
    warnings, over = list[str](), list[str]()
    store = CountStore(
        cache_url,
        on_warning=warnings.append,
        on_over=over.append,
        limits=StoreLimits(**{**defaults, **limits}),
        now=now or Moments(),
    )
    try:
        yield Kept(store, warnings, over)
    finally:
        store.close(timeout=HANGS_AFTER)


@dataclass
class Hours:
    """Lets hours pass, as stores count them."""

    patch: pytest.MonkeyPatch
    passed: int = 0

    def __post_init__(self) -> None:
        for module in ("store", "connector"):
            self.patch.setattr(
                f"weighbridge.cache.{module}.monotonic", lambda: monotonic() + HOUR * self.passed
            )


def query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def numbers_in(path: Path, of: int = 1000) -> set[int]:
    """Which of the numbers below `of` have a row."""
    by_digest = {key(number).digest: number for number in range(of)}
    return {by_digest[digest] for (digest,) in query(path, f"SELECT digest FROM {TABLE}")}


def make(path: Path, *numbers: int) -> None:
    """A database with rows, as a store leaves it."""
    with kept(url(path)) as it:
        it.store.put_many(rows(*numbers))
        assert it.store.flush(30)
