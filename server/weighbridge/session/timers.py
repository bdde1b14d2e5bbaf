"""Timers as the session uses them: the running loop's, or a test's."""

from collections.abc import Callable
from typing import Any, Protocol


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None: ...


class Timers(Protocol):
    """A clock with alarms; the event loop is one."""

    def time(self) -> float:
        """Seconds since any moment."""
        ...

    def call_later(self, delay: float, callback: Callable[..., object], /, *args: Any) -> Timer:
        """Call `callback` on the loop's thread after `delay` seconds."""
        ...
