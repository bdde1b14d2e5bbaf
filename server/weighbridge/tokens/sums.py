"""Running sums of numbers that change, kept in runs: a change and a search each look at a few dozen numbers."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

#: Integers that are summed up as one; what is looked at are a few dozens of these, and of those.
_RUN: Final = 64


class Sums:
    """Sums over a row of integers; a change, a sum and a search each look at a run of them, and at the runs' sums."""

    __slots__ = ("_runs", "_values", "total")

    def __init__(self, values: Iterable[int]) -> None:
        self._values = list(values)
        self._sum_up()

    def _sum_up(self) -> None:
        values = self._values
        self._runs = [sum(values[start : start + _RUN]) for start in range(0, len(values), _RUN)]
        self.total = sum(self._runs)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    def add(self, index: int, delta: int) -> None:
        """Add `delta` to the value at `index`."""
        self._values[index] += delta
        self._runs[index // _RUN] += delta
        self.total += delta

    def replace(self, start: int, stop: int, values: Iterable[int]) -> None:
        """Put other values, any number of them, in the place of those from `start` to before `stop`."""
        self._values[start:stop] = values
        self._sum_up()

    def sum(self, stop: int) -> int:
        """Sum of the first `stop` values."""
        run = stop // _RUN
        return sum(self._runs[:run]) + sum(self._values[run * _RUN : stop])

    def find(self, position: int) -> tuple[int, int]:
        """How many values fit, from the first on, into `position`, and what remains of it. Values: not negative."""
        if position >= self.total:
            return len(self._values), position - self.total
        ends = list(accumulate(self._runs))
        run = bisect_right(ends, position)
        if run:
            position -= ends[run - 1]
        ends = list(accumulate(self._values[run * _RUN : (run + 1) * _RUN]))
        index = bisect_right(ends, position)
        return run * _RUN + index, position - ends[index - 1] if index else position
