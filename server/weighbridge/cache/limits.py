"""What a store may hold, and how long it waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """The limits of a store.

    `max_rows`: counts kept, those used last. `flush_rows`, `flush_after`: how many counts, and seconds, may wait to be
    written. `busy_timeout`: seconds to wait for another process. `patience`: seconds, from the start, that reads wait
    for the database to open. `recalled`: counts read when it opens, those given last, so that opening what was open before asks the disk
    once. `retry_after`: seconds from a fault that may pass to the next try.
    """

    max_rows: int = 500_000
    flush_rows: int = 1_000
    flush_after: float = 2.0
    busy_timeout: float = 2.0
    patience: float = 3.0
    recalled: int = 10_000
    retry_after: float = 60.0
