"""Counting again what an edit changed within a fine chunk."""

from bisect import bisect_left
from typing import Final

from weighbridge.rope import Line, cut, plus
from weighbridge.text import Inline
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.cells import Cell
from weighbridge.tokens.chunks import Chunk, Chunks
from weighbridge.tokens.grain import Grain
from weighbridge.tokens.jobs import Jobs
from weighbridge.tokens.resolved import ResolvedRows
from weighbridge.tokens.rows import first_border, first_border_typed

#: The row after an edit has its border where it was.
SAME: Final[list[tuple[int, int]]] = []


class Recounter:
    """Keeps the cells of fine chunks true."""

    __slots__ = ("_borders", "_chunks", "_count", "_grain", "_jobs", "_rows", "_tokenizer")

    def __init__(
        self, tokenizer: Tokenizer, rows: ResolvedRows, chunks: Chunks, jobs: Jobs, grain: Grain
    ) -> None:
        self._tokenizer = tokenizer
        self._count = tokenizer.count
        self._borders = tokenizer.borders
        self._rows = rows
        self._chunks = chunks
        self._jobs = jobs
        self._grain = grain

    def _border(self, chunk: Chunk, first: int, row: int, before: str) -> tuple[int, str]:
        """Find the first border of a chunk's row after the character `before`; and the row's last character, "" if empty."""
        over = chunk.over.get(row) if chunk.over else None
        if over is None:
            text = self._rows.lines.kept(first + row)
            return first_border_typed(self._borders, before, text), text[-1:]
        return first_border(self._borders, before, over), over.texts[-1][-1:]

    def patch(
        self, chunk: Chunk, first: int, row: int, old: int, new: int, inline: Inline | None = None
    ) -> bool:
        """Change the cells of a fine chunk whose rows [row, row + old) became `new`; False if that isn't enough.

        `inline`: where the row changed, if only one did.
        """
        begin = bisect_left(chunk.at, row)
        end = bisect_left(chunk.at, row + old, begin)
        before = self._before(chunk, first, row)
        if not before and first + row:
            return False
        fresh: list[tuple[int, int]] = []
        for place in range(row, row + new):
            border, last = self._border(chunk, first, place, before)
            before = last or before
            if border >= 0:
                fresh.append((place, border))
        starts_chunk = row == 0
        if starts_chunk and not (fresh and fresh[0][0] == 0):
            return False
        # What is before the edit is as it was if it still ends right at the edited row's start.
        begins_alike = fresh[:1] == [(row, 0)] and begin < end and chunk.cell_start(begin, row) == 0
        after = self._after(chunk, first, row + new, before, chunk.cell_start(end, row + old))
        if after is None:
            return False
        if after is not SAME:
            end += end < len(chunk.at) and chunk.at[end] == row + old
            fresh += after
        if starts_chunk and not self.set_lead(chunk, first, fresh[0][1]):
            return False
        inline = inline if begins_alike and after is SAME and not chunk.over else None
        known, waiting = self._replace_cells(chunk, begin, end, fresh, new - old)
        if not (starts_chunk or begins_alike):
            begin, fresh = begin - 1, [(0, 0), *fresh]
        for place in range(begin, begin + len(fresh)):
            more, jobs = self._recount(chunk, first, place, touched=True, inline=inline)
            known += more
            waiting += jobs
        self._chunks.counted(chunk, known, waiting)
        return True

    def _before(self, chunk: Chunk, first: int, row: int) -> str:
        """Read the last character of the row before; "" if that row is empty or there is none."""
        if row == 0 or row - 1 in chunk.over:
            return self._rows.before(first + row)
        return self._rows.lines.kept(first + row - 1)[-1:]

    def _after(
        self, chunk: Chunk, first: int, row: int, before: str, known: int
    ) -> list[tuple[int, int]] | None:
        """Look at the row after an edit, whose first border was at `known`: `SAME`, or its cell, if any, as it is now.

        None: what changed goes on beyond the chunk, or beyond a row without text.
        """
        if row < chunk.rows:
            border, last = self._border(chunk, first, row, before)
            if not last and first + row + 1 < len(self._rows.lines):
                return None
            if border == known:
                return SAME
            return [(row, border)] if border >= 0 else []
        if chunk.index + 1 < len(self._chunks.list):
            following = self._chunks.list[chunk.index + 1]
            if self._border(following, first + row, 0, before)[0] != len(following.lead):
                return None
        return SAME

    def set_lead(self, chunk: Chunk, first: int, border: int) -> bool:
        """Note where the chunk's text starts now; False if the chunk before can't take what changed."""
        lead = self._rows.start(first, border) if border else ""
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

    def _recount(
        self, chunk: Chunk, first: int, place: int, *, touched: bool, inline: Inline | None = None
    ) -> tuple[int, int]:
        """Count a cell of a fine chunk; returns the change in tokens and in open jobs."""
        atoms, size = self._atoms(chunk, first, place)
        known = -chunk.counts[place]
        cell = chunk.cells.get(place) if chunk.cells else None
        waiting = -cell.waiting if cell is not None else 0
        if size <= (self._grain.whole_cell if touched else self._grain.at_once):
            count = 0
            for atom in atoms:
                count += atom if isinstance(atom, int) else self._count(str(atom))
            if cell is not None:
                del chunk.cells[place]
                cell.withdraw()
        else:
            if cell is None:
                cell = chunk.cells[place] = Cell(self._tokenizer, self._jobs, self._grain, chunk)
            if inline is None:
                cell.update(atoms)
            else:
                cell.update(atoms, inline.column, inline.removed)
            count = cell.known
            waiting += cell.waiting
        chunk.counts[place] = count
        return known + count, waiting

    def _atoms(self, chunk: Chunk, first: int, place: int) -> tuple[list[Line | int], int]:
        """Read a cell: its texts and the tokens of the gaps between them; and how many characters that is."""
        start, offset = chunk.at[place], chunk.starts[place]
        if place + 1 < len(chunk.at):
            stop, border = chunk.at[place + 1], chunk.starts[place + 1]
            if not border:
                tail = ""
            elif stop in chunk.over:
                tail = chunk.over[stop].texts[0][:border]
            else:
                tail = self._rows.lines.kept(first + stop)[:border]
        else:
            stop, tail = chunk.rows, self._chunks.lead_after(chunk)
        if chunk.over and not chunk.over.keys().isdisjoint(range(start, stop)):
            atoms = self._rows.atoms(first + start, offset, first + stop, tail)
            return [*atoms], sum(len(atom) for atom in atoms if isinstance(atom, str))
        lines = self._rows.lines
        text = lines.kept(first + start) if stop - start == 1 else lines.joined(first + start, first + stop)
        if offset or tail:
            text = text[offset:] + tail if isinstance(text, str) else plus(cut(text, offset, len(text)), tail)
        return [text], len(text)

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
        lead = self._rows.start(first + row, chunk.starts[middle])
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
