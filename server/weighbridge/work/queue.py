"""The priority queue: three priorities, first in first out within each, one place for each key."""

from collections import OrderedDict
from collections.abc import Hashable
from enum import IntEnum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Priority(IntEnum):
    """How soon work is wanted; a smaller number is more urgent."""

    HIGH = 0  #: what the user is editing or looking at
    MEDIUM = 1  #: what that refers to
    LOW = 2  #: the rest of the workspace


class PriorityQueue(Generic[K, V]):
    """Values by key, the most urgent first. Every operation is O(1), and nothing is kept of what has left.

    Nobody starves: a band that could have been served but was passed over `patience` times in a row is served next.
    So a band that is never empty gets one pick in every `patience + 2` or better, whatever the others do.
    """

    def __init__(self, patience: int = 8) -> None:
        if patience < 1:
            raise ValueError(f"patience must be 1 or more, not {patience}")
        self._patience = patience
        self._bands: tuple[OrderedDict[K, V], ...] = tuple(OrderedDict() for _ in Priority)
        self._passed_over = [0 for _ in Priority]
        self._priorities: dict[K, Priority] = {}

    def __len__(self) -> int:
        return len(self._priorities)

    def __contains__(self, key: K) -> bool:
        return key in self._priorities

    def put(self, key: K, value: V, priority: Priority) -> None:
        """Add a value. One that waits under the same key is replaced: the newer takes its place in the line,
        or the end of a more urgent band if that is where it belongs.
        """
        queued = self._priorities.get(key)
        if queued is None:
            self._priorities[key] = priority
            self._bands[priority][key] = value
            return
        self._bands[queued][key] = value
        if priority < queued:
            self.move(key, priority)

    def move(self, key: K, priority: Priority) -> bool:
        """Put a waiting key at the end of another band; False if it does not wait or is in that band already."""
        queued = self._priorities.get(key)
        if queued is None or queued is priority:
            return False
        self._bands[priority][key] = self._take(queued, key)
        self._priorities[key] = priority
        return True

    def remove(self, key: K) -> V | None:
        """Take a key out of the line: its value, or None if it does not wait."""
        queued = self._priorities.pop(key, None)
        return None if queued is None else self._take(queued, key)

    def pop(self, least: Priority = Priority.LOW) -> tuple[K, V] | None:
        """Take the next, of the bands down to `least` only; None if nobody waits there."""
        waiting = [priority for priority in Priority if priority <= least and self._bands[priority]]
        if not waiting:
            return None
        impatient = (band for band in waiting if self._passed_over[band] >= self._patience)
        chosen = max(impatient, key=self._passed_over.__getitem__, default=waiting[0])
        for band in waiting:
            if band > chosen:
                self._passed_over[band] += 1
        self._passed_over[chosen] = 0
        key, value = self._bands[chosen].popitem(last=False)
        del self._priorities[key]
        return key, value

    def _take(self, band: Priority, key: K) -> V:
        value = self._bands[band].pop(key)
        if not self._bands[band]:
            self._passed_over[band] = 0  # Whoever comes next has not been passed over yet.
        return value
