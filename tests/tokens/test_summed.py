"""The summed list against one plain list of items."""

from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.tokens.summed import BLOCK, NOTHING, Item, SummedList

items = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9)), max_size=12)
edits = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), items), min_size=1, max_size=12)


def agree(made: SummedList, plain: list[Item]) -> None:
    """Whatever is asked of both is the same."""
    starts = [0, *accumulate(item.size for item in plain)]
    sums = [0, *accumulate(item.value for item in plain)]
    assert (made.size, made.value) == (starts[-1], sums[-1])
    assert list(made.items(made.find(0), made.find(starts[-1]))) == plain
    for number, item in enumerate([*plain, NOTHING]):
        for position in range(starts[number], starts[number] + max(item.size, 1)):
            place = made.find(position)
            assert (place.start, made.item(place)) == (starts[number], item)
            assert made.value_before(place) == sums[number]
            after = made.after(place)
            assert after.start == starts[number] + item.size
            assert made.value_before(after) == sums[number] + item.value


@settings(max_examples=200)
@given(first=items, changes=edits, most=st.integers(1, 6))
def test_items_are_found_replaced_and_summed(
    first: list[tuple[int, int]], changes: list[tuple[float, float, list[tuple[int, int]]]], most: int
) -> None:
    made = SummedList(most)
    plain: list[Item] = []
    notes = 0
    for share, other, new in [(0.0, 1.0, first), *changes]:
        low, high = sorted((round(share * len(plain)), round(other * len(plain))))
        starts = [0, *accumulate(item.size for item in plain)]
        fresh = [Item(size, value, notes + number) for number, (size, value) in enumerate(new)]
        notes += len(new)
        columns = (
            [item.size for item in fresh],
            [item.value for item in fresh],
            [item.note for item in fresh],
        )
        gone = made.replace(made.find(starts[low]), made.find(starts[high]), *columns)
        assert gone == [item.note for item in plain[low:high]]
        plain[low:high] = fresh
        agree(made, plain)
    if plain:
        middle = len(plain) // 2
        made.settle(plain[middle].note, 70, -1)
        plain[middle] = Item(plain[middle].size, 70, -1)
        agree(made, plain)


class _Watched(int):
    """A note that counts how often it is looked at."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        _Watched.looks += 1
        return int(self) == other

    __hash__ = int.__hash__


def test_values_settled_in_order_look_at_few_blocks() -> None:
    """As workers answer: 20,000 answers must not each look at all blocks."""
    count = 2_000
    made = SummedList()
    made.replace(made.find(0), made.find(0), [1] * count, [0] * count, [*range(count)])
    for note in range(count):
        made.settle(_Watched(note), 1, -1)
    assert made.value == count
    assert _Watched.looks < count * 3 * BLOCK
