import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.clock import settle

from weighbridge.work import process


async def double(batch: Sequence[int]) -> list[int]:
    await asyncio.sleep(0)
    return [2 * item for item in batch]


@given(
    items=st.lists(st.integers(-9, 9), max_size=40),
    size=st.integers(1, 9),
    concurrency=st.integers(1, 5),
    turns=st.lists(st.integers(1, 4), max_size=12),
)
@settings(max_examples=80)
def test_results_are_in_order_and_limits_are_kept(
    items: list[int], size: int, concurrency: int, turns: list[int]
) -> None:
    seen: list[list[int]] = []
    at_once = most = 0

    async def work(batch: Sequence[int]) -> list[int]:
        nonlocal at_once, most
        number = len(seen)
        seen.append(list(batch))
        at_once += 1
        most = max(most, at_once)
        for _ in range(turns[number] if number < len(turns) else 1):
            await asyncio.sleep(0)
        at_once -= 1
        if -9 in batch:
            raise LookupError(batch[0])
        return [2 * item for item in batch]

    outcomes = asyncio.run(process(items, work, size=size, concurrency=concurrency))
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    assert seen == batches
    assert most == min(concurrency, len(batches))
    expected = [
        (None, "LookupError") if -9 in batch else (2 * item, None) for batch in batches for item in batch
    ]
    assert [(one.value, one.error and type(one.error).__name__) for one in outcomes] == expected


async def test_nothing_to_do() -> None:
    assert await process([], double) == []


async def test_a_batch_with_a_wrong_number_of_results_fails_alone() -> None:
    async def work(batch: Sequence[int]) -> list[int]:
        return [item for item in batch if item != 2]

    outcomes = await process([0, 1, 2, 3, 4], work, size=2)
    assert [outcome.value for outcome in outcomes] == [0, 1, None, None, 4]
    assert str(outcomes[2].error) == str(outcomes[3].error) == "1 results for a batch of 2 items"


async def test_cancelling_cancels_the_batches_under_way() -> None:
    ended: list[int] = []

    async def work(batch: Sequence[int]) -> list[int]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(batch[0])
        return list(batch)

    running = asyncio.ensure_future(process([1, 2, 3], work, size=1, concurrency=2))
    await settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == [1, 2]


@pytest.mark.parametrize(("size", "concurrency"), [(0, 1), (1, 0)])
async def test_limits_are_at_least_one(size: int, concurrency: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        await process([1], double, size=size, concurrency=concurrency)
