"""The chunks a counted buffer keeps its counts in, and how they are found.

A chunk is some rows of the document (at least one, but in an empty document). Its text starts at the first border in
its first row and ends where the next chunk's starts. While it is coarse its text is counted as one. Once an edit
touched it, it is fine: it holds cells, each from the first border in a row to the first border in a later row.
"""

from collections.abc import Mapping, Sequence

from weighbridge.tokens.cells import Cell
from weighbridge.tokens.fenwick import Fenwick
from weighbridge.tokens.jobs import Jobs
from weighbridge.tokens.rows import Resolved


class Chunk:
    """Some rows.

    `rows`: how many. `lead`: the start of its first row's resolved text, up to that row's first border; it belongs to
    the chunk before. `over`: rows (from the chunk's first) whose resolved text is not what is typed; fine chunks only.
    `known`: tokens counted so far. `waiting`: jobs open. `index`: its place among the chunks.

    Cells, in a fine chunk, are three lists side by side and one dictionary, since most cells are a short line and only
    a number is worth keeping: `at` the row (from the chunk's first) that holds a cell's first border, `starts` where in
    that row's text, `counts` its tokens known so far, and `cells` by place in the lists, for those kept in pieces.
    """

    __slots__ = (
        "_chunks",
        "at",
        "cells",
        "counts",
        "index",
        "job",
        "known",
        "lead",
        "over",
        "rows",
        "starts",
        "waiting",
    )

    def __init__(self, chunks: "Chunks", rows: int, lead: str, over: Mapping[int, Resolved]) -> None:
        self._chunks = chunks
        self.rows = rows
        self.lead = lead
        self.over = dict(over)
        self.index = 0
        self.known = 0
        self.waiting = 0
        self.job: int | None = None
        self.at: list[int] = []
        self.starts: list[int] = []
        self.counts: list[int] = []
        self.cells: dict[int, Cell] = {}

    @property
    def fine(self) -> bool:
        return bool(self.at)

    def cell_start(self, place: int, row: int) -> int:
        """Where the cell at `place` starts in `row`'s text; -1 if it isn't that row's."""
        return self.starts[place] if place < len(self.at) and self.at[place] == row else -1

    def shift_rows(self, row: int, old: int, new: int, over: Mapping[int, Resolved]) -> None:
        """Rows [row, row + old) became `new` rows; `over` (by row) for those among them."""
        if old == new:
            # The most common by far: no row moves, and those that stay need not be looked at.
            for at in range(row, row + old):
                self.over.pop(at, None)
        elif self.over:
            self.over = {
                at if at < row else at + new - old: content
                for at, content in self.over.items()
                if not row <= at < row + old
            }
        self.over.update(over)
        self.rows += new - old

    def withdraw(self, jobs: Jobs) -> None:
        """Take back all open jobs: what they count is no longer wanted."""
        if self.job is not None:
            jobs.withdraw(self.job)
            self.job = None
        for cell in self.cells.values():
            cell.withdraw()

    def answered(self, _job: int, tokens: int, /) -> None:
        """Take the count of a coarse chunk."""
        self.job = None
        self._chunks.counted(self, tokens, -1)

    def cell_answered(self, cell: Cell, tokens: int) -> None:
        place = next(place for place, mine in self.cells.items() if mine is cell)
        self.counts[place] += tokens
        self._chunks.counted(self, tokens, -1)


class Chunks:
    """All chunks of a document in order: at least one. Keeps the totals and finds a row's chunk."""

    __slots__ = ("_lines", "_open", "_tokens", "known", "list", "waiting")

    def __init__(self) -> None:
        self.list: list[Chunk] = []
        self._index()

    def _index(self) -> None:
        for index, chunk in enumerate(self.list):
            chunk.index = index
        self._lines = Fenwick([chunk.rows for chunk in self.list])
        self._tokens = Fenwick([chunk.known for chunk in self.list])
        self._open = Fenwick([chunk.waiting for chunk in self.list])
        self.known = self._tokens.sum(len(self.list))
        self.waiting = self._open.sum(len(self.list))

    def locate(self, line: int) -> tuple[int, int]:
        """Find the index of the chunk that holds `line`, and the row in it; past the end: the last chunk."""
        index, row = self._lines.find(line)
        if index == len(self.list):
            index -= 1
            row = self.list[index].rows + row
        return index, row

    def first_line(self, index: int) -> int:
        return self._lines.sum(index)

    def lead_after(self, chunk: Chunk) -> str:
        """Say what follows the chunk's rows before the next chunk's text starts."""
        after = chunk.index + 1
        return self.list[after].lead if after < len(self.list) else ""

    def grew(self, chunk: Chunk, rows: int) -> None:
        """Note that `chunk.rows` changed by `rows`."""
        self._lines.add(chunk.index, rows)

    def counted(self, chunk: Chunk, tokens: int, waiting: int) -> None:
        """Change what `chunk` knows by `tokens`, and its open jobs by `waiting`."""
        if tokens:
            chunk.known += tokens
            self.known += tokens
            self._tokens.add(chunk.index, tokens)
        if waiting:
            chunk.waiting += waiting
            self.waiting += waiting
            self._open.add(chunk.index, waiting)

    def replace(self, start: int, stop: int, chunks: Sequence[Chunk]) -> None:
        """Put `chunks` in the place of those in [start, stop)."""
        if len(chunks) == stop - start == 1:
            old, new = self.list[start], chunks[0]
            new.index = start
            self.list[start] = new
            known, waiting = new.known, new.waiting
            new.known, new.waiting = old.known, old.waiting
            if new.rows != old.rows:
                self._lines.add(start, new.rows - old.rows)
            self.counted(new, known - old.known, waiting - old.waiting)
            return
        self.list[start:stop] = chunks
        self._index()

    def between(self, start: int, stop: int) -> int | None:
        """Tokens of the chunks in [start, stop); None while any is uncounted."""
        if start >= stop:
            return 0
        if self.waiting and self._open.sum(stop) != self._open.sum(start):
            return None
        return self._tokens.sum(stop) - self._tokens.sum(start)
