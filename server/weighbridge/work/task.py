"""A task: one piece of background work, and its status."""

import asyncio
import traceback
from collections.abc import Generator, Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from weighbridge.work.outcome import Outcome
from weighbridge.work.queue import Priority

T = TypeVar("T")


class TaskState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"  #: failed, and waits to be tried again
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """A task at one moment. Times are the clock's seconds; `attempts` counts the tries begun.

    `error` says why the last try failed, in words; None if none did.
    """

    key: Hashable
    title: str
    priority: Priority
    state: TaskState
    attempts: int
    created: float
    started: float | None
    finished: float | None
    error: str | None


class Task(Generic[T]):
    """The work under one key, from the first request until it is finished. Await it for its result.

    Requests for the same key in that time share it; if a newer one replaces the work, whoever waits gets the newer
    result. Any number of coroutines may await it, at any time, or none: cancelling one of them cancels nothing else,
    and an error nobody asks for is not complained about. Owned by the loop's thread; changed by its manager only.
    """

    def __init__(self, key: Hashable, priority: Priority, title: str, now: float) -> None:
        self.key = key
        self.priority = priority
        self.title = title
        self.state = TaskState.QUEUED
        self.attempts = 0
        self.created = now
        self.started: float | None = None
        self.finished: float | None = None
        self.error: Exception | None = None
        self._outcome: Outcome[T] | None = None
        self._waiters: set[asyncio.Future[None]] = set()

    def __repr__(self) -> str:
        return f"<Task {self.key!r} {self.state} {self.priority.name}>"

    def __await__(self) -> Generator[Any, None, T]:
        return self.result().__await__()

    async def result(self) -> T:
        """Wait until the task is finished, and give its result.

        Raises:
            TaskCancelledError: it was cancelled.
            PanicError: it ended in something that is no `Exception`.
            Exception: whatever else it failed with.

        """
        return (await self.outcome()).unwrap()

    async def outcome(self) -> Outcome[T]:
        """Wait until the task is finished, and give what became of it; raises nothing."""
        while self._outcome is None:
            # Each waiter has a future of its own that carries no result: cancelling it touches nobody else, and no
            # error can be left in it.
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self._outcome

    def status(self) -> TaskStatus:
        return TaskStatus(
            key=self.key,
            title=self.title,
            priority=self.priority,
            state=self.state,
            attempts=self.attempts,
            created=self.created,
            started=self.started,
            finished=self.finished,
            # Survives errors that can't be printed.
            error=None
            if self.error is None
            else "".join(traceback.format_exception_only(self.error)).strip(),
        )

    def renew(self, priority: Priority, title: str) -> None:
        """Start again with the newer request's work: what was done so far does not count."""
        self.priority = min(self.priority, priority)
        self.title = title
        self.attempts = 0
        self.started = None
        self.error = None

    def begin(self, now: float) -> None:
        self.attempts += 1
        self.started = now

    def finish(self, outcome: Outcome[T], now: float) -> None:
        """Keep what became of it and wake those who wait. Happens once."""
        self._outcome = outcome
        self.error = outcome.error
        self.finished = now
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
