"""The content of each line (references, directives, headings), found once the paragraph around it is known.

line ──▶ block structure ──▶ paragraph gathered ──▶ inline structure ──▶ what its lines hold

A paragraph is read in windows, cut between lines: no code span, comment or tag goes over a cut. That bounds what a key
typed in a log of a million lines costs, and what is held of a stream. Only paragraphs of more than 300 lines or 18,000
characters are cut at all. Where is for the lines' own looks to decide, so that a line put in at the top moves few cuts.
A line of more than `LONG_LINE` characters is a window of its own, and one of more than `LONGEST_LINE` is data: nothing
is looked for in it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final
from zlib import crc32

from weighbridge.references.blocks import START, BlockLine, BlockState, LineKind, advance
from weighbridge.references.inlines import (
    Found,
    scan_html,
    scan_inlines,
    scan_plain,
    spread,
    tells,
)
from weighbridge.references.links import LABEL_DECIDED, may_define, skip_definitions
from weighbridge.references.model import PLAIN, Directive, Heading, Reference, ScannedLine, Typo
from weighbridge.references.stretches import KeptLine

#: Characters of the longest line that references are looked for in.
LONGEST_LINE: Final = 1024 * 1024
#: Characters of a line that is worth being scanned in part.
LONG_LINE: Final = 32 * 1024
#: Characters of a line of a window of its own that is worth being kept in stretches, if it `tells`.
KEPT_LINE: Final = 8 * 1024

#: A line weighs 1, and 1 more for every 64 characters. A window is cut where a line looks like it from this weight on,
#: before any line from that one on.
WINDOW_LEAST: Final = 300
WINDOW_MOST: Final = 1000
WEIGHED: Final = 64
LONG_LOOK: Final = 2 * WINDOW_MOST

#: What a line depends on or decides beyond itself: part of a construct of several lines; text that could begin or end
#: one; the first line of a window that is not its paragraph's first; in a window without any such text.
CROSSING: Final = 1
TELLING: Final = 2
WINDOW: Final = 4
QUIET: Final = 8


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A line as parsed: its place in the block structure, the state before it, what it holds.

    `look`: what of it windows are cut by.
    """

    info: BlockLine
    before: BlockState
    flags: int
    look: int
    scanned: ScannedLine


@dataclass(frozen=True, slots=True)
class ParsedKeptLine(ParsedLine):
    """A long line that is its whole window, with the stretches it is kept in, which make it cheap to edit."""

    kept_line: KeptLine


class Leaves:
    """Takes lines one by one; `parsed_lines` fills in their order, a paragraph's when it ends. Call `finish` at the end."""

    def __init__(self, state: BlockState = START, *, keep: bool = False) -> None:
        """`keep`: long lines are going to be edited."""
        self.state = state
        self._keep = keep
        self.parsed_lines: list[ParsedLine] = []
        self._texts: list[str] = []
        self._infos: list[BlockLine] = []
        self._befores: list[BlockState] = []
        self._looks: list[int] = []
        self._weight = 0
        self._window = False
        # Lines that hold nothing are many and alike.
        self._plain = ParsedLine(BlockLine(LineKind.BLANK), START, 0, 0, PLAIN)

    def feed(self, text: str) -> None:
        """Take the next line, with its line end."""
        before = self.state
        long = len(text) > LONGEST_LINE
        info, self.state = advance(before, text[:LONGEST_LINE] if long else text)
        kind = info.kind
        if kind is LineKind.CONTINUATION or kind is LineKind.PARAGRAPH:
            look = look_of(text)
            if kind is LineKind.PARAGRAPH:
                self._flush()
                self._window = False
            elif self.cuts_before(look):
                self._flush()
                self._window = True
            if long:
                self._flush()
                self.parsed_lines.append(ParsedLine(info, before, CROSSING | self._first_flag(), look, PLAIN))
                self._window = True
                return
            self._texts.append(text)
            self._infos.append(info)
            self._befores.append(before)
            self._looks.append(look)
            self._weight += look >> 1
            return
        self._flush(info if kind is LineKind.UNDERLINE else None)
        if kind is LineKind.UNDERLINE or long:
            self.parsed_lines.append(ParsedLine(info, before, CROSSING, 0, PLAIN))
        elif kind is LineKind.HTML:
            parts = scan_html(text, info.start, comment=info.comment)
            self._add(info, before, 0, 0, scanned_line(parts.references, parts.directives, None))
        elif kind is LineKind.HEADING:
            parts = scan_inlines(text, info.start)
            heading = Heading(info.level, atx_title(text[info.start :])) if info.top else None
            self._add(info, before, 0, 0, scanned_line(parts.references, parts.directives, heading))
        else:
            self._add(info, before, 0, 0, PLAIN)

    def finish(self) -> None:
        """Take the last line as the end of its paragraph."""
        self._flush()

    def cuts_before(self, look: int) -> bool:
        """Whether a line that looks so, should the paragraph go on with it, begins a new window."""
        if not self._texts:
            return True
        weight = self._weight + (look >> 1)
        return weight > WINDOW_MOST or (self._weight >= WINDOW_LEAST and look & 1 == 1)

    def _first_flag(self) -> int:
        return WINDOW if self._window else 0

    def _add(self, info: BlockLine, before: BlockState, flags: int, look: int, scanned: ScannedLine) -> None:
        last = self._plain
        if (
            scanned is PLAIN
            and info is last.info
            and before is last.before
            and flags == last.flags
            and look == last.look
        ):
            self.parsed_lines.append(last)
            return
        parsed_line = ParsedLine(info, before, flags, look, scanned)
        if scanned is PLAIN:
            self._plain = parsed_line
        self.parsed_lines.append(parsed_line)

    def _flush(self, underline: BlockLine | None = None) -> None:
        """Scan the paragraph gathered so far; `underline` makes it a heading."""
        texts = self._texts
        if not texts:
            return
        first, start = texts[0], self._infos[0].start
        if self._keep and underline is None and len(texts) == 1 and self._is_kept(first, start):
            kept_line, references = KeptLine.of(first, start)
            scanned = scanned_line(references, kept_line.directives, None)
            flags = self._first_flag() | TELLING
            info, before, look = self._infos[0], self._befores[0], self._looks[0]
            self.parsed_lines.append(ParsedKeptLine(info, before, flags, look, scanned, kept_line))
        elif len(texts) > 1 or underline is not None or first.startswith("[", start):
            self._flush_several(underline)
        else:
            parts = scan_inlines(first, start)
            flags = self._first_flag() | (TELLING if tells(first) else QUIET)
            scanned = scanned_line(parts.references, parts.directives, None)
            self._add(self._infos[0], self._befores[0], flags, self._looks[0], scanned)
        texts.clear()
        self._infos.clear()
        self._befores.clear()
        self._looks.clear()
        self._weight = 0

    def _is_kept(self, text: str, start: int) -> bool:
        return len(text) > KEPT_LINE and tells(text) and not begins_definition(text, start)

    def _flush_several(self, underline: BlockLine | None) -> None:
        infos = self._infos
        texts = [
            text[info.start :] if info.start else text for text, info in zip(self._texts, infos, strict=True)
        ]
        whole = "".join(texts)
        starts = [0, *accumulate(map(len, texts[:-1]))]
        flags = self._flags(whole, texts, starts, setext=underline is not None)
        definitions = 0 if self._window else skip_definitions(whole)
        # Definitions are no inline text: their backticks open no code span. What they name still reaches the model.
        parts = [scan_plain(whole, 0, definitions)] if definitions else []
        parts.append(scan_inlines(whole, definitions))
        contents: dict[int, tuple[list[Reference | Typo], list[Directive]]] = {}
        for part in parts:
            _mark_crossing(flags, part, starts)
            for number, place in spread(part, starts, infos):
                references, directives = contents.setdefault(number, ([], []))
                if isinstance(place, Directive):
                    directives.append(place)
                else:
                    references.append(place)
        headings: dict[int, Heading] = {}
        if underline is not None and infos[0].top:
            # It begins behind the definitions.
            number = bisect_right(starts, definitions) - 1
            headings[number] = Heading(underline.level, " ".join(whole[definitions:].split()))
        for number, info in enumerate(infos):
            references, directives = contents.get(number, ([], []))
            scanned = scanned_line(references, directives, headings.get(number))
            self._add(info, self._befores[number], flags[number], self._looks[number], scanned)

    def _flags(self, whole: str, texts: Sequence[str], starts: Sequence[int], *, setext: bool) -> list[int]:
        """What each line of a paragraph depends on or decides beyond itself, but for constructs of several lines."""
        telling = tells(whole)
        flags = [(TELLING if tells(text) else 0) if telling else QUIET for text in texts]
        links = whole.startswith("[") and not self._window
        if setext or (links and may_define(whole)):
            flags = [flag | CROSSING for flag in flags]
        elif links and len(texts[0]) <= LONG_LINE:
            # Not a link label: what decides that stands in its first characters.
            for number in range(bisect_right(starts, LABEL_DECIDED)):
                flags[number] |= CROSSING
        flags[0] |= self._first_flag()
        return flags


def look_of(text: str) -> int:
    """What windows are cut by: a line's weight, doubled, and 1 more for about one line in 128.

    Lines that are alike look alike, everywhere and always; so cuts are found again behind an edit.
    """
    length = len(text)
    if length > LONG_LINE:
        return LONG_LOOK
    return (1 + length // WEIGHED) * 2 + (crc32(text.encode("utf-8", "surrogatepass")) % 128 == 0)


def begins_definition(text: str, start: int) -> bool:
    """Whether what stands in a long line from `start` on is, or may become, link reference definitions."""
    return text.startswith("[", start) and may_define(text[start : start + LABEL_DECIDED])


def _mark_crossing(flags: list[int], parts: Found, starts: Sequence[int]) -> None:
    """Mark the lines of constructs that go over a line's end."""
    for start, end in parts.spans:
        first, behind = bisect_right(starts, start) - 1, bisect_left(starts, end)
        if behind - first > 1:
            for number in range(first, behind):
                flags[number] |= CROSSING
    if parts.open_from >= 0:
        # Any character below may make it a tag or link, or keep it from being one.
        for number in range(bisect_right(starts, parts.open_from) - 1, len(flags)):
            flags[number] |= CROSSING


def scanned_line(
    places: Sequence[Reference | Typo], directives: Sequence[Directive], heading: Heading | None
) -> ScannedLine:
    """What a line holds, from what was found in it, in order."""
    if not places and not directives and heading is None:
        return PLAIN
    directive = None
    if directives:
        # Several in one line are one: what they set, in order.
        first, last = directives[0], directives[-1]
        settings = tuple(setting for directive in directives for setting in directive.settings)
        directive = first if first is last else Directive(settings, first.start, last.end)
    references = tuple(place for place in places if isinstance(place, Reference))
    typos = (
        tuple(place for place in places if isinstance(place, Typo)) if len(references) < len(places) else ()
    )
    return ScannedLine(references, heading, directive, typos)


def atx_title(text: str) -> str:
    """A heading's text without its closing sequence of `#`."""
    title = text.strip()
    bare = title.rstrip("#")
    return bare.rstrip() if not bare or bare[-1] in " \t" else title
