"""Counts that survive restarts. Whatever happens to the database, callers never notice more than a miss.

    get_many ──▶ backlog ──▶ recalled ──▶ database    workers' threads (until it is open: the file itself, if it is the user's own)
    put_many ──▶ backlog                 any thread: never waits for a disk
                    │  every so many rows, every so many seconds, at close
                    ▼
        the store's own thread: opens, writes, evicts, clears, sets aside what is damaged

When the database can't be used the store is degraded: it says so once, gives and keeps nothing, and, where the fault
may pass (a lock, a full disk), tries again later.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from weighbridge.cache.backlog import Backlog, Batch
from weighbridge.cache.connector import Connector, Hindrance
from weighbridge.cache.early import EarlyReader
from weighbridge.cache.entry import Counted, CountKey, Given
from weighbridge.cache.limits import StoreLimits

if TYPE_CHECKING:
    from weighbridge.cache.database import Database

logger = logging.getLogger(__name__)

#: The environment variable that names the database where no setting does: builds have no editor's settings.
CACHE_URL = "WEIGHBRIDGE_CACHE_URL"


def url_of_the_environment() -> str | None:
    """The database that the environment names; None: none."""
    return os.environ.get(CACHE_URL) or None


@dataclass(slots=True)
class _Lookup:
    """What a caller waits for the writer to do."""

    done: threading.Event = field(default_factory=threading.Event)
    succeeded: bool = False


def _now() -> datetime:
    return datetime.now(UTC)


class CountStore:
    """A table of counts in a database, opened and written by a thread of its own. Thread-safe; no method raises.

    `cache_url`: SQLAlchemy's URL of a database of SQLite's or PostgreSQL's; None is the one that the environment's `CACHE_URL`
    names, or else SQLite in the user's cache folder. `on_warning` is called from any thread, once when the store is degraded,
    and when a damaged database was set aside; `on_over` with a warning that no longer holds: the store keeps counts again,
    or is closed.
    """

    def __init__(
        self,
        cache_url: str | None = None,
        *,
        on_warning: Callable[[str], object] | None = None,
        on_over: Callable[[str], object] = lambda text: None,
        limits: StoreLimits | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        cache_url = url_of_the_environment() if cache_url is None else cache_url
        self._on_warning = on_warning
        self._on_over = on_over
        self._limits = limits or StoreLimits()
        self._now = now
        #: Reads the user's own file; None once the database is open, and where the file can't be read so.
        self._early = EarlyReader(self._limits.busy_timeout) if cache_url is None else None
        #: When the database was first needed; None as long as it is not.
        self._needed_since = None if self._early is not None else monotonic()
        self._opened = threading.Event()

        # Shared, under the condition that the writer waits on.
        self._wake = threading.Condition()
        self._backlog = Backlog()
        self._due: float | None = None
        self._to_clear = False
        self._requests: list[_Lookup] = []
        self._closing = False
        self._database: Database | None = None
        #: Counts read ahead. Never wrong, only forgotten: a text's count stays what it is.
        self._recalled: dict[CountKey, Counted] = {}
        #: Of these, those whose use is to be told.
        self._untold: set[CountKey] = set()
        self._failure: tuple[Database, Exception] | None = None
        self._given_up = False
        #: What was warned of, as long as it holds.
        self._warning: str | None = None

        # The writer's alone.
        self._retry_at: float | None = None
        self._connector = Connector(cache_url, self._limits, self._warn)
        self._unchecked = self._limits.max_rows

        self._writer = threading.Thread(target=self._run, name="weighbridge-cache", daemon=True)
        self._writer.start()

    def get_many(self, keys: Iterable[CountKey]) -> dict[CountKey, Counted]:
        """Look up counts. May wait for the disk: call on a worker."""
        counts: dict[CountKey, Counted] = {}
        missing: list[CountKey] = []
        with self._wake:
            for key in dict.fromkeys(keys):
                counted = self._backlog.get(key) or self._recalled.get(key)
                if counted is None:
                    missing.append(key)
                else:
                    counts[key] = counted
            touched = [key for key in counts if key in self._untold]
            self._untold.difference_update(touched)
        if missing:
            given = self._read(missing)
            counts |= given.counts
            touched += given.untold
        if touched:
            self._add(lambda backlog, moment: backlog.touch(touched, moment))
        return counts

    def put_many(self, rows: Mapping[CountKey, Counted]) -> None:
        """Have counts written soon. Never waits for the disk."""
        if rows:
            self._add(lambda backlog, moment: backlog.put(rows, moment))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait, at most `timeout` seconds, until all that was put is in the database. Tell whether it is."""
        return self._request(clear=False, timeout=timeout)

    def clear(self, timeout: float = 10.0) -> bool:
        """Forget all counts, those being written too. Waits at most `timeout` seconds; tells whether it is done."""
        return self._request(clear=True, timeout=timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, and close; give up after `timeout` seconds. After this the store gives and keeps nothing."""
        with self._wake:
            self._closing = True
            self._warning_over()
            self._wake.notify()
        self._writer.join(timeout)

    # Callers' threads

    def _read(self, keys: Sequence[CountKey]) -> Given:
        early, moment = self._early, self._now()
        if early is not None:
            try:
                return early.get(keys, moment)
            except Exception:  # noqa: BLE001 - whatever it is, the database's own opening says it, or mends it
                self._early = None
                early.close()
        database = self._wait_for_database()
        if database is not None:
            try:
                return database.get(keys, moment)
            except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is no more than a miss
                self._fail(database, error)
        return Given({}, [])

    def _wait_for_database(self) -> "Database | None":
        """Give the database, None while there is none to be used. Waits for it to open, but not forever."""
        with self._wake:
            since = self._needed_since
            if since is None:
                since = self._needed_since = monotonic()
                self._wake.notify()
        if not self._opened.wait(max(0.0, since + self._limits.patience - monotonic())):
            self._degrade(f"opening the database takes longer than {self._limits.patience:g} seconds")
        with self._wake:
            return None if self._closing else self._database

    def _add(self, change: Callable[[Backlog, datetime], None]) -> None:
        """Change the backlog, and see that it is written in time."""
        moment = self._now()
        with self._wake:
            if self._closing or self._given_up:
                return
            change(self._backlog, moment)
            if self._due is None:
                self._due = monotonic() + self._limits.flush_after
                self._wake.notify()
            elif self._backlog.full(self._limits.flush_rows):
                self._wake.notify()

    def _request(self, *, clear: bool, timeout: float) -> bool:
        request = _Lookup()
        with self._wake:
            if self._closing:
                return False
            if clear:
                self._backlog.forget()
                self._recalled, self._untold = {}, set()
                self._to_clear = True
            self._requests.append(request)
            self._wake.notify()
        return request.done.wait(timeout) and request.succeeded

    def _fail(self, database: "Database", error: Exception) -> None:
        """Use a database no more; the writer sees what can be done."""
        with self._wake:
            if self._database is database:
                self._database = None
                self._failure = database, error
                self._wake.notify()

    def _degrade(self, reason: str) -> None:
        with self._wake:
            if self._database is not None:
                # It opened, after all.
                return
            if self._warning is None:
                # Under the lock: it can't be over before it is said.
                self._warning = f"Counts are not kept across restarts: {reason}"
                self._warn(self._warning)

    def _warning_over(self) -> None:
        """Take back what was warned of. Under the lock."""
        over, self._warning = self._warning, None
        if over is not None:
            self._notify(self._on_over, over)

    def _warn(self, text: str) -> None:
        if self._on_warning is None:
            logger.warning("%s", text)
        else:
            self._notify(self._on_warning, text)

    def _notify(self, listener: Callable[[str], object], text: str) -> None:
        try:
            listener(text)
        except Exception:  # whoever listens may be gone; the store goes on
            logger.exception("%s", text)

    # The writer's thread

    def _run(self) -> None:
        if self._wait_until_needed():
            self._settle(self._connector.open())
        self._opened.set()
        early, self._early = self._early, None
        if early is not None:
            early.close()
        self._attempt(self._recall)
        closing = False
        while not closing:
            closing, requests = self._wait()
            self._mend()
            flushed = self._flush()
            if flushed and (closing or self._unchecked > self._limits.max_rows // 20):
                self._evict()
            for request in requests:
                request.succeeded = flushed
                request.done.set()
        with self._wake:
            database, self._database = self._database, None
            requests, self._requests = self._requests, []
        if database is not None:
            database.close()
        for request in requests:
            request.done.set()

    def _wait_until_needed(self) -> bool:
        """Wait until the database is needed: to be read, or for what is to be written by now. Tell whether it ever is."""
        with self._wake:
            while self._needed_since is None and not (
                self._closing or self._requests or self._backlog.full(self._limits.flush_rows)
            ):
                timeout = None if self._due is None else self._due - monotonic()
                if timeout is not None and timeout <= 0:
                    break
                self._wake.wait(timeout)
            return bool(self._needed_since is not None or self._requests or self._backlog)

    def _wait(self) -> tuple[bool, list[_Lookup]]:
        """Wait until there is something to do. Tell whether to end, and what was asked for."""
        with self._wake:
            while not (self._closing or self._requests or self._failure):
                at = (
                    self._due
                    if self._database is not None
                    else self._retry_at
                    if self._backlog or self._to_clear
                    else None
                )
                timeout = None if at is None else at - monotonic()
                full = self._database is not None and self._backlog.full(self._limits.flush_rows)
                if full or (timeout is not None and timeout <= 0):
                    break
                self._wake.wait(timeout)
            self._due = None
            requests, self._requests = self._requests, []
            return self._closing, requests

    def _mend(self) -> None:
        """Do something about a database that failed, or about one that failed a while ago."""
        with self._wake:
            failure, self._failure = self._failure, None
        if failure is not None:
            self._settle(self._connector.replace(*failure))
        elif self._retry_at is not None and monotonic() >= self._retry_at:
            self._settle(self._connector.open())

    def _settle(self, result: "Database | Hindrance") -> None:
        """Use a database from now on, or do without."""
        if isinstance(result, Hindrance):
            with self._wake:
                self._retry_at = result.retry_at
                if result.retry_at is None:
                    # Nothing needs to wait any more.
                    self._given_up = True
                    self._backlog.forget()
            self._degrade(result.reason)
        else:
            with self._wake:
                self._retry_at = None
                self._database = result
                self._warning_over()

    def _attempt(self, action: "Callable[[Database], object]") -> bool:
        database = self._database
        if database is None:
            return False
        try:
            action(database)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises
            self._fail(database, error)
            return False
        return True

    def _flush(self) -> bool:
        """Write all that waits. Tell whether it was."""
        while self._database is not None:
            with self._wake:
                clear = self._to_clear
                batch = Batch() if clear else self._backlog.take()
            if clear:
                # First: what waits by now was put after the call.
                cleared = self._attempt(lambda database: database.clear())
                with self._wake:
                    self._to_clear = not cleared
            elif batch:
                self._write(batch)
            else:
                return True
            # What failed is done once more if the database could be begun anew.
            self._mend()
        return False

    def _write(self, batch: Batch) -> None:
        written = self._attempt(lambda database: database.write(batch))
        with self._wake:
            self._backlog.done(batch, written=written)
        self._unchecked += len(batch.rows)

    def _recall(self, database: "Database") -> None:
        """Read the counts given last."""
        recalled = self._recalled
        for given in database.recent(self._limits.recalled, self._now()):
            with self._wake:
                if self._closing or self._recalled is not recalled:
                    return
                recalled |= given.counts
                self._untold.update(given.untold)

    def _evict(self) -> None:
        self._unchecked = 0
        self._attempt(lambda database: database.evict(self._limits.max_rows))
