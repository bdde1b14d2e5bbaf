"""The coroutines that wait for a document: each is woken when it changed, and none is left waiting when it is closed."""

import asyncio

from weighbridge.errors import Problem, WeighbridgeError


class DocumentClosedError(WeighbridgeError):
    """The document was closed, or opened anew, before the answer was there."""


class CountingError(WeighbridgeError):
    """The document can't be counted, by a fault of ours; the message names it, and the log has the rest."""

    def __init__(self, uri: str, problem: Problem) -> None:
        super().__init__(f"{uri}: {problem.message}")
        self.problem = problem


class Waiting:
    """Futures by document. Whoever waits looks again for itself when it is woken."""

    def __init__(self) -> None:
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiters.values()))

    async def change(self, uri: str) -> None:
        """Wait until the document is woken next."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(uri, set()).add(waiter)
        try:
            await waiter
        finally:
            waiters = self._waiters.get(uri)
            if waiters is not None:
                waiters.discard(waiter)
                if not waiters:
                    del self._waiters[uri]

    def wake(self, uri: str) -> None:
        """Let all who wait for a document look again."""
        for waiter in self._waiters.pop(uri, ()):
            if not waiter.done():
                waiter.set_result(None)
