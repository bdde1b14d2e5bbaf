"""Time, injected, so that tests can drive it."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that never go back, and a way to let some of them pass."""

    def now(self) -> float:
        """Seconds since an arbitrary moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least `seconds` (0 or more); other work of the loop goes on."""
        ...


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
