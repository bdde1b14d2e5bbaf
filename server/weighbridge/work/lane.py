"""A lane: the queue of one kind of work, and the pool that runs it."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from weighbridge.work.outcome import Outcome
from weighbridge.work.pool import AsyncWork, BlockingWork, Pool, Run
from weighbridge.work.queue import Priority, PriorityQueue
from weighbridge.work.retry import RetryPolicy
from weighbridge.work.task import Task

Landed = Callable[["Unfinished", Run, Outcome[Any]], None]


class Lane:
    """A queue in front of a pool.

    With two places or more, LOW work never takes the last one: what the user looks at next finds a place at once,
    however long the pieces of background work are.
    """

    def __init__(self, pool: Pool, patience: int) -> None:
        self.pool = pool
        self.queue: PriorityQueue[Hashable, Unfinished] = PriorityQueue(patience)
        self._low: set[Run] = set()

    def start_next(self, landed: Landed) -> "Unfinished | None":
        """Start whoever may start now, if anybody may. `landed` is called when the run has come back."""
        if self.pool.free < 1:
            return None
        low_may_start = self.pool.limit == 1 or len(self._low) < self.pool.limit - 1
        picked = self.queue.pop(Priority.LOW if low_may_start else Priority.MEDIUM)
        if picked is None:
            return None
        entry = picked[1]

        def done(run: Run, outcome: Outcome[Any]) -> None:
            self._low.discard(run)
            landed(entry, run, outcome)

        entry.run = self.pool.start(entry.work, done)
        if entry.task.priority is Priority.LOW:
            self._low.add(entry.run)
        return entry

    def stop(self, run: Run) -> None:
        """Tell a run to stop; its place is free from now on."""
        self._low.discard(run)
        self.pool.stop(run)


@dataclass(slots=True, eq=False)
class Unfinished:
    """An unfinished task and what is needed to run it. It is in its lane's queue, in a run or in a nap."""

    task: Task[Any]
    work: BlockingWork | AsyncWork
    retry: RetryPolicy | None
    lane: Lane
    run: Run | None = None
    nap: asyncio.Task[None] | None = None

    def enqueue(self) -> None:
        """Put it in line; it keeps its place if it has one."""
        self.lane.queue.put(self.task.key, self, self.task.priority)

    def withdraw(self) -> None:
        """Take it out of the line, out of its run or out of its nap: wherever it is."""
        self.lane.queue.remove(self.task.key)
        if self.run is not None:
            run, self.run = self.run, None
            self.lane.stop(run)
        if self.nap is not None:
            self.nap.cancel()
            self.nap = None

    def replace(self, work: BlockingWork | AsyncWork, retry: RetryPolicy | None, lane: Lane) -> None:
        """Give it other work, unbegun. It keeps its place in the line if it stands in the right one."""
        if self.run is not None or self.nap is not None or self.lane is not lane:
            self.withdraw()
        self.work, self.retry, self.lane = work, retry, lane
