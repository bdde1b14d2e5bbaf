"""The rows that wait to be written to the database: new counts, and uses of old ones. Plain data; its owner locks it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from weighbridge.cache.entry import Counted, CountKey

MOST_WAITING: Final = 20_000
"""Counts, and keys of given ones, that may wait; what comes on top is not kept."""

_TAKEN_AT_ONCE: Final = 2_000


Rows = dict[CountKey, tuple[Counted, datetime]]
"""Counts, each with the moment it was made."""

Touches = dict[CountKey, tuple[int, datetime]]
"""How often each count was given, and when last."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written in one transaction."""

    rows: Rows = field(default_factory=dict)
    touches: Touches = field(default_factory=dict)

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

    def full(self, rows: int) -> bool:
        """Whether it is time to write: so many counts wait, or more of anything than may be lost. Who was given what can wait."""
        return len(self._waiting.rows) >= rows or len(self._waiting) >= MOST_WAITING // 2

    def get(self, key: CountKey) -> Counted | None:
        """Give the count of a key that is not written yet."""
        counted = self._waiting.rows.get(key) or self._taken.rows.get(key)
        return None if counted is None else counted[0]

    def put(self, rows: Mapping[CountKey, Counted], moment: datetime) -> None:
        """Have counts written."""
        waiting = self._waiting.rows
        for key, counted in rows.items():
            if len(waiting) < MOST_WAITING or key in waiting:
                waiting[key] = (counted, moment)

    def touch(self, keys: Iterable[CountKey], moment: datetime) -> None:
        """Have it written that counts were given."""
        touches = self._waiting.touches
        for key in keys:
            if len(touches) < MOST_WAITING or key in touches:
                touches[key] = (touches[key][0] + 1 if key in touches else 1, moment)

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
        if written:
            return
        waiting = self._waiting
        self._waiting = Batch(batch.rows | waiting.rows, batch.touches | waiting.touches)
        for key in batch.touches.keys() & waiting.touches.keys():
            hits, moment = waiting.touches[key]
            self._waiting.touches[key] = (batch.touches[key][0] + hits, moment)

    def forget(self) -> None:
        """Let nothing wait any more."""
        self._waiting = Batch()
        self._taken = Batch()
