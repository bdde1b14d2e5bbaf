"""The services of a session, made once from the settings: tasks, counts, handlers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from platformdirs import user_cache_path

from weighbridge.cache import CountStore
from weighbridge.config import Settings
from weighbridge.content.factory import HandlerFactory
from weighbridge.session.overlay import OpenTexts
from weighbridge.tokens.service import TokenCountingService
from weighbridge.work import Priority, TaskManager, default_workers


@dataclass(slots=True)
class Services:
    """Everything with threads, files or sockets behind it. `aclose` ends all of it."""

    tasks: TaskManager
    store: CountStore
    service: TokenCountingService
    handlers: HandlerFactory
    open_texts: OpenTexts
    on_warning: Callable[[str], object]
    on_over: Callable[[str], object]
    cache_url: str | None = None
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def make(
        cls,
        settings: Settings,
        on_warning: Callable[[str], object],
        on_over: Callable[[str], object],
        open_texts: OpenTexts | None = None,
    ) -> "Services":
        """Start them. Nothing here waits for a disk: the store opens itself on its own thread.

        `on_warning` and `on_over` are the store's: see `CountStore`. `open_texts`: of an editor, in place of files.
        """
        open_texts = OpenTexts() if open_texts is None else open_texts
        store = CountStore(settings.cache_url, on_warning=on_warning, on_over=on_over)
        tasks = TaskManager(workers=settings.workers)
        handlers = HandlerFactory(open_texts, user_cache_path("weighbridge", appauthor=False))
        tasks.submit(("expire",), lambda _: handlers.expire(), priority=Priority.LOW, title="old responses")
        return cls(
            tasks=tasks,
            store=store,
            service=TokenCountingService(store, settings.cache_entries),
            handlers=handlers,
            open_texts=open_texts,
            on_warning=on_warning,
            on_over=on_over,
            cache_url=settings.cache_url,
        )

    def configured(self, settings: Settings) -> None:
        """Follow other settings: as many workers and entries, another cache. Waits for nothing."""
        self.tasks.resize(workers=default_workers() if settings.workers is None else settings.workers)
        self.service.resize(settings.cache_entries)
        if settings.cache_url != self.cache_url:
            self.cache_url = settings.cache_url
            self.store = CountStore(settings.cache_url, on_warning=self.on_warning, on_over=self.on_over)
            old_store = self.service.use(self.store)
            if old_store is not None:
                # What waits to be written is written: that may take a while.
                closing = asyncio.get_running_loop().create_task(asyncio.to_thread(old_store.close))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        """Stop the tasks, let go of the network, write what is to be written."""
        await self.tasks.aclose()
        await self.handlers.aclose()
        await asyncio.gather(*self._closing, asyncio.to_thread(self.store.close))
