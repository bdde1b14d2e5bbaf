"""The tree of a folder's files, without those that ignore files leave out: a folder is read again only when it changed."""

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from weighbridge import disk
from weighbridge.config.globs import DEEPEST_PATH
from weighbridge.content.ignored import IGNORE_FILE, NEVER, REPOSITORY, IgnoreRules

logger = logging.getLogger(__name__)

#: Files that are kept of one root; a hostile one has millions.
MOST_FILES: Final = 400_000
#: Nanoseconds after which a time of change tells of every change: clocks of file systems tick slowly.
SETTLED: Final = 2_000_000_000
#: What decides, besides a folder's own entries, which of them are left out.
_DECISIVE: Final = (IGNORE_FILE, REPOSITORY, f"{REPOSITORY}/index")

_FolderStamp = tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder as it was read. `above`, `left_out`: what the folders above say of it.

    `settled`: it had not changed for so long that another change tells of itself.
    """

    stamp: _FolderStamp
    settled: bool
    above: IgnoreRules
    left_out: bool
    ignored: IgnoreRules
    #: In order: a file's path; or a folder's, with whether it is ignored.
    entries: tuple[tuple[str, bool | None], ...] = field(repr=False)


class Tree:
    """The files below a root, as they are whenever they are asked for. Links are not followed. Any thread may use it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._above = IgnoreRules(root)
        self._folders: dict[str, _Folder] = {}
        self._files: Sequence[str] = ()
        self._lock = threading.Lock()

    def files(self) -> Sequence[str]:
        """List the paths of all files from the root on, with `/`, in order: the same list while none changed. Blocks."""
        with self._lock:
            before, self._folders = self._folders, {}
            real = disk.followed_or_same(self._root)
            files = []
            for path in self._walk(real, "", self._above, before, left_out=False):
                files.append(path)
                if len(files) == MOST_FILES:
                    logger.warning(
                        "%s: more than %d files; the rest is not looked at", self._root, MOST_FILES
                    )
                    break
            if files != self._files:
                self._files = files
            return self._files

    @property
    def folders(self) -> Sequence[Path]:
        """The folders that were looked through when the files were listed last."""
        with self._lock:
            return [self._root / inside for inside in self._folders]

    def _walk(
        self, real: Path, inside: str, above: IgnoreRules, before: dict[str, _Folder], *, left_out: bool
    ) -> Iterator[str]:
        path = os.path.join(real, inside) if inside else os.fspath(real)  # noqa: PTH118  (a string is wanted)
        stamp, folder = _stamp(path), before.get(inside)
        if folder is not None and (folder.above is not above or folder.left_out != left_out):
            folder = None
        if folder is None or not folder.settled or folder.stamp != stamp:
            folder = self._read(path, inside, above, stamp, folder, left_out=left_out)
        self._folders[inside] = folder
        for name, ignores in folder.entries:
            if ignores is None:
                yield name
            else:
                yield from self._walk(real, f"{name}/", folder.ignored, before, left_out=ignores)

    def _read(
        self,
        path: str,
        inside: str,
        above: IgnoreRules,
        stamp: _FolderStamp,
        previous: _Folder | None,
        *,
        left_out: bool,
    ) -> _Folder:
        settled, real = _settled(stamp), Path(path)
        try:
            with disk.opened_folder(real) as (opened, _), os.scandir(opened) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
                if previous is not None and previous.stamp[1:] == stamp[1:] and _settled(stamp[1:]):
                    # The same, so that what is below needs not be read again.
                    ignored = previous.ignored
                else:
                    names = {entry.name for entry in entries}
                    ignored = above.in_folder(self._root / inside, real, names)
                children = tuple(_entries(entries, inside, ignored, left_out=left_out))
        except OSError:
            return _Folder(stamp, settled, above, left_out, above, ())
        return _Folder(stamp, settled, above, left_out, ignored, children)


def _entries(
    entries: Sequence["os.DirEntry[str]"], inside: str, ignored: IgnoreRules, *, left_out: bool
) -> Iterator[tuple[str, bool | None]]:
    for entry in entries:
        name, is_folder = inside + entry.name, entry.is_dir(follow_symlinks=False)
        if entry.name in NEVER or not (is_folder or entry.is_file(follow_symlinks=False)):
            continue
        ignores = left_out or ignored.ignores(name, is_folder=is_folder)
        if ignores and not ignored.keeps(name, is_folder=is_folder):
            continue
        if not is_folder:
            yield name, None
        elif name.count("/") + 1 < DEEPEST_PATH:
            yield name, ignores


def _stamp(folder: str) -> _FolderStamp:
    """A value that changes when an entry of a folder comes or goes, or when what decides about them is written."""
    return (_status(folder), *(_status(os.path.join(folder, name)) for name in _DECISIVE))  # noqa: PTH118


def _settled(stamp: _FolderStamp) -> bool:
    newest = max((when for status in stamp if status is not None for when in status[-2:]), default=0)
    return time.time_ns() - newest > SETTLED


def _status(path: str) -> tuple[int, ...] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return (
        status.st_mode,
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
