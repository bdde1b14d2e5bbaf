"""The resolved token count of an open document, kept true under edits.

A border is a place where counts may be cut, known from the two characters around it. Rows are the document's lines as
resolved. A row's cell is the text from the first border in the row to the first border in a later row; a row without
any border belongs to the cell before. The document's count is the sum of its cells', and an edit of some rows changes
their cells and the one before: usually one call of the tokenizer, on one line. The document's start counts as a border.

Chunks, cells and strands are three grains of the same cut: a chunk is a few KB of rows that nobody touched, counted as one
by a worker; once touched it holds cells, one for most rows; a long cell, once touched, holds strands, cut into pieces.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import partial

from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.cells import MOST_AT_ONCE, Cell
from weighbridge.tokens.chunks import Chunk, Chunks
from weighbridge.tokens.jobs import Job, Jobs
from weighbridge.tokens.ranges import Ranges
from weighbridge.tokens.resolved import ResolvedRows
from weighbridge.tokens.rows import Lines, Part, Resolved, first_border, first_border_typed, resolve
from weighbridge.tokens.summary import Summary

__all__ = ["CountedBuffer", "Job", "Lines", "Part"]

#: Characters of a coarse chunk: the least and the most wanted.
LEAST_CHUNK = 3 * 1024
MOST_CHUNK = 8 * 1024
#: Characters that are counted at once, row by row, when rows are regrouped; more become coarse chunks.
MOST_FINE = 24 * 1024
#: Rows of a fine chunk before it is split; and rows at most that an edit puts into one without regrouping.
MOST_ROWS = 512
MOST_PATCH = 32
#: Characters of a cell that is counted whole at each edit; a longer one is kept in pieces.
WHOLE_CELL = 320


class CountedBuffer:
    """The counts of one document under one tokenizer. For the loop's thread alone; no input or output.

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
    ) -> None:
        self._lines = lines
        self._tokenizer = tokenizer
        self._count = tokenizer.count
        self._borders = tokenizer.borders
        self._jobs = Jobs()
        self._chunks = Chunks()
        self._rows = ResolvedRows(lines, self._chunks, self._borders)
        self._ranges = Ranges(self._rows, self._chunks, self._jobs, tokenizer)
        whole = Chunk(self._chunks, len(lines), "", self._overlay(parts or {}, 0))
        self._chunks.replace(0, 0, [whole])
        self._carve(whole, self._coarse_ends(whole, sorted(set(cuts))))

    @property
    def tokens(self) -> int | None:
        """Tokens of the resolved document; None while anything is uncounted."""
        return None if self._chunks.waiting else self._chunks.known

    @property
    def known(self) -> int:
        """Tokens counted so far."""
        return self._chunks.known

    def splice(
        self, start: int, old: int, new: int, parts: Mapping[int, tuple[Part, ...]] | None = None
    ) -> None:
        """Lines [start, start + old) became `new` lines, which `lines` already holds.

        `parts`: for those of the new lines (by the document's new line numbers) that hold references.
        """
        chunks = self._chunks
        index, row = chunks.locate(start)
        if not old and not row and index:
            index -= 1
            row = chunks.list[index].rows
        chunk = chunks.list[index]
        if row + old > chunk.rows:
            chunk = self._merge(index, chunks.locate(start + old - 1)[0])
        first = start - row
        self._ranges.edited()
        if parts or chunk.over or new != old:
            chunk.shift_rows(row, old, new, self._overlay(parts, first) if parts else {})
            if new != old:
                chunks.grew(chunk, new - old)
        if not (chunk.at and new <= MOST_PATCH and self._patch(chunk, first, row, old, new)):
            self._regroup(chunk)
        elif chunk.rows > MOST_ROWS and new > old:
            self._split(chunk, first)

    def set_parts(self, line: int, parts: tuple[Part, ...] | None) -> None:
        """Say anew what a line stands for: a reference in it was resolved or changed. None: what is typed."""
        self.splice(line, 1, 1, None if parts is None else {line: parts})

    def pending(self, limit: int | None = None) -> list[Job]:
        """What a worker must count, at most `limit` of it, each once; what was asked first comes first."""
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
        """The summary of lines [start, stop), resolved. None while uncounted: pending jobs tell."""
        return self._ranges.summary(start, stop)

    def summary(self) -> Summary | None:
        """The resolved document's summary. None while uncounted: pending jobs tell."""
        return self._ranges.summary(0, len(self._lines))

    def _overlay(self, parts: Mapping[int, tuple[Part, ...]], first: int) -> dict[int, Resolved]:
        over = {}
        for line, some in parts.items():
            resolved = resolve(some)
            if resolved.gaps or resolved.texts[0] != self._lines.line(line):
                over[line - first] = resolved
        return over

    # Edits within a fine chunk.

    def _border(self, chunk: Chunk, first: int, row: int, before: str) -> tuple[int, str]:
        """The first border of a chunk's row after the character `before`; and the row's last character, "" if empty."""
        over = chunk.over.get(row) if chunk.over else None
        if over is None:
            text = self._lines.line(first + row)
            return first_border_typed(self._borders, before, text), text[-1:]
        return first_border(self._borders, before, over), over.texts[-1][-1:]

    def _patch(self, chunk: Chunk, first: int, row: int, old: int, new: int) -> bool:
        """Change the cells of a fine chunk whose rows [row, row + old) became `new`; False if that isn't enough."""
        at, starts = chunk.at, chunk.starts
        begin = bisect_left(at, row)
        end = bisect_left(at, row + old, begin)
        if row == 0 or row - 1 in chunk.over:
            before = self._rows.before(first + row)
        else:
            before = self._lines.line(first + row - 1)[-1:]
        if not before and first + row:
            return False
        fresh: list[tuple[int, int]] = []
        for place in range(row, row + new):
            border, last = self._border(chunk, first, place, before)
            before = last or before
            if border >= 0:
                fresh.append((place, border))
        if row == 0 and not (fresh and fresh[0][0] == 0):
            return False
        same_lead = (
            begin < end and at[begin] == row and not starts[begin] and bool(fresh) and fresh[0] == (row, 0)
        )
        own = len(fresh)
        after = row + new
        if after < chunk.rows:
            border, last = self._border(chunk, first, after, before)
            if not last and first + after + 1 < len(self._lines):
                return False
            known = starts[end] if end < len(at) and at[end] == row + old else -1
            if border != known:
                end += known >= 0
                if border >= 0:
                    fresh.append((after, border))
        elif chunk.index + 1 < len(self._chunks.list):
            following = self._chunks.list[chunk.index + 1]
            if self._border(following, first + after, 0, before)[0] != len(following.lead):
                return False
        if row == 0 and not self._set_lead(chunk, first, fresh[0][1]):
            return False
        known, waiting = self._replace_cells(chunk, begin, end, fresh, new - old)
        changed_before = row > 0 and not (same_lead and own)
        for place in range(begin - changed_before, begin + len(fresh)):
            more, jobs = self._recount(chunk, first, place, touched=True)
            known += more
            waiting += jobs
        self._chunks.counted(chunk, known, waiting)
        return True

    def _set_lead(self, chunk: Chunk, first: int, border: int) -> bool:
        """Note where the chunk's text starts now; False if the chunk before can't take what changed."""
        lead = self._rows.at(first).texts[0][:border] if border else ""
        if lead == chunk.lead:
            return True
        previous = self._chunks.list[chunk.index - 1]
        if not previous.at:
            return False
        chunk.lead = lead
        known, waiting = self._recount(previous, first - previous.rows, len(previous.at) - 1, touched=True)
        self._chunks.counted(previous, known, waiting)
        return True

    def _replace_cells(
        self, chunk: Chunk, begin: int, end: int, fresh: list[tuple[int, int]], rows: int
    ) -> tuple[int, int]:
        """Put `fresh` cells, uncounted, in the place of [begin, end); later rows moved by `rows`.

        Those that stay in place keep their pieces. Returns the change in tokens and in open jobs.
        """
        known, waiting = 0, 0
        stay = begin + min(end - begin, len(fresh))
        for place in range(stay, end):
            known -= chunk.counts[place]
            cell = chunk.cells.pop(place, None)
            if cell is not None:
                waiting -= cell.waiting
                cell.withdraw()
        shift = len(fresh) - (end - begin)
        if shift:
            chunk.counts[stay:end] = [0] * (begin + len(fresh) - stay)
            if chunk.cells:
                chunk.cells = {place + shift * (place >= end): cell for place, cell in chunk.cells.items()}
        if shift or rows:
            later = [row + rows for row in chunk.at[end:]] if rows else chunk.at[end:]
            chunk.at[begin:] = [row for row, _ in fresh] + later
        else:
            chunk.at[begin:end] = [row for row, _ in fresh]
        chunk.starts[begin:end] = [start for _, start in fresh]
        return known, waiting

    def _recount(self, chunk: Chunk, first: int, place: int, *, touched: bool) -> tuple[int, int]:
        """Count a cell of a fine chunk; returns the change in tokens and in open jobs."""
        start, offset = chunk.at[place], chunk.starts[place]
        if place + 1 < len(chunk.at):
            stop, border = chunk.at[place + 1], chunk.starts[place + 1]
            if not border:
                tail = ""
            elif stop in chunk.over:
                tail = chunk.over[stop].texts[0][:border]
            else:
                tail = self._lines.line(first + stop)[:border]
        else:
            stop, tail = chunk.rows, self._chunks.lead_after(chunk)
        if chunk.over:
            atoms = self._rows.atoms(first + start, offset, first + stop, tail)
            size = sum(len(atom) for atom in atoms if isinstance(atom, str))
        else:
            text = (
                self._lines.line(first + start)
                if stop - start == 1
                else self._lines.slice(first + start, first + stop)
            )
            if offset or tail:
                text = text[offset:] + tail
            size = len(text)
            atoms = [text]
        known = -chunk.counts[place]
        cell = chunk.cells.get(place) if chunk.cells else None
        waiting = -cell.waiting if cell is not None else 0
        if size <= (WHOLE_CELL if touched else MOST_AT_ONCE):
            count = 0
            for atom in atoms:
                count += atom if isinstance(atom, int) else self._count(atom)
            if cell is not None:
                del chunk.cells[place]
                cell.withdraw()
        else:
            if cell is None:
                cell = chunk.cells[place] = Cell(self._tokenizer, self._jobs, chunk)
            cell.update(atoms)
            count = cell.known
            waiting += cell.waiting
        chunk.counts[place] = count
        return known + count, waiting

    def _split(self, chunk: Chunk, first: int) -> None:
        """Make two chunks of a fine one that grew."""
        middle = len(chunk.at) // 2
        if not middle:
            return
        row = chunk.at[middle]
        lead = self._rows.at(first + row).texts[0][: chunk.starts[middle]]
        later = Chunk(
            self._chunks,
            chunk.rows - row,
            lead,
            {at - row: over for at, over in chunk.over.items() if at >= row},
        )
        later.at = [at - row for at in chunk.at[middle:]]
        later.starts = chunk.starts[middle:]
        later.counts = chunk.counts[middle:]
        later.cells = {place - middle: cell for place, cell in chunk.cells.items() if place >= middle}
        for cell in later.cells.values():
            cell.home = later
        later.known = sum(later.counts)
        later.waiting = sum(cell.waiting for cell in later.cells.values())
        chunk.rows = row
        chunk.over = {at: over for at, over in chunk.over.items() if at < row}
        del chunk.at[middle:], chunk.starts[middle:], chunk.counts[middle:]
        chunk.cells = {place: cell for place, cell in chunk.cells.items() if place < middle}
        chunk.known -= later.known
        chunk.waiting -= later.waiting
        self._chunks.replace(chunk.index, chunk.index + 1, [chunk, later])

    # Grouping rows in chunks.

    def _merge(self, start: int, last: int) -> Chunk:
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

    def _regroup(self, chunk: Chunk) -> None:
        """Count again a chunk whose rows changed; it takes in its neighbours where the borders to them are gone."""
        chunk = self._settle(chunk)
        first = self._chunks.first_line(chunk.index)
        if chunk.rows <= MOST_FINE and len(self._lines.slice(first, first + chunk.rows)) <= MOST_FINE:
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
                if border < 0 or not self._set_lead(chunk, first, border):
                    chunk = self._merge(index - 1, index)
                    continue
            if index + 1 < len(chunks.list):
                after = first + chunk.rows
                border = rows.border(after)
                if (
                    not chunk.rows
                    or border < 0
                    or rows.at(after).texts[0][:border] != chunks.list[index + 1].lead
                ):
                    chunk = self._merge(index, index + 1)
                    continue
            return chunk

    def _fine_ends(self, chunk: Chunk) -> Iterable[tuple[int, bool]]:
        line = self._chunks.first_line(chunk.index)
        stop = line + chunk.rows
        while line < stop:
            line = self._next_border(min(line + MOST_ROWS // 2, stop), stop)
            yield line, False

    def _coarse_ends(self, chunk: Chunk, cuts: list[int]) -> Iterable[tuple[int, bool]]:
        """Where to cut a chunk; and whether what is before that cut is fit to be counted as one."""
        line = self._chunks.first_line(chunk.index)
        stop = line + chunk.rows
        step = 64
        while line < stop:
            cut = bisect_right(cuts, line)
            most = min(stop, cuts[cut]) if cut < len(cuts) else stop
            step = self._fitting(line, most, step)
            end = self._next_border(line + step, stop)
            size = len(self._lines.slice(line, end))
            yield end, 0 < size <= MOST_AT_ONCE
            line = end

    def _fitting(self, line: int, stop: int, guess: int) -> int:
        """How many rows from `line` on make a chunk's text, at least one; `guess` is tried first."""
        few, many = 0, stop - line + 1
        while many - few > 1:
            rows = max(few + 1, min(guess, many - 1))
            size = len(self._lines.slice(line, line + rows))
            if size > MOST_CHUNK:
                many = rows
                guess = (few + rows) // 2
            elif size < LEAST_CHUNK:
                few = rows
                guess = rows * 2
            else:
                return rows
        return max(few, 1)

    def _next_border(self, line: int, stop: int) -> int:
        """The first row from `line` on that has a border; `stop` if there is none before."""
        if self._borders is NO_BORDERS:
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
                lead = self._rows.at(end).texts[0][: self._rows.border(end)]
        chunk.withdraw(self._jobs)
        self._chunks.replace(chunk.index, chunk.index + 1, pieces or [Chunk(self._chunks, 0, "", {})])
        for piece in pieces:
            if piece.job is None:
                self._refine(piece, first)
            first += piece.rows

    def _coarse_text(self, chunk: Chunk) -> str:
        first = self._chunks.first_line(chunk.index)
        return self._lines.slice(first, first + chunk.rows)[len(chunk.lead) :] + self._chunks.lead_after(
            chunk
        )

    def _refine(self, chunk: Chunk, first: int) -> None:
        """Find and count the cells of a chunk's rows."""
        chunk.at.append(0)
        chunk.starts.append(len(chunk.lead))
        if self._borders is not NO_BORDERS:
            before = self._rows.before(first)
            before = self._border(chunk, first, 0, before)[1] or before
            for row in range(1, chunk.rows):
                border, last = self._border(chunk, first, row, before)
                before = last or before
                if border >= 0:
                    chunk.at.append(row)
                    chunk.starts.append(border)
        chunk.counts = [0] * len(chunk.at)
        known, waiting = 0, 0
        for place in range(len(chunk.at)):
            more, jobs = self._recount(chunk, first, place, touched=False)
            known += more
            waiting += jobs
        self._chunks.counted(chunk, known, waiting)
