"""The resolved token count of an open document, kept true under edits.

A border is a place where counts may be cut, known from the two characters around it. Rows are the document's lines as
resolved. A row's cell is the text from the first border in the row to the first border in a later row; a row without
any border belongs to the cell before. The document's count is the sum of its cells', and an edit of some rows changes
their cells and the one before: usually one call of the tokenizer, on one line. The document's start counts as a border.

Chunks, cells and strands are three grains of the same cut: a chunk is a few KB of rows that nobody touched, counted as one
by a worker; once touched it holds cells, one for most rows; a long cell, once touched, holds strands, cut into pieces.
"""

from collections import deque
from collections.abc import Iterable, Mapping

from weighbridge.text import Inline
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.chunks import Chunk, Chunks
from weighbridge.tokens.grain import STANDARD, Grain
from weighbridge.tokens.grouping import Grouper
from weighbridge.tokens.jobs import Job, Jobs
from weighbridge.tokens.ranges import Ranges
from weighbridge.tokens.recounting import Recounter
from weighbridge.tokens.resolved import ResolvedRows
from weighbridge.tokens.rows import Lines, Part, Resolved, resolve
from weighbridge.tokens.summary import Summary

__all__ = ["CountedBuffer", "Job", "Lines", "Part"]


class CountedBuffer:
    """The counts of one document under one tokenizer. For one thread at a time; no input or output.

    `lines` is the caller's and always holds the text after the edits told so far. `parts` are those lines that hold
    references: literal text and, for what is resolved, its summary; joined they are the whole line, line end included.
    `cuts`: lines where it will be asked for counts (headings).
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        lines: Lines,
        parts: Mapping[int, tuple[Part, ...]] | None = None,
        cuts: Iterable[int] = (),
        grain: Grain = STANDARD,
    ) -> None:
        self._grain = grain
        self._jobs = Jobs()
        self._chunks = Chunks()
        rows = self._rows = ResolvedRows(lines, self._chunks, tokenizer.borders)
        self._recounter = Recounter(tokenizer, rows, self._chunks, self._jobs, grain)
        self._grouper = Grouper(self._recounter, rows, self._chunks, self._jobs, grain)
        self._ranges = Ranges(tokenizer, rows, self._chunks, self._jobs, grain)
        self._grouper.open(self._overlay(parts or {}, 0), sorted(set(cuts)))

    def follow(self, lines: Lines) -> None:
        """Go on with other lines that hold the same text, or hold it but for an edit that is told next."""
        self._rows.lines = lines

    def discard(self) -> list[Chunk]:
        """End it: answers are of no use any more; returns what takes long to free."""
        self._jobs.withdraw_all()
        chunks, self._chunks.list = self._chunks.list, []
        return chunks

    @property
    def tokens(self) -> int | None:
        """Tokens of the resolved document; None while anything is uncounted."""
        return None if self._chunks.waiting else self._chunks.known

    @property
    def known(self) -> int:
        """Tokens counted so far."""
        return self._chunks.known

    def splice(
        self,
        start: int,
        old: int,
        new: int,
        parts: Mapping[int, tuple[Part, ...]] | None = None,
        inline: Inline | None = None,
    ) -> None:
        """Lines [start, start + old) became `new` lines, which `lines` already holds.

        `parts`: for those of the new lines (by the document's new line numbers) that hold references. `inline`: where
        the line changed, if one line without references only changed inside.
        """
        chunks = self._chunks
        index, row = chunks.locate(start)
        if not old and not row and index:
            index -= 1
            row = chunks.list[index].rows
        chunk = chunks.list[index]
        if row + old > chunk.rows:
            chunk = self._grouper.merge(index, chunks.locate(start + old - 1)[0])
        first = start - row
        self._ranges.edited()
        if parts or chunk.over or new != old:
            chunk.shift_rows(row, old, new, self._overlay(parts, first) if parts else {})
            if new != old:
                chunks.grew(chunk, new - old)
        if not (
            chunk.at
            and new <= self._grain.patch
            and self._recounter.patch(chunk, first, row, old, new, inline)
        ):
            self._grouper.regroup(chunk)
        elif chunk.rows > self._grain.rows and new > old:
            self._recounter.split(chunk, first)

    def set_parts(self, parts: Mapping[int, tuple[Part, ...] | None]) -> None:
        """Say anew what some lines stand for: references in them were resolved or changed. None: what is typed.

        Many at a time cost less: those that stand together are counted once, not for each.
        """
        waiting = deque(sorted(parts))
        while waiting:
            index, row = self._chunks.locate(waiting[0])
            chunk = self._chunks.list[index]
            first = waiting[0] - row
            some: dict[int, tuple[Part, ...] | None] = {}
            while waiting and waiting[0] < first + chunk.rows:
                line = waiting.popleft()
                some[line] = parts[line]
            if chunk.at:
                for line, one in some.items():
                    self._set_parts(line, one)
            else:
                self._ranges.edited()
                for line, one in some.items():
                    over = {} if one is None else self._overlay({line: one}, first)
                    chunk.shift_rows(line - first, 1, 1, over)
                self._grouper.regroup(chunk)

    def _set_parts(self, line: int, parts: tuple[Part, ...] | None) -> None:
        self.splice(line, 1, 1, None if parts is None else {line: parts})

    def pending(self, limit: int | None = None) -> list[Job]:
        """Hand out what a worker must count, at most `limit` of it, each once; what was asked first comes first."""
        return self._jobs.take(limit)

    def answer(self, job: Job, tokens: int) -> bool:
        """Take a job's count. False when an edit made it obsolete, or it was answered before."""
        return self._jobs.answer(job.id, tokens)

    def tokens_between(self, start: int, stop: int) -> int | None:
        """Tokens of lines [start, stop), resolved, as a text standing alone. None while uncounted: pending jobs tell."""
        return self._ranges.tokens(start, stop)

    def count_range(self, start_line: int, start_col: int, stop_line: int, stop_col: int) -> int | None:
        """Tokens of a stretch of the text as typed, as a text standing alone. Columns in code points, stop exclusive.

        None while uncounted: pending jobs tell.
        """
        return self._ranges.typed(start_line, start_col, stop_line, stop_col)

    def summary_between(self, start: int, stop: int) -> Summary | None:
        """Summarize lines [start, stop), resolved. None while uncounted: pending jobs tell."""
        return self._ranges.summary(start, stop)

    def summary(self) -> Summary | None:
        """Summarize the resolved document. None while uncounted: pending jobs tell."""
        return self._ranges.summary(0, len(self._rows.lines))

    def _overlay(self, parts: Mapping[int, tuple[Part, ...]], first: int) -> dict[int, Resolved]:
        over = {}
        for line, some in parts.items():
            resolved = resolve(some)
            # For good: what a secret stood in is counted again when it has gone, and fragments of it may stay longer.
            self._jobs.private = self._jobs.private or resolved.private
            if resolved.gaps or resolved.texts[0] != self._rows.lines.line(line):
                over[line - first] = resolved
        return over
