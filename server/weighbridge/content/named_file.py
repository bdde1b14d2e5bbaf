"""A file that the user named on the command line: theirs to choose, so no policy, but only ordinary text files."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from weighbridge.content.decode import decoded
from weighbridge.content.policy import LONGEST_PATH, shown
from weighbridge.errors import Code, ReferenceFault

#: Bytes read at once.
_PIECE = 1 << 16


def read_named_file(path: Path) -> str:
    """The text of a file, whatever its size.

    Raises:
        ReferenceFault: it is not there, can't be read, is no ordinary file or no text; the message names it.
    """
    name = shown(os.fspath(path), LONGEST_PATH)
    try:
        # Without waiting: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise ReferenceFault(Code.NOT_FOUND, f"{name}: not found") from None
    except (OSError, ValueError) as error:
        raise ReferenceFault(Code.FAILED, f"{name}: can't be opened: {_reason(error)}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ReferenceFault(Code.NOT_TEXT, f"{name}: not an ordinary file")
        return "".join(decoded(_bytes(descriptor), name))
    except OSError as error:
        raise ReferenceFault(Code.FAILED, f"{name}: can't be read: {_reason(error)}") from error
    finally:
        os.close(descriptor)


def _bytes(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, _PIECE):
        yield piece


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
