"""From a kind of reference to the handler that resolves it: the one place where handlers are made."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge.content.api import ApiHandler
from weighbridge.content.base import AsyncHandler, Handler, Overlay
from weighbridge.content.file import FileHandler
from weighbridge.content.hosts import Resolver, resolve_by_system
from weighbridge.content.variable import VariableHandler
from weighbridge.references.model import Kind

if TYPE_CHECKING:
    import httpx


class HandlerFactory:
    """Makes each kind's handler once and hands it out. `api`: the one whose `load` is awaited on the loop."""

    def __init__(
        self,
        overlay: Overlay | None = None,
        cache_folder: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
        resolve: Resolver = resolve_by_system,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`overlay`: the open documents. `cache_folder`: the user's, for last good responses; None: memory only.

        The rest is the world, to be replaced by tests: the process's environment, the network, the resolver, the clock
        (seconds since 1970), and waiting.
        """
        # A folder of its own: what is old there is removed, whoever wrote it.
        responses = None if cache_folder is None else cache_folder / "responses"
        self.api: AsyncHandler = ApiHandler(
            responses, transport=transport, resolve=resolve, now=now, sleep=sleep
        )
        self._blocking: dict[Kind, Handler] = {
            Kind.FILE: FileHandler(overlay),
            Kind.VARIABLE: VariableHandler(overlay, environment),
        }

    def of(self, kind: Kind) -> Handler | AsyncHandler:
        """Give the handler of a kind: for what all handlers have (`key`, `paths`, `changed`)."""
        return self.api if kind is Kind.API else self._blocking[kind]

    def blocking(self, kind: Kind) -> Handler:
        """Give the handler of a kind whose `load` blocks: for workers.

        Raises:
            KeyError: the kind's handler is awaited instead.
        """
        return self._blocking[kind]

    def clear(self) -> None:
        """Forget what was fetched, on disk too. Blocks a little."""
        if isinstance(self.api, ApiHandler):
            self.api.clear()

    def expire(self) -> None:
        """Remove what is too old of what was fetched. Blocks a little."""
        if isinstance(self.api, ApiHandler):
            self.api.expire()

    async def aclose(self) -> None:
        """Let go of the network."""
        if isinstance(self.api, ApiHandler):
            await self.api.aclose()
