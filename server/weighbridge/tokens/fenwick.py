"""Running sums that stay cheap under change: a Fenwick tree."""

from collections.abc import Iterable
from itertools import accumulate


class Fenwick:
    """Sums over a row of integers: change, prefix sum and search each take a step per binary digit of its length."""

    __slots__ = ("_top", "_tree")

    def __init__(self, values: Iterable[int]) -> None:
        sums = [0, *accumulate(values)]
        self._tree = [0, *(sums[i] - sums[i & (i - 1)] for i in range(1, len(sums)))]
        self._top = 1 << (len(sums) - 1).bit_length() >> 1

    def add(self, index: int, delta: int) -> None:
        """Add `delta` to the value at `index`."""
        tree = self._tree
        size = len(tree)
        index += 1
        while index < size:
            tree[index] += delta
            index += index & -index

    def sum(self, stop: int) -> int:
        """Sum of the first `stop` values."""
        tree = self._tree
        result = 0
        while stop:
            result += tree[stop]
            stop &= stop - 1
        return result

    def find(self, position: int) -> tuple[int, int]:
        """How many values fit, from the first on, into `position`, and what remains of it. Values: not negative."""
        tree = self._tree
        size = len(tree)
        index = 0
        step = self._top
        while step:
            after = index + step
            if after < size and tree[after] <= position:
                index = after
                position -= tree[after]
            step >>= 1
        return index, position
