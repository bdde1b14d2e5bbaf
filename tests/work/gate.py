"""Work that blocks until a test lets it through."""

import asyncio
import threading
from typing import ClassVar

from weighbridge.work import CancelToken

#: Seconds after which a blocked thread goes on, so that a failing test fails instead of hanging.
PATIENCE = 10


class Gate:
    """A blocking callable: `await entered.wait()` to know that it runs, `release.set()` to let it return `value`."""

    #: Gates that nobody opened in time; must stay empty.
    forgotten: ClassVar[list["Gate"]] = []

    def __init__(self, value: object = "through") -> None:
        self.value = value
        self.release = threading.Event()
        self.entered = asyncio.Event()
        self.left = asyncio.Event()
        self.tokens: list[CancelToken] = []
        self._loop = asyncio.get_running_loop()

    def __call__(self, token: CancelToken) -> object:
        self.tokens.append(token)
        self._loop.call_soon_threadsafe(self.entered.set)
        if not self.release.wait(PATIENCE):
            self.forgotten.append(self)
        self._loop.call_soon_threadsafe(self.left.set)
        return self.value


class Waiting:
    """The same as a coroutine function."""

    def __init__(self, value: object = "through") -> None:
        self.value = value
        self.release = asyncio.Event()
        self.entered = asyncio.Event()
        self.cancelled = 0
        self.tokens: list[CancelToken] = []

    async def __call__(self, token: CancelToken) -> object:
        self.tokens.append(token)
        self.entered.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.value
