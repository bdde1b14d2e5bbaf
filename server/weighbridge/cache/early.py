"""The file of counts in the user's cache folder, read before SQLAlchemy is loaded: that takes longer than a first count."""

import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from threading import Lock

from weighbridge.cache import sqlite
from weighbridge.cache.entry import SCHEMA, CountKey, Given
from weighbridge.cache.faults import UnusableError
from weighbridge.cache.place import own_path, prepare


class EarlyReader:
    """Reads the file as it was left, with Python's own driver; changes nothing in it. Thread-safe."""

    def __init__(self, busy_timeout: float) -> None:
        """`busy_timeout`: seconds to wait for another process."""
        self._busy_timeout = busy_timeout
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def get(self, keys: Iterable[CountKey], moment: datetime) -> Given:
        """Look up counts; `moment`: now. Raises whatever keeps the file from being read: who opens the database finds out what to do."""
        with self._lock:
            if self._connection is None:
                path = own_path()
                prepare(path, ours=True)
                if path.stat().st_size:
                    self._connection = self._connected(path)
            if self._connection is None:
                return Given({}, [])
            return sqlite.get(self._connection.execute, keys, moment)

    def _connected(self, path: Path) -> sqlite3.Connection | None:
        """A connection to the file; None if there is nothing in it yet: another process is making it."""
        with ExitStack() as stack:
            connection = sqlite3.connect(path, timeout=self._busy_timeout, check_same_thread=False)
            stack.callback(connection.close)
            sqlite.configure(connection)
            if connection.execute(sqlite.GET_TABLES).fetchone() == (0,):
                return None
            if connection.execute(sqlite.GET_SCHEMA).fetchone() != (SCHEMA,):
                raise UnusableError("it has another shape")
            stack.pop_all()
        return connection

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
