"""The log waits for nobody, and says nothing of what documents say."""

import logging
import os
import threading
from typing import Any

import pytest

from weighbridge.lsp.logs import ErrorStream, Formatter

SECRET = "a secret that only the document knows"


def record(text: str, *, error: BaseException | None = None) -> logging.LogRecord:
    found = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("test", logging.ERROR, __file__, 1, text, None, found)


def caught(raises: Any) -> BaseException:
    try:
        raises()
    except BaseException as error:  # noqa: BLE001  whatever it is
        return error
    raise AssertionError


def plain() -> None:
    raise ValueError(SECRET)


def caused() -> None:
    try:
        plain()
    except ValueError as error:
        raise KeyError(SECRET) from error


def in_another() -> None:
    try:
        plain()
    except ValueError:
        raise KeyError(SECRET)  # noqa: B904  that is what is tested


def grouped() -> None:
    raise ExceptionGroup(SECRET, [ValueError(SECRET), ExceptionGroup(SECRET, [OSError(SECRET)])])


def in_a_circle() -> None:
    one, two = ValueError(SECRET), KeyError(SECRET)
    one.__cause__, two.__cause__ = two, one
    raise one


@pytest.mark.parametrize(
    ("raises", "named"),
    [
        (plain, ["builtins.ValueError"]),
        (caused, ["builtins.ValueError", "which led to:", "builtins.KeyError"]),
        (in_another, ["builtins.ValueError", "which led to:", "builtins.KeyError"]),
        (
            grouped,
            ["builtins.ExceptionGroup", "builtins.ValueError", "builtins.ExceptionGroup", "builtins.OSError"],
        ),
        (in_a_circle, ["builtins.KeyError", "which led to:", "builtins.ValueError"]),
    ],
)
def test_tracebacks_name_errors_and_places_and_quote_nothing(raises: Any, named: list[str]) -> None:
    text = Formatter("%(message)s").format(record("it failed", error=caught(raises)))
    lines = [line.strip() for line in text.splitlines()]
    assert SECRET not in text
    assert lines[0] == "it failed"
    assert [line for line in lines if line.startswith(("builtins.", "which"))] == named
    assert f'File "{__file__}"' in text


def test_nobody_who_reads_it_stops_nobody() -> None:
    reader, writer = os.pipe()
    stream = ErrorStream(writer, most_waiting=10)
    for number in range(2000):
        stream.emit(record(f"{number} {'x' * 1000}"))
    # Somebody reads at last: what was kept comes whole and in order, with a word on the rest.
    found: list[bytes] = []

    def read() -> None:
        while data := os.read(reader, 65536):
            found.append(data)

    reading = threading.Thread(target=read)
    reading.start()
    stream._lines.put("the last")
    stream._lines.put(None)
    stream._thread.join()
    os.close(writer)
    reading.join()
    os.close(reader)
    lines = b"".join(found).decode().splitlines()
    numbers = [int(line.split()[0]) for line in lines if line.endswith(" " + "x" * 1000)]
    dropped = [
        int(line.split()[0][1:].replace(",", "")) for line in lines if line.endswith("nobody read them)")
    ]
    assert numbers == sorted(numbers)
    assert len(numbers) + sum(dropped) == 2000
    assert sum(dropped) > 1000
    assert lines[-1] == "the last"


def test_a_log_that_nobody_takes_is_given_up() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = ErrorStream(writer)
    stream.emit(record("unheard"))
    stream.emit(logging.LogRecord("test", logging.ERROR, __file__, 1, "%d", ("no number",), None))
    stream.close()
    assert not stream._thread.is_alive()
    os.close(writer)
