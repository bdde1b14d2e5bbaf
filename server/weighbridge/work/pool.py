"""The pools that run work: daemon threads, or coroutines on the loop. Both are used from the loop's thread only."""

import asyncio
import inspect
import itertools
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any

from weighbridge.work.cancel import CancelToken, TaskCancelledError
from weighbridge.work.outcome import Outcome

BlockingWork = Callable[[CancelToken], Any]
AsyncWork = Callable[[CancelToken], Coroutine[Any, Any, Any]]
Done = Callable[["Run", Outcome[Any]], None]


class Pool(ABC):
    """A limited number of places to run in.

    A run that was told to stop gives its place up at once, though it may need a while to notice, so that stale or
    stuck work does not hold up what replaced it. At most `limit` places can be given up like that, so there are never
    more than twice `limit` runs.
    """

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._runs: set[Run] = set()
        self._stopping: set[Run] = set()
        self.limit = 0
        self.resize(limit)

    @property
    def free(self) -> int:
        """Places where work can start now."""
        return self.limit + self._forgiven - len(self._runs)

    @property
    def running(self) -> int:
        """Runs that have not come back, those told to stop included."""
        return len(self._runs)

    def resize(self, limit: int) -> None:
        """Change the number of places; work that runs is left alone."""
        if limit < 1:
            raise ValueError(f"a pool needs 1 place or more, not {limit}")
        self.limit = limit

    def start(self, work: BlockingWork | AsyncWork, done: Done) -> "Run":
        """Run `work`; `done` is called on the loop, later, with the run and what became of it."""
        run = Run(self, CancelToken(), done)
        self._runs.add(run)
        self.launch(work, run)
        return run

    def stop(self, run: "Run") -> None:
        """Ask a run to stop. `done` is called all the same, when it has."""
        if run in self._runs:
            run.token.cancel()
            self._stopping.add(run)

    def land(self, run: "Run", outcome: Outcome[Any]) -> None:
        self._runs.discard(run)
        self._stopping.discard(run)
        run.done(run, outcome)

    @abstractmethod
    def launch(self, work: Any, run: "Run") -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Let go of what is idle; what still runs is left behind."""

    @property
    def _forgiven(self) -> int:
        return min(len(self._stopping), self.limit)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One try at one piece of work."""

    pool: Pool
    token: CancelToken
    done: Done


@dataclass(frozen=True, slots=True)
class _QueuedRun:
    work: BlockingWork
    run: Run


class WorkerPool(Pool):
    """Blocking work on threads of its own, started as they are needed.

    They are daemons: unlike those of `concurrent.futures` they never keep the interpreter from leaving, so work that
    is stuck for good in a system call costs a thread, not a hung editor.
    """

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        self._jobs: SimpleQueue[_QueuedRun | None] = SimpleQueue()
        self._threads = 0
        self._numbers = itertools.count(1)
        super().__init__(limit, loop)

    def resize(self, limit: int) -> None:
        super().resize(limit)
        self._trim()

    def launch(self, work: BlockingWork, run: Run) -> None:
        if self._threads < len(self._runs):
            try:
                self._hire()
            except RuntimeError as error:
                self._loop.call_soon(self.land, run, Outcome.failed(error))
                return
        self._jobs.put(_QueuedRun(work, run))

    def land(self, run: Run, outcome: Outcome[Any]) -> None:
        super().land(run, outcome)
        self._trim()

    def close(self) -> None:
        self.limit = 0
        self._trim()

    def _hire(self) -> None:
        """Start a thread.

        Raises:
            RuntimeError: the system has no more, and there is not one to fall back on.

        """
        name = f"weighbridge-worker-{next(self._numbers)}"
        try:
            threading.Thread(target=_serve, args=(self._jobs, self._loop), name=name, daemon=True).start()
        except RuntimeError:
            if self._threads == 0:
                raise
        else:
            self._threads += 1

    def _trim(self) -> None:
        """Send idle threads home that are not wanted any more."""
        idle = self._threads - len(self._runs)
        surplus = self._threads - self.limit - self._forgiven
        for _ in range(min(idle, surplus)):
            self._jobs.put(None)
            self._threads -= 1


def _serve(jobs: SimpleQueue[_QueuedRun | None], loop: asyncio.AbstractEventLoop) -> None:
    """Work until told to go home."""
    while (job := jobs.get()) is not None:
        outcome = _perform(job)
        try:
            loop.call_soon_threadsafe(job.run.pool.land, job.run, outcome)
        except RuntimeError:
            return  # The loop is closed: there is nobody left to tell, and no more work will come.
        del job, outcome  # An idle worker must not keep the last result alive.


def _perform(job: _QueuedRun) -> Outcome[Any]:
    try:
        job.run.token.raise_if_cancelled()
        value = job.work(job.run.token)
    except BaseException as error:  # noqa: BLE001  # whatever it is (pyo3's PanicException is no Exception), the worker lives on
        # The error's traceback holds this frame, and the job leads to what waits for the error.
        del job
        return Outcome.failed(error)
    if inspect.iscoroutine(value):
        value.close()
        return Outcome.failed(
            TypeError("a plain function returned a coroutine: submit the coroutine function itself")
        )
    return Outcome(value)


class CoroutinePool(Pool):
    """Work that waits rather than computes, on the loop: it has its own limit, so slow networks hold up no worker."""

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        self._tasks: dict[Run, asyncio.Task[Any]] = {}
        super().__init__(limit, loop)

    def launch(self, work: AsyncWork, run: Run) -> None:
        task = self._loop.create_task(_await(work, run.token))
        self._tasks[run] = task
        task.add_done_callback(partial(self._landed, run))

    def stop(self, run: Run) -> None:
        super().stop(run)
        if (task := self._tasks.get(run)) is not None:
            task.cancel()

    def close(self) -> None:
        """Nothing is idle here."""

    def _landed(self, run: Run, task: asyncio.Task[Any]) -> None:
        del self._tasks[run]
        if task.cancelled():
            self.land(run, Outcome(error=TaskCancelledError()))
        elif (error := task.exception()) is not None:
            self.land(run, Outcome.failed(error))
        else:
            self.land(run, Outcome(task.result()))


async def _await(work: AsyncWork, token: CancelToken) -> Any:
    return await work(token)


def default_workers() -> int:
    """Threads to use when nobody says: one for each core, at least 2."""
    return max(2, os.cpu_count() or 2)


def is_async(work: BlockingWork | AsyncWork) -> bool:
    """Whether it is a coroutine function, or an object that is called like one."""
    return inspect.iscoroutinefunction(work) or inspect.iscoroutinefunction(type(work).__call__)
