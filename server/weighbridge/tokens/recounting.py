"""Counting again what an edit changed within a fine chunk."""

from bisect import bisect_left

from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.cells import Cell
from weighbridge.tokens.chunks import Chunk, Chunks
from weighbridge.tokens.grain import Grain
from weighbridge.tokens.jobs import Jobs
from weighbridge.tokens.resolved import ResolvedRows
from weighbridge.tokens.rows import first_border, first_border_typed


class Recounter:
    """Keeps the cells of fine chunks true."""

    __slots__ = ("_borders", "_chunks", "_count", "_grain", "_jobs", "_lines", "_rows", "_tokenizer")

    def __init__(
        self, tokenizer: Tokenizer, rows: ResolvedRows, chunks: Chunks, jobs: Jobs, grain: Grain
    ) -> None:
        self._tokenizer = tokenizer
        self._count = tokenizer.count
        self._borders = tokenizer.borders
        self._rows = rows
        self._lines = rows.lines
        self._chunks = chunks
        self._jobs = jobs
        self._grain = grain

    def _border(self, chunk: Chunk, first: int, row: int, before: str) -> tuple[int, str]:
        """Find the first border of a chunk's row after the character `before`; and the row's last character, "" if empty."""
        over = chunk.over.get(row) if chunk.over else None
        if over is None:
            text = self._lines.line(first + row)
            return first_border_typed(self._borders, before, text), text[-1:]
        return first_border(self._borders, before, over), over.texts[-1][-1:]

    def patch(self, chunk: Chunk, first: int, row: int, old: int, new: int) -> bool:
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
        if row == 0 and not self.set_lead(chunk, first, fresh[0][1]):
            return False
        known, waiting = self._replace_cells(chunk, begin, end, fresh, new - old)
        changed_before = row > 0 and not (same_lead and own)
        for place in range(begin - changed_before, begin + len(fresh)):
            more, jobs = self._recount(chunk, first, place, touched=True)
            known += more
            waiting += jobs
        self._chunks.counted(chunk, known, waiting)
        return True

    def set_lead(self, chunk: Chunk, first: int, border: int) -> bool:
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
        if size <= (self._grain.whole_cell if touched else self._grain.at_once):
            count = 0
            for atom in atoms:
                count += atom if isinstance(atom, int) else self._count(atom)
            if cell is not None:
                del chunk.cells[place]
                cell.withdraw()
        else:
            if cell is None:
                cell = chunk.cells[place] = Cell(self._tokenizer, self._jobs, self._grain, chunk)
            cell.update(atoms)
            count = cell.known
            waiting += cell.waiting
        chunk.counts[place] = count
        return known + count, waiting

    def refine(self, chunk: Chunk, first: int) -> None:
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

    def split(self, chunk: Chunk, first: int) -> None:
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
