"""Where a text is cut into pieces that are counted by themselves, and which lines are counted together. Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from weighbridge.tokens.base import Borders
from weighbridge.tokens.resolved import SliceableLines

#: Lines between two references that are counted as one.
_LINES_APART: Final = 8


def ends_of_pieces(
    text: str, start: int, stop: int, size: int, fine: int, cuts: Sequence[int], borders: Borders
) -> list[int]:
    """Where pieces of text[start:stop] begin and end: at borders, behind `cuts` if there are some.

    `size`: of a piece, in characters; there may be twice as many. `fine`: of one that ends at a cut, at least.
    """
    ends = [start]
    while True:
        last = ends[-1]
        number = bisect_left(cuts, last + fine) if cuts else 0
        target = min(cuts[number], stop) if number < len(cuts) else stop
        if target - last > 2 * size:
            target = last + size
        border = borders.first(text, target - 1, stop) if target < stop else -1
        if target < stop and (stop if border < 0 else border) - last > 2 * size:
            # A long text without a border is a piece of its own: what is typed before it does not count it again.
            before = borders.last(text, last, target + 1)
            if before > last:
                ends.append(before)
        if border < 0:
            break
        ends.append(border)
    if start < stop:
        ends.append(stop)
    return ends


def together(text: SliceableLines, lines: Sequence[int], most: int, worth: int) -> Iterator[tuple[int, int]]:
    """Groups of lines that stand closer together than is worth an edit for each: starts and stops.

    `most`: characters of a group, about. `worth`: characters between two lines that are worth an edit of their own.
    """
    if not lines:
        return
    line_at = text.stored_line
    start, stop = lines[0], lines[0] + 1
    size = 0
    for line in lines[1:]:
        # Asking how long they are costs something too.
        apart = sum(len(line_at(at)) for at in range(stop, line)) if line - stop <= _LINES_APART else most
        size += apart + len(line_at(line))
        if apart >= worth or size >= most:
            yield start, stop
            start, size = line, 0
        stop = line + 1
    yield start, stop
