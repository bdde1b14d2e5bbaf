"""Cells kept in pieces, so that an edit in a long line counts again only what is near it."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Protocol

from weighbridge.rope import Line, Rope
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.grain import Grain
from weighbridge.tokens.jobs import Jobs
from weighbridge.tokens.pieces import Pieces, Span
from weighbridge.tokens.rows import border_within


def common_prefix(a: Line, b: Line) -> int:
    """How many characters the two texts start with in common."""
    most = min(len(a), len(b))
    same = a.alike_before(b) if isinstance(a, Rope) and isinstance(b, Rope) else 0
    block = 64
    while same < most:
        stop = min(same + block, most)
        if a[same:stop] != b[same:stop]:
            break
        same = stop
        block *= 2
    else:
        return same
    while stop - same > 1:
        middle = (same + stop) // 2
        if a[same:middle] == b[same:middle]:
            same = middle
        else:
            stop = middle
    return same


def common_suffix(a: Line, b: Line, most: int) -> int:
    """How many characters, at most `most`, the two texts end with in common."""
    end_a, end_b = len(a), len(b)
    same = min(a.alike_behind(b), most) if isinstance(a, Rope) and isinstance(b, Rope) else 0
    block = 64
    while same < most:
        stop = min(same + block, most)
        if a[end_a - stop : end_a - same] != b[end_b - stop : end_b - same]:
            break
        same = stop
        block *= 2
    else:
        return same
    while stop - same > 1:
        middle = (same + stop) // 2
        if a[end_a - middle : end_a - same] == b[end_b - middle : end_b - same]:
            same = middle
        else:
            stop = middle
    return same


class Strand:
    """A text between two borders, in pieces cut at borders, each counted or waiting for its job.

    `counts`: a piece's tokens, or -1 minus the id of the job that counts it.
    """

    __slots__ = ("_cell", "_pieces", "text")

    def __init__(self, cell: "Cell", text: Line) -> None:
        self._cell = cell
        self.text = text
        self._pieces = Pieces()
        self._cut(self._pieces.around(0, 0), len(text))

    def _cut(self, span: Span, stop: int) -> None:
        """Put new pieces, of the text from where some begin to `stop`, in the place of those."""
        cell, text, start = self._cell, self.text, span.begin
        grain = cell.grain
        at_once = stop - start <= grain.at_once
        size = grain.fine_piece if at_once else grain.coarse_piece
        base = 0
        if at_once and isinstance(text, Rope):
            text, base = text[start:stop], start
        borders, end = cell.tokenizer.borders, stop - base
        cuts = [start - base]
        while end - cuts[-1] > 2 * size:
            cut = border_within(borders, text, cuts[-1] + size, end)
            if cut < 0:
                break
            cuts.append(cut)
        if start < stop:
            cuts.append(end)
        counts: list[int] = []
        for a, b in pairwise(cuts):
            if isinstance(text, Rope):
                counts.append(cell.post(self, partial(text.__getitem__, slice(a, b))))
            elif at_once:
                counts.append(cell.count(text[a:b]))
            else:
                counts.append(cell.post(self, partial(str, text[a:b])))
        for count in self._pieces.replace(span, [b - a for a, b in pairwise(cuts)], counts):
            cell.drop(count)

    def update(self, text: Line, prefix: int = -1, removed: int = 0) -> None:
        """Change the text; pieces before and after what changed stay.

        `prefix`, `removed`: where it changed and how many characters went, if that is known; else it is looked for.
        """
        old, self.text = self.text, text
        if prefix >= 0:
            suffix = len(old) - prefix - removed
        else:
            prefix = common_prefix(old, text)
            if prefix == len(old) == len(text):
                return
            suffix = common_suffix(old, text, min(len(old), len(text)) - prefix)
        # A piece stays only if both characters around its inner end did: they decide whether it still is a border.
        span = self._pieces.around(prefix, len(old) - suffix)
        self._cut(span, len(text) - (len(old) - span.end))

    def withdraw(self) -> None:
        for count in self._pieces.counts():
            self._cell.drop(count)

    def answered(self, job: int, tokens: int, /) -> None:
        self._pieces.change(-1 - job, tokens)
        self._cell.answered(tokens)


class Home(Protocol):
    """Who keeps a cell, and hears when a job of it is answered."""

    def cell_answered(self, cell: "Cell", tokens: int) -> None: ...


class Cell:
    """The text from one row's first border to a later row's, as strands with gaps between them.

    `known`: tokens counted so far. `waiting`: jobs open.
    """

    __slots__ = ("_items", "_jobs", "grain", "home", "known", "tokenizer", "waiting")

    def __init__(self, tokenizer: Tokenizer, jobs: Jobs, grain: Grain, home: Home) -> None:
        self.tokenizer = tokenizer
        self.grain = grain
        self._jobs = jobs
        self.home = home
        self._items: list[Strand | int] = []
        self.known = 0
        self.waiting = 0

    def update(self, atoms: Sequence[Line | int], prefix: int = -1, removed: int = 0) -> None:
        """Change what the cell holds: texts, and tokens of gaps; what stayed is not counted again.

        `prefix`, `removed`: see `Strand.update`, for a cell of one text.
        """
        items = self._items
        if prefix >= 0 and len(items) == len(atoms) == 1:
            strand, text = items[0], atoms[0]
            if isinstance(strand, Strand) and not isinstance(text, int):
                strand.update(text, prefix, removed)
                return
        most = min(len(items), len(atoms))
        first = 0
        while first < most and _holds(items[first], atoms[first]):
            first += 1
        last = 0
        while last < most - first and _holds(items[-1 - last], atoms[-1 - last]):
            last += 1
        old = items[first : len(items) - last]
        new = atoms[first : len(atoms) - last]
        if len(old) == len(new) == 1 and isinstance(old[0], Strand) and not isinstance(new[0], int):
            old[0].update(new[0])
            return
        for item in old:
            if isinstance(item, int):
                self.known -= item
            else:
                item.withdraw()
        fresh: list[Strand | int] = []
        for atom in new:
            if isinstance(atom, int):
                self.known += atom
                fresh.append(atom)
            else:
                fresh.append(Strand(self, atom))
        items[first : len(items) - last] = fresh

    def count(self, text: str) -> int:
        """Count a piece; returns what a strand keeps of it."""
        tokens = self.tokenizer.count(text)
        self.known += tokens
        return tokens

    def post(self, strand: Strand, text: Callable[[], str]) -> int:
        """The same of one that a worker is to count."""
        self.waiting += 1
        return -1 - self._jobs.post(strand, text)

    def drop(self, count: int) -> None:
        """Forget a piece."""
        if count >= 0:
            self.known -= count
        else:
            self.waiting -= 1
            self._jobs.withdraw(-1 - count)

    def withdraw(self) -> None:
        """Take back all open jobs: the cell is no longer wanted."""
        for item in self._items:
            if isinstance(item, Strand):
                item.withdraw()

    def answered(self, tokens: int) -> None:
        self.known += tokens
        self.waiting -= 1
        self.home.cell_answered(self, tokens)


def _holds(item: Strand | int, atom: Line | int) -> bool:
    if isinstance(item, int) or isinstance(atom, int):
        return item == atom
    return len(item.text) == len(atom) == common_prefix(item.text, atom)
