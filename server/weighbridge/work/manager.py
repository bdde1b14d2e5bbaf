"""The task manager: work is submitted, watched and cancelled here."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Hashable, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar, cast, overload

from weighbridge.work.cancel import CancelToken, TaskCancelledError
from weighbridge.work.clock import Clock, SystemClock
from weighbridge.work.lane import Lane, Unfinished
from weighbridge.work.outcome import Outcome
from weighbridge.work.pool import (
    AsyncWork,
    BlockingWork,
    CoroutinePool,
    Run,
    WorkerPool,
    default_workers,
    is_async,
)
from weighbridge.work.queue import Priority
from weighbridge.work.retry import RetryPolicy
from weighbridge.work.task import Task, TaskState
from weighbridge.work.task_states import StatusListener, TaskStates

T = TypeVar("T")


class ClosedError(RuntimeError):
    """Work was submitted after the manager was closed."""


class TaskManager:
    """Runs submitted work in the background, the most urgent first, one task per key.

    Plain functions run on daemon threads (`workers` at a time), coroutine functions on the loop (`coroutines` at a
    time). All methods are for the loop's thread. Nothing starts before the loop's next turn, so what is submitted
    together is ordered by priority, not by luck.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        coroutines: int = 16,
        patience: int = 8,
        clock: Clock | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """`workers`, `coroutines`: runs at a time, 1 or more; None: one worker per core, at least 2. `patience`: see
        `PriorityQueue`. `loop`: the running one by default.
        """
        self._loop = asyncio.get_running_loop() if loop is None else loop
        self._thread = threading.get_ident()
        self._clock: Clock = SystemClock() if clock is None else clock
        pool = WorkerPool(default_workers() if workers is None else workers, self._loop)
        self._blocking: Lane = Lane(pool, patience)
        self._waiting: Lane = Lane(CoroutinePool(coroutines, self._loop), patience)
        self._entries: dict[Hashable, Unfinished] = {}
        self._states = TaskStates()
        self._dispatching = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._landed_all = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    # -- asking for work ------------------------------------------------------------------------------------------

    @overload
    def submit(
        self,
        key: Hashable,
        work: Callable[[CancelToken], Coroutine[Any, Any, T]],
        *,
        priority: Priority = ...,
        title: str = ...,
        retry: RetryPolicy | None = ...,
        join: bool = ...,
    ) -> Task[T]: ...

    @overload
    def submit(
        self,
        key: Hashable,
        work: Callable[[CancelToken], T],
        *,
        priority: Priority = ...,
        title: str = ...,
        retry: RetryPolicy | None = ...,
        join: bool = ...,
    ) -> Task[T]: ...

    def submit(
        self,
        key: Hashable,
        work: BlockingWork | AsyncWork,
        *,
        priority: Priority = Priority.MEDIUM,
        title: str = "",
        retry: RetryPolicy | None = None,
        join: bool = True,
    ) -> Task[Any]:
        """Ask for work; returns at once.

        If the key has an unfinished task, that task is what is returned, at the more urgent of both priorities. With
        `join` it goes on as it is. Without, `work` replaces what it was to do: whoever waits for it gets the newer
        result, a run under way is told to stop and its result dropped (it may overlap with the newer run while it
        comes to a stop), and tries are counted anew.

        Raises:
            ClosedError: the manager is closed.

        """
        self._check_thread()
        if self._closed:
            raise ClosedError(f"no work is taken any more: {key!r}")
        lane = self._waiting if is_async(work) else self._blocking
        entry = self._entries.get(key)
        if entry is None:
            task = Task[Any](key, priority, title, self._clock.now())
            entry = self._entries[key] = Unfinished(task, work, retry, lane)
            self._idle.clear()
            entry.enqueue()
            self._dispatch_soon()
            self._states.add(task)
        elif join:
            self.raise_priority(key, priority)
        else:
            entry.replace(work, retry, lane)
            entry.task.renew(priority, title)
            entry.enqueue()
            self._dispatch_soon()
            self._states.change(entry.task, TaskState.QUEUED)
        return entry.task

    def submit_batch(
        self,
        work: Iterable[
            tuple[Hashable, Callable[[CancelToken], T] | Callable[[CancelToken], Coroutine[Any, Any, T]]]
        ],
        *,
        priority: Priority = Priority.LOW,
        title: str = "",
    ) -> list[Task[T]]:
        """`submit` for many (key, work) pairs; the tasks in their order, one task several times if keys repeat."""
        return [
            cast("Task[T]", self.submit(key, function, priority=priority, title=title))
            for key, function in work
        ]

    async def await_batch(self, tasks: Iterable[Task[T]]) -> list[Outcome[T]]:
        """Wait until all are finished: what became of each, in order. One's failure leaves the others alone."""
        return [await task.outcome() for task in tasks]

    # -- changing one's mind --------------------------------------------------------------------------------------

    def raise_priority(self, key: Hashable, priority: Priority) -> bool:
        """Make unfinished work more urgent; False if there is none, or it is as urgent already."""
        entry = self._entries.get(key)
        if entry is None or priority >= entry.task.priority:
            return False
        self._check_thread()
        entry.task.priority = priority
        entry.lane.queue.move(key, priority)
        return True

    def cancel(self, key: Hashable) -> bool:
        """Call work off; False if there is none unfinished. Whoever waits gets `TaskCancelledError` now; a run under
        way is told to stop, and what it still returns is dropped.
        """
        self._check_thread()
        entry = self._entries.get(key)
        if entry is None:
            return False
        entry.withdraw()
        self._dispatch_soon()  # Its place may be free now.
        self._finish(entry, TaskState.CANCELLED, Outcome(error=TaskCancelledError(f"cancelled: {key!r}")))
        return True

    def cancel_where(self, predicate: Callable[[Task[Any]], bool]) -> int:
        """Cancel every unfinished task the predicate holds for; how many."""
        keys = [key for key, entry in self._entries.items() if predicate(entry.task)]
        return sum(self.cancel(key) for key in keys)

    def resize(self, *, workers: int | None = None, coroutines: int | None = None) -> None:
        """Change how many runs there are at a time, now; runs under way are left alone."""
        self._check_thread()
        if workers is not None:
            self._blocking.pool.resize(workers)
        if coroutines is not None:
            self._waiting.pool.resize(coroutines)
        self._dispatch_soon()

    # -- looking --------------------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Nothing is queued, running or to be retried."""
        return not self._entries

    async def wait_idle(self) -> None:
        """Wait until there is a moment with nothing to do."""
        while self._entries:
            await self._idle.wait()

    def counts(self) -> dict[TaskState, int]:
        """Tasks in each state: now for unfinished ones, since the manager began for finished ones."""
        return self._states.counts()

    def on_change(self, listener: StatusListener) -> Callable[[], None]:
        """Call `listener` on the loop at each change of state, in order; returns what ends that.

        It is called for every single change and must be quick: to collect changes is the listener's own business.
        """
        return self._states.listen(listener)

    # -- the end --------------------------------------------------------------------------------------------------

    async def aclose(self, timeout: float = 2.0) -> int:  # noqa: ASYNC109  # the injected clock keeps it, not asyncio's
        """Take no more work, cancel what there is, and wait up to `timeout` seconds for runs to stop.

        Returns how many did not: their threads are left behind and do not keep the interpreter from leaving.
        """
        self._check_thread()
        self._closed = True
        self.cancel_where(lambda _task: True)
        self._landed_all.clear()
        if self._under_way():
            waiters = {
                asyncio.ensure_future(self._landed_all.wait()),
                asyncio.ensure_future(self._clock.sleep(timeout)),
            }
            try:
                await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiter in waiters:
                    waiter.cancel()
                await asyncio.gather(*waiters, return_exceptions=True)
        await asyncio.sleep(0)  # One turn for cancelled naps to end, should the loop be closed next.
        self._blocking.pool.close()
        self._waiting.pool.close()
        return self._under_way()

    # -- how it goes on -------------------------------------------------------------------------------------------

    def _dispatch_soon(self) -> None:
        if not self._dispatching:
            self._dispatching = True
            self._loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._dispatching = False
        for lane in (self._blocking, self._waiting):
            while (entry := lane.start_next(self._landed)) is not None:
                entry.task.begin(self._clock.now())
                self._states.change(entry.task, TaskState.RUNNING)

    def _landed(self, entry: Unfinished, run: Run, outcome: Outcome[Any]) -> None:
        self._dispatch_soon()
        if not self._under_way():
            self._landed_all.set()
        if entry.run is not run:
            return  # Cancelled or replaced meanwhile: nobody waits for this.
        entry.run = None
        if outcome.error is None:
            self._finish(entry, TaskState.DONE, outcome)
        elif outcome.cancelled:
            self._finish(entry, TaskState.CANCELLED, outcome)
        else:
            self._failed(entry, outcome, outcome.error)

    def _failed(self, entry: Unfinished, outcome: Outcome[Any], error: Exception) -> None:
        task = entry.task
        try:
            delay = None if entry.retry is None else entry.retry.delay_after(task.attempts, error)
        except Exception as fault:  # noqa: BLE001  # a faulty exception filter must not leave the task running for ever
            delay, outcome = None, Outcome.failed(fault)
        if delay is None:
            self._finish(entry, TaskState.FAILED, outcome)
            return
        task.error = error
        entry.nap = self._loop.create_task(self._again_after(entry, delay))
        self._states.change(task, TaskState.RETRYING)

    async def _again_after(self, entry: Unfinished, delay: float) -> None:
        await self._clock.sleep(delay)
        entry.nap = None
        entry.enqueue()
        self._dispatch_soon()
        self._states.change(entry.task, TaskState.QUEUED)

    def _finish(self, entry: Unfinished, state: TaskState, outcome: Outcome[Any]) -> None:
        task = entry.task
        del self._entries[task.key]
        if not self._entries:
            self._idle.set()
        task.finish(outcome, self._clock.now())
        self._states.change(task, state)

    def _under_way(self) -> int:
        return self._blocking.pool.running + self._waiting.pool.running

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("a task manager is handled from its loop's thread only")
