"""Cells kept in pieces, so that an edit in a long line counts again only what is near it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Protocol

from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.grain import Grain
from weighbridge.tokens.jobs import Jobs


def common_prefix(a: str, b: str) -> int:
    """How many characters the two texts start with in common."""
    most = min(len(a), len(b))
    same = 0
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


def common_suffix(a: str, b: str, most: int) -> int:
    """How many characters, at most `most`, the two texts end with in common."""
    end_a, end_b = len(a), len(b)
    same = 0
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

    __slots__ = ("_cell", "_counts", "_lengths", "text")

    def __init__(self, cell: "Cell", text: str) -> None:
        self._cell = cell
        self.text = text
        self._lengths: list[int] = []
        self._counts: list[int] = []
        self._cut(0, 0, 0, len(text))

    def _cut(self, first: int, last: int, start: int, stop: int) -> None:
        """Put new pieces, of the text from `start` to `stop`, in the place of pieces [first, last)."""
        cell, text = self._cell, self.text
        grain = cell.grain
        at_once = stop - start <= grain.at_once
        size = grain.fine_piece if at_once else grain.coarse_piece
        find = cell.tokenizer.borders.first
        cuts = [start]
        while stop - cuts[-1] > 2 * size:
            cut = find(text, cuts[-1] + size, stop)
            if cut < 0:
                break
            cuts.append(cut)
        if start < stop:
            cuts.append(stop)
        for count in self._counts[first:last]:
            cell.drop(count)
        self._lengths[first:last] = [b - a for a, b in pairwise(cuts)]
        self._counts[first:last] = [cell.take(self, text[a:b], at_once=at_once) for a, b in pairwise(cuts)]

    def update(self, text: str, prefix: int = -1, removed: int = 0) -> None:
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
        starts = [0, *accumulate(self._lengths)]
        first = max(bisect_left(starts, prefix) - 1, 0)
        last = min(bisect_right(starts, len(old) - suffix), len(starts) - 1)
        self._cut(first, last, starts[first], len(text) - (len(old) - starts[last]))

    def withdraw(self) -> None:
        for count in self._counts:
            self._cell.drop(count)

    def answered(self, job: int, tokens: int, /) -> None:
        self._counts[self._counts.index(-1 - job)] = tokens
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

    def update(self, atoms: Sequence[str | int], prefix: int = -1, removed: int = 0) -> None:
        """Change what the cell holds: texts, and tokens of gaps; what stayed is not counted again.

        `prefix`, `removed`: see `Strand.update`, for a cell of one text.
        """
        items = self._items
        if prefix >= 0 and len(items) == len(atoms) == 1:
            strand, text = items[0], atoms[0]
            if isinstance(strand, Strand) and isinstance(text, str):
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
        if len(old) == len(new) == 1 and isinstance(old[0], Strand) and isinstance(new[0], str):
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

    def take(self, strand: Strand, text: str, *, at_once: bool) -> int:
        """Count a piece, or post a job for it; returns what a strand keeps of it."""
        if at_once:
            tokens = self.tokenizer.count(text)
            self.known += tokens
            return tokens
        self.waiting += 1
        return -1 - self._jobs.post(strand, lambda: text)

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


def _holds(item: Strand | int, atom: str | int) -> bool:
    return (item.text if isinstance(item, Strand) else item) == atom
