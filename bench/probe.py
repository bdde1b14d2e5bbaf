"""The server with each turn of its loop timed: `python probe.py FILE`, then as `weighbridge serve`.

SIGUSR1 forgets the turns so far; SIGUSR2 writes them to FILE, as JSON: seconds of each, as `elapsed` by the clock and as
`used` of the processor by the loop's own thread, which is what others on the machine don't add to. Nothing else differs:
the product's own selector times turns as well, and is what this one is made of.
"""

import json
import signal
import sys
import time
from pathlib import Path
from selectors import SelectorKey

from weighbridge import cli
from weighbridge.lsp import watchdog

_elapsed: list[float] = []
_used: list[float] = []


class ProbedSelector(watchdog.WatchedSelector):
    """Keeps how long each turn took."""

    _began_turn: tuple[float, float] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Wait for input; note the turn that ends here."""
        if self._began_turn is not None:
            _elapsed.append(time.perf_counter() - self._began_turn[0])
            _used.append(time.thread_time() - self._began_turn[1])
        found = super().select(timeout)
        self._began_turn = time.perf_counter(), time.thread_time()
        return found


def _forget() -> None:
    _elapsed.clear()
    _used.clear()


def _write() -> None:
    place = Path(sys.argv[1])
    unfinished = place.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({"elapsed": _elapsed, "used": _used}), encoding="utf-8")
    unfinished.rename(place)


if __name__ == "__main__":
    watchdog.WatchedSelector = ProbedSelector  # type: ignore[misc]
    signal.signal(signal.SIGUSR1, lambda *_: _forget())
    signal.signal(signal.SIGUSR2, lambda *_: _write())
    sys.exit(cli.main(["serve"]))
