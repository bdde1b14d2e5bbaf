"""Documents of the command line: files that the user named, wherever they lead, or that were found."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Self

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
    """As `DocumentFiles.read`, for one file."""
    with DocumentFiles(overlay) as files:
        return files.read(path, within, limit, lenient=lenient)


class DocumentFiles:
    """Documents' files, read one after the other; a context manager, at whose end the last one's folder is closed.

    What leads to a folder is followed and checked once for files of it that come together: reading one takes 25 µs so, and
    58 alone. `overlay`: texts that are open in files' places.
    """

    def __init__(self, overlay: Overlay | None = None) -> None:
        self._overlay = overlay
        self._closing = ExitStack()
        self._folder: tuple[str, Path, int | Path] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, path: Path, within: Path | None, limit: int, *, lenient: bool = False) -> tuple[str, Path]:
        """The text of a file, or the one that is open in its place, and where it really is. `limit`: the setting `maxFileBytes`.

        `within`: the folder, every link followed, that it may not lead out of; None: the user named the file. `lenient`: what is
        no UTF-8 is U+FFFD, and a NUL is text, as agents read their context files.

        Raises:
            ReferenceFault: it is not there, can't be read, leads elsewhere, is no ordinary file, no text or larger than the
                limit; the message names it.
        """
        try:
            real, data = self._read(path, within, limit)
        except FileNotFoundError:
            raise ReferenceFault(Code.NOT_FOUND, f"{_name(path)}: not found") from None
        except (IsADirectoryError, disk.NotOrdinaryError):
            raise ReferenceFault(Code.NOT_TEXT, f"{_name(path)}: not an ordinary file") from None
        except (OSError, ValueError) as error:
            raise ReferenceFault(Code.FAILED, f"{_name(path)}: can't be read: {_reason(error)}") from error
        if isinstance(data, str):
            return data, real
        plain = plain_text(data)
        if plain is None:
            plain = as_agents_read(data) if lenient else "".join(decoded((data,), _name(path)))
        return plain, real

    def _read(self, path: Path, within: Path | None, limit: int) -> tuple[Path, str | bytes]:
        above, name = os.path.split(path)
        folder = self._folder_at(above)
        if folder is not None:
            written, real_folder, opened = folder
            real = path if written == os.fspath(real_folder) else real_folder / name
            # A link is no ordinary file.
            with suppress(disk.SwappedError):
                return real, self._data(path, real, within, limit, disk.opened_in(opened, name))
        real = disk.followed(path)
        return real, self._data(path, real, within, limit, disk.opened(real))

    def _data(
        self,
        path: Path,
        real: Path,
        within: Path | None,
        limit: int,
        opening: AbstractContextManager[tuple[int, os.stat_result]],
    ) -> str | bytes:
        if within is not None and not is_inside(real, (within,)):
            raise ReferenceFault(Code.DENIED, f"{_name(path)}: leads out of {_name(within)}")
        document = None if self._overlay is None else self._overlay.text_of(real)
        if document is not None:
            text = "".join(document[1])
            _check_size(path, len(text.encode("utf-8", "surrogatepass")), limit)
            return text
        with opening as (descriptor, status):
            _check_size(path, status.st_size, limit)
            return b"".join(_bytes(descriptor, status.st_size))

    def _folder_at(self, path: str) -> tuple[str, Path, int | Path] | None:
        """A folder: as written, with every link followed, and open. None where it can't be: its files may be read all the same."""
        if self._folder is None or self._folder[0] != path:
            self._close()
            try:
                real = disk.followed(Path(path))
                opened, _ = self._closing.enter_context(disk.opened_folder(real))
            except (OSError, ValueError):
                return None
            self._folder = path, real, opened
        return self._folder

    def _close(self) -> None:
        self._folder = None
        self._closing.close()


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
