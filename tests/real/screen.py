"""A terminal that a real editor draws on, read and typed on as a person does."""

import copy
import io
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

#: Seconds until what is waited for is given up: editors share two cores with everything else.
SECONDS = 60
#: Seconds between looks, and between keys: as fast as people type.
_LOOK, _KEY = 0.1, 0.04

#: Without the fonts that it would fetch.
_PICTURE = (
    CONSOLE_SVG_FORMAT.split("@font-face")[0]
    + CONSOLE_SVG_FORMAT[CONSOLE_SVG_FORMAT.index(".{unique_id}-matrix") :]
)
#: As the editors' own, which fill only what they write on.
_BACKGROUND = ColorTriplet(20, 22, 27)


class Screen:
    """A program in a terminal of its own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        scratch: Path,
        leave: Sequence[str] = (),
        columns: int = 160,
        rows: int = 36,
    ) -> None:
        """Start it. `scratch`: an empty folder, for the terminal's socket and settings.

        `leave`: keys that end it, for a program that leaves others behind when it is killed.
        """
        self._leave = leave
        self._socket = scratch / "tmux"
        self._columns = columns
        settings = scratch / "tmux.conf"
        # A program that ends stays on the screen, with its last words.
        settings.write_text("set -g remain-on-exit on\nset -s escape-time 0\nset -g status off\n")
        subprocess.run(
            [
                *("tmux", "-S", self._socket, "-f", settings, "new-session", "-d"),
                *("-x", str(columns), "-y", str(rows), *command),
            ],
            cwd=cwd,
            env={**environment, "COLORTERM": "truecolor"},
            check=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._leave:
                self.keys(*self._leave)
                self.shows("Pane is dead")
        finally:
            self._tmux("kill-server")

    def text(self) -> str:
        """What is on the screen."""
        shown = self._tmux("capture-pane", "-p")
        return "\n".join(line.rstrip() for line in shown.splitlines())

    def keys(self, *names: str) -> None:
        """Press keys by their names: `Escape`, `C-x`, `Enter`."""
        self._tmux("send-keys", *names)

    def type(self, text: str) -> None:
        """Type a text, one key after the other."""
        for character in text:
            self._tmux("send-keys", "-l", character)
            time.sleep(_KEY)

    def burst(self, text: str) -> None:
        """Type a text all at once, faster than anybody's fingers."""
        self._tmux("send-keys", "-l", text)

    def shows(self, *texts: str, nudge: Sequence[str] = ()) -> str:
        """Wait until each text is on the screen, all at the same time, and give the screen.

        `nudge`: keys that are pressed once a second meanwhile, for an editor that looks only then.
        """
        end = time.monotonic() + SECONDS
        pressed = time.monotonic()
        while missing := [text for text in texts if text not in (shown := self.text())]:
            assert time.monotonic() < end, f"waited {SECONDS} seconds for {missing}; on the screen:\n{shown}"
            if nudge and time.monotonic() - pressed > 1:
                self.keys(*nudge)
                pressed = time.monotonic()
            time.sleep(_LOOK)
        return shown

    def save(self, place: Path) -> None:
        """Keep the screen as `place`.txt and, in its colours, as `place`.svg."""
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_name(f"{place.name}.txt").write_text(f"{self.text()}\n", encoding="utf-8")
        console = Console(record=True, file=io.StringIO(), width=self._columns, force_terminal=True)
        console.print(Text.from_ansi(self._tmux("capture-pane", "-p", "-e")), soft_wrap=True)
        theme = copy.copy(SVG_EXPORT_THEME)
        theme.background_color = _BACKGROUND
        picture = place.with_name(f"{place.name}.svg")
        console.save_svg(str(picture), title=place.name, theme=theme, code_format=_PICTURE)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
