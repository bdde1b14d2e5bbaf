"""A document of the command line: one that the user named, wherever it leads, or one that was found."""

import os
from collections.abc import Iterator
from pathlib import Path

from weighbridge import disk
from weighbridge.agents.text import decoded as as_agents_read
from weighbridge.content.base import Overlay
from weighbridge.content.decode import decoded, plain_text
from weighbridge.content.policy import LONGEST_PATH, is_inside, shown
from weighbridge.errors import Code, ReferenceFault

#: Bytes read at once.
_MOST_AT_ONCE = 1 << 20


def read_document(
    path: Path, within: Path | None, limit: int, overlay: Overlay | None = None, *, lenient: bool = False
) -> tuple[str, Path]:
    """The text of a file, or the one that is open in its place, and where it really is. `limit`: the setting `maxFileBytes`.

    `within`: the folder, every link followed, that it may not lead out of; None: the user named the file. `lenient`: what is
    no UTF-8 is U+FFFD, and a NUL is text, as agents read their context files.

    Raises:
        ReferenceFault: it is not there, can't be read, leads elsewhere, is no ordinary file, no text or larger than the
            limit; the message names it.
    """
    try:
        real = disk.followed(path)
        if within is not None and not is_inside(real, (within,)):
            raise ReferenceFault(Code.DENIED, f"{_name(path)}: leads out of {_name(within)}")
        opened = None if overlay is None else overlay.text_of(real)
        if opened is not None:
            text = "".join(opened[1])
            _check_size(path, len(text.encode("utf-8", "surrogatepass")), limit)
            return text, real
        with disk.opened(real) as (descriptor, status):
            _check_size(path, status.st_size, limit)
            data = b"".join(_bytes(descriptor, status.st_size))
    except FileNotFoundError:
        raise ReferenceFault(Code.NOT_FOUND, f"{_name(path)}: not found") from None
    except (IsADirectoryError, disk.NotOrdinaryError):
        raise ReferenceFault(Code.NOT_TEXT, f"{_name(path)}: not an ordinary file") from None
    except (OSError, ValueError) as error:
        raise ReferenceFault(Code.FAILED, f"{_name(path)}: can't be read: {_reason(error)}") from error
    plain = plain_text(data)
    if plain is None:
        plain = as_agents_read(data) if lenient else "".join(decoded((data,), _name(path)))
    return plain, real


def _check_size(path: Path, size: int, limit: int) -> None:
    """Raise ReferenceFault for a document of more bytes than the limit."""
    if size > limit:
        raise ReferenceFault(
            Code.TOO_LARGE,
            f"{_name(path)}: {size:,} bytes, more than the {limit:,} of weighbridge.maxFileBytes",
        )


def _bytes(descriptor: int, size: int) -> Iterator[bytes]:
    # At once, and one byte to see whether there is more by now.
    while piece := os.read(descriptor, min(size + 1, _MOST_AT_ONCE)):
        yield piece


def _name(path: Path) -> str:
    return shown(os.fspath(path), LONGEST_PATH)


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
