"""A list whose items are found by the sum of the sizes before them, and whose values are summed up to any item.

position ──▶ sums over blocks ──▶ block (some dozens of items) ──▶ item
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Final, NamedTuple

from weighbridge.tokens.sums import Sums

#: Items of a block, at most; half as many when it is parted.
BLOCK: Final = 64


class ItemPlace(NamedTuple):
    """The place of an item: its block, its number in the block, and the sum of the sizes before it."""

    block: int
    number: int
    start: int


class Item(NamedTuple):
    """An item: `size`, 1 or more; `value`, which is summed; `note`, which is only kept."""

    size: int
    value: int
    note: int


#: What is at the list's end.
NOTHING: Final = Item(0, 0, 0)

_Columns = tuple[list[int], list[int], list[int]]


class SummedList:
    """Items in blocks: a change costs its block, and at most the number of blocks when it makes or ends one."""

    __slots__ = ("_blocks", "_most", "_settled", "_sizes", "_values")

    def __init__(self, most: int = BLOCK) -> None:
        """`most`: items of a block."""
        self._most = most
        #: The block in which a value was settled last: the next one is near.
        self._settled = 0
        self._blocks: list[_Columns] = [([], [], [])]
        #: The sums of each block.
        self._sizes = Sums([0])
        self._values = Sums([0])

    @property
    def size(self) -> int:
        """The sum over all items."""
        return self._sizes.total

    @property
    def value(self) -> int:
        """The sum over all items."""
        return self._values.total

    def find(self, position: int) -> ItemPlace:
        """The item that holds `position`; the list's end if none does."""
        block, rest = self._sizes.find(position)
        if block == len(self._blocks):
            return ItemPlace(block - 1, len(self._blocks[-1][0]), self.size)
        sizes = self._blocks[block][0]
        if len(sizes) == self._sizes[block]:
            # All sizes are 1.
            return ItemPlace(block, rest, position)
        ends = list(accumulate(sizes))
        number = bisect_right(ends, rest)
        return ItemPlace(block, number, position - rest + ends[number - 1] if number else position - rest)

    def item(self, place: ItemPlace) -> Item:
        """The item at a place that was found."""
        block, number, _ = place
        sizes, values, notes = self._blocks[block]
        return Item(sizes[number], values[number], notes[number]) if number < len(sizes) else NOTHING

    def after(self, place: ItemPlace) -> ItemPlace:
        """The place right behind the item at a place; the list's end stays where it is."""
        block, number, start = place
        sizes = self._blocks[block][0]
        return ItemPlace(block, number + 1, start + sizes[number]) if number < len(sizes) else place

    def value_before(self, place: ItemPlace) -> int:
        """The sum of the values of the items before a place."""
        block, number, _ = place
        return self._values.sum(block) + sum(self._blocks[block][1][:number])

    def items(self, first: ItemPlace, last: ItemPlace) -> Iterator[Item]:
        """The items from one place to before another."""
        for block in range(first.block, last.block + 1):
            low = first.number if block == first.block else 0
            high = last.number if block == last.block else None
            yield from map(
                Item._make, zip(*(column[low:high] for column in self._blocks[block]), strict=True)
            )

    def replace(
        self,
        first: ItemPlace,
        last: ItemPlace,
        sizes: Sequence[int],
        values: Sequence[int],
        notes: Sequence[int],
    ) -> list[int]:
        """Put other items in the place of those from `first` to before `last`; returns the notes of these."""
        start, stop = first.number, last.number
        new = (sizes, values, notes)
        gone = [item.note for item in self.items(first, last)]
        end = self._blocks[last.block]
        more = len(sizes) - len(gone)
        in_last = stop - start if first.block == last.block else stop
        if 0 < len(end[0]) + more <= self._most and in_last + more >= 0:
            self._replace_within(first, last, new)
            return gone
        block = self._blocks[first.block]
        whole = [
            [*before[:start], *items, *behind[stop:]]
            for before, items, behind in zip(block, new, end, strict=True)
        ]
        step = self._most if len(whole[0]) <= self._most else max(self._most // 2, 1)
        steps = range(0, len(whole[0]), step)
        span = slice(first.block, last.block + 1)
        self._blocks[span] = [
            (whole[0][at : at + step], whole[1][at : at + step], whole[2][at : at + step]) for at in steps
        ]
        self._sizes.replace(span.start, span.stop, [sum(whole[0][at : at + step]) for at in steps])
        self._values.replace(span.start, span.stop, [sum(whole[1][at : at + step]) for at in steps])
        if not self._blocks:
            self._blocks, self._sizes, self._values = [([], [], [])], Sums([0]), Sums([0])
        return gone

    def _replace_within(self, first: ItemPlace, last: ItemPlace, new: tuple[Sequence[int], ...]) -> None:
        """Give each block as many items as it had, and the last one what is left."""
        taken = 0
        for block in range(first.block, last.block + 1):
            columns = self._blocks[block]
            low = first.number if block == first.block else 0
            high = last.number if block == last.block else len(columns[0])
            until = len(new[0]) if block == last.block else taken + high - low
            size, value = (
                sum(items[taken:until]) - sum(column[low:high])
                for items, column in zip(new[:2], columns[:2], strict=True)
            )
            for items, column in zip(new, columns, strict=True):
                column[low:high] = items[taken:until]
            self._grow(block, size, value)
            taken = until

    def grow(self, place: ItemPlace, size: int, value: int) -> None:
        """Add to the size and to the value of the item at a place."""
        block, number, _ = place
        sizes, values, _ = self._blocks[block]
        sizes[number] += size
        values[number] += value
        self._grow(block, size, value)

    def discard(self) -> list[tuple[list[int], ...]]:
        """End it; returns what takes long to free."""
        blocks, self._blocks = self._blocks, []
        return [*blocks]

    def settle(self, note: int, value: int, new_note: int) -> None:
        """Give the one item that has this note a value and another note. Costs a look at the blocks since the last one."""
        blocks = self._blocks
        for block in chain(range(self._settled, len(blocks)), range(min(self._settled, len(blocks)))):
            _, values, notes = blocks[block]
            if note in notes:
                number = notes.index(note)
                self._grow(block, 0, value - values[number])
                values[number], notes[number] = value, new_note
                self._settled = block
                return
        raise KeyError(note)

    def _grow(self, block: int, size: int, value: int) -> None:
        if size:
            self._sizes.add(block, size)
        if value:
            self._values.add(block, value)
