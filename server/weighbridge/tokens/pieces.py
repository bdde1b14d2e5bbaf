"""The pieces of a long text: how long each is, and what is kept of it; found by their place without looking at all."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

#: Pieces of a block, at most; half as many when it is parted.
BLOCK: Final = 128


class Span(NamedTuple):
    """Some neighbouring pieces: from one of a block to before one of another; and where they begin and end in the text."""

    first: int
    place: int
    last: int
    stop: int
    begin: int
    end: int


class Pieces:
    """Lengths, none 0, and counts, side by side in blocks: to change some costs their blocks, and the number of blocks."""

    __slots__ = ("_counts", "_lengths", "_most", "_sums")

    def __init__(self, most: int = BLOCK) -> None:
        """`most`: pieces of a block."""
        self._most = most
        self._lengths: list[list[int]] = []
        self._counts: list[list[int]] = []
        #: Characters of each block.
        self._sums: list[int] = []

    def counts(self) -> Iterator[int]:
        """What is kept of each, in order."""
        return (count for block in self._counts for count in block)

    def around(self, start: int, stop: int) -> Span:
        """The pieces that hold the characters in [start, stop), the one before and the one behind."""
        if not self._sums:
            return Span(0, 0, 0, 0, 0, 0)
        sums = list(accumulate(self._sums))
        first = bisect_left(sums, start)
        base = sums[first - 1] if first else 0
        ends = list(accumulate(self._lengths[first]))
        index = bisect_left(ends, start - base)
        begin = base + (ends[index - 1] if index else 0)
        last = min(bisect_right(sums, stop), len(sums) - 1)
        if last != first:
            base = sums[last - 1]
            ends = list(accumulate(self._lengths[last]))
        behind = min(bisect_right(ends, stop - base), len(ends) - 1)
        return Span(first, index, last, behind + 1, begin, base + ends[behind])

    def replace(self, span: Span, lengths: Sequence[int], counts: Sequence[int]) -> list[int]:
        """Put others in the place of some pieces; returns what was kept of these."""
        first, place, last, stop, _, _ = span
        old_lengths, old_counts = self._lengths[first : last + 1], self._counts[first : last + 1]
        if not old_counts:
            old_lengths, old_counts = [[]], [[]]
        new_lengths = [*old_lengths[0][:place], *lengths, *old_lengths[-1][stop:]]
        new_counts = [*old_counts[0][:place], *counts, *old_counts[-1][stop:]]
        gone = old_counts[0][place:stop] if first == last else old_counts[0][place:]
        for block in old_counts[1:-1]:
            gone += block
        if first != last:
            gone += old_counts[-1][:stop]
        step = len(new_counts) if len(new_counts) <= self._most else max(self._most // 2, 1)
        starts = range(0, len(new_counts), max(step, 1))
        self._lengths[first : last + 1] = [new_lengths[start : start + step] for start in starts]
        self._counts[first : last + 1] = [new_counts[start : start + step] for start in starts]
        self._sums[first : last + 1] = [sum(new_lengths[start : start + step]) for start in starts]
        return gone

    def change(self, old: int, new: int) -> None:
        """Keep `new` of the piece of which `old` is kept."""
        block = next(block for block in self._counts if old in block)
        block[block.index(old)] = new
