"""A batch processor: many items in batches, several batches at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from weighbridge.work.outcome import Outcome

T = TypeVar("T")
R = TypeVar("R")


async def process(
    items: Sequence[T],
    work: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
    *,
    size: int = 32,
    concurrency: int = 4,
) -> list[Outcome[R]]:
    """Hand `items` to `work` in batches of up to `size`, at most `concurrency` batches at a time.

    `work` returns one result per item. What became of each item, in order: a batch that fails leaves its error with
    its own items and the others alone. Cancelling the awaiting coroutine cancels the batches under way too.

    Raises:
        ValueError: `size` or `concurrency` is less than 1.

    """
    if size < 1 or concurrency < 1:
        raise ValueError(f"size and concurrency must be 1 or more, not {size} and {concurrency}")
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    outcomes: list[list[Outcome[R]]] = [[] for _ in batches]
    running: dict[asyncio.Task[list[Outcome[R]]], int] = {}
    begun = 0
    try:
        while begun < len(batches) or running:
            while begun < len(batches) and len(running) < concurrency:
                batch = _attempt(batches[begun], work)
                running[asyncio.create_task(batch)] = begun
                begun += 1
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                outcomes[running.pop(task)] = task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return [outcome for batch_outcomes in outcomes for outcome in batch_outcomes]


async def _attempt(
    batch: Sequence[T], work: Callable[[Sequence[T]], Awaitable[Sequence[R]]]
) -> list[Outcome[R]]:
    try:
        results = await work(batch)
    except Exception as error:  # noqa: BLE001  # the batch's failure is its items' outcome
        return [Outcome.failed(error)] * len(batch)
    if len(results) != len(batch):
        return [
            Outcome.failed(ValueError(f"{len(results)} results for a batch of {len(batch)} items"))
        ] * len(batch)
    return [Outcome(result) for result in results]
