"""The one way to open a file or folder that a stranger may have put there.

    real = followed(path)               # where it leads, every link followed: the caller says whether that may be read
    with opened(real) as (descriptor, status): …

Nothing but ordinary files and folders is opened: a pipe would hang, a device might do anything. And what was opened is
checked once more: any folder on the way may have been swapped for a link since the path was followed.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

#: What stands in a path, where it is written so, behind the folder that it may not lead out of.
WITHIN = "//"

_DESCRIPTORS = "/proc/self/fd"
# Not every system has every flag; O_NONBLOCK keeps a pipe that replaced a file from hanging the opening.
_OPEN_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
    _OPEN_FLAGS |= getattr(os, _name, 0)
# Where a place can be named without opening what is there.
_PLACE_FLAGS = os.O_PATH | os.O_CLOEXEC if hasattr(os, "O_PATH") else None


class NotOrdinaryError(OSError):
    """A pipe, a socket or a device in a file's place."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "not an ordinary file")


class SwappedError(OSError):
    """Something else than what the path led to before: it was replaced meanwhile."""

    def __init__(self) -> None:
        super().__init__(errno.EAGAIN, "replaced while it was opened")


def followed(path: Path) -> Path:
    """A path with every link on it followed, as `os.path.realpath`; what it names need not exist.

    Nothing is opened by it: such a descriptor stands for a place, and can't be read from. It takes one step, not one
    for each folder on the way, where the system knows how.

    Raises:
        OSError: too many links, or links in a circle.
        ValueError: no path can have this name.
    """
    real = _place_or_none(path)
    there, absent = os.fspath(path), ""
    while real is None and not os.path.lexists(there):
        # Not even a link is there: where its folder is it would be. Agents look for many such names.
        there, _, name = there.rpartition("/")
        if not there or name in {"", "..", "."}:
            break
        absent = f"/{name}{absent}"
        real = _place_or_none(there)
    if real is None or not real.startswith("/") or real.endswith(" (deleted)"):
        absent = ""
        try:
            real = os.path.realpath(path)
        except RecursionError:
            # Python follows link after link by calls within calls: somebody lengthened the chain just now.
            raise _too_many_links() from None
    if absent:
        real = real.rstrip("/") + absent
    return path if real == os.fspath(path) else Path(real)


def followed_or_same(path: Path) -> Path:
    """A path with every link on it followed; the path itself where it can't be."""
    try:
        return followed(path)
    except (OSError, ValueError):
        return path


def status(real: Path) -> os.stat_result:
    """What the system says of an ordinary file, without opening it. `real`: from `followed`.

    Raises:
        OSError: it isn't there, or is no ordinary file.
        ValueError: no path can have this name.
    """
    result = os.lstat(real)
    _check_ordinary(result)
    return result


@contextlib.contextmanager
def opened(real: Path) -> Iterator[tuple[int, os.stat_result]]:
    """An ordinary file's descriptor, and what the system says of it. `real`: from `followed`. Raises as `status`."""
    # Looked at before: opening a device may do something.
    status(real)
    descriptor = _open(real)
    try:
        result = os.fstat(descriptor)
        _check_ordinary(result)
        _check_descriptor(real, descriptor, result)
        yield descriptor, result
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def opened_in(folder: int | Path, name: str) -> Iterator[tuple[int, os.stat_result]]:
    """A file directly in a folder, as `opened`. `folder`: from `opened_folder`, which needs be checked once for all its files.

    Raises:
        OSError: as `opened`; `SwappedError` for a link, which may lead anywhere.
        ValueError: no path can have this name.
    """
    if isinstance(folder, Path):
        with opened(folder / name) as handle:
            yield handle
        return
    # Looked at before: opening a device may do something.
    _check_ordinary(os.stat(name, dir_fd=folder, follow_symlinks=False))
    descriptor = _open(name, folder)
    try:
        result = os.fstat(descriptor)
        _check_ordinary(result)
        yield descriptor, result
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def opened_folder(real: Path) -> Iterator[tuple[int | Path, os.stat_result]]:
    """What `os.scandir` takes for a folder, and what the system says of it. `real`: from `followed`.

    Raises:
        OSError: it isn't there, or is no folder.
        ValueError: no path can have this name.
    """
    result = real.lstat()
    if stat.S_ISLNK(result.st_mode):
        raise SwappedError
    if not stat.S_ISDIR(result.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder")
    if os.scandir not in os.supports_fd:
        yield real, result
        return
    descriptor = _open(real)
    try:
        result = os.fstat(descriptor)
        _check_descriptor(real, descriptor, result)
        yield descriptor, result
    finally:
        os.close(descriptor)


def _place_or_none(path: Path | str) -> str | None:
    """The real place of what is there; None where nothing is, or the long way must tell. Raises OSError for too many links."""
    try:
        return _place(path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _too_many_links() from None
        return None


def _place(path: Path | str) -> str | None:
    """The real place of what is there; None where the system has no way to tell at once."""
    if _PLACE_FLAGS is None:
        # For the error if there are too many links: the system counts them.
        os.stat(path)  # noqa: PTH116
        return None
    descriptor = os.open(path, _PLACE_FLAGS)
    try:
        return os.readlink(f"{_DESCRIPTORS}/{descriptor}")  # noqa: PTH115  (quicker)
    finally:
        os.close(descriptor)


def _open(real: Path | str, folder: int | None = None) -> int:
    try:
        return os.open(real, _OPEN_FLAGS, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            # A link by now; there were none on the way.
            raise SwappedError from error
        raise


def _check_ordinary(status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        # There were no links left on the way.
        raise SwappedError
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise NotOrdinaryError


def _check_descriptor(real: Path, descriptor: int, status: os.stat_result) -> None:
    """Make sure that what was opened is what the path led to."""
    try:
        same = os.readlink(f"{_DESCRIPTORS}/{descriptor}") == os.fspath(real)  # noqa: PTH115  (quicker)
    except OSError:
        # No such listing here: the path must still lead, without links, to the very file that is open.
        same = os.path.samestat(real.lstat(), status) and followed(real) == real
    if not same:
        raise SwappedError


def _too_many_links() -> OSError:
    return OSError(errno.ELOOP, "too many links")
