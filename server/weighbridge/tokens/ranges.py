"""Counts and summaries of parts of a counted document: sums of its cells, and what the part cuts off at its ends."""

from bisect import bisect_left
from hashlib import blake2b
from typing import Final

from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.chunks import Chunk, Chunks
from weighbridge.tokens.grain import Grain
from weighbridge.tokens.jobs import Jobs
from weighbridge.tokens.resolved import ResolvedRows
from weighbridge.tokens.summary import Summary

#: Long texts whose counts are remembered.
MOST_REMEMBERED: Final = 64


class LongText:
    """The count of a text too long to be counted at once: None until its job is answered."""

    __slots__ = ("job", "tokens")

    def __init__(self) -> None:
        self.job = -1
        self.tokens: int | None = None

    def answered(self, _job: int, tokens: int, /) -> None:
        self.tokens = tokens


class Ranges:
    """Answers for parts of one document."""

    def __init__(
        self, tokenizer: Tokenizer, rows: ResolvedRows, chunks: Chunks, jobs: Jobs, grain: Grain
    ) -> None:
        self._grain = grain
        self._rows = rows
        self._chunks = chunks
        self._jobs = jobs
        self._count = tokenizer.count
        self._borders = tokenizer.borders
        self._long: dict[bytes, LongText] = {}

    def edited(self) -> None:
        """Note that the document changed: what is asked of workers may not be wanted any longer."""
        if self._long:
            for key in [key for key, text in self._long.items() if text.tokens is None]:
                self._jobs.withdraw(self._long.pop(key).job)

    def tokens(self, start: int, stop: int) -> int | None:
        """Tokens of rows [start, stop) as a text standing alone."""
        end = len(self._rows.lines)
        start, stop = max(start, 0), min(stop, end)
        if start >= stop:
            return 0
        if stop - start == end:
            return None if self._chunks.waiting else self._chunks.known
        begin = self._first(start, stop)
        if begin is None:
            return self._sum(self._rows.atoms(start, 0, stop, ""))
        row, offset = begin
        head = self._sum(self._rows.atoms(start, 0, row, self._prefix(row, offset)))
        last = (stop, 0) if stop == end or self._rows.border(stop) == 0 else self._last(stop)
        tail = self._sum(self._rows.atoms(*last, stop, "")) if last[0] < stop else 0
        return _plus(head, self._cells(begin, last), tail)

    def typed(self, start_line: int, start_col: int, stop_line: int, stop_col: int) -> int | None:
        """Tokens of a stretch of the text as typed, as a text standing alone."""
        end = len(self._rows.lines)
        if stop_line >= end:
            stop_line, stop_col = end, 0
        if (start_line, start_col) >= (stop_line, stop_col):
            return 0
        total: int | None = 0
        at = (start_line, start_col)
        previous = start_line - 1
        for over in [*self._over(start_line, stop_line), stop_line + 1]:
            # Between two rows that aren't as typed, from one border on to another, the cells hold what is typed.
            begin = self._first(max(previous + 2, at[0] + 1), min(over, stop_line + 1, end))
            if begin is not None:
                last = self._last(min(over, stop_line + 1, end))
                if last > (stop_line, stop_col):
                    last = self._last(stop_line) if begin[0] < stop_line else begin
                if last > begin:
                    total = _plus(total, self._text_tokens(self._typed(at, begin)), self._cells(begin, last))
                    at = last
            previous = over
        return _plus(total, self._text_tokens(self._typed(at, (stop_line, stop_col))))

    def summary(self, start: int, stop: int) -> Summary | None:
        """Summarize rows [start, stop)."""
        start, stop = max(start, 0), min(stop, len(self._rows.lines))
        head = self._head(start, stop)
        if head is None:
            whole = self._rows.atoms(start, 0, stop, "") if start < stop else [""]
            text = "".join(atom for atom in whole if isinstance(atom, str))
            return Summary(text, None, "", self._jobs.private)
        tail = self._tail(stop)
        total, before, after = self.tokens(start, stop), self._text_tokens(head), self._text_tokens(tail)
        if total is None or before is None or after is None:
            return None
        return Summary(head, total - before - after, tail, self._jobs.private)

    def _head(self, start: int, stop: int) -> str | None:
        """Find what is before the first border within rows [start, stop); None if there is none."""
        while start < stop:
            resolved = self._rows.at(start)
            found = self._borders.first(resolved.texts[0])
            if found >= 0:
                return resolved.texts[0][:found]
            if resolved.gaps:
                return resolved.texts[0]
            begin = self._first(start + 1, stop)
            if begin is None:
                return None
            (head,) = self._rows.atoms(start, 0, begin[0], self._prefix(*begin))
            if head:
                return str(head)
            start = begin[0]
        return None

    def _tail(self, stop: int) -> str:
        """Find what is after the last border before row `stop`, where there is one."""
        row, _ = self._last(stop)
        text = self._rows.at(row).texts[-1]
        found = max(self._borders.last(text), 0)
        return "".join((text[found:], *(self._rows.at(line).texts[0] for line in range(row + 1, stop))))

    def _prefix(self, row: int, offset: int) -> str:
        return self._rows.start(row, offset) if offset else ""

    def _over(self, start: int, stop: int) -> list[int]:
        """List the rows in [start, stop] that don't stand for what is typed."""
        index, row = self._chunks.locate(start)
        first = start - row
        found: list[int] = []
        for chunk in self._chunks.list[index:]:
            if first > stop:
                break
            found.extend(first + row for row in sorted(chunk.over) if start <= first + row <= stop)
            first += chunk.rows
        return found

    def _typed(self, start: tuple[int, int], stop: tuple[int, int]) -> str:
        (line, column), (last, end) = start, stop
        if line == last:
            return self._rows.lines.kept(line)[column:end]
        return self._rows.lines.joined(line, last)[column:] + (
            self._rows.lines.kept(last)[:end] if end else ""
        )

    def _first(self, start: int, stop: int) -> tuple[int, int] | None:
        """Find the first row in [start, stop) that has a border, and its first border."""
        while start < stop:
            index, row = self._chunks.locate(start)
            chunk = self._chunks.list[index]
            first = start - row
            if chunk.fine:
                place = bisect_left(chunk.at, row)
                if place < len(chunk.at):
                    line = first + chunk.at[place]
                    return (line, chunk.starts[place]) if line < stop else None
                start = first + chunk.rows
                continue
            border = len(chunk.lead) if row == 0 else self._rows.border(start)
            if border >= 0:
                return start, border
            start += 1
        return None

    def _last(self, stop: int) -> tuple[int, int]:
        """Find the last row before `stop` that has a border, and its first border. There must be one."""
        while True:
            index, row = self._chunks.locate(stop - 1)
            chunk = self._chunks.list[index]
            first = stop - 1 - row
            if chunk.fine:
                place = bisect_left(chunk.at, row + 1) - 1
                return first + chunk.at[place], chunk.starts[place]
            border = len(chunk.lead) if row == 0 else self._rows.border(stop - 1)
            if border >= 0:
                return stop - 1, border
            stop -= 1

    def _cells(self, start: tuple[int, int], stop: tuple[int, int]) -> int | None:
        """Tokens from one row's first border to another's; or to the document's end."""
        if start[0] >= stop[0]:
            return 0
        index, row = self._chunks.locate(start[0])
        last, end = self._chunks.locate(stop[0])
        chunk = self._chunks.list[index]
        if index == last:
            return self._part(chunk, row, end, start, stop)
        first = start[0] - row
        after = self._chunks.list[index + 1]
        begin = self._part(chunk, row, chunk.rows, start, (first + chunk.rows, len(after.lead)))
        middle = self._chunks.between(index + 1, last)
        if not end:
            return _plus(begin, middle)
        chunk = self._chunks.list[last]
        first = stop[0] - end
        return _plus(begin, middle, self._part(chunk, 0, end, (first, len(chunk.lead)), stop))

    def _part(
        self, chunk: Chunk, row: int, end: int, start: tuple[int, int], stop: tuple[int, int]
    ) -> int | None:
        """Tokens of the chunk's rows [row, end): from the first border in one to that in the other."""
        if row == 0 and end == chunk.rows:
            return None if chunk.waiting else chunk.known
        if not chunk.fine:
            line, border = stop
            return self._sum(self._rows.atoms(*start, line, self._prefix(line, border)))
        begin, last = bisect_left(chunk.at, row), bisect_left(chunk.at, end)
        if chunk.waiting and any(cell.waiting for at, cell in chunk.cells.items() if begin <= at < last):
            return None
        return sum(chunk.counts[begin:last])

    def _sum(self, atoms: list[str | int]) -> int | None:
        return _plus(*(atom if isinstance(atom, int) else self._text_tokens(atom) for atom in atoms))

    def _text_tokens(self, text: str) -> int | None:
        if len(text) <= self._grain.at_once:
            return self._count(text)
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._long.get(key)
        if known is None:
            while len(self._long) >= MOST_REMEMBERED:
                self._jobs.withdraw(self._long.pop(next(iter(self._long))).job)
            known = self._long[key] = LongText()
            known.job = self._jobs.post(known, lambda: text)
        return known.tokens


def _plus(*tokens: int | None) -> int | None:
    total = 0
    for some in tokens:
        if some is None:
            return None
        total += some
    return total
