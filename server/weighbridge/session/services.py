"""What a session stands on, made once from the settings: tasks, counts, handlers. The shells' one way to wire it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from platformdirs import user_cache_path

from weighbridge.cache import CountStore
from weighbridge.config import Settings
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import TransientFault
from weighbridge.session.overlay import OpenTexts
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import RetryPolicy, TaskManager


@dataclass(frozen=True, slots=True)
class Services:
    """Everything with threads, files or sockets behind it. `aclose` ends all of it."""

    tasks: TaskManager
    store: CountStore
    service: TokenCountingService
    handlers: HandlerFactory
    open_texts: OpenTexts
    retry: RetryPolicy

    @classmethod
    def make(cls, settings: Settings, on_warning: Callable[[str], None]) -> "Services":
        """Start them. Nothing here waits for a disk: the store opens itself on its own thread."""
        open_texts = OpenTexts()
        store = CountStore(settings.cache_url, on_warning=on_warning)
        return cls(
            tasks=TaskManager(workers=settings.workers),
            store=store,
            service=TokenCountingService(store, settings.cache_entries),
            handlers=HandlerFactory(open_texts, user_cache_path("weighbridge", appauthor=False)),
            open_texts=open_texts,
            retry=retry_policy(settings),
        )

    async def aclose(self) -> None:
        """Stop the tasks, let go of the network, write what is to be written."""
        await self.tasks.aclose()
        await self.handlers.aclose()
        await asyncio.to_thread(self.store.close)


def retry_policy(settings: Settings) -> RetryPolicy:
    """The settings' `retry` as a policy: only faults that may pass are tried again."""
    retry = settings.retry
    return RetryPolicy(
        attempts=retry.attempts,
        delay=retry.delay,
        backoff=retry.backoff,
        max_delay=retry.max_delay,
        retry_on=(TransientFault,),
    )
