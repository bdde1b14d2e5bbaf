"""What waits to be written: counts, and that some were given. Plain data; whoever holds it locks it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from weighbridge.cache.entry import Counted, CountKey

MOST_WAITING: Final = 20_000
"""Counts, and keys of given ones, that may wait; what comes on top is not kept."""

_TAKEN_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written in one transaction."""

    rows: dict[CountKey, tuple[Counted, datetime]] = field(default_factory=dict)
    touches: dict[CountKey, tuple[int, datetime]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows) + len(self.touches)


class Backlog:
    """Two maps that wait, and the batch being written, which can still be read here until it can be read there."""

    def __init__(self) -> None:
        self._waiting = Batch()
        self._taken = Batch()

    def __len__(self) -> int:
        """How much waits."""
        return len(self._waiting)

    def get(self, key: CountKey) -> Counted | None:
        """Give the count of a key that is not written yet."""
        found = self._waiting.rows.get(key) or self._taken.rows.get(key)
        return None if found is None else found[0]

    def put(self, rows: Mapping[CountKey, Counted], moment: datetime) -> None:
        """Have counts written."""
        for key, counted in islice(rows.items(), max(0, MOST_WAITING - len(self._waiting.rows))):
            self._waiting.rows[key] = (counted, moment)

    def touch(self, keys: Iterable[CountKey], moment: datetime) -> None:
        """Have it written that counts were given."""
        touches = self._waiting.touches
        for key in keys:
            hits = touches[key][0] if key in touches else 0
            if hits or len(touches) < MOST_WAITING:
                touches[key] = (hits + 1, moment)

    def take(self) -> Batch:
        """Take the next batch. Hits come after all rows, for they may be of these."""
        waiting = self._waiting
        rows = dict(islice(waiting.rows.items(), _TAKEN_AT_ONCE))
        for key in rows:
            del waiting.rows[key]
        touches = dict(islice(waiting.touches.items(), 0 if waiting.rows else _TAKEN_AT_ONCE))
        for key in touches:
            del waiting.touches[key]
        self._taken = Batch(rows, touches)
        return self._taken

    def done(self, batch: Batch, *, written: bool) -> None:
        """Let go of a batch: it was written, or is to wait again, unless all was forgotten meanwhile."""
        if batch is not self._taken:
            return
        self._taken = Batch()
        if not written:
            waiting = self._waiting
            self._waiting = Batch(batch.rows | waiting.rows, batch.touches | waiting.touches)

    def forget(self) -> None:
        """Let nothing wait any more."""
        self._waiting = Batch()
        self._taken = Batch()
