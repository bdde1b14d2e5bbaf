"""The references of whole texts, kept by the texts' digests: a text that many names lead to is scanned once."""

import sys
import threading
from typing import Final

from cachetools import LRUCache

from weighbridge.analysis.expand import MOST_REFERENCES
from weighbridge.references.dialect import Dialect
from weighbridge.references.model import Reference

ScannedReferences = tuple[tuple[int, tuple[Reference, ...]], ...]
"""The lines of a text that hold references, from 0, with those."""

#: References of all texts together, of each no more than make an expansion fail; a text counts as one more.
_MOST: Final = 2 * MOST_REFERENCES + 2
#: The lines of a text that is no part of another.
WHOLE: Final = 0, sys.maxsize


def _size(scanned: ScannedReferences) -> int:
    return 1 + sum(len(references) for _, references in scanned)


class Scans:
    """The scans used last, of whole files or of parts. Thread-safe: workers scan."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scans: LRUCache[tuple[bytes, str, tuple[int, int] | None], ScannedReferences] = LRUCache(
            _MOST, _size
        )

    def get(self, digest: bytes, dialect: Dialect, part: tuple[int, int] = WHOLE) -> ScannedReferences | None:
        """What a scan of the file with that digest found, of all of it or of the part; None if neither is remembered."""
        with self._lock:
            references = self._scans.get((digest, dialect.name, None))
            return self._scans.get((digest, dialect.name, part)) if references is None else references

    def put(
        self,
        digest: bytes,
        dialect: Dialect,
        references: ScannedReferences,
        part: tuple[int, int] | None = None,
    ) -> None:
        """Remember what a scan found. `part`: the lines whose references these are, if it is not all there are."""
        with self._lock:
            self._scans[digest, dialect.name, part] = references
