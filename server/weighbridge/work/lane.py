"""One kind of work: those who wait for a place, and the places."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from weighbridge.work.pool import AsyncWork, BlockingWork, Done, Pool, Run
from weighbridge.work.queue import Priority, PriorityQueue

V = TypeVar("V")


class Lane(Generic[V]):
    """A queue in front of a pool.

    With two places or more, LOW work never takes the last one: what the user looks at next finds a place at once,
    however long the pieces of background work are.
    """

    def __init__(self, pool: Pool, patience: int) -> None:
        self.pool = pool
        self.queue: PriorityQueue[Hashable, V] = PriorityQueue(patience)
        self._low: set[Run] = set()

    def next(self) -> V | None:
        """Take whoever may start now, if anybody may."""
        if self.pool.free < 1:
            return None
        low_may_start = self.pool.limit == 1 or len(self._low) < self.pool.limit - 1
        picked = self.queue.pop(Priority.LOW if low_may_start else Priority.MEDIUM)
        return None if picked is None else picked[1]

    def start(self, work: BlockingWork | AsyncWork, priority: Priority, done: Done) -> Run:
        run = self.pool.start(work, done)
        if priority is Priority.LOW:
            self._low.add(run)
        return run

    def leave(self, run: Run) -> None:
        """Note that the run has come back, or was told to."""
        self._low.discard(run)
