"""Contents that are wanted in one turn of the loop, looked at many by one task of a worker: what a task costs is shared.

want ──▶ end of the turn ──▶ groups ──▶ worker ──▶ landed, a group in each turn
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from weighbridge.session.entry import Entry
from weighbridge.work import CancelToken, Priority, TaskCancelledError, Tasks

logger = logging.getLogger(__name__)

R = TypeVar("R")

#: Contents looked at by one task: their answers are taken in one turn of the loop.
_IN_A_GROUP = 32

_Wanted = tuple[Hashable, Entry, Priority]


class Gathering(Generic[R]):
    """One way to look at contents. For the loop's thread."""

    def __init__(
        self,
        tasks: Tasks,
        name: str,
        look: Callable[[Sequence[Entry], CancelToken], Sequence[R]],
        landed: Callable[[Hashable, Entry, Priority, R], None],
        otherwise: R,
    ) -> None:
        """`look` is a worker's work: an answer for each entry. `landed` is told each; `otherwise`: the answer where there is none."""
        self._tasks = tasks
        self._name = name
        self._look = look
        self._landed = landed
        self._otherwise = otherwise
        self._wanted: list[_Wanted] = []
        self._numbers = itertools.count()
        self._running: set[asyncio.Task[None]] = set()

    def want(self, key: Hashable, entry: Entry, priority: Priority) -> None:
        """Look at a content, together with all that are wanted in this turn of the loop."""
        loop = asyncio.get_running_loop()
        # Nothing of its own runs for it; who lets it go cancels this and no other.
        entry.running = loop.create_future()
        if not self._wanted:
            loop.call_soon(self._start)
        self._wanted.append((key, entry, priority))

    def _start(self) -> None:
        wanted, self._wanted = self._wanted, []
        for start in range(0, len(wanted), _IN_A_GROUP):
            task = asyncio.get_running_loop().create_task(self._run(wanted[start : start + _IN_A_GROUP]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, group: Sequence[_Wanted]) -> None:
        found: Sequence[R] = [self._otherwise] * len(group)
        entries = [entry for _, entry, _ in group]
        waiting = [entry.running for entry in entries]
        try:
            found = await self._tasks.submit(
                (self._name, next(self._numbers)),
                lambda token: self._look(entries, token),
                priority=min(priority for _, _, priority in group),
                title=self._name,
            )
        except TaskCancelledError:
            for future in waiting:
                if future is not None:
                    future.cancel()
            return
        except Exception:  # a fault of ours: each is looked at by itself then
            logger.exception("contents could not be looked at")
        for (key, entry, priority), future, one in zip(group, waiting, found, strict=True):
            if future is None or future.cancelled():
                continue
            entry.running = None
            future.set_result(None)
            self._landed(key, entry, priority, one)
