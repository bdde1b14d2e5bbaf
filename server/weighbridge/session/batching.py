"""Contents are looked at in groups, each by one task of a worker: what a task costs is shared.

want ──▶ end of the turn ──▶ a group ──▶ worker ──▶ landed, all of them in one turn ──▶ the next group

One group at a time: two workers at it would do nothing but take the interpreter from each other. But no group holds up
the others that takes long, as one does with a file on a disk that does not answer.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from weighbridge.session.entry import ContentEntry
from weighbridge.work import CancelToken, ClosedError, Priority, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

R = TypeVar("R")

#: Contents looked at by one task: their answers are taken in one turn of the loop.
_IN_A_GROUP = 128
#: Seconds after which nobody waits for a group any longer.
_LONG = 0.05

_Queued = tuple[Hashable, ContentEntry, Priority]


class Batching(Generic[R]):
    """One way to look at contents. For the loop's thread."""

    def __init__(
        self,
        tasks: TaskManager,
        name: str,
        look: Callable[[Sequence[ContentEntry], CancelToken], Sequence[R]],
        landed: Callable[[Hashable, ContentEntry, Priority, R], None],
        otherwise: R,
    ) -> None:
        """`look` is a worker's work: an answer for each entry. `landed` is told each; `otherwise`: the answer where there is none."""
        self._tasks = tasks
        self._name = name
        self._look = look
        self._landed = landed
        self._otherwise = otherwise
        self._queue: deque[_Queued] = deque()
        self._numbers = itertools.count()
        self._running: set[asyncio.Task[None]] = set()
        #: Set while there is a group that does not take long yet: until when it doesn't.
        self._waited_for: asyncio.TimerHandle | None = None

    def want(self, key: Hashable, entry: ContentEntry, priority: Priority) -> None:
        """Look at a content, together with all that are wanted in this turn of the loop."""
        loop = asyncio.get_running_loop()
        # Nothing of its own runs for it; who lets it go cancels this and no other.
        entry.running = loop.create_future()
        self._queue.append((key, entry, priority))
        if len(self._queue) == 1:
            loop.call_soon(self._start)

    def _start(self) -> None:
        """Start with the next group, unless there is one to wait for."""
        if not self._queue or self._waited_for is not None:
            return
        loop = asyncio.get_running_loop()
        group = [self._queue.popleft() for _ in range(min(_IN_A_GROUP, len(self._queue)))]
        timer = self._waited_for = loop.call_later(_LONG, self._go_on, None)
        task = loop.create_task(self._run(group))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: self._go_on(timer))

    def _go_on(self, ended: asyncio.TimerHandle | None) -> None:
        """Start with what waited for a group. `ended`: that of the group that ended; None: one takes long."""
        if ended is not None:
            ended.cancel()
        if ended is None or self._waited_for is ended:
            self._waited_for = None
        self._start()

    async def _run(self, group: Sequence[_Queued]) -> None:
        results: Sequence[R] = [self._otherwise] * len(group)
        entries = [entry for _, entry, _ in group]
        waiting = [entry.running for entry in entries]
        try:
            results = await self._tasks.submit(
                (self._name, next(self._numbers)),
                lambda token: self._look(entries, token),
                priority=min(priority for _, _, priority in group),
                title=self._name,
            )
        except (TaskCancelledError, ClosedError):
            for future in waiting:
                if future is not None:
                    future.cancel()
            return
        except Exception:  # a fault of ours: each is looked at by itself then
            logger.exception("contents could not be looked at")
        for (key, entry, priority), future, result in zip(group, waiting, results, strict=True):
            if future is None or future.cancelled():
                continue
            entry.running = None
            future.set_result(None)
            self._landed(key, entry, priority, result)
