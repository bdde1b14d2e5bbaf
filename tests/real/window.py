"""A screen that graphical editors draw on, photographed and read as a person would."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds until what is waited for is given up. Reading a screen takes two.
SECONDS = 90
#: Seconds between looks.
_LOOK = 0.1


class Window:
    """A program on a screen of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        scratch: Path,
        width: int = 2200,
        height: int = 1400,
    ) -> None:
        """Start it. `scratch`: an empty folder, for photographs and what the program prints."""
        self._scratch, self._size = scratch, (str(width), str(height))
        reading, writing = os.pipe()
        # The server chooses a number that is free and tells it.
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
            pass_fds=(writing,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, "Xvfb did not start"
        self._environment = {**environment, "DISPLAY": f":{number}"}
        with (scratch / "said").open("wb") as said:
            self._program = subprocess.Popen(
                command,
                cwd=cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # All of its session, and the screen after it.
        os.killpg(self._program.pid, signal.SIGTERM)
        try:
            self._program.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._program.pid, signal.SIGKILL)
            self._program.wait()
        self._server.terminate()
        self._server.wait()

    def fill(self, program: str) -> None:
        """Wait for the window of this program, and make it as large as the screen: nobody manages windows here."""
        end = time.monotonic() + SECONDS
        while not (found := self._run("xdotool", "search", "--onlyvisible", "--class", program, fails=True)):
            assert self._program.poll() is None, (self._scratch / "said").read_text(errors="replace")
            assert time.monotonic() < end, f"waited {SECONDS} seconds for a window of {program!r}"
            time.sleep(_LOOK)
        window = found.split()[-1]
        self._run("xdotool", "windowmove", window, "0", "0", "windowsize", window, *self._size)

    def photograph(self, place: Path) -> None:
        """Keep what is on the screen as `place`."""
        place.parent.mkdir(parents=True, exist_ok=True)
        self._run("import", "-window", "root", str(place))

    def text(self) -> str:
        """What can be read on the screen, line by line, spaces as they may come."""
        return self._read()

    def click(self, word: str) -> None:
        """Click on a word, the lowest on the screen that reads so; waits for it."""
        self.shows(word)
        rows = [row.split("\t") for row in self._read("tsv").splitlines()]
        places = [list(map(int, row[6:10])) for row in rows if row[-1] == word]
        assert places, f"{word!r} is no word on the screen"
        left, top, width, height = max(places, key=lambda place: place[1])
        self._run("xdotool", "mousemove", str(left + width // 2), str(top + height // 2), "click", "1")

    def keys(self, *names: str) -> None:
        """Press keys by their names: `ctrl+End`, `Return`."""
        self._run("xdotool", "key", "--delay", "40", *names)

    def type(self, text: str) -> None:
        """Type a text."""
        self._run("xdotool", "type", "--delay", "40", text)

    def shows(self, *texts: str) -> str:
        """Wait until each text can be read at the same time. Spaces don't count: readers are unsure of them."""
        end = time.monotonic() + SECONDS
        while missing := [one for one in texts if _bare(one) not in _bare(shown := self.text())]:
            assert self._program.poll() is None, (self._scratch / "said").read_text(errors="replace")
            assert time.monotonic() < end, f"waited {SECONDS} seconds for {missing}; was read:\n{shown}"
        return shown

    def _read(self, *form: str) -> str:
        seen, clear = self._scratch / "seen.png", self._scratch / "clear.png"
        self.photograph(seen)
        # Hints' grey on grey becomes black on white: readers are made for paper.
        self._run("convert", str(seen), "-colorspace", "Gray", "-level", "30%,80%", str(clear))
        return self._run("tesseract", str(clear), "-", "--psm", "6", *form)

    def _run(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, errors="replace", check=False
        )
        assert fails or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout


def _bare(text: str) -> str:
    return "".join(text.split())
