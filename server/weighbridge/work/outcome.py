"""What became of a piece of work, as a value: nothing is lost if nobody looks."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

from weighbridge.work.cancel import TaskCancelledError

T = TypeVar("T")


class PanicError(Exception):
    """Work ended in something that is no `Exception` (a Rust panic, `SystemExit`); `__cause__` is what it was.

    Wrapped, so that awaiting the task neither slips through `except Exception` nor ends the event loop.
    """


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """A value, or the error that stands in its place."""

    value: T | None = None
    error: Exception | None = None
    # As it was when the error arrived: each `raise` of the shared error would lengthen it.
    traceback: TracebackType | None = field(default=None, compare=False, repr=False)

    @classmethod
    def failed(cls, error: BaseException) -> Self:
        if isinstance(error, Exception):
            return cls(error=error, traceback=error.__traceback__)
        panic = PanicError(f"{type(error).__name__}: {error}")
        panic.__cause__ = error
        return cls(error=panic)

    @property
    def cancelled(self) -> bool:
        return isinstance(self.error, TaskCancelledError)

    def unwrap(self) -> T:
        """Give the value, or raise the error.

        Raises:
            TaskCancelledError: the work was cancelled.
            PanicError: it ended in something that is no `Exception`.
            Exception: whatever else it raised.

        """
        if self.error is not None:
            raise self.error.with_traceback(self.traceback)
        return cast("T", self.value)
