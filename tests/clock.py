"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools


class FakeClock:
    """Seconds from 0; `advance` lets them pass and lets whoever slept so long go on."""

    def __init__(self) -> None:
        self._now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._fell_asleep = asyncio.Event()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._numbers), waker))
        self._fell_asleep.set()
        await waker

    @property
    def sleeping(self) -> int:
        """How many sleep now."""
        return sum(not waker.done() for _, _, waker in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass: sleepers wake in order, each at its own moment, and the loop settles after each."""
        end = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, waker = heapq.heappop(self._sleepers)
            if waker.done():
                continue
            self._now = moment
            waker.set_result(None)
            await settle()
        self._now = end

    async def until_sleeping(self) -> None:
        """Wait until somebody sleeps: for work that first has to come back from a thread."""
        while not self.sleeping:
            self._fell_asleep.clear()
            await self._fell_asleep.wait()


async def settle(turns: int = 20) -> None:
    """Let callbacks that are ready, and those they make ready, run."""
    for _ in range(turns):
        await asyncio.sleep(0)
