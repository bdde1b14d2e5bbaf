"""Open documents as contents of others: what is in the editor counts, saved or not."""

import os
import threading
from collections.abc import Hashable, Iterable
from pathlib import Path

from weighbridge import disk


class OpenTexts:
    """The texts of open documents by their files; a content handler's overlay. Put by the loop, read by workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, tuple[Path, Hashable, Iterable[str]]] = {}
        #: The same by the file's name: a thousand documents may be open, and a thousand files be asked about.
        self._by_name: dict[str, dict[str, Path]] = {}

    def put(self, path: Path, version: Hashable, text: Iterable[str]) -> None:
        """Show a text, which must never change, in place of the file."""
        written = os.path.normcase(path)
        with self._lock:
            self._texts[written] = (path, version, text)
            self._by_name.setdefault(os.path.normcase(path.name), {})[written] = path

    def drop(self, path: Path) -> None:
        """Show the file itself again."""
        written = os.path.normcase(path)
        with self._lock:
            dropped = self._texts.pop(written, None)
            if dropped is not None:
                same_name = self._by_name[os.path.normcase(path.name)]
                same_name.pop(written, None)
                if not same_name:
                    del self._by_name[os.path.normcase(path.name)]

    def whole_text_of(self, path: Path) -> str | None:
        """The text shown for a real path, in one piece; None if it is not open."""
        shown = self.text_of(path)
        return None if shown is None else "".join(shown[1])

    def text_of(self, path: Path) -> tuple[Hashable, Iterable[str]] | None:
        """The text shown for a real path, with its version; None if it is not open.

        An editor may have opened it by another way, through links: those are followed here, on a worker.
        """
        with self._lock:
            shown = self._texts.get(os.path.normcase(path))
            candidates = (
                list(self._by_name.get(os.path.normcase(path.name), {}).items()) if shown is None else []
            )
        for written, candidate in candidates:
            if disk.followed_or_same(candidate) == path:
                with self._lock:
                    shown = self._texts.get(written)
                break
        return None if shown is None else (shown[1], shown[2])
