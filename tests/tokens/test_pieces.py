"""Pieces in blocks against one list of them."""

from bisect import bisect_left, bisect_right
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.tokens.pieces import Pieces

lengths = st.lists(st.integers(1, 5), max_size=12)
edits = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), lengths), min_size=1, max_size=12)


@settings(deadline=None, max_examples=300)
@given(first=lengths, changes=edits, most=st.integers(1, 6))
def test_pieces_are_found_and_replaced(
    first: list[int], changes: list[tuple[float, float, list[int]]], most: int
) -> None:
    pieces = Pieces(most)
    known: list[tuple[int, int]] = []
    kept = 0
    for share, other, new in [(0.0, 1.0, first), *changes]:
        starts = [0, *accumulate(length for length, _ in known)]
        start, stop = sorted((int(share * starts[-1]), int(other * starts[-1])))
        low = max(bisect_left(starts, start) - 1, 0)
        high = min(bisect_right(starts, stop), len(starts) - 1)
        span = pieces.around(start, stop)
        assert (span.begin, span.end) == (starts[low], starts[high])
        made = [(length, kept + number) for number, length in enumerate(new)]
        kept += len(new)
        gone = pieces.replace(span, new, [count for _, count in made])
        assert gone == [count for _, count in known[low:high]]
        known[low:high] = made
        assert list(pieces.counts()) == [count for _, count in known]
        assert max(map(len, pieces._counts), default=0) <= most
    if known:
        length, count = known[len(known) // 2]
        pieces.change(count, -1)
        known[len(known) // 2] = length, -1
        assert list(pieces.counts()) == [count for _, count in known]
