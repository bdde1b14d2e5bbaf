"""Long turns of the loop are seen and named."""

import asyncio
import logging

import pytest

from weighbridge.lsp import watchdog
from weighbridge.lsp.watchdog import WatchedSelector, note


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("took", "logged"), [(0.04, []), (0.2, ["the loop was held for 200 ms by: reading, counting"])]
)
def test_a_long_turn_is_logged_with_what_ran(
    took: float, logged: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    watchdog.started()

    async def work() -> None:
        await asyncio.sleep(0)
        note("reading")
        note("counting")
        clock.now += took
        await asyncio.sleep(0)

    with (
        caplog.at_level(logging.WARNING),
        asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(WatchedSelector(clock))) as runner,
    ):
        runner.run(work())
    assert [record.getMessage() for record in caplog.records if record.name == watchdog.__name__] == logged
