"""Open documents as contents of others: what is in the editor counts, saved or not."""

import os
import threading
from collections.abc import Hashable, Iterable
from pathlib import Path


class OpenTexts:
    """The texts of open documents by their files; a content handler's overlay. Put by the loop, read by workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, tuple[Path, Hashable, Iterable[str]]] = {}

    def put(self, path: Path, version: Hashable, text: Iterable[str]) -> None:
        """Show a text, which must never change, in place of the file."""
        with self._lock:
            self._texts[os.path.normcase(path)] = (path, version, text)

    def drop(self, path: Path) -> None:
        """Show the file itself again."""
        with self._lock:
            self._texts.pop(os.path.normcase(path), None)

    def text_of(self, path: Path) -> tuple[Hashable, Iterable[str]] | None:
        """The text shown for a real path, with its version; None if it is not open.

        An editor may have opened it by another way, through links: those are followed here, on a worker.
        """
        with self._lock:
            found = self._texts.get(os.path.normcase(path))
            others = list(self._texts.values())
        if found is None:
            for other in others:
                if other[0].name == path.name and os.path.realpath(other[0]) == str(path):
                    found = other
                    break
        return None if found is None else (found[1], found[2])
