"""The files that texts name in their references, whether they are there or not. Kept while a text does not change."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from cachetools import LRUCache

from weighbridge.content.front_matter import read_front_matter
from weighbridge.content.tree import SETTLED
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Kind, Reference
from weighbridge.text import Snapshot

#: Texts and names that are kept.
_MOST_KEPT: Final = 1_000_000

FileNames = frozenset[str]


def references_in(lines: Sequence[str]) -> Iterable[tuple[int, Reference]]:
    """The references of a text, each with its line."""
    return ScanIndex(Snapshot((*lines, "")), read_front_matter(lines).lines).references()


def named_files(path: Path, references: Iterable[tuple[int, Reference]]) -> FileNames:
    """The paths that a text's references to files name, whether there are such files or not."""
    folder = os.fspath(path.parent)
    return frozenset(
        os.path.normpath(os.path.join(folder, reference.target))  # noqa: PTH118  (a string is wanted)
        for _, reference in references
        if reference.kind is Kind.FILE
    )


class Mentions:
    """What each text names. Any thread may use it."""

    def __init__(self) -> None:
        self._cache: LRUCache[Path, tuple[tuple[int, ...], FileNames]] = LRUCache(
            _MOST_KEPT, getsizeof=lambda cached: len(cached[1]) + 1
        )
        self._lock = threading.Lock()

    def of(self, path: Path, read: Callable[[], Sequence[str] | None]) -> FileNames:
        """The files that a text names. `read`: its lines; asked for where the text changed. Blocks: a worker's work."""
        try:
            status = path.lstat()
        except OSError:
            return frozenset()
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        with self._lock:
            cached = self._cache.get(path)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        lines = read()
        names = frozenset[str]() if lines is None else named_files(path, references_in(lines))
        if time.time_ns() - max(stamp[-2:]) > SETTLED:
            with self._lock:
                self._cache[path] = stamp, names
        return names
