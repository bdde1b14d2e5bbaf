"""The index of a document by line: its references, headings and directives, kept true under edits.

An edit is re-scanned from the start of the paragraph it touches until the block structure is what it was before: most
keys cost one line. A fence or comment opened far above changes all below it: `update` says so, if it is asked to.
"""

import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from weighbridge.references.blocks import START, BlockLine, BlockState, LineKind
from weighbridge.references.inlines import is_open
from weighbridge.references.inside import follow_inside
from weighbridge.references.leaves import (
    CROSSING,
    LONGEST_LINE,
    QUIET,
    TELLING,
    WEIGHED,
    WINDOW,
    Leaves,
    ParsedLine,
    look_of,
)
from weighbridge.references.model import PLAIN, Directive, Heading, Reference, ScannedLine, Typo
from weighbridge.references.templates import shows_sign, still_shows_sign, without_defaults
from weighbridge.rope import Line
from weighbridge.text import Edit

#: What a line costs to scan, in units of about 10 µs; what takes longer than other text in it costs one unit each.
LINE_COST: Final = 2
_BEGINNINGS = ("@", "{{", "`", "<")
_IN_PARAGRAPH = (LineKind.PARAGRAPH, LineKind.CONTINUATION)
_SKIPPED = ParsedLine(BlockLine(LineKind.BLANK), START, 0, 0, PLAIN)


class Lines(Protocol):
    """A document's lines, each with its line end."""

    def __len__(self) -> int: ...

    def line(self, index: int, /) -> str: ...

    def stored_line(self, index: int, /) -> Line:
        """As `line`, a long one in pieces."""
        ...


@dataclass(frozen=True, slots=True)
class Rescan:
    """Lines [start, old_end) of the text before became [start, new_end): what they hold may be other than before.

    All others hold what they held, unless the text became a template, or is none any more. `cost`: what it took, in the
    units of `ScanIndex.update`.
    """

    start: int
    old_end: int
    new_end: int
    cost: int = field(default=LINE_COST, compare=False)


class TooFarError(Exception):
    """An edit changes what so many lines hold that the text is better scanned anew."""


class _LineNumbers:
    """Line numbers in ascending order. `revision` grows with every change."""

    __slots__ = ("lines", "revision")

    def __init__(self) -> None:
        self.lines: list[int] = []
        self.revision = 0

    def copy(self) -> "_LineNumbers":
        twin = copy(self)
        twin.lines = [*self.lines]
        return twin

    def replace(self, start: int, old_end: int, shift: int, new: list[int]) -> None:
        """Lines [start, old_end) hold anew what `new` says; all behind them moved by `shift`."""
        lines = self.lines
        first, last = bisect_left(lines, start), bisect_left(lines, old_end)
        if first == last and not new and (not shift or last == len(lines)):
            return
        tail = lines[last:] if not shift else [line + shift for line in lines[last:]]
        lines[first:] = new + tail
        self.revision += 1


class ScanIndex:
    """The references, headings and directives of a document by line."""

    def __init__(
        self, lines: Lines, skip: int = 0, *, refers: bool = True, is_template: bool = False
    ) -> None:
        """Scan a whole text. `skip`: lines of front matter at its start, in which nothing is looked for.

        `refers`: whether references count; where they don't, lines hold none. `is_template`: whatever the lines show.
        """
        self.skip = min(skip, len(lines))
        self._refers = refers
        self._is_template = is_template
        leaves = Leaves(keep=True)
        for number in range(self.skip, len(lines)):
            leaves.feed(_scanned_of(lines, number))
        leaves.finish()
        self._parsed_lines: list[ParsedLine] = [_SKIPPED] * self.skip + leaves.parsed_lines
        # Apart, because each key asks whether there are any references, and headings may be many.
        self._referring = _LineNumbers()
        self._heading = _LineNumbers()
        self._directing = _LineNumbers()
        self._mistyped = _LineNumbers()
        self._note(0, 0, 0, len(self._parsed_lines))
        #: Lines that show signs of a template language, wherever in the text.
        self._signs = _LineNumbers()
        if refers:
            self._signs.lines = [number for number in range(len(lines)) if shows_sign(lines.line(number))]

    def copy(self) -> "ScanIndex":
        """A copy that goes on by itself: to see what an edit would do."""
        twin = copy(self)
        twin._parsed_lines = [*self._parsed_lines]  # noqa: SLF001  one of the same class
        for name in ("_referring", "_heading", "_directing", "_mistyped", "_signs"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def __len__(self) -> int:
        return len(self._parsed_lines)

    def discard(self) -> list[ParsedLine]:
        """End it; returns what takes long to free."""
        lines, self._parsed_lines = self._parsed_lines, []
        return lines

    def line(self, index: int) -> ScannedLine:
        """What a line holds."""
        return self._counting(self._parsed_lines[index].scanned)

    def _counting(self, scanned: ScannedLine) -> ScannedLine:
        if not (scanned.references or scanned.typos):
            return scanned
        if not self._refers:
            return replace(scanned, references=(), typos=())
        return replace(scanned, references=without_defaults(scanned.references)) if self.template else scanned

    def line_if(self, index: int, text: str) -> ScannedLine:
        """What a line would hold if this were its text: in its block, without what code spans from other lines hide."""
        if index < self.skip:
            return PLAIN
        leaves = Leaves(self._parsed_lines[index].before)
        leaves.feed(text)
        leaves.finish()
        return self._counting(leaves.parsed_lines[0].scanned)

    def references(self) -> Iterator[tuple[int, Reference]]:
        """All references with their lines, in order."""
        for line in self._referring.lines:
            for reference in self.line(line).references:
                yield line, reference

    @property
    def template(self) -> bool:
        """Whether the text is a template, by its name or by what stands in it: see `without_defaults`."""
        return self._is_template or bool(self._signs.lines)

    @property
    def references_revision(self) -> int:
        """Grows whenever `references` may give something else."""
        return self._referring.revision

    @property
    def refers(self) -> bool:
        """Whether there is any reference."""
        return bool(self._referring.lines)

    def headings(self) -> Iterator[tuple[int, Heading]]:
        """All headings with their lines, in order."""
        for line in self._heading.lines:
            heading = self._parsed_lines[line].scanned.heading
            if heading is not None:
                yield line, heading

    @property
    def headings_revision(self) -> int:
        """Grows whenever `headings` may give something else."""
        return self._heading.revision

    def directives(self) -> Iterator[tuple[int, Directive]]:
        """All directives with their lines, in order."""
        for line in self._directing.lines:
            directive = self._parsed_lines[line].scanned.directive
            if directive is not None:
                yield line, directive

    def typos(self) -> Iterator[tuple[int, Typo]]:
        """All typos of references with their lines, in order."""
        for line in self._mistyped.lines:
            for typo in self._parsed_lines[line].scanned.typos:
                yield line, typo

    def update(self, edit: Edit, lines: Lines, most: int = sys.maxsize) -> Rescan:
        """Follow an edit; `lines` is the text after it.

        `most`: what it may cost at most, in units of about 10 µs: `LINE_COST` for each line scanned anew, and 1 more for 64
        characters in it and for each character that a reference, code or HTML may begin with.

        Raises:
            TooFarError: it would take more. The index fits neither text then.

        Lines put in among those that are skipped are skipped as well; an edit over the border leaves none behind that
        is. Where front matter now ends is for a new index to be told.
        """
        if self._refers:
            self._note_signs(edit, lines)
        if edit.old_lines == edit.new_lines == 1 and self._update_line(edit, lines):
            return Rescan(edit.start, edit.start + 1, edit.start + 1)
        if edit.start >= self.skip:
            return self._rescan(edit, lines, most)
        shift = edit.new_lines - edit.old_lines
        was_end, is_end = edit.start + edit.old_lines, edit.start + edit.new_lines
        inside = was_end <= self.skip
        self._parsed_lines[edit.start : was_end] = [_SKIPPED] * edit.new_lines
        self._note(edit.start, was_end, shift, is_end)
        self.skip = self.skip + shift if inside else edit.start
        if inside:
            return Rescan(edit.start, was_end, is_end)
        rescan = self._rescan(Edit(edit.start, edit.new_lines, edit.new_lines), lines, most)
        return replace(rescan, start=edit.start, old_end=rescan.old_end - shift)

    def _note_signs(self, edit: Edit, lines: Lines) -> None:
        """Look for signs of a template language in what an edit changed."""
        start, old_end = edit.start, edit.start + edit.old_lines
        if edit.inline is not None:
            old = bisect_left(self._signs.lines, start)
            before = self._signs.lines[old : old + 1] == [start]
            if still_shows_sign(lines.stored_line(start), edit.inline, before=before) is before:
                return
            new = [] if before else [start]
        else:
            changed = range(start, start + edit.new_lines)
            new = [number for number in changed if shows_sign(lines.line(number))]
        was_template = self.template
        self._signs.replace(start, old_end, edit.new_lines - edit.old_lines, new)
        if self.template is not was_template:
            self._referring.revision += 1

    def _rescan(self, edit: Edit, lines: Lines, most: int) -> Rescan:
        """Scan anew from the start of the leaf that an edit touches until all is as it was."""
        shift = edit.new_lines - edit.old_lines
        edited_end = edit.start + edit.new_lines
        start = self._leaf_start(edit.start)
        leaves = Leaves(self._state_before(start), keep=True)
        end, cost = len(lines), 0
        for number in range(start, end):
            text = _scanned_of(lines, number)
            if number >= edited_end and self._converges(number - shift, leaves, text):
                end = number
                break
            cost += LINE_COST
            if len(text) <= LONGEST_LINE:  # a line of data is hardly looked at
                cost += len(text) // WEIGHED + sum(map(text.count, _BEGINNINGS))
            if cost > most:
                raise TooFarError
            leaves.feed(text)
        leaves.finish()
        old, new = self._parsed_lines[start : end - shift], leaves.parsed_lines
        self._parsed_lines[start : end - shift] = new
        self._note(start, end - shift, shift, end)
        # Most of the lines around the edit hold what they held before.
        same = _alike(zip(old, new, strict=False), edit.start - start)
        same_behind = _alike(zip(reversed(old), reversed(new), strict=False), end - edited_end)
        return Rescan(start + same, end - shift - same_behind, end - same_behind, cost)

    def _update_line(self, edit: Edit, lines: Lines) -> bool:
        """Follow an edit inside a line that matters to no other line; False if it may."""
        number = edit.start
        if number < self.skip:
            return True
        old = self._parsed_lines[number]
        line = lines.stored_line(number)
        if edit.inline is not None:
            below = self._parsed_lines[number + 1] if number + 1 < len(self._parsed_lines) else None
            new = follow_inside(old, below, edit.inline, line)
            if new is not None:
                self._put(number, old, new)
                return True
        if old.flags & (CROSSING | TELLING) or len(line) > LONGEST_LINE:
            return False
        text = lines.line(number)
        leaves = Leaves(old.before)
        leaves.feed(text)
        if number + 1 < len(self._parsed_lines) and leaves.state != self._parsed_lines[number + 1].before:
            return False
        leaves.finish()
        new = leaves.parsed_lines[0]
        if (
            new.flags & (CROSSING | TELLING)
            or new.look != old.look
            or (new.info.kind, new.info.top, new.info.comment)
            != (old.info.kind, old.info.top, old.info.comment)
            or (new.info.kind in _IN_PARAGRAPH and not old.flags & QUIET and is_open(text, new.info.start))
        ):
            return False
        self._put(number, old, ParsedLine(new.info, new.before, old.flags, new.look, new.scanned))
        return True

    def _put(self, number: int, old: ParsedLine, new: ParsedLine) -> None:
        """Put a line in the place of the one before."""
        self._parsed_lines[number] = new
        if old.scanned is not PLAIN or new.scanned is not PLAIN:
            self._note(number, number + 1, 0, number + 1)

    def _leaf_start(self, line: int) -> int:
        """The first line of the leaf that an edit at `line` may belong to."""
        start = min(line, len(self._parsed_lines))
        if start > self.skip and self._parsed_lines[start - 1].info.kind in _IN_PARAGRAPH:
            start -= 1
        while (
            self.skip < start < len(self._parsed_lines)
            and self._parsed_lines[start].info.kind in (LineKind.CONTINUATION, LineKind.UNDERLINE)
            and not self._parsed_lines[start].flags & WINDOW
        ):
            start -= 1
        return start

    def _state_before(self, line: int) -> BlockState:
        return self._parsed_lines[line].before if self.skip < line < len(self._parsed_lines) else START

    def _converges(self, old: int, leaves: Leaves, text: str) -> bool:
        """Whether from an old line on all is as it was: the same state, and a leaf or window begins."""
        if old >= len(self._parsed_lines):
            return False
        old_line = self._parsed_lines[old]
        if old_line.before != leaves.state:
            return False
        if old_line.flags & WINDOW:
            return leaves.cuts_before(look_of(text))
        return old_line.info.kind not in (LineKind.CONTINUATION, LineKind.UNDERLINE)

    def _note(self, start: int, old_end: int, shift: int, new_end: int) -> None:
        holding = [
            (line, scanned)
            for line in range(start, new_end)
            if (scanned := self._parsed_lines[line].scanned) is not PLAIN
        ]
        for places, lines in (
            (self._referring, [line for line, scanned in holding if scanned.references and self._refers]),
            (self._heading, [line for line, scanned in holding if scanned.heading is not None]),
            (self._directing, [line for line, scanned in holding if scanned.directive is not None]),
            (self._mistyped, [line for line, scanned in holding if scanned.typos and self._refers]),
        ):
            places.replace(start, old_end, shift, lines)


def _alike(lines: Iterable[tuple[ParsedLine, ParsedLine]], most: int) -> int:
    """How many lines hold the same before and after, from the first on, `most` at most."""
    same = 0
    for old, new in lines:
        if same >= most or old.scanned != new.scanned:
            break
        same += 1
    return same


def _scanned_of(lines: Lines, number: int) -> str:
    """A line as it is to be scanned: of one that is data no more than tells that it is."""
    return lines.stored_line(number)[: LONGEST_LINE + 1]


class StreamScanner:
    """The same for a text that is read once, from its start: holds a window of a paragraph, never the text."""

    def __init__(self) -> None:
        self._leaves = Leaves()
        self._number = 0

    def feed(self, line: str) -> Iterator[tuple[int, ScannedLine]]:
        """Take the next line; give the lines that are done by it and hold something, numbered from 0."""
        self._leaves.feed(line)
        return self._taken()

    def close(self) -> Iterator[tuple[int, ScannedLine]]:
        """Give the rest."""
        self._leaves.finish()
        return self._taken()

    def _taken(self) -> Iterator[tuple[int, ScannedLine]]:
        parsed_lines, self._leaves.parsed_lines = self._leaves.parsed_lines, []
        first, self._number = self._number, self._number + len(parsed_lines)
        return iter(
            [
                (first + n, parsed_line.scanned)
                for n, parsed_line in enumerate(parsed_lines)
                if parsed_line.scanned is not PLAIN
            ]
        )


def scan(lines: Iterable[str], skip: int = 0) -> list[ScannedLine]:
    """Scan a whole text: what each line holds."""
    leaves = Leaves()
    count = 0
    for number, line in enumerate(lines):
        count += 1
        if number >= skip:
            leaves.feed(line)
    leaves.finish()
    return [PLAIN] * min(skip, count) + [parsed_line.scanned for parsed_line in leaves.parsed_lines]
