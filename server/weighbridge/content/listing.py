"""Listings of folders for completion: the files and folders that a reference may name."""

import itertools
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cachetools import LRUCache

from weighbridge.content.base import Scope
from weighbridge.content.ignored import IgnoreRules
from weighbridge.content.policy import FilePlace, opened_folder, place_of, real_path, roots_of
from weighbridge.content.tree import SETTLED
from weighbridge.errors import ReferenceFault
from weighbridge.fuzzy import Match, match_of_folded

#: Entries of one folder that are looked at: a hostile one has millions.
MOST_ENTRIES = 200_000
#: Links of one folder that are followed.
_MOST_LINKS = 1_000
#: Entries kept, of all folders together.
_MOST_KEPT = 400_000


class _EntryKind(Enum):
    FOLDER = "folder"
    FILE = "file"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class ListedName:
    """A file or folder by its name."""

    name: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked for of a folder. `more`: there is more than that."""

    entries: tuple[ListedName, ...]
    more: bool


#: Names, the same in lower case, and what they are; in order.
_ListedEntries = tuple[tuple[str, str, _EntryKind], ...]
_NOTHING = Listing((), more=False)


class Folders:
    """Lists folders as references name them, and keeps what is in them while they don't change. Any thread may use it."""

    def __init__(self) -> None:
        self._cache: LRUCache[str, tuple[tuple[int, ...], _ListedEntries]] = LRUCache(
            _MOST_KEPT, getsizeof=lambda entry: len(entry[1]) + 1
        )
        self._lock = threading.Lock()

    def list(
        self,
        target: str,
        base: Path | None,
        scope: Scope,
        *,
        typed: str = "",
        hidden: bool = False,
        most: int = MOST_ENTRIES,
    ) -> Listing:
        """List `most` names of a folder that match what is typed, the closest first, folders before files. Blocks: a worker's work.

        `target`: relative to `base`, empty for that itself. `hidden`: names that begin with a dot as well. What ignore
        files leave out, and links that lead out of the workspace, are left out. A folder that may not be read is empty.
        """
        try:
            place = place_of(target or ".", base, scope)
            names = self._names(place, real_path(place))
        except ReferenceFault:
            return _NOTHING
        root = next((folder for folder in roots_of(scope) if place.path.is_relative_to(folder)), None)
        matches = _matching(names, typed, place, scope, hidden=hidden)
        visible = matches if root is None else _not_ignored(matches, root, place.path)
        entries = tuple(itertools.islice(visible, most))
        more = len(names) == MOST_ENTRIES or next(visible, None) is not None
        return Listing(entries, more=more)

    def _names(self, place: FilePlace, real: Path) -> _ListedEntries:
        """All names in a folder, in order. Raises ReferenceFault."""
        with opened_folder(place, real) as (folder, status):
            stamp = (status.st_dev, status.st_ino, status.st_mtime_ns)
            with self._lock:
                cached = self._cache.get(str(real))
            if cached is not None and cached[0] == stamp:
                return cached[1]
            settled = time.time_ns() - status.st_mtime_ns > SETTLED
            names = _read(folder)
        if settled:
            with self._lock:
                self._cache[str(real)] = (stamp, names)
        return names


def _read(folder: int | Path) -> _ListedEntries:
    try:
        with os.scandir(folder) as entries:
            kinds = [(entry.name, _kind(entry)) for entry in itertools.islice(entries, MOST_ENTRIES)]
    except OSError:
        return ()
    names = [(name.casefold(), name, kind) for name, kind in kinds if kind is not None]
    names.sort(key=lambda row: row[:2])
    return tuple((name, folded, kind) for folded, name, kind in names)


def _kind(entry: "os.DirEntry[str]") -> _EntryKind | None:
    """What an entry is, by what the folder says of it: nothing is followed. None: nothing that can be referred to."""
    try:
        if entry.is_symlink():
            return _EntryKind.LINK
        if entry.is_dir(follow_symlinks=False):
            return _EntryKind.FOLDER
        return _EntryKind.FILE if entry.is_file(follow_symlinks=False) else None
    except OSError:
        return None


def _matching(
    names: _ListedEntries, typed: str, place: FilePlace, scope: Scope, *, hidden: bool
) -> Iterator[ListedName]:
    """The entries that match, the closest first, folders before files, else in order."""
    query = typed.casefold()
    ranked: dict[tuple[Match, bool], list[str]] = {}
    links = 0
    for name, folded, kind in names:
        if name.startswith(".") and not hidden:
            continue
        match = match_of_folded(query, folded)
        if match is None:
            continue
        is_folder: bool | None = kind is _EntryKind.FOLDER
        if kind is _EntryKind.LINK:
            links += 1
            is_folder = _leads_to_folder(place, name, scope) if links <= _MOST_LINKS else None
        if is_folder is not None:
            ranked.setdefault((match, not is_folder), []).append(name)
    for rank in sorted(ranked):
        yield from (ListedName(name, is_folder=not rank[1]) for name in ranked[rank])


def _not_ignored(entries: Iterator[ListedName], root: Path, folder: Path) -> Iterator[ListedName]:
    """The entries of a folder that no ignore file leaves out."""
    ignored = IgnoreRules.above(root, folder)
    above = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
    return (
        entry for entry in entries if not ignored.leaves_out(above + entry.name, is_folder=entry.is_folder)
    )


def _leads_to_folder(place: FilePlace, name: str, scope: Scope) -> bool | None:
    """Whether a link leads to a folder; None if it leads nowhere, or where nothing may be read."""
    try:
        real = real_path(place_of(os.fspath(place.path / name), place.path, scope))
        return True if real.is_dir() else False if real.is_file() else None
    except (ReferenceFault, OSError):
        return None


def list_folder(target: str, base: Path | None, scope: Scope) -> list[ListedName]:
    """All that `Folders.list` lists, hidden names too, for those who ask once."""
    return list(Folders().list(target, base, scope, hidden=True).entries)
