"""A core of tiktoken for each thread that counts much.

tiktoken's regular expressions keep what they work with for the first thread that uses them; every other one takes it from
a pool under a lock, twice for each word, which makes it a quarter slower. So a thread that counts long texts gets a
core that nobody used before: after as much text as makes up for the 80 milliseconds that takes, and few of them, since
each takes 20 to 30 MB.
"""

import threading
import weakref
from collections.abc import Callable
from typing import Final

from tiktoken._tiktoken import CoreBPE

AFTER: Final = 2_000_000
"""Characters of long texts that a thread has counted when it gets its own."""

MOST: Final = 3
"""Cores besides the first one, for one vocabulary."""


class _Own:
    """What a thread has: its own core if it got one; `counted`: characters so far. Gone with its thread."""

    def __init__(self, core: CoreBPE | None) -> None:
        self.core = core
        self.counted = 0


class Cores:
    """The cores of one vocabulary. Thread-safe."""

    def __init__(self, make: Callable[[], CoreBPE]) -> None:
        """`make` makes one; the first is made now."""
        self._make = make
        self._first = make()
        self._used = False
        self._spare = MOST
        self._lock = threading.Lock()
        self._threads = threading.local()

    def for_short(self) -> CoreBPE:
        """The core for a text that is soon counted: none is made for it. What a loop's thread asks for."""
        own = self._own()
        return self._first if own.core is None else own.core

    def for_long(self, characters: int) -> CoreBPE:
        """The core for so much text."""
        own = self._own()
        if own.core is not None:
            return own.core
        own.counted += characters
        if own.counted >= AFTER and self._taken():
            own.core = self._make()
            weakref.finalize(own, self._returned)
            return own.core
        return self._first

    def _own(self) -> _Own:
        own: _Own | None = getattr(self._threads, "own", None)
        if own is None:
            with self._lock:
                first, self._used = not self._used, True
            own = self._threads.own = _Own(self._first if first else None)
        return own

    def _taken(self) -> bool:
        with self._lock:
            if not self._spare:
                return False
            self._spare -= 1
            return True

    def _returned(self) -> None:
        with self._lock:
            self._spare += 1
