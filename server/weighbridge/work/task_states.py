"""The number of tasks in each state, and the listeners that hear of every change."""

import logging
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from typing import Any

from weighbridge.work.task import Task, TaskState, TaskStatus

StatusListener = Callable[[TaskStatus], None]

_log = logging.getLogger(__name__)


class TaskStates:
    """Every change of state passes through here."""

    def __init__(self) -> None:
        self._counts: Counter[TaskState] = Counter()
        self._listeners: list[StatusListener] = []
        self._news: deque[TaskStatus] = deque()
        self._telling = False

    def add(self, task: Task[Any]) -> None:
        """Put up a new task."""
        self._counts[task.state] += 1
        self._notify(task)

    def change(self, task: Task[Any], state: TaskState) -> None:
        """Move a task to another state."""
        self._counts[task.state] -= 1
        self._counts[state] += 1
        task.state = state
        self._notify(task)

    def counts(self) -> dict[TaskState, int]:
        """Count the tasks in each state: now for unfinished ones, from the beginning for finished ones."""
        return {state: self._counts[state] for state in TaskState}

    def listen(self, listener: StatusListener) -> Callable[[], None]:
        """Call `listener` at each change from now on; what is returned ends that."""
        self._listeners.append(listener)
        return partial(self._forget, listener)

    def _forget(self, listener: StatusListener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)

    def _notify(self, task: Task[Any]) -> None:
        """Pass the news on in order, though a listener may cause more of them."""
        if not self._listeners:
            return
        self._news.append(task.status())
        if self._telling:
            return
        self._telling = True
        try:
            while self._news:
                status = self._news.popleft()
                for listener in tuple(self._listeners):
                    self._call(listener, status)
        finally:
            self._telling = False

    def _call(self, listener: StatusListener, status: TaskStatus) -> None:
        try:
            listener(status)
        except Exception:  # noqa: BLE001  # a listener's fault must not stop the work
            _log.exception("A listener failed on task %r", status.key)
