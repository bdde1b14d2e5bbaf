"""Where references stand in whole texts, known by the texts' digests: a text that many names lead to is scanned once."""

import threading
from typing import Final

from cachetools import LRUCache

from weighbridge.references.dialect import Dialect
from weighbridge.references.model import Reference

ScannedReferences = tuple[tuple[int, tuple[Reference, ...]], ...]
"""The lines of a text that hold references, from 0, with those."""

#: References of all texts together; a text counts as one more.
_MOST_REFERENCES: Final = 20_000


def _size(found: ScannedReferences) -> int:
    return 1 + sum(len(references) for _, references in found)


class Scans:
    """The scans used last. Thread-safe: workers scan."""

    def __init__(self, most: int = _MOST_REFERENCES) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._known: LRUCache[tuple[bytes, str], ScannedReferences] = LRUCache(most, _size)

    def get(self, digest: bytes, dialect: Dialect) -> ScannedReferences | None:
        """What a scan of the text with that digest found; None if none is remembered."""
        with self._lock:
            return self._known.get((digest, dialect.name))

    def put(self, digest: bytes, dialect: Dialect, found: ScannedReferences) -> None:
        """Remember what a scan found, unless that is more than is remembered at all."""
        if _size(found) <= self._most:
            with self._lock:
                self._known[digest, dialect.name] = found
