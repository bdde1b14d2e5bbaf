"""The work room: background tasks with priorities, workers, retries and states. Knows nothing of what the work is."""

from weighbridge.work.batch import process
from weighbridge.work.cancel import CancelToken, TaskCancelledError
from weighbridge.work.clock import Clock, SystemClock
from weighbridge.work.manager import ClosedError, TaskManager
from weighbridge.work.outcome import Outcome, PanicError
from weighbridge.work.pool import default_workers
from weighbridge.work.queue import Priority, PriorityQueue
from weighbridge.work.retry import RetryPolicy, retry
from weighbridge.work.task import Task, TaskState, TaskStatus
from weighbridge.work.task_states import StatusListener

__all__ = [
    "CancelToken",
    "Clock",
    "ClosedError",
    "Outcome",
    "PanicError",
    "Priority",
    "PriorityQueue",
    "RetryPolicy",
    "StatusListener",
    "SystemClock",
    "Task",
    "TaskCancelledError",
    "TaskManager",
    "TaskState",
    "TaskStatus",
    "default_workers",
    "process",
    "retry",
]
