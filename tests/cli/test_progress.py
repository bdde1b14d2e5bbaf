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
    with batch._progress(lines=False) as progress:
        seconds = count()
        progress.get_time = lambda: float(next(seconds))
        bar = progress.add_task("counting", total=20_000)
        for _ in range(3):
            progress.advance(bar, 100)
        progress.refresh()
    said = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    found = re.search(r"300/20000 [\d,]+ a second \d+:\d\d", said)
    assert (found is not None, said != "") == (is_terminal, is_terminal)


@pytest.mark.parametrize(("to_terminal", "shown"), [(True, False), (False, True)])
def test_lines_that_are_printed_meanwhile_go_where_they_are_meant_to(
    monkeypatch: pytest.MonkeyPatch, *, to_terminal: bool, shown: bool
) -> None:
    screen, output = Screen(is_terminal=True), Screen(is_terminal=to_terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setenv("TERM", "xterm")
    with batch._progress(lines=True) as progress:
        progress.add_task("counting", total=20_000)
        sys.stdout.write("{}\n")
        progress.refresh()
    assert (output.getvalue(), "{}" in screen.getvalue()) == ("{}\n", False)
    assert ("20000" in screen.getvalue()) is shown
