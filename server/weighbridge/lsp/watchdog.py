"""How long the loop's turns take: one over 50 ms is a defect, and is logged with what ran in it.

A turn is what the loop does between two waits for input. Selectors are where it waits, and a public part of asyncio:
a selector that looks at the clock sees every turn, whatever ran.
"""

import asyncio
import logging
import os
import selectors
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

#: Seconds of a turn that is logged.
LONG = 0.05
#: Names kept of one turn.
_MOST_NAMES = 20

_names: list[str] = []
#: Whether long turns are defects: not while the process starts, and imports hold everything.
_started = False


def started() -> None:
    """From here on a long turn is a defect."""
    global _started  # noqa: PLW0603  one loop in a process
    _started = True


def note(name: str) -> None:
    """Say what runs in this turn: for the log, should the turn be long. Costs next to nothing."""
    if len(_names) < _MOST_NAMES:
        _names.append(name)


class WatchedSelector(selectors.DefaultSelector):
    """Waits as any selector does, and times what happens between its waits."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter, long: float = LONG) -> None:
        """`clock`: seconds; `long`: seconds of a turn that is logged."""
        super().__init__()
        self._clock = clock
        self._long = long
        self._began: float | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for input. A turn ends here, and another begins."""
        if self._began is not None:
            took = self._clock() - self._began
            if took > self._long:
                # Nothing of ours that has a name ran: another thread held the interpreter (a vocabulary being loaded).
                level = logging.WARNING if _started and _names else logging.INFO
                names = ", ".join(_names) or "nothing named"
                logger.log(level, "the loop was held for %.0f ms by: %s", took * 1000, names)
        _names.clear()
        ready = super().select(timeout)
        self._began = self._clock()
        return ready


def watched_loop() -> asyncio.AbstractEventLoop:
    """Make a loop whose long turns are logged; where loops wait otherwise (Windows), the usual one."""
    if os.name == "nt":
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(WatchedSelector())
