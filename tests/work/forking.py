"""python -m tests.work.forking SCENARIO: helpers at work in a process that has one thread, as pytest's may not have. Prints JSON."""

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.patience import HANGS_AFTER

from weighbridge.work.helpers import Helpers, can_fork, helpers

_both = multiprocessing.get_context("fork").Barrier(2)


def square(number: int) -> tuple[int, int]:
    return os.getpid(), number * number


def together(number: int) -> tuple[int, int]:
    """Questions 0 and 1 are answered at the same time, or not at all."""
    if number < 2:
        _both.wait(HANGS_AFTER)
    return square(number)


def killed(number: int) -> tuple[int, int]:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return together(number)


def deadly(number: int) -> tuple[int, int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return square(number)


def faulty(number: int) -> tuple[int, int]:
    if number == 3:
        raise ValueError("three")
    return together(number)


def heavy(number: int) -> bytes:
    """More than a pipe takes at once."""
    return bytes([number]) * 1_000_000


async def _collected(made: Helpers[Any]) -> dict[str, Any]:
    answers = {number: answer async for number, answer in made.answers()}
    squares = {number: answer[1] for number, answer in answers.items()}
    return {
        "numbers": sorted(answers),
        "right": all(squares[number] == number * number for number in squares),
        "processes": len({answer[0] for answer in answers.values()}),
        "unanswered": made.unanswered,
        "helpers": len(made),
    }


def work_off(count: int, questions: int, answer: Callable[[int], Any]) -> dict[str, Any]:
    with helpers(count, questions, lambda: nullcontext(answer)) as made:
        return asyncio.run(_collected(made))


def left() -> dict[str, Any]:
    """What the helpers enter is left in each of them, with the last question answered."""
    reading, writing = os.pipe()

    @contextmanager
    def answering() -> Iterator[Callable[[int], Any]]:
        yield together
        os.write(writing, b"left ")

    with helpers(2, 10, answering) as made:
        asyncio.run(_collected(made))
    os.close(writing)
    return {"said": os.read(reading, 100).decode()}


def sizes() -> dict[str, Any]:
    with helpers(2, 20, lambda: nullcontext(heavy)) as made:

        async def collected() -> list[bool]:
            return [answer == heavy(number) async for number, answer in made.answers()]

        return {"answers": asyncio.run(collected())}


def none_to_be_had() -> dict[str, Any]:
    def start(_process: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with patch("multiprocessing.process.BaseProcess.start", start):
        return work_off(2, 5, square)


def threaded() -> dict[str, Any]:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        work_off(2, 5, square)
    except RuntimeError as error:
        return {"can_fork": can_fork(), "said": str(error)}
    finally:
        over.set()
        thread.join()
    return {}


def abandoned() -> None:
    """This process is killed while its helpers are at work; they hold its output open as long as they live."""

    def answer(number: int) -> int:
        if number < 2:
            _both.wait(HANGS_AFTER)
        else:
            os.kill(os.getppid(), signal.SIGKILL)
        return number

    work_off(2, 100_000, answer)


def left_early() -> dict[str, Any]:
    """Whoever asked has enough: helpers end though they never would by themselves."""

    def wait_for_ever(_number: int) -> bool:
        return threading.Event().wait()

    pids: list[int | None] = []
    with suppress(KeyError), helpers(2, 10, lambda: nullcontext(wait_for_ever)) as made:
        pids += [process.pid for process, _ in made._helpers]
        raise KeyError("enough")
    return {"helpers": len(pids), "alive": [pid for pid in pids if Path(f"/proc/{pid}").exists()]}


SCENARIOS: dict[str, Callable[[], Any]] = {
    "shared": lambda: work_off(2, 50, together),
    "many": lambda: work_off(2, 100_000, together),
    "no questions": lambda: work_off(2, 0, square),
    "killed": lambda: work_off(2, 50, killed),
    "all killed": lambda: work_off(2, 100_000, deadly),
    "faulty": lambda: work_off(2, 50, faulty),
    "left": left,
    "sizes": sizes,
    "none to be had": none_to_be_had,
    "threaded": threaded,
    "abandoned": abandoned,
    "left early": left_early,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENARIOS[sys.argv[1]]()))
