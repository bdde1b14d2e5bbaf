"""A long text in pieces: an edit copies the piece it is in, and what was before stays as it was.

    rope ──▶ blocks (some dozens of pieces each) ──▶ pieces (some KB of text each)

A rope never changes. `replaced` gives another, which shares all pieces and blocks but those around the edit: so old ones
cost next to nothing, and any thread may read them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self


@dataclass(frozen=True, slots=True)
class RopeSizes:
    """How long lines are kept; whatever the sizes, the text is the same.

    `long`: characters from which on a line is kept as a rope, until it has less than half as many.
    `piece`: characters of a piece, `block`: pieces of a block; there may be half or twice as many.
    """

    long: int = 64 * 1024
    piece: int = 4 * 1024
    block: int = 32


STANDARD = RopeSizes()


class _Block:
    """Some pieces. `ends`: where each ends, in characters; `unit_ends`: the same in units, in the same list if it is."""

    __slots__ = ("ends", "pieces", "unit_ends")

    def __init__(self, pieces: list[str], ends: list[int], unit_ends: list[int]) -> None:
        self.pieces = pieces
        self.ends = ends
        self.unit_ends = unit_ends


class Rope:
    """See the module's text. Slices are strings; what is to stay a rope is cut by `replaced`.

    `measure`: the units of a piece, which add up; None where each character is one.
    """

    __slots__ = ("_blocks", "_ends", "_measure", "_sizes", "_unit_ends")

    def __init__(self, blocks: list[_Block], measure: Callable[[str], int] | None, sizes: RopeSizes) -> None:
        self._blocks = blocks
        self._measure = measure
        self._sizes = sizes
        self._ends = list(accumulate(block.ends[-1] for block in blocks))
        self._unit_ends = (
            self._ends if measure is None else list(accumulate(block.unit_ends[-1] for block in blocks))
        )

    @classmethod
    def of(cls, text: str, measure: Callable[[str], int] | None, sizes: RopeSizes = STANDARD) -> Self:
        """Cut a text."""
        return cls(_blocks(_even([text], sizes), measure, sizes), measure, sizes)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __str__(self) -> str:
        return "".join(self.pieces())

    def __getitem__(self, key: slice) -> str:
        start, stop, step = key.indices(len(self))
        if step != 1:
            raise ValueError("a part of a rope has no gaps")
        if start >= stop:
            return ""
        first, last = bisect_right(self._ends, start), bisect_left(self._ends, stop)
        parts: list[str] = []
        base = self._ends[first - 1] if first else 0
        skipped = 0
        for number in range(first, last + 1):
            block = self._blocks[number]
            low = bisect_right(block.ends, start - base)
            high = bisect_left(block.ends, stop - base)
            parts += block.pieces[low : high + 1]
            if number == first:
                skipped = start - base - (block.ends[low - 1] if low else 0)
            base += block.ends[-1]
        whole = parts[0] if len(parts) == 1 else "".join(parts)
        return whole[skipped : skipped + stop - start]

    def pieces(self) -> list[str]:
        """All pieces in order, none empty."""
        return [piece for block in self._blocks for piece in block.pieces]

    def replaced(self, start: int, stop: int, text: str) -> "Rope":
        """The rope with `text` in the place of [start, stop), which are columns in it."""
        if self._blocks:
            number = min(bisect_right(self._ends, start), len(self._blocks) - 1)
            base = self._ends[number - 1] if number else 0
            block = self._blocks[number]
            index = min(bisect_right(block.ends, start - base), len(block.ends) - 1)
            if index:
                base += block.ends[index - 1]
            piece = block.pieces[index]
            if stop - base <= len(piece):
                edited = f"{piece[: start - base]}{text}{piece[stop - base :]}"
                if self._sizes.piece // 2 <= len(edited) <= self._sizes.piece * 2 and edited:
                    return self._with_piece(number, index, edited)
        return self._spliced(start, stop, [text])

    def plus(self, other: "Rope | str") -> "Rope":
        """Both, one behind the other."""
        end = len(self)
        if isinstance(other, str):
            return self.replaced(end, end, other)
        return self._spliced(end, end, other.pieces())

    # Units

    def units_before(self, column: int) -> int:
        """The units of the characters before a column in it."""
        if self._unit_ends is self._ends or not self._blocks:
            return min(column, len(self))
        assert self._measure is not None  # noqa: S101  else there is one list
        start, unit, piece = self._piece(self._ends, column, by_units=False)
        return unit + self._measure(piece[: column - start])

    def piece_at(self, unit: int) -> tuple[int, int, str]:
        """The piece a unit is in, the last one if it is past the end: its first column, its first unit, its text."""
        return self._piece(self._unit_ends, unit, by_units=True)

    def _piece(self, ends: list[int], place: int, *, by_units: bool) -> tuple[int, int, str]:
        if not self._blocks:
            return 0, 0, ""
        number = min(bisect_right(ends, place), len(ends) - 1)
        column, unit = (self._ends[number - 1], self._unit_ends[number - 1]) if number else (0, 0)
        block = self._blocks[number]
        if by_units:
            index = bisect_right(block.unit_ends, place - unit)
        else:
            index = bisect_right(block.ends, place - column)
        index = min(index, len(block.pieces) - 1)
        if index:
            column += block.ends[index - 1]
            unit += block.unit_ends[index - 1]
        return column, unit, block.pieces[index]

    # Inside

    def _with_piece(self, number: int, index: int, piece: str) -> "Rope":
        """Another rope, with another text for one of the pieces."""
        block, measure = self._blocks[number], self._measure
        pieces = block.pieces.copy()
        pieces[index] = piece
        shift = len(piece) - len(block.pieces[index])
        rope = Rope.__new__(Rope)
        rope._measure, rope._sizes = measure, self._sizes  # noqa: SLF001  one of the same class
        ends = _shifted(block.ends, index, shift)
        rope._ends = _shifted(self._ends, number, shift)  # noqa: SLF001
        if measure is None:
            unit_ends, rope._unit_ends = ends, rope._ends  # noqa: SLF001
        else:
            before = block.unit_ends[index - 1] if index else 0
            shift = measure(piece) - (block.unit_ends[index] - before)
            unit_ends = _shifted(block.unit_ends, index, shift)
            rope._unit_ends = _shifted(self._unit_ends, number, shift)  # noqa: SLF001
        rope._blocks = self._blocks.copy()  # noqa: SLF001
        rope._blocks[number] = _Block(pieces, ends, unit_ends)  # noqa: SLF001
        return rope

    def _spliced(self, start: int, stop: int, new: Sequence[str]) -> "Rope":
        """Another rope, with pieces, of any size, in the place of [start, stop)."""
        blocks, sizes = self._blocks, self._sizes
        if not blocks:
            return Rope(_blocks(_even(new, sizes), self._measure, sizes), self._measure, sizes)
        first = min(bisect_right(self._ends, start), len(blocks) - 1)
        last = min(bisect_right(self._ends, stop, first), len(blocks) - 1)
        pieces = _before(blocks[first], start - (self._ends[first - 1] if first else 0))
        pieces += new
        pieces += _behind(blocks[last], stop - (self._ends[last - 1] if last else 0))
        last += 1
        # A neighbour is taken in where little is left: no blocks, nor pieces at their ends, become ever smaller.
        while len(pieces) <= sizes.block // 2 or _small(pieces, sizes):
            if last < len(blocks):
                pieces += blocks[last].pieces
                last += 1
            elif first:
                first -= 1
                pieces[:0] = blocks[first].pieces
            else:
                break
        inserted = _blocks(_even(pieces, sizes), self._measure, sizes)
        return Rope([*blocks[:first], *inserted, *blocks[last:]], self._measure, sizes)


#: A line, or any text made of lines: in pieces where it is long.
Line = str | Rope


def plus(text: Line, more: Line) -> Line:
    """Both, one behind the other."""
    if isinstance(text, Rope):
        return text.plus(more) if more else text
    if isinstance(more, Rope):
        return more.replaced(0, 0, text) if text else more
    return text + more


def cut(text: Line, start: int, stop: int) -> Line:
    """What stands in [start, stop), which are columns in it."""
    if isinstance(text, str):
        return text[start:stop]
    if stop < len(text):
        text = text.replaced(stop, len(text), "")
    return text.replaced(0, start, "") if start else text


def _shifted(ends: list[int], start: int, shift: int) -> list[int]:
    """Sums, those from `start` on grown by so much."""
    return ends[:start] + [end + shift for end in ends[start:]] if shift else ends


def _before(block: _Block, stop: int) -> list[str]:
    index = bisect_left(block.ends, stop)
    begin = block.ends[index - 1] if index else 0
    return [*block.pieces[:index], block.pieces[index][: stop - begin]]


def _behind(block: _Block, start: int) -> list[str]:
    if start >= block.ends[-1]:
        return []
    index = bisect_right(block.ends, start)
    begin = block.ends[index - 1] if index else 0
    return [block.pieces[index][start - begin :], *block.pieces[index + 1 :]]


def _small(pieces: Sequence[str], sizes: RopeSizes) -> bool:
    """Whether all of them together are too little for a piece, or for some."""
    return sum(map(len, pieces)) < sizes.piece * sizes.block // 2


def _even(pieces: Iterable[str], sizes: RopeSizes) -> list[str]:
    """The same text in pieces of the right size; those that are stay as they are."""
    least, most = sizes.piece // 2, sizes.piece * 2
    joined: list[str] = []
    for given in pieces:
        piece = given
        if joined and (len(piece) < least or len(joined[-1]) < least):
            piece = joined.pop() + piece
        if len(piece) > most:
            joined += (piece[start:stop] for start, stop in _steps(len(piece), sizes.piece))
        elif piece:
            joined.append(piece)
    return joined


def _blocks(pieces: list[str], measure: Callable[[str], int] | None, sizes: RopeSizes) -> list[_Block]:
    if not pieces:
        return []
    many = len(pieces) > sizes.block * 2
    steps = _steps(len(pieces), sizes.block) if many else [(0, len(pieces))]
    return [_block(pieces[start:stop], measure) for start, stop in steps]


def _block(pieces: list[str], measure: Callable[[str], int] | None) -> _Block:
    ends = list(accumulate(map(len, pieces)))
    return _Block(pieces, ends, ends if measure is None else list(accumulate(map(measure, pieces))))


def _steps(length: int, size: int) -> list[tuple[int, int]]:
    """So many things in even steps of at most `size`."""
    count = -(-length // size)
    return [(length * step // count, length * (step + 1) // count) for step in range(count)]
