"""Grouping a document's rows in chunks, and grouping anew where an edit crosses them."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import partial

from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.chunks import Chunk, Chunks
from weighbridge.tokens.grain import Grain
from weighbridge.tokens.jobs import Jobs
from weighbridge.tokens.recounting import Recounter
from weighbridge.tokens.resolved import ResolvedRows
from weighbridge.tokens.rows import Resolved


class Grouper:
    """Makes chunks: coarse ones with a job, fine ones with their cells counted."""

    __slots__ = ("_chunks", "_grain", "_jobs", "_recounter", "_rows")

    def __init__(
        self, recounter: Recounter, rows: ResolvedRows, chunks: Chunks, jobs: Jobs, grain: Grain
    ) -> None:
        self._recounter = recounter
        self._rows = rows
        self._chunks = chunks
        self._jobs = jobs
        self._grain = grain

    def open(self, over: dict[int, Resolved], cuts: list[int]) -> None:
        """Group the rows of a whole document; `cuts`, sorted: rows that chunks should start at."""
        whole = Chunk(self._chunks, len(self._rows.lines), "", over)
        self._chunks.replace(0, len(self._chunks.list), [whole])
        self._carve(whole, self._coarse_ends(whole, cuts))

    def merge(self, start: int, last: int) -> Chunk:
        """Make one chunk of some neighbours, its count forgotten."""
        some = self._chunks.list[start : last + 1]
        over: dict[int, Resolved] = {}
        rows = 0
        for chunk in some:
            chunk.withdraw(self._jobs)
            over.update((rows + row, resolved) for row, resolved in chunk.over.items())
            rows += chunk.rows
        merged = Chunk(self._chunks, rows, some[0].lead, over)
        self._chunks.replace(start, last + 1, [merged])
        return merged

    def regroup(self, chunk: Chunk) -> None:
        """Count again a chunk whose rows changed; it takes in its neighbours where the borders to them are gone."""
        chunk = self._settle(chunk)
        first = self._chunks.first_line(chunk.index)
        if (
            chunk.rows <= self._grain.regroup
            and len(self._rows.lines.joined(first, first + chunk.rows)) <= self._grain.regroup
        ):
            self._carve(chunk, self._fine_ends(chunk))
        else:
            self._carve(chunk, self._coarse_ends(chunk, []))

    def _settle(self, chunk: Chunk) -> Chunk:
        """Merge a chunk with its neighbours until it starts and ends where theirs end and start."""
        chunks, rows = self._chunks, self._rows
        while True:
            index = chunk.index
            first = chunks.first_line(index)
            if index:
                border = rows.border(first) if chunk.rows else -1
                if border < 0 or not self._recounter.set_lead(chunk, first, border):
                    chunk = self.merge(index - 1, index)
                    continue
            if index + 1 < len(chunks.list):
                after = first + chunk.rows
                border = rows.border(after)
                if not chunk.rows or border < 0 or rows.start(after, border) != chunks.list[index + 1].lead:
                    chunk = self.merge(index, index + 1)
                    continue
            return chunk

    def _fine_ends(self, chunk: Chunk) -> Iterable[tuple[int, bool]]:
        line = self._chunks.first_line(chunk.index)
        stop = line + chunk.rows
        while line < stop:
            line = self._next_border(min(line + self._grain.rows // 2, stop), stop)
            yield line, False

    def _coarse_ends(self, chunk: Chunk, cuts: list[int]) -> Iterable[tuple[int, bool]]:
        """Where to cut a chunk; and whether what is before that cut is fit to be counted as one."""
        line = self._chunks.first_line(chunk.index)
        stop = line + chunk.rows
        step = 64
        while line < stop:
            first = cut = bisect_right(cuts, line)
            apart = 0
            # A chunk for each of a hundred thousand headings would be a long list to keep.
            while cut < len(cuts) and apart < self._grain.least_cut:
                apart += len(self._rows.lines.joined(line if cut == first else cuts[cut - 1], cuts[cut]))
                cut += 1
            close = cut > first + 1
            most = cuts[cut - 1] if apart >= self._grain.least_cut else stop
            step = self._fitting(line, most, step)
            end = self._next_border(line + step, stop)
            size = len(self._rows.lines.joined(line, end))
            yield end, 0 < size <= self._grain.at_once and not close
            line = end

    def _fitting(self, line: int, stop: int, guess: int) -> int:
        """How many rows from `line` on make a chunk's text, at least one; `guess` is tried first."""
        few, many = 0, stop - line + 1
        while many - few > 1:
            rows = max(few + 1, min(guess, many - 1))
            size = len(self._rows.lines.joined(line, line + rows))
            if size > self._grain.most_chunk:
                many = rows
                guess = (few + rows) // 2
            elif size < self._grain.least_chunk:
                few = rows
                guess = rows * 2
            else:
                return rows
        return max(few, 1)

    def _next_border(self, line: int, stop: int) -> int:
        """Find the first row from `line` on that has a border; `stop` if there is none before."""
        if self._rows.borders is NO_BORDERS:
            return stop
        while line < stop and self._rows.border(line) < 0:
            line += 1
        return line

    def _carve(self, chunk: Chunk, ends: Iterable[tuple[int, bool]]) -> None:
        """Put new chunks, cut at `ends`, in the place of one."""
        first = self._chunks.first_line(chunk.index)
        over = sorted(chunk.over.items())
        pieces: list[Chunk] = []
        row, lead, taken = 0, chunk.lead, 0
        for end, coarse in ends:
            stop = end - first
            mine = taken
            while taken < len(over) and over[taken][0] < stop:
                taken += 1
            piece = Chunk(self._chunks, stop - row, lead, {at - row: some for at, some in over[mine:taken]})
            if coarse and not piece.over:
                piece.job = self._jobs.post(piece, partial(self._coarse_text, piece))
                piece.waiting = 1
            pieces.append(piece)
            row = stop
            if row < chunk.rows:
                lead = self._rows.start(end, self._rows.border(end))
        chunk.withdraw(self._jobs)
        self._chunks.replace(chunk.index, chunk.index + 1, pieces or [Chunk(self._chunks, 0, "", {})])
        for piece in pieces:
            if piece.job is None:
                self._recounter.refine(piece, first)
            first += piece.rows

    def _coarse_text(self, chunk: Chunk) -> str:
        first = self._chunks.first_line(chunk.index)
        return self._rows.lines.slice(first, first + chunk.rows)[len(chunk.lead) :] + self._chunks.lead_after(
            chunk
        )
