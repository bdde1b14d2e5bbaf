"""From a `cacheUrl` to an open database, and what is done when there is none or it fails. For a store's own thread.

SQLAlchemy is imported here, when it is first needed, and nowhere sooner.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from weighbridge.cache.limits import StoreLimits

if TYPE_CHECKING:
    from weighbridge.cache.database import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why there is no database, for people. `retry_at`: when to try again, as `monotonic` counts; None: never."""

    reason: str
    retry_at: float | None = None


class Connector:
    """Opens a store's database. A damaged one is set aside and begun anew, once; `warn` is told."""

    def __init__(self, cache_url: str | None, limits: StoreLimits, warn: Callable[[str], None]) -> None:
        self._cache_url = cache_url
        self._limits = limits
        self._warn = warn
        self._rebuilt = False

    def open(self) -> "Database | Hindrance":
        """Open the database, whatever that takes."""
        try:
            from weighbridge.cache.database import Database  # noqa: PLC0415 - see above
            from weighbridge.cache.place import place_of  # noqa: PLC0415
        except ImportError:
            return Hindrance("SQLAlchemy is not installed as it should be")
        database: Database | None = None
        try:
            database = Database(place_of(self._cache_url), self._limits.busy_timeout)
            database.open()
        except Exception as error:  # noqa: BLE001 - whatever a driver or a disk raises
            return self.replace(database, error)
        return database

    def replace(self, database: "Database | None", error: Exception) -> "Database | Hindrance":
        """Give another database for one that failed: a new one for one that is damaged or gone."""
        from weighbridge.cache.faults import Remedy, UnusableError, fault_of  # noqa: PLC0415 - see above

        fault = fault_of(error)
        label = "cacheUrl" if database is None else database.place.label
        # Not the error itself: its text may hold a password.
        logger.info("%s: %s (%s)", label, fault.reason, type(error).__name__)
        if database is not None:
            database.close()
            if fault.remedy is Remedy.REBUILD and not self._rebuilt:
                try:
                    aside = database.set_aside()
                except (OSError, UnusableError) as hindrance:
                    fault = fault_of(hindrance)
                else:
                    if aside is not None:
                        self._rebuilt = True
                        self._warn(f"{label}: {fault.reason}; it is now {aside.name}, and counts begin anew")
                    return self.open()
        wait = fault.remedy is Remedy.WAIT
        return Hindrance(f"{label}: {fault.reason}", monotonic() + self._limits.retry_after if wait else None)
