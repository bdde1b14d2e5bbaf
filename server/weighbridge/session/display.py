"""When to show: after a pause while the user types, at once for everything else, many changes together.

typed    ──▶ quiet for `debounce` ms ──▶ show
updated  ──▶ end of this turn of the loop, at most one show in `_BATCH` seconds while counting ──▶ show
"""

import asyncio
from collections.abc import Callable

from weighbridge.session.document import Document

#: Seconds between two shows of a document while its tasks finish one by one.
_BATCH = 0.2


class Display:
    """Decides when each document is shown; a Session's Listener."""

    def __init__(
        self,
        show: Callable[[list[Document]], None],
        debounce: Callable[[Document], float],
        quiet: Callable[[Document], None],
        hide: Callable[[Document], None],
    ) -> None:
        """`show` gets all documents due in one turn; `debounce` says how many seconds of quiet a document wants."""
        self._show = show
        self._debounce = debounce
        self._quiet = quiet
        self._hide = hide
        self._typing: dict[str, asyncio.TimerHandle] = {}
        self._due: dict[str, Document] = {}
        self._flush: asyncio.Handle | None = None
        self._last_flush = float("-inf")

    def typed(self, document: Document) -> None:
        """Wait until the user pauses."""
        timer = self._typing.pop(document.uri, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._typing[document.uri] = loop.call_later(self._debounce(document), self._paused, document)

    def updated(self, document: Document) -> None:
        """Show soon: together with all else that is due."""
        self._due[document.uri] = document
        if self._flush is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._last_flush + _BATCH - loop.time()
        self._flush = loop.call_later(wait, self._flush_due) if wait > 0 else loop.call_soon(self._flush_due)

    def closed(self, document: Document) -> None:
        """Take what is shown of it away."""
        timer = self._typing.pop(document.uri, None)
        if timer is not None:
            timer.cancel()
        self._due.pop(document.uri, None)
        self._hide(document)

    def close(self) -> None:
        """Show nothing more."""
        for timer in self._typing.values():
            timer.cancel()
        self._typing.clear()
        self._due.clear()
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None

    def _paused(self, document: Document) -> None:
        self._typing.pop(document.uri, None)
        self._quiet(document)
        self.updated(document)

    def _flush_due(self) -> None:
        self._flush = None
        self._last_flush = asyncio.get_running_loop().time()
        due, self._due = list(self._due.values()), {}
        self._show(due)
