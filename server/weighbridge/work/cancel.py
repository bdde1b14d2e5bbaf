"""Cancellation of running work."""


class TaskCancelledError(Exception):
    """The task was cancelled. Not `asyncio.CancelledError`: whoever awaits the task was not cancelled itself."""


class CancelToken:
    """A flag that goes up once and stays up. Any thread may raise it, any thread may look.

    It is handed to every callable that runs as a task; long loops look at it between pieces. A bare attribute is
    enough: it has one writer's value ever, and reading it costs next to nothing.
    """

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        self._cancelled = True

    def raise_if_cancelled(self) -> None:
        """Stop here if nobody wants the result any more.

        Raises:
            TaskCancelledError: the flag is up.

        """
        if self._cancelled:
            raise TaskCancelledError
