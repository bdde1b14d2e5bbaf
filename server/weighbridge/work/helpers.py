"""Helper processes that share this one's work, because the interpreter's lock lets only one thread compute at a time.

    questions, by number ──▶ one pipe ──▶ whichever helper is free ──▶ a pipe of its own ──▶ answers, as they come

Helpers are forked: they begin with all that this process has loaded, at once. **Only a process of one thread may do that**: of
others a fork takes along the locks they hold, and not them. A helper leaves when there are no more questions, or when the
other ends of its pipes are closed, whatever became of whoever held them. What one was at when it was killed stays unanswered,
and whoever asked is told so.

`concurrent.futures` with processes would do for a third of these lines, but its workers stay when their parent is killed
(tried with Python 3.11: both of two), and one of them that is killed takes along all that waits.
"""

import asyncio
import gc
import logging
import multiprocessing
import os
import pickle
import signal
import struct
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

logger = logging.getLogger(__name__)

A = TypeVar("A")

Answering = Callable[[], AbstractContextManager[Callable[[int], A]]]
"""What a helper is for: entered in its process, gives what answers questions, and is left before the process ends."""

PATIENCE: Final = 10.0
"""Seconds that a helper gets to leave when it is told to."""

_THREADS: Final = Path("/proc/self/task")
_NUMBER: Final = struct.Struct("=I")


def can_fork() -> bool:
    """Whether this process may have helpers: it has one thread, as far as the system knows, and the system tells."""
    return sys.platform == "linux" and _THREADS.is_dir() and len(list(_THREADS.iterdir())) == 1


class Helpers(Generic[A]):
    """Some of them, at work on questions 0 to `questions` - 1. For the loop's thread."""

    def __init__(self, questions: int) -> None:
        self._unanswered = set(range(questions))
        self._waiting = iter(range(questions))
        self._next = next(self._waiting, None)
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._helpers: list[tuple[ForkProcess, Connection]] = []
        self._answers: deque[tuple[int, A]] = deque()
        self._gone = 0
        self._news = asyncio.Event()
        self._fill()

    def __len__(self) -> int:
        """How many helpers there are."""
        return len(self._helpers)

    @property
    def unanswered(self) -> list[int]:
        """Questions nobody has answered: once there are no more answers, those whose helper was killed."""
        return sorted(self._unanswered)

    async def answers(self) -> AsyncIterator[tuple[int, A]]:
        """Give each question with its answer as they come, in any order, until all are there or all helpers are gone. Once."""
        loop = asyncio.get_running_loop()
        readers = {connection.fileno(): connection for _, connection in self._helpers}
        for descriptor, connection in readers.items():
            loop.add_reader(descriptor, self._take, connection)
        try:
            while True:
                while self._answers:
                    yield self._answers.popleft()
                if not self._unanswered or self._gone == len(self._helpers):
                    return
                self._news.clear()
                await self._news.wait()
        finally:
            for descriptor in readers:
                loop.remove_reader(descriptor)

    def _take(self, connection: Connection) -> None:
        """Take an answer; called when there is something to read."""
        try:
            number, answer = connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            asyncio.get_running_loop().remove_reader(connection.fileno())
            self._gone += 1
        else:
            self._unanswered.discard(number)
            self._answers.append((number, answer))
            self._fill()
        self._news.set()

    def _fill(self) -> None:
        """Put questions into the pipe, as many as it takes; with the last one it is closed."""
        # Broken: there is no helper left to read them, of which `_take` will hear.
        with suppress(BlockingIOError, BrokenPipeError):
            while self._next is not None:
                os.write(self._writing, _NUMBER.pack(self._next))
                self._next = next(self._waiting, None)
            self._close_questions()

    def _close_questions(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1

    # Their processes

    def fork(self, count: int, answering: Answering[A]) -> None:
        """Fork so many; fewer where the system gives no more."""
        context = multiprocessing.get_context("fork")
        # What is loaded by now is no garbage: no helper's collector looks through it, and its memory stays shared.
        gc.freeze()
        for _ in range(count):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=self._serve, args=(answering, ours, theirs), daemon=True)
            try:
                process.start()
            except OSError as error:
                logger.info("no more helpers than %d: %s", len(self), error)
                ours.close()
                break
            finally:
                theirs.close()
            self._helpers.append((process, ours))
        os.close(self._reading)

    def _serve(self, answering: Answering[A], theirs: Connection, ours: Connection) -> None:
        """Answer until there is nothing more to: the helper's whole life."""
        # Held open here, they would keep this helper and those before it from ever hearing that nobody is there.
        self._close_questions()
        for connection in (theirs, *(connection for _, connection in self._helpers)):
            connection.close()
        # The terminal sends it to all its processes; whoever asks decides what becomes of it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with suppress(BrokenPipeError), answering() as answer:
            # So few bytes come at once or not at all, however many read.
            while packed := os.read(self._reading, _NUMBER.size):
                (number,) = _NUMBER.unpack(packed)
                ours.send((number, answer(number)))

    def terminate(self) -> None:
        """Have them stop at once: nobody waits for what they are at."""
        for process, _ in self._helpers:
            process.terminate()

    def close(self) -> None:
        """Let them go, and wait until they are gone."""
        gc.unfreeze()
        self._close_questions()
        for _, connection in self._helpers:
            connection.close()
        for process, _ in self._helpers:
            process.join(PATIENCE)
            if process.is_alive():
                logger.warning("process %s does not leave, and is killed", process.pid)
                process.kill()
                process.join()
            process.close()


@contextmanager
def helpers(count: int, questions: int, answering: Answering[A]) -> Iterator[Helpers[A]]:
    """Have so many helpers answer questions; they begin at once, and are gone afterwards.

    Raises:
        RuntimeError: there are threads: see `can_fork`.

    """
    if not can_fork():
        raise RuntimeError("a process with several threads can't be forked")
    crew = Helpers[Any](questions)
    try:
        crew.fork(count, answering)
        yield crew
    except BaseException:
        crew.terminate()
        raise
    finally:
        crew.close()
