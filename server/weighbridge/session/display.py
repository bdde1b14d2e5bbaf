"""The moments at which a document's counts are shown: after a pause while the user types, else at once, many changes together.

typed    ──▶ quiet for `debounce` ms ──▶ show; while typing goes on, at least once a second
updated  ──▶ end of this turn of the loop; while counting, after a rest from the last show ──▶ show
         ──▶ once all of a document is known for the first time: as soon as who asked has an answer ──▶ show
"""

import asyncio
from collections.abc import Callable

from weighbridge.session.document import Document
from weighbridge.session.timers import Timer, Timers

#: Seconds between two shows while tasks finish one by one; and how many times as long as a show took, at most how long.
_BATCH = 0.2
_REST = 8
_LONGEST_REST = 3.0
#: Seconds between two shows while the user types on.
_WHILE_TYPING = 0.9
#: Seconds in which those who asked for what is known now are answered: to show a thousand references takes as long.
_ANSWERS_FIRST = 0.005


class Display:
    """Decides when each document is shown; a Session's Listener."""

    def __init__(
        self,
        show: Callable[[list[Document]], None],
        debounce: Callable[[Document], float],
        quiet: Callable[[Document], None],
        hide: Callable[[Document], None],
        timers: Timers | None = None,
    ) -> None:
        """`show` gets all documents due in one turn; `debounce` says how many seconds of quiet a document wants.

        `timers`: the running loop by default.
        """
        self._timers: Timers = asyncio.get_running_loop() if timers is None else timers
        self._show = show
        self._debounce = debounce
        self._quiet = quiet
        self._hide = hide
        self._typing: dict[str, Timer] = {}
        #: While typing goes on: when it is looked at next, and whose text changed since it was last.
        self._typing_on: dict[str, Timer] = {}
        self._typed_again: set[str] = set()
        self._due: dict[str, Document] = {}
        #: Documents whose truth was shown once, or is about to be; and those that it is about to be.
        self._true: set[str] = set()
        self._true_now: dict[str, Document] = {}
        self._true_flush: Timer | None = None
        self._flush: Timer | None = None
        self._last_flush = float("-inf")
        self._rest = _BATCH

    def typed(self, document: Document) -> None:
        """Wait until the user pauses."""
        timer = self._typing.pop(document.uri, None)
        if timer is not None:
            timer.cancel()
            self._typed_again.add(document.uri)
        else:
            self._look_while_typing(document)
        self._typing[document.uri] = self._timers.call_later(self._debounce(document), self._paused, document)

    def updated(self, document: Document) -> None:
        """Show soon: together with all else that is due. What was waited for since it was opened is shown without a rest."""
        if document.uri not in self._true and document.ready:
            self._true.add(document.uri)
            if not self._true_now:
                self._true_flush = self._timers.call_later(_ANSWERS_FIRST, self._show_true)
            self._true_now[document.uri] = document
            self._due.pop(document.uri, None)
        if document.uri in self._true_now:
            return
        self._due[document.uri] = document
        if self._flush is not None:
            return
        wait = self._last_flush + self._rest - self._timers.time()
        if wait > 0:
            self._flush = self._timers.call_later(wait, self._flush_due)
        else:
            self._flush = asyncio.get_running_loop().call_soon(self._flush_due)

    def closed(self, document: Document) -> None:
        """Take what is shown of it away."""
        self._forget(document)
        self._true.discard(document.uri)
        self._true_now.pop(document.uri, None)
        self._due.pop(document.uri, None)
        self._hide(document)

    def close(self) -> None:
        """Show nothing more."""
        for timers in (self._typing, self._typing_on):
            for timer in timers.values():
                timer.cancel()
            timers.clear()
        self._true_now.clear()
        self._due.clear()
        for flush in (self._flush, self._true_flush):
            if flush is not None:
                flush.cancel()
        self._flush = self._true_flush = None

    def _forget(self, document: Document) -> None:
        for timers in (self._typing, self._typing_on):
            timer = timers.pop(document.uri, None)
            if timer is not None:
                timer.cancel()

        self._typed_again.discard(document.uri)

    def _look_while_typing(self, document: Document) -> None:
        self._typing_on[document.uri] = self._timers.call_later(_WHILE_TYPING, self._still_typed, document)

    def _still_typed(self, document: Document) -> None:
        if document.uri in self._typed_again:
            self._typed_again.discard(document.uri)
            self.updated(document)
        self._look_while_typing(document)

    def _paused(self, document: Document) -> None:
        self._forget(document)
        self._quiet(document)
        self.updated(document)

    def _show_true(self) -> None:
        self._true_flush = None
        documents, self._true_now = list(self._true_now.values()), {}
        self._show_now(documents)

    def _flush_due(self) -> None:
        self._flush = None
        due = [*self._true_now.values(), *self._due.values()]
        self._true_now, self._due = {}, {}
        self._show_now(due)

    def _show_now(self, documents: list[Document]) -> None:
        if documents:
            self._last_flush = self._timers.time()
            self._show(documents)
            # A document of a hundred thousand references takes a while to show: counting it comes first.
            seconds = self._timers.time() - self._last_flush
            self._rest = min(max(_BATCH, _REST * seconds), _LONGEST_REST)
