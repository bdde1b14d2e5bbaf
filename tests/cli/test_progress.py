"""Progress is shown on a terminal: how many files, how fast, how long it takes yet; elsewhere nothing is."""

import io
import re
import sys
from itertools import count

import pytest

from weighbridge import batch


class Screen(io.StringIO):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_rate_and_the_time_left(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> None:
    screen = Screen(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with batch._progress() as progress:
        seconds = count()
        progress.get_time = lambda: float(next(seconds))
        bar = progress.add_task("counting", total=20_000)
        for _ in range(3):
            progress.advance(bar, 100)
        progress.refresh()
    said = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    found = re.search(r"300/20000 [\d,]+ a second \d+:\d\d", said)
    assert (found is not None, said != "") == (is_terminal, is_terminal)
