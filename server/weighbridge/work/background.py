"""A side of a task manager: the same workers, under names of its own; the less urgent side, unless told otherwise."""

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Protocol, TypeVar, overload

from weighbridge.work.cancel import CancelToken
from weighbridge.work.manager import TaskManager
from weighbridge.work.pool import AsyncWork, BlockingWork
from weighbridge.work.queue import Priority
from weighbridge.work.retry import RetryPolicy
from weighbridge.work.task import Task

T = TypeVar("T")


class Tasks(Protocol):
    """Who takes work: a task manager, or a side of one. See `TaskManager`."""

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

    def cancel(self, key: Hashable) -> bool: ...


class Background:
    """Work of one kind at one priority, LOW by default. `name` sets its keys apart from everybody else's."""

    def __init__(self, tasks: TaskManager, name: Hashable, priority: Priority = Priority.LOW) -> None:
        self._tasks = tasks
        self._name = name
        self._priority = priority

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
        priority: Priority = Priority.LOW,  # noqa: ARG002  whatever is asked for, this side has its own
        title: str = "",
        retry: RetryPolicy | None = None,
        join: bool = True,
    ) -> Task[Any]:
        """Ask for work, as `TaskManager.submit`."""
        return self._tasks.submit(
            (self._name, key), work, priority=self._priority, title=title, retry=retry, join=join
        )

    def cancel(self, key: Hashable) -> bool:
        """Call work off, as `TaskManager.cancel`."""
        return self._tasks.cancel((self._name, key))
