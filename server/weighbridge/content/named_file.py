"""A file that the user named on the command line: theirs to choose, so no policy, but only ordinary text files."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from weighbridge.content.decode import decoded, plain_text
from weighbridge.content.policy import LONGEST_PATH, shown
from weighbridge.errors import Code, ReferenceFault

#: Bytes read at once.
_MOST_AT_ONCE = 1 << 20
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_named_file(path: Path, most: int | None = None) -> str | None:
    """The text of a file, whatever its size; None if `most` is given, and it has more bytes than that.

    Raises:
        ReferenceFault: it is not there, can't be read, is no ordinary file or no text; the message names it.
    """
    try:
        # Without waiting: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, _OPEN_FLAGS)
    except FileNotFoundError:
        raise ReferenceFault(Code.NOT_FOUND, f"{_name(path)}: not found") from None
    except (OSError, ValueError) as error:
        raise ReferenceFault(Code.FAILED, f"{_name(path)}: can't be opened: {_reason(error)}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ReferenceFault(Code.NOT_TEXT, f"{_name(path)}: not an ordinary file")
        if most is not None and found.st_size > most:
            return None
        data = b"".join(_bytes(descriptor, found.st_size))
    except OSError as error:
        raise ReferenceFault(Code.FAILED, f"{_name(path)}: can't be read: {_reason(error)}") from error
    finally:
        os.close(descriptor)
    text = plain_text(data)
    return "".join(decoded((data,), _name(path))) if text is None else text


def _bytes(descriptor: int, size: int) -> Iterator[bytes]:
    # At once, and one byte to see whether there is more by now.
    while piece := os.read(descriptor, min(size + 1, _MOST_AT_ONCE)):
        yield piece


def _name(path: Path) -> str:
    return shown(os.fspath(path), LONGEST_PATH)


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
