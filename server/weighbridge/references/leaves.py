"""Lines to leaves: what stands in each line, once the paragraph around it is known.

line ──▶ block structure ──▶ paragraph gathered ──▶ inline structure ──▶ what its lines hold
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from weighbridge.references.blocks import START, Line, LineKind, State, advance
from weighbridge.references.inlines import (
    LABEL_DECIDED,
    Found,
    may_define,
    scan_html,
    scan_inlines,
    scan_plain,
    skip_definitions,
    spread,
)
from weighbridge.references.model import PLAIN, Directive, Heading, Reference, ScannedLine

#: A paragraph is read in windows of at most so many lines and characters, cut between lines: a code span longer than
#: that is none. It bounds what one edit in a log of a million lines may cost, and what is held of a stream.
WINDOW_LINES: Final = 1000
WINDOW_CHARACTERS: Final = 64 * 1024
#: Characters of the longest line that references are looked for in; a longer one is data, and literal.
LONGEST_LINE: Final = 1024 * 1024

#: What a line depends on or decides beyond itself: part of a construct of several lines; text that could begin or end
#: one; the first line of a window that is not its paragraph's first.
CROSSING: Final = 1
TELLING: Final = 2
WINDOW: Final = 4
#: Characters of a line that is worth being scanned in part.
LONG_LINE: Final = 4 * 1024


@dataclass(frozen=True, slots=True)
class Leafed:
    """A line that is done: its place in the block structure, the state before it, what it holds."""

    info: Line
    before: State
    flags: int
    scanned: ScannedLine


class Leaves:
    """Takes lines one by one; `done` fills in their order, a paragraph's when it ends. Call `finish` at the end."""

    def __init__(self, state: State = START) -> None:
        self.state = state
        self.done: list[Leafed] = []
        self._lines: list[tuple[str, Line, State]] = []
        self._characters = 0
        self._window = False

    def cuts_before(self, text: str) -> bool:
        """Whether the next line, should its paragraph go on with it, begins a new window."""
        return self._full(text)

    def feed(self, text: str) -> None:
        """Take the next line, with its line end."""
        before = self.state
        info, self.state = advance(before, text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE])
        kind = info.kind
        if kind is LineKind.PARAGRAPH or kind is LineKind.CONTINUATION:
            if kind is LineKind.PARAGRAPH:
                self._flush()
                self._window = False
            elif self._full(text):
                self._flush()
                self._window = True
            if len(text) > LONGEST_LINE:
                self._flush()
                self.done.append(Leafed(info, before, CROSSING | (WINDOW if self._window else 0), PLAIN))
                self._window = True
                return
            self._lines.append((text, info, before))
            self._characters += len(text)
            return
        if kind is LineKind.UNDERLINE:
            self._flush(info)
            self.done.append(Leafed(info, before, CROSSING, PLAIN))
            return
        self._flush()
        self.done.append(self._alone(text, info, before))

    def finish(self) -> None:
        """Take the last line as the end of its paragraph."""
        self._flush()

    def _full(self, text: str) -> bool:
        if not self._lines:
            return True
        return len(self._lines) >= WINDOW_LINES or self._characters + len(text) > WINDOW_CHARACTERS

    def _alone(self, text: str, info: Line, before: State) -> Leafed:
        """A line that is a leaf by itself, or an HTML block's line: those know by their state whether a comment is open."""
        if len(text) > LONGEST_LINE:
            return Leafed(info, before, CROSSING, PLAIN)
        if info.kind is LineKind.HTML:
            found = scan_html(text, info.start, comment=info.comment)
            return Leafed(info, before, 0, _scanned(found.references, found.directives, None))
        if info.kind is not LineKind.HEADING:
            return Leafed(info, before, 0, PLAIN)
        found = scan_inlines(text, info.start)
        heading = Heading(info.level, _atx_title(text[info.start :])) if info.top else None
        return Leafed(info, before, 0, _scanned(found.references, found.directives, heading))

    def _flush(self, underline: Line | None = None) -> None:
        """Scan the paragraph gathered so far; `underline` makes it a heading."""
        lines = self._lines
        if not lines:
            return
        if len(lines) == 1:
            text, info, before = lines[0]
            if underline is None and not text.startswith("[", info.start):
                found = scan_inlines(text, info.start)
                flags = (TELLING if _tells(text) else 0) | (WINDOW if self._window else 0)
                self.done.append(
                    Leafed(info, before, flags, _scanned(found.references, found.directives, None))
                )
                self._clear()
                return
        self._flush_several(underline)
        self._clear()

    def _flush_several(self, underline: Line | None) -> None:
        lines = self._lines
        texts = [text[info.start :] for text, info, _ in lines]
        starts = [0, *accumulate(map(len, texts[:-1]))]
        whole = "".join(texts)
        definitions = skip_definitions(whole) if whole.startswith("[") and not self._window else 0
        # Definitions are no inline text: their backticks open no code span. What they name still reaches the model.
        parts = [scan_plain(whole, 0, definitions)] if definitions else []
        parts.append(scan_inlines(whole, definitions))
        flags = self._flags(whole, texts, starts, setext=underline is not None)
        references: dict[int, list[Reference]] = {}
        directives: dict[int, Directive] = {}
        for found in parts:
            _mark_crossing(flags, found, starts)
            for number, one in spread(found, starts):
                column = lines[number][1].start
                if isinstance(one, Reference):
                    references.setdefault(number, []).append(moved(one, column))
                else:
                    directives[number] = Directive(one.settings, one.start + column, one.end + column)
        title = " ".join(whole[definitions:].split())
        titled = underline is not None and title and lines[0][1].top
        headings = {0: Heading(underline.level, title)} if underline is not None and titled else {}
        for number, (_, info, before) in enumerate(lines):
            scanned = PLAIN
            if number in references or number in directives or number in headings:
                held = tuple(references.get(number, ()))
                scanned = ScannedLine(held, headings.get(number), directives.get(number))
            self.done.append(Leafed(info, before, flags[number], scanned))

    def _flags(self, whole: str, texts: Sequence[str], starts: Sequence[int], *, setext: bool) -> list[int]:
        """What each line of a paragraph depends on or decides beyond itself, but for constructs of several lines."""
        flags = [TELLING if _tells(text) else 0 for text in texts]
        if self._window:
            flags[0] |= WINDOW
        if setext or (whole.startswith("[") and may_define(whole)):
            return [flag | CROSSING for flag in flags]
        if whole.startswith("["):
            # Not a link label: what decides that stands in its first characters.
            for number in range(bisect_right(starts, LABEL_DECIDED)):
                if len(texts[number]) <= LONG_LINE:
                    flags[number] |= CROSSING
        return flags

    def _clear(self) -> None:
        self._lines.clear()
        self._characters = 0


def _tells(text: str) -> bool:
    """Whether a line holds what may begin or end a construct of several lines."""
    return "`" in text or "<" in text


def _mark_crossing(flags: list[int], found: Found, starts: Sequence[int]) -> None:
    """Mark the lines of constructs that go over a line's end. Linear: spans are in order and apart."""
    line = 0
    for start, end in found.spans:
        while line + 1 < len(starts) and starts[line + 1] <= start:
            line += 1
        while line + 1 < len(starts) and starts[line + 1] < end:
            flags[line] |= CROSSING
            line += 1
            flags[line] |= CROSSING
    if found.unclosed >= 0:
        # Any character below may make it a tag, or keep it from being one.
        for number in range(bisect_right(starts, found.unclosed) - 1, len(flags)):
            flags[number] |= CROSSING


def moved(reference: Reference, columns: int) -> Reference:
    """The same reference so many columns further on."""
    if not columns:
        return reference
    return Reference(
        reference.kind,
        reference.target,
        reference.start + columns,
        reference.end + columns,
        reference.fragment,
        reference.default,
        reference.explicit,
    )


def _scanned(
    references: tuple[Reference, ...], directives: tuple[Directive, ...], heading: Heading | None
) -> ScannedLine:
    if not references and not directives and heading is None:
        return PLAIN
    return ScannedLine(references, heading, directives[-1] if directives else None)


def _atx_title(text: str) -> str:
    """A heading's text without its closing sequence of `#`."""
    title = text.strip()
    bare = title.rstrip("#")
    return bare.rstrip() if not bare or bare[-1] in " \t" else title
