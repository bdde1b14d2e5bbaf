"""Which files git tracks, by its index. Git itself is never run.

A repository may be hostile: its index is read where the file policy allows it, in the workspace's folder only (a linked
worktree's index is elsewhere, and is not looked for), and is of use only to find files of that folder. A split index,
which git writes when it is told to, is none.
"""

import bisect
import logging
import os
import struct
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from cachetools import LRUCache, cached

from weighbridge.content.policy import LONGEST_PATH, FilePlace, opened, real_path
from weighbridge.errors import ReferenceFault

logger = logging.getLogger(__name__)

#: Bytes of an index: more than a million files. Of a larger one no file counts as tracked.
_MOST_BYTES = 96 * 1024 * 1024
#: Bytes of a commit's digest: SHA-1 and SHA-256. An entry begins with 40 bytes of times and the like, and one of them.
_DIGESTS = (20, 32)
_EXTENDED, _LENGTH = 0x4000, 0x0FFF
_POINTER = b"gitdir: "


class Tracked:
    """The files that are tracked in a folder which has a `.git`. The index is read when it is first asked about."""

    def __init__(self, root: Path, folder: Path) -> None:
        """`root`: what is outside is not read."""
        self._root = root
        self._folder = folder

    def file(self, path: str) -> bool:
        """Whether a file is tracked. `path`: relative to the folder, with `/`."""
        at = bisect.bisect_left(self._paths, path)
        return at < len(self._paths) and self._paths[at] == path

    def any_in(self, folder: str) -> bool:
        """Whether any file in a folder is tracked, however deep."""
        start = f"{folder}/"
        at = bisect.bisect_left(self._paths, start)
        return at < len(self._paths) and self._paths[at].startswith(start)

    @cached_property
    def _paths(self) -> Sequence[str]:
        try:
            place = self._place(self._git_folder() / "index")
            with opened(place, real_path(place)) as (descriptor, status):
                if status.st_size > _MOST_BYTES:
                    logger.warning("%s: larger than %d bytes: not read", place.path, _MOST_BYTES)
                    return ()
                stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
                return _read(descriptor, stamp)
        except (ReferenceFault, OSError):
            return ()

    def _git_folder(self) -> Path:
        """The folder that `.git` is, or that it names as a submodule's does."""
        place = self._place(self._folder / ".git")
        real = real_path(place)
        if real.is_dir():
            return real
        with opened(place, real) as (descriptor, _):
            line = os.read(descriptor, LONGEST_PATH)
        return self._folder / os.fsdecode(line.removeprefix(_POINTER).rstrip(b"\r\n").replace(b"\0", b""))

    def _place(self, path: Path) -> FilePlace:
        return FilePlace(Path(os.path.normpath(path)), (self._root,), path.name)


@cached(LRUCache(4), key=lambda _, stamp: stamp, lock=threading.Lock())
def _read(descriptor: int, _stamp: tuple[int, ...]) -> Sequence[str]:
    """The paths in an open index; kept by its stamp, of which all that changes when it is written is part."""
    pieces, room = [], _MOST_BYTES
    while room and (piece := os.read(descriptor, room)):
        pieces.append(piece)
        room -= len(piece)
    return tracked_paths(b"".join(pieces))


def tracked_paths(index: bytes) -> list[str]:
    """List the paths in an index of version 2, 3 or 4, in order; none if it is no index. Never raises."""
    for digest in _DIGESTS:
        paths = _paths(index, digest)
        if paths is not None:
            return sorted(map(os.fsdecode, paths))
    return []


def _paths(index: bytes, digest: int) -> list[bytes] | None:
    """The paths of all entries; None if they are not written so. `digest`: bytes of one."""
    try:
        signature, version, count = struct.unpack_from(">4sII", index)
        if signature != b"DIRC" or version not in {2, 3, 4}:
            return None
        paths: list[bytes] = []
        at, path, room = 12, b"", _MOST_BYTES
        for _ in range(count):
            name = at + 40 + digest + 2
            (flags,) = struct.unpack_from(">H", index, name - 2)
            if flags & _EXTENDED:
                name += 2
            before = b""
            if version == 4:
                dropped, name = _number(index, name)
                before = path[: len(path) - dropped]
            end = index.index(b"\0", name)
            path = before + index[name:end]
            room -= len(path)
            if not path or min(len(path), _LENGTH) != flags & _LENGTH or room < 0:
                return None
            paths.append(path)
            at = end + 1 if version == 4 else end + 8 - (end - at) % 8
    except (struct.error, ValueError, IndexError):
        return None
    return paths


def _number(index: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, each but the first one more than written; and where it ends."""
    value = index[at] & 0x7F
    while index[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (index[at] & 0x7F)
    return value, at + 1
