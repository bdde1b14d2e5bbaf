"""Which files references may read, and how one is opened so that nothing else can slip in.

A path is checked three times: as written, before the disk is touched at all; with every link followed; and once more
on the open descriptor, since a link can be swapped between the check and the opening. Only ordinary files are opened:
a pipe would hang, a device might do anything, and `/proc` would give away the environment.
"""

import contextlib
import os
import re
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from weighbridge.content.base import Scope
from weighbridge.errors import Code, ReferenceFault, TransientFault

#: Bytes. Linux's own limit; other systems allow less and say so themselves.
LONGEST_PATH = 4096

_DRIVE_PATH = re.compile(r"[A-Za-z]:[\\/]" if os.name == "posix" else r"[A-Za-z]:")
_NETWORK_PATH = re.compile(r"[\\/]{2}")
# Kernel interfaces that look like files: never content, and some of them are secrets or never end.
_KERNEL_FOLDERS = tuple(map(Path, ("/proc", "/sys", "/dev"))) if os.name == "posix" else ()
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (an ordinary file system, recognised and not used here)
_DESCRIPTORS = Path("/proc/self/fd")
# Not every system has every flag; O_NONBLOCK keeps a pipe that replaced a file from hanging the opening.
_OPEN_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"):
    _OPEN_FLAGS |= getattr(os, _name, 0)
# Where a place can be named without opening what is there.
_PLACE_FLAGS = os.O_PATH | os.O_CLOEXEC if hasattr(os, "O_PATH") else None


@dataclass(frozen=True, slots=True)
class Place:
    """A path as written, made absolute, and the folders it may lie in. Nothing is known of it yet.

    `roots`: absolute folders. `base`: the folder of the file that names it, itself allowed. `name`: for people.
    """

    path: Path
    roots: tuple[Path, ...]
    base: Path | None
    name: str


def roots_of(scope: Scope) -> tuple[Path, ...]:
    """List the folders a scope's references may read: the workspace's, else the document's own, and `fileRoots`."""
    folders = scope.folders
    if not folders and scope.document is not None:
        folders = (scope.document.parent,)
    return _roots(folders, tuple(scope.settings.file_roots) if scope.settings.trusted else ())


@lru_cache(maxsize=64)
def named(roots: tuple[Path, ...]) -> str:
    """Name folders by one string: quick to compare and to hash, as parts of keys are again and again."""
    return "\0".join(map(os.fspath, roots))


@lru_cache(maxsize=64)
def _roots(folders: tuple[Path, ...], file_roots: tuple[str, ...]) -> tuple[Path, ...]:
    """Make the roots absolute, by their letters alone: the same for a thousand references."""
    roots = list(folders)
    for root in file_roots:
        path = Path(os.path.expanduser(root))  # noqa: PTH111  (Path.expanduser raises where there is no home)
        roots.extend([path] if path.is_absolute() else [folder / path for folder in folders])
    return tuple(Path(os.path.normpath(root)) for root in roots)


def place_of(target: str, base: Path | None, scope: Scope) -> Place:
    """Make a file target absolute, by its letters alone.

    Raises:
        ReferenceFault: it can't be a path here.
    """
    return _placed(target, base, roots_of(scope))


# Kept: a reference's place is asked for by its key, by what to watch, and when it is read.
@lru_cache(maxsize=4096)
def _placed(target: str, base: Path | None, roots: tuple[Path, ...]) -> Place:
    name = shown(target)
    if not target or "\0" in target:
        raise ReferenceFault(Code.NOT_FOUND, f"{name}: not a path")
    if _NETWORK_PATH.match(target):
        raise ReferenceFault(Code.DENIED, f"{name}: network paths are never read")
    if target == "~" or target.startswith(("~/", "~\\")):
        raise ReferenceFault(
            Code.DENIED,
            f"{name}: `~` is not expanded; write the path out and allow its folder in weighbridge.fileRoots",
        )
    if _DRIVE_PATH.match(target) and not Path(target).is_absolute():
        raise ReferenceFault(
            Code.DENIED, f"{name}: a drive's path; write it relative to this document, with `/`"
        )
    if base is None:
        base = roots[0] if roots else None
    if base is None and not Path(target).is_absolute():
        raise ReferenceFault(Code.NOT_FOUND, f"{name}: this document is in no folder on disk; save it in one")
    # Joined as strings: this runs on the loop, once for each reference.
    written = target if base is None else os.path.join(base, target)  # noqa: PTH118
    if len(written.encode("utf-8", "replace")) > LONGEST_PATH:
        raise ReferenceFault(Code.NOT_FOUND, f"{name}: longer than a path can be ({LONGEST_PATH:,} bytes)")
    path = Path(os.path.normpath(written))
    return Place(path, roots, base, _relative_name(path, roots) or name)


def shown(text: str, most: int = 120) -> str:
    """Show what a stranger wrote in a message: one line of printable characters, at most `most` of them."""
    line = text
    if not text.isprintable():
        line = "".join(
            character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
        )
    return line if len(line) <= most else f"{line[: most - 1]}…"


def real_path(place: Place) -> Path:
    """Follow every link of a place; the file itself need not exist.

    Raises:
        ReferenceFault: it lies or leads outside the folders that may be read.
    """
    real_roots = _real_roots(place)
    if not _within_letters(place, real_roots):
        raise ReferenceFault(
            Code.DENIED,
            f"{place.name}: outside the workspace's folders; allow its folder in weighbridge.fileRoots",
        )
    try:
        followed = _followed(place.path)
        real = place.path if followed == os.fspath(place.path) else Path(followed)
    except (OSError, ValueError) as error:
        raise ReferenceFault(Code.NOT_FOUND, f"{place.name}: not a path here") from error
    if not _inside(real, real_roots):
        raise ReferenceFault(
            Code.DENIED,
            f"{place.name}: a link leads outside the workspace's folders; "
            "allow where it leads in weighbridge.fileRoots",
        )
    if _inside(real, _KERNEL_FOLDERS) and not _inside(real, (_SHARED_MEMORY,)):
        raise ReferenceFault(Code.DENIED, f"{place.name}: part of the system, not an ordinary file")
    return real


def may_watch(place: Place) -> bool:
    """Tell by its letters whether a place may be looked at at all: what lies outside is not even watched.

    A look at a folder that a server mounts when it is asked for would be a connection.
    """
    return _within_letters(place, _real_folders(place.roots))


def status(place: Place, real: Path) -> os.stat_result:
    """Look at an allowed file without opening it.

    Raises:
        ReferenceFault: it isn't there, or is no ordinary file.
    """
    try:
        found = real.lstat()
    except (OSError, ValueError) as error:
        raise _fault_of(place, error) from error
    _check_ordinary(place, found)
    return found


@contextlib.contextmanager
def opened(place: Place, real: Path) -> Iterator[tuple[int, os.stat_result]]:
    """Open an allowed file: its descriptor, and what the system says of it. `real`: from `real_path`.

    Raises:
        ReferenceFault: it isn't there, is no ordinary file, or is not what was checked.
    """
    status(place, real)
    try:
        descriptor = os.open(real, _OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise _fault_of(place, error) from error
    try:
        found = os.fstat(descriptor)
        _check_ordinary(place, found)
        _check_descriptor(place, real, descriptor, found)
        yield descriptor, found
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def opened_folder(place: Place, real: Path) -> Iterator[tuple[int | Path, os.stat_result]]:
    """Open an allowed folder: what `os.scandir` takes, and what the system says of it. `real`: from `real_path`.

    Raises:
        ReferenceFault: it isn't there, is no folder, or is not what was checked.
    """
    try:
        found = real.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise ReferenceFault(Code.NOT_FOUND, f"{place.name}: not a folder")
        if os.scandir not in os.supports_fd:
            yield real, found
            return
        descriptor = os.open(real, _OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise _fault_of(place, error) from error
    try:
        found = os.fstat(descriptor)
        _check_descriptor(place, real, descriptor, found)
        yield descriptor, found
    finally:
        os.close(descriptor)


def changed_fault(place: Place) -> TransientFault:
    """Make the fault of a file that changed under the reader's hands."""
    return TransientFault(Code.FAILED, f"{place.name}: changed while it was read")


def _check_ordinary(place: Place, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ReferenceFault(Code.NOT_TEXT, f"{place.name}: a folder, not a file")
    if stat.S_ISLNK(found.st_mode):
        raise ReferenceFault(Code.NOT_FOUND, f"{place.name}: not found, its links lead in a circle")
    if not stat.S_ISREG(found.st_mode):
        raise ReferenceFault(Code.DENIED, f"{place.name}: a pipe or device, not an ordinary file")


def _check_descriptor(place: Place, real: Path, descriptor: int, found: os.stat_result) -> None:
    """Make sure that what was opened is what was checked: any folder on the way may have become a link since."""
    try:
        now = os.readlink(f"{_DESCRIPTORS}/{descriptor}")  # noqa: PTH115  (quicker)
    except OSError:
        # No such listing here: the path must still lead, without links, to the very file that is open.
        try:
            same = os.path.samestat(real.lstat(), found) and Path(os.path.realpath(real)) == real
        except OSError as error:
            raise changed_fault(place) from error
        if not same:
            raise changed_fault(place) from None
        return
    if now != os.fspath(real):
        if not _inside(Path(now), _real_roots(place)):
            raise ReferenceFault(Code.DENIED, f"{place.name}: leads outside the workspace's folders")
        raise changed_fault(place)


def _fault_of(place: Place, error: OSError | ValueError) -> ReferenceFault:
    if isinstance(error, PermissionError):
        return ReferenceFault(Code.FAILED, f"{place.name}: the system does not permit reading it")
    return ReferenceFault(Code.NOT_FOUND, f"{place.name}: not found")


def _within_letters(place: Place, real_roots: tuple[Path, ...]) -> bool:
    return (
        _inside(place.path, place.roots)
        or _inside(place.path, real_roots)
        or (place.base is not None and _below(place.path, place.base) is not None)
    )


def _all_followed(roots: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(Path(_followed(root)) for root in roots)


#: As `_real_roots`, once: a thousand references are asked about on the loop.
_real_folders = lru_cache(maxsize=64)(_all_followed)
#: `known`: what `_real_roots` found since `roots_stay` was entered, by thread.
_staying = threading.local()


@contextlib.contextmanager
def roots_stay() -> Iterator[None]:
    """Follow roots once for all that this thread looks at within: many files, one after the other, in no time."""
    before = getattr(_staying, "known", None)
    _staying.known = {}
    try:
        yield
    finally:
        _staying.known = before


def _real_roots(place: Place) -> tuple[Path, ...]:
    known: dict[tuple[Path, ...], tuple[Path, ...]] | None = getattr(_staying, "known", None)
    if known is None:
        return _all_followed(place.roots)
    if place.roots not in known:
        known[place.roots] = _all_followed(place.roots)
    return known[place.roots]


def _followed(path: Path) -> str:
    """As `os.path.realpath`; in one step, not one for each folder on the way, where the system knows how.

    Nothing is opened by it: such a descriptor stands for a place, and can't be read from.
    """
    if _PLACE_FLAGS is not None:
        try:
            descriptor = os.open(path, _PLACE_FLAGS)
            try:
                real = os.readlink(f"{_DESCRIPTORS}/{descriptor}")  # noqa: PTH115  (quicker)
            finally:
                os.close(descriptor)
        except (OSError, ValueError):
            pass  # not there, or no such listing: whatever it is, the long way tells
        else:
            if real.startswith("/") and not real.endswith(" (deleted)"):
                return real
    return os.path.realpath(path)


def _inside(path: Path, folders: tuple[Path, ...]) -> bool:
    """Whether a path is one of some folders, or in one: as `_below` says of each."""
    there = os.path.normcase(path)
    return any(there == folder or there.startswith(within) for folder, within in _written(folders))


# Kept: all references of a document ask about the same few folders.
@lru_cache(maxsize=256)
def _written(folders: tuple[Path, ...]) -> tuple[tuple[str, str], ...]:
    """Each folder as a string, and as what the paths of files in it begin with."""
    written = (os.path.normcase(folder) for folder in folders)
    return tuple((one, os.path.join(one, "")) for one in written)  # noqa: PTH118  (a string is wanted)


def _below(path: Path, folder: Path) -> str | None:
    """The path from a folder on; None if it isn't in it. As `Path.relative_to`, many times quicker."""
    there, above = os.fspath(path), os.fspath(folder)
    if os.path.normcase(there) == os.path.normcase(above):
        return "."
    if not above.endswith(os.sep):
        above += os.sep
    return there[len(above) :] if os.path.normcase(there).startswith(os.path.normcase(above)) else None


def _relative_name(path: Path, roots: tuple[Path, ...]) -> str | None:
    for root in roots:
        below = _below(path, root)
        if below is not None:
            return shown(below.replace(os.sep, "/"))
    return None
