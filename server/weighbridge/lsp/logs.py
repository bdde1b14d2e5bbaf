"""The server's log: standard error, written by a thread of its own, with nothing in it of what documents say.

Editors keep what a server writes to standard error, and some never read it: a full pipe must not stop the loop, so
what can't be written in time is dropped, and counted. A traceback says where and which error, not the error's message:
that may hold a piece of a document or a setting.
"""

import contextlib
import logging
import os
import queue
import sys
import threading
import traceback
from types import TracebackType
from typing import Final

#: Where to look, for messages to people.
PLACE: Final = "the server's log (its standard error)"

#: Lines that may wait for whoever reads standard error.
_MOST_WAITING = 10_000
#: Seconds that the last lines get to leave.
_SECONDS_TO_FLUSH = 1.0
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
#: These write whole requests, with what is in them.
_CHATTY = ("httpx", "httpcore", "pygls", "watchfiles")

_ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """Tracebacks without the errors' own words."""

    def formatException(self, ei: _ErrorInfo) -> str:  # noqa: N802  logging's name
        """Where it happened and what kind of error it is, causes first."""
        return "" if ei[1] is None else "\n".join(_error_lines(ei[1], set()))


def _error_lines(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    lines: list[str] = []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        lines += [*_error_lines(before, seen), "which led to:"]
    lines += [line.rstrip("\n") for line in traceback.format_tb(error.__traceback__)]
    lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            if id(member) not in seen:
                lines += [f"  {line}" for line in _error_lines(member, seen)]
    return lines


class ErrorStream(logging.Handler):
    """Writes to a file descriptor on a thread of its own; never waits for it."""

    def __init__(self, descriptor: int, most_waiting: int = _MOST_WAITING) -> None:
        """`most_waiting`: lines."""
        super().__init__()
        self._descriptor = descriptor
        self._lines: queue.Queue[str | None] = queue.Queue(most_waiting)
        self._dropped = 0
        self._counting = threading.Lock()
        # A daemon, and no Python file: a process that ends waits for neither the thread nor its lock.
        self._thread = threading.Thread(target=self._write, name="weighbridge-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        try:
            self._lines.put_nowait(self.format(record))
        except Exception:  # noqa: BLE001  full, or a record that can't be put in words: logging never fails its caller
            with self._counting:
                self._dropped += 1

    def close(self) -> None:
        """Write what waits, in a moment or never."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
            self._thread.join(_SECONDS_TO_FLUSH)
        super().close()

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            with self._counting:
                dropped, self._dropped = self._dropped, 0
            more = f"({dropped:,} lines were dropped: nobody read them)\n" if dropped else ""
            data = f"{more}{line}\n".encode("utf-8", "backslashreplace")
            with contextlib.suppress(OSError):
                while data:
                    data = data[os.write(self._descriptor, data) :]


def start(level: str, *, content: bool = False) -> None:
    """Log to standard error from here on. `content`: errors say all they have to say, texts of documents included."""
    handler = ErrorStream(sys.stderr.fileno())
    handler.setFormatter(logging.Formatter(_FORMAT) if content else Formatter(_FORMAT))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    threading.excepthook = _thread_failed


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    name = failed.thread.name if failed.thread is not None else "?"
    if failed.exc_value is not None:
        logging.getLogger(__name__).error("the thread %s failed", name, exc_info=failed.exc_value)
