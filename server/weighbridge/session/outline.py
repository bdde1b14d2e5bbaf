"""A document's sections with their tokens, kept while it is edited: an edit costs the sections it lies in.

A section's tokens are those of its lines, so an edit changes the sections around it and no other. Which those are is
noted when it is made and looked up when somebody asks; what is to be summed up anew then is done in short steps.
"""

import time
from collections.abc import Callable, Iterable
from enum import Enum

from weighbridge.analysis.report import Range, SectionReport
from weighbridge.budget.sections import Section, section_steps
from weighbridge.references.index import ScanIndex
from weighbridge.steps import ITEMS, Steps
from weighbridge.text import Edit, LineBuffer

#: Sections summed up between two looks at the clock.
_AT_A_TIME = 16

TokensBetween = Callable[[int, int], int | None]


class Filled(Enum):
    """How far it got: all sections are true; there is more to do; the rest waits for workers."""

    ALL = "all"
    MORE = "more"
    WAITS = "waits"


class Outline:
    """The sections of one document, in order. For the loop's thread.

    What is out of date keeps the tokens it had until it is summed up again.
    """

    def __init__(self) -> None:
        self._index: ScanIndex | None = None
        self._revision = -1
        self._line_count = 0
        self._since: Edit | None = None
        self._sections: tuple[Section, ...] = ()
        self._tokens: list[int] = []
        #: Places of sections to be summed up anew. Not a set: see `Document.dirty`.
        self._stale: dict[int, None] = {}
        self._reports: list[SectionReport | None] = []
        self._reported: tuple[SectionReport, ...] | None = None

    def edited(self, edit: Edit) -> None:
        """Note an edit; the index follows it too."""
        self._since = edit if self._since is None else self._since.then(edit)

    def resolved(self, lines: Iterable[int]) -> None:
        """Note that lines stand for something else: references in them were resolved or changed."""
        for line in lines:
            self.edited(Edit(line, 1, 1))

    def follow(self, index: ScanIndex, line_count: int) -> Steps[None]:
        """Look up which sections there are now, and which of them the edits since the last time lie in.

        Whoever edits between two steps begins it anew.
        """
        since = self._since
        same_index = self._index is index
        if (same_index, self._revision, self._line_count) == (True, index.headings_revision, line_count):
            if since is not None:
                first, last = since.start, since.start + since.old_lines
                for place, section in enumerate(self._sections):
                    if section.start_line < last and first < section.end_line:
                        self._stale[place] = None
                    if place % ITEMS == ITEMS - 1:
                        yield
            self._since = None
            return
        revision = index.headings_revision
        new_sections = yield from section_steps(index.headings(), line_count)
        old_sections, old_line_count = self._sections, self._line_count
        tokens: list[int] = []
        reports: list[SectionReport | None] = []
        stale: dict[int, None] = {}
        # Both are in order: which one was a section is found beside the last.
        beside = 0
        for place, section in enumerate(new_sections):
            line = _line_before(section.start_line, since)
            while line >= 0 and beside < len(old_sections) and old_sections[beside].start_line < line:
                beside += 1
            old = beside if beside < len(old_sections) and old_sections[beside].start_line == line else None
            tokens.append(0 if old is None else self._tokens[old])
            same = old is not None and old_sections[old] == section
            # Where the document ends a section ends in its last line, not at the start of the next.
            ends_alike = (section.end_line >= line_count) == (section.end_line >= old_line_count)
            reports.append(self._reports[old] if same and ends_alike and old is not None else None)
            true = (
                same_index
                and old is not None
                and old not in self._stale
                and (same if since is None else _untouched(old_sections[old], section, since))
            )
            if not true:
                stale[place] = None
            if place % ITEMS == ITEMS - 1:
                yield
        self._index, self._revision, self._line_count, self._since = index, revision, line_count, None
        self._sections, self._tokens, self._reports, self._stale = new_sections, tokens, reports, stale
        self._reported = None

    def fill(self, tokens: TokensBetween, seconds: float) -> Filled:
        """Sum up what is out of date, for about so long. `tokens`: of lines [start, stop), None while uncounted."""
        if not self._stale:
            return Filled.ALL
        until = time.perf_counter() + seconds
        waiting: list[int] = []
        number, ended = 0, False
        while self._stale and not ended:
            place, _ = self._stale.popitem()
            section = self._sections[place]
            section_tokens = tokens(section.start_line, section.end_line)
            if section_tokens is None:
                waiting.append(place)
            elif section_tokens != self._tokens[place]:
                self._tokens[place] = section_tokens
                self._reports[place] = None
                self._reported = None
            number += 1
            ended = number % _AT_A_TIME == 0 and time.perf_counter() > until
        more = bool(self._stale)
        self._stale.update(dict.fromkeys(waiting))
        if not self._stale:
            return Filled.ALL
        return Filled.MORE if more else Filled.WAITS

    def reports(self, buffer: LineBuffer) -> Steps[tuple[SectionReport, ...]]:
        """All sections as they stood when they were filled last; the same object while nothing changed."""
        # The end of those that go on to the document's end moves with every key typed in its last line.
        end = self._end(buffer)
        for place, report in enumerate(self._reports):
            section = self._sections[place]
            to_end = section.end_line >= self._line_count
            if report is None or (to_end and report.range.end_character != end):
                last = (self._line_count - 1, end) if to_end else (section.end_line, 0)
                place_ = Range(section.start_line, 0, *last)
                self._reports[place] = SectionReport(
                    section.title, section.level, place_, self._tokens[place]
                )
                self._reported = None
            if place % ITEMS == ITEMS - 1:
                yield
        if self._reported is None:
            self._reported = tuple(report for report in self._reports if report is not None)
        return self._reported

    def _end(self, buffer: LineBuffer) -> int:
        last = self._line_count - 1
        return buffer.to_units(last, len(buffer.stored_line(last))) if 0 <= last < buffer.line_count else 0


def _line_before(line: int, since: Edit | None) -> int:
    """Where a line was before an edit; -1 if it is one of the edit's."""
    if since is None or line < since.start:
        return line
    return line - since.new_lines + since.old_lines if line >= since.start + since.new_lines else -1


def _untouched(old_section: Section, section: Section, since: Edit) -> bool:
    """Whether a section holds the same lines as before an edit, none of which is the edit's."""
    if old_section.end_line <= since.start:
        return section.end_line == old_section.end_line
    shift = since.new_lines - since.old_lines
    return (
        old_section.start_line >= since.start + since.old_lines
        and section.end_line == old_section.end_line + shift
    )
