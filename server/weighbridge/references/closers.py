r"""The delimiter index of a long line: where code spans, comments and the like may close, without reading what lies between.

The line is taken in blocks. Of each is known which sizes of runs of backticks are in it, and which of `CLOSING` end in
it. Nothing here depends on what the line means.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from weighbridge.text import Inline

#: What closes a comment, a processing instruction, a CDATA section, a declaration.
CLOSING: Final = ("-->", "?>", "]]>", ">")

#: Characters of a block. No run of backticks goes over a border: a block of one run may be longer.
BLOCK: Final = 2048
#: How far behind its start an edit may make a closing string.
_LONGEST: Final = 3
_TICKS = re.compile(r"`+")

#: The size of a run, or one of `CLOSING`.
Closer = int | str
NO_CLOSERS: Final[frozenset[Closer]] = frozenset()


class Closers:
    """The closers of one line as it is now. Immutable; `follow` gives those of the line after an edit."""

    __slots__ = ("_blocks", "_starts", "_text")

    def __init__(self, text: str, starts: list[int], blocks: list[frozenset[Closer]]) -> None:
        """`starts`: where each block begins, ascending from 0, and the line's end."""
        self._text = text
        self._starts = starts
        self._blocks = blocks

    @classmethod
    def of(cls, text: str) -> "Closers":
        """Look at a whole line, in one pass."""
        starts = _cut(text, 0, len(text))
        return cls(text, starts, _hold(text, starts))

    def follow(self, text: str, inline: Inline) -> tuple["Closers", frozenset[Closer]]:
        """The closers of the line after an edit, which is now `text`; and, among others near it, those that are new."""
        starts, shift = self._starts, inline.inserted - inline.removed
        # The characters beside the edit are in these blocks too: their borders are as good as they were.
        first = max(bisect_right(starts, inline.column - 1, 0, len(self._blocks)) - 1, 0)
        behind = bisect_left(starts, min(inline.column + inline.removed + _LONGEST, starts[-1]), first + 1)
        new = _cut(text, starts[first], starts[behind] + shift)
        new_blocks = _hold(text, new)
        tail = starts[behind + 1 :]
        if shift:
            tail = [start + shift for start in tail]
        closers = Closers(
            text,
            [*starts[:first], *new, *tail],
            [*self._blocks[:first], *new_blocks, *self._blocks[behind:]],
        )
        near = max(0, inline.column - _LONGEST + 1), inline.column + inline.inserted + _LONGEST - 1
        created = {closing for closing in CLOSING if text.find(closing, *near) >= 0}
        return closers, frozenset(
            closer for block in new_blocks for closer in block if isinstance(closer, int)
        ) | created

    def run(self, size: int, start: int) -> int:
        """Where the first run of just so many backticks begins at `start` or behind; -1 if there is none.

        `start` is in no run of backticks.
        """
        text, starts = self._text, self._starts
        first = bisect_right(starts, start) - 1
        for block in range(first, len(self._blocks)):
            if size in self._blocks[block]:
                for match in _TICKS.finditer(text, max(start, starts[block]), starts[block + 1]):
                    if match.end() - match.start() == size:
                        return match.start()
        return -1

    def closing(self, what: str, start: int) -> int:
        """Where the first of one of `CLOSING` begins at `start` or behind; -1 if there is none."""
        text, starts = self._text, self._starts
        for block in range(bisect_right(starts, start) - 1, len(self._blocks)):
            if what in self._blocks[block]:
                place = text.find(what, max(start, starts[block] - len(what) + 1), starts[block + 1])
                if place >= 0:
                    return place
        return -1


def _cut(text: str, start: int, end: int) -> list[int]:
    """The borders of the blocks that a stretch of a line is cut into, its own two among them."""
    starts = [start]
    while end - starts[-1] > 2 * BLOCK:
        place = starts[-1] + BLOCK
        if text[place - 1] == "`" and (run := _TICKS.match(text, place)) is not None:
            place = run.end()
        if place >= end:
            break
        starts.append(place)
    if end > start or not start:
        starts.append(end)
    return starts


def _hold(text: str, starts: Sequence[int]) -> list[frozenset[Closer]]:
    blocks: list[frozenset[Closer]] = []
    # Most blocks hold the same as another.
    alike: dict[frozenset[Closer], frozenset[Closer]] = {}
    for start, end in pairwise(starts):
        closers: set[Closer] = set()
        if text.find("`", start, end) >= 0:
            closers.update(map(len, _TICKS.findall(text, start, end)))
        for what in CLOSING:
            if text.find(what, max(0, start - len(what) + 1), end) >= 0:
                closers.add(what)
        block = frozenset(closers)
        blocks.append(alike.setdefault(block, block))
    return blocks
