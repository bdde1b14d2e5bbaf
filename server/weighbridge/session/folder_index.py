"""An index of paths by folder: of a folder that was moved or removed, editors name only the folder."""

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable


class FolderIndex:
    """Finds paths by the folder that they are in, whatever the number of others. Paths are written out."""

    def __init__(self, paths: Callable[[], Iterable[str]]) -> None:
        """`paths`: all that matter; asked for when something is looked for and they have changed."""
        self._paths = paths
        self._sorted: list[str] | None = None

    def changed(self) -> None:
        """Other paths matter than before."""
        self._sorted = None

    def of(self, folder: str) -> list[str]:
        """The paths in a folder, however deep."""
        if self._sorted is None:
            self._sorted = sorted(self._paths())
        start = f"{folder.rstrip(os.sep)}{os.sep}"
        first = bisect_left(self._sorted, start)
        # What begins with `/` ends before what begins with the character after it.
        return self._sorted[first : bisect_left(self._sorted, start[:-1] + chr(ord(os.sep) + 1), first)]
