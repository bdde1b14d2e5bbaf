"""Which files references may read, and how one is opened so that nothing else can slip in.

A path is checked three times: as written, before the disk is touched at all; with every link followed; and once more
on the open descriptor (`disk`). Of what is inside, `/proc` is never read: it would give away the environment.
"""

import contextlib
import errno
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from weighbridge import disk
from weighbridge.content.base import Scope
from weighbridge.errors import Code, ReferenceFault, TransientFault

#: Bytes. Linux's own limit; other systems allow less and say so themselves.
LONGEST_PATH = 4096

_DRIVE_PATH = re.compile(r"[A-Za-z]:[\\/]" if os.name == "posix" else r"[A-Za-z]:")
_NETWORK_PATH = re.compile(r"[\\/]{2}")
# Kernel interfaces that look like files: never content, and some of them are secrets or never end.
_KERNEL_FOLDERS = tuple(map(Path, ("/proc", "/sys", "/dev"))) if os.name == "posix" else ()
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (an ordinary file system, recognised and not used here)
_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL})


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A path as written, made absolute, and the folders it may lie in. Nothing is known of it yet.

    `roots`: absolute folders. `name`: for people.
    """

    path: Path
    roots: tuple[Path, ...]
    name: str


def roots_of(scope: Scope) -> tuple[Path, ...]:
    """List the folders a scope's references may read: its own, and `fileRoots`."""
    return _roots(scope.folders, tuple(scope.settings.file_roots) if scope.settings.trusted else ())


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


def place_of(target: str, base: Path | None, scope: Scope) -> FilePlace:
    """Make a file target absolute, by its letters alone.

    Raises:
        ReferenceFault: it can't be a path here.
    """
    return _placed(target, base, roots_of(scope))


# Kept: a reference's place is asked for by its key, by what to watch, and when it is read.
@lru_cache(maxsize=4096)
def _placed(target: str, base: Path | None, roots: tuple[Path, ...]) -> FilePlace:
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
    return FilePlace(path, roots, _relative_name(path, roots) or name)


def shown(text: str, most: int = 120) -> str:
    """Show what a stranger wrote in a message: one line of printable characters, at most `most` of them."""
    line = text
    if not text.isprintable():
        line = "".join(
            character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
        )
    return line if len(line) <= most else f"{line[: most - 1]}…"


def real_path(place: FilePlace) -> Path:
    """Follow every link of a place; the file itself need not exist.

    Raises:
        ReferenceFault: it lies or leads outside the folders that may be read.
    """
    real_roots = _real_roots(place)
    if not _within_letters(place, real_roots):
        raise ReferenceFault(
            Code.DENIED,
            f"{place.name}: outside the workspace's folders and the document's own; "
            "allow its folder in weighbridge.fileRoots",
        )
    with _system_errors_as_faults(place):
        real = disk.followed(place.path)
    if not is_inside(real, real_roots):
        raise ReferenceFault(
            Code.DENIED,
            f"{place.name}: a link leads outside the workspace's folders and the document's own; "
            "allow where it leads in weighbridge.fileRoots",
        )
    if is_inside(real, _KERNEL_FOLDERS) and not is_inside(real, (_SHARED_MEMORY,)):
        raise ReferenceFault(Code.DENIED, f"{place.name}: part of the system, not an ordinary file")
    return real


def may_watch(place: FilePlace) -> bool:
    """Tell by its letters whether a place may be looked at at all: what lies outside is not even watched.

    A look at a folder that a server mounts when it is asked for would be a connection.
    """
    return _within_letters(place, _real_folders(place.roots))


def status(place: FilePlace, real: Path) -> os.stat_result:
    """Look at an allowed file without opening it.

    Raises:
        ReferenceFault: it isn't there, or is no ordinary file.
    """
    with _system_errors_as_faults(place):
        return disk.status(real)


@contextlib.contextmanager
def opened(place: FilePlace, real: Path) -> Iterator[tuple[int, os.stat_result]]:
    """Open an allowed file: its descriptor, and what the system says of it. `real`: from `real_path`.

    Raises:
        ReferenceFault: it isn't there, is no ordinary file, is not what was checked, or can't be read.
    """
    with _system_errors_as_faults(place), disk.opened(real) as handle:
        yield handle


@contextlib.contextmanager
def opened_folder(place: FilePlace, real: Path) -> Iterator[tuple[int | Path, os.stat_result]]:
    """Open an allowed folder: what `os.scandir` takes, and what the system says of it. `real`: from `real_path`.

    Raises:
        ReferenceFault: it isn't there, is no folder, is not what was checked, or can't be read.
    """
    with _system_errors_as_faults(place), disk.opened_folder(real) as handle:
        yield handle


def changed_fault(place: FilePlace) -> TransientFault:
    """Make the fault of a file that changed under the reader's hands."""
    return TransientFault(Code.FAILED, f"{place.name}: changed while it was read")


@contextlib.contextmanager
def _system_errors_as_faults(place: FilePlace) -> Iterator[None]:
    """Tell what the system says against a place as a fault of the reference."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise _fault_of(place, error) from None


def _fault_of(place: FilePlace, error: OSError | ValueError) -> ReferenceFault:
    match error:
        case disk.SwappedError():
            return changed_fault(place)
        case IsADirectoryError():
            code, reason = Code.NOT_TEXT, "a folder, not a file"
        case disk.NotOrdinaryError():
            code, reason = Code.DENIED, "a pipe or device, not an ordinary file"
        case PermissionError():
            code, reason = Code.FAILED, "the system does not permit reading it"
        case OSError(errno=errno.ELOOP):
            code, reason = Code.FAILED, "too many links, one leading to the next"
        case OSError(errno=number) if number not in _NOT_THERE:
            return TransientFault(Code.FAILED, f"{place.name}: the disk does not give it")
        case _:
            code, reason = Code.NOT_FOUND, "not found"
    return ReferenceFault(code, f"{place.name}: {reason}")


def _within_letters(place: FilePlace, real_roots: tuple[Path, ...]) -> bool:
    return is_inside(place.path, place.roots) or is_inside(place.path, real_roots)


def _all_followed(roots: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(map(disk.followed_or_same, roots))


#: As `_real_roots`, once: a thousand references are asked about on the loop.
_real_folders = lru_cache(maxsize=64)(_all_followed)
#: `known`: what `_real_roots` found since `roots_stay` was entered, by thread.
_staying = threading.local()


@contextlib.contextmanager
def roots_stay() -> Iterator[None]:
    """Follow roots once for all that this thread looks at within: many files, one after the other, in no time."""
    before = getattr(_staying, "roots", None)
    _staying.roots = {}
    try:
        yield
    finally:
        _staying.roots = before


def _real_roots(place: FilePlace) -> tuple[Path, ...]:
    real_roots: dict[tuple[Path, ...], tuple[Path, ...]] | None = getattr(_staying, "roots", None)
    if real_roots is None:
        return _all_followed(place.roots)
    if place.roots not in real_roots:
        real_roots[place.roots] = _all_followed(place.roots)
    return real_roots[place.roots]


def is_inside(path: Path, folders: tuple[Path, ...]) -> bool:
    """Whether a path is one of some folders, or in one: as `_below` says of each."""
    path_text = os.path.normcase(path)
    return any(path_text == folder or path_text.startswith(within) for folder, within in _written(folders))


# Kept: all references of a document ask about the same few folders.
@lru_cache(maxsize=256)
def _written(folders: tuple[Path, ...]) -> tuple[tuple[str, str], ...]:
    """Each folder as a string, and as what the paths of files in it begin with."""
    written = (os.path.normcase(folder) for folder in folders)
    return tuple((text, os.path.join(text, "")) for text in written)  # noqa: PTH118  (a string is wanted)


def _below(path: Path, folder: Path) -> str | None:
    """The path from a folder on; None if it isn't in it. As `Path.relative_to`, many times quicker."""
    path_text, above = os.fspath(path), os.fspath(folder)
    if os.path.normcase(path_text) == os.path.normcase(above):
        return "."
    if not above.endswith(os.sep):
        above += os.sep
    return (
        path_text[len(above) :] if os.path.normcase(path_text).startswith(os.path.normcase(above)) else None
    )


def _relative_name(path: Path, roots: tuple[Path, ...]) -> str | None:
    for root in roots:
        below = _below(path, root)
        if below is not None:
            return shown(below.replace(os.sep, "/"))
    return None
