"""The session: open documents, the contents they share, the tasks that count them, and who is told.

    open/change ──▶ Document ──▶ missing contents ──▶ Readings ──▶ changed keys ──▶ Document ──▶ Listener
                        └──▶ uncounted chunks ──▶ TokenCountingService ──▶ answers ──┘

**The loop's thread owns all of it**; workers get snapshots and return values.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from weighbridge.analysis.loads import Loads
from weighbridge.analysis.report import Report
from weighbridge.config import Settings
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import FATAL, fault_of_ours
from weighbridge.session.arriving import Arriving
from weighbridge.session.configuration import Configuration
from weighbridge.session.contents import Contents
from weighbridge.session.counting import Counting
from weighbridge.session.document import Document
from weighbridge.session.freeing import free_soon
from weighbridge.session.outline import Filled
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.prepared import Prepared
from weighbridge.session.preparing import Preparing, Terms, expander_of
from weighbridge.session.queries import Queries
from weighbridge.session.readings import Readings
from weighbridge.session.reporting import FILLING, report_steps
from weighbridge.session.reports import Reports
from weighbridge.session.timers import Timer, Timers
from weighbridge.session.waiting import Waiting
from weighbridge.steps import finish
from weighbridge.text import LineBuffer, PositionEncoding
from weighbridge.tokens.service import TokenCountingService
from weighbridge.uris import path_of
from weighbridge.work import CancelToken, Priority, TaskManager

logger = logging.getLogger(__name__)

#: References looked at in one turn of the loop, nested ones and repeats counted.
_STEPS_A_TURN = 64
#: References from which on one is not looked at again for each that arrives in it, but after so many seconds for each
#: that it holds: a few times as long as it took.
_MANY_STEPS, _REST = 500, 40e-6


class Listener(Protocol):
    """Who shows a session. All calls on the loop's thread; none may block."""

    def typed(self, document: Document) -> None:
        """The text changed under the user's hands: show when it is quiet."""

    def updated(self, document: Document) -> None:
        """Something else changed what is shown: show now."""

    def closed(self, document: Document) -> None:
        """The document is gone."""


class Session:
    """All state of one client."""

    def __init__(
        self,
        *,
        tasks: TaskManager,
        handlers: HandlerFactory,
        service: TokenCountingService,
        configuration: Configuration,
        open_texts: OpenTexts,
        encoding: PositionEncoding,
        listener: Listener,
        timers: Timers | None = None,
    ) -> None:
        """`timers`: the running loop by default.

        `on_files_changed`, an attribute, is told of files that changed on disk or in the editor.
        """
        self.on_files_changed: Callable[[Sequence[Path]], None] = lambda paths: None
        self.tasks = tasks
        self.service = service
        self.configuration = configuration
        self.encoding = encoding
        self.documents: dict[str, Document] = {}
        self._timers: Timers = asyncio.get_running_loop() if timers is None else timers
        self.readings = Readings(tasks, handlers, service, self._reading_changed, self._timers)
        self._handlers = handlers
        self.open_texts = open_texts
        self._listener = listener
        self._preparing = Preparing(tasks, configuration, self._prepared, self._failed)
        self._counting = Counting(tasks, service, self._answered, self._failed)
        self.arriving = Arriving(
            tasks, service, configuration, open_texts, encoding, self._arrival_answered, self._failed
        )
        self.waiting = Waiting()
        self._pumping: set[str] = set()
        self._resting: dict[str, Timer] = {}
        self._reports = Reports(encoding, self.pump_soon)
        self._overlay_timers: dict[str, Timer] = {}
        self.queries = Queries(self)

    def contents(self, loads: Loads | None = None) -> Contents:
        """Contents for texts that are weighed beside the open documents: what is open counts as it is in the editor.

        `loads`: what agents load, if other such texts use it too.
        """
        return Contents(self._handlers, self.service, self.readings.scans, loads or self.loads())

    def loads(self) -> Loads:
        """What agents load from now on, while nothing changes."""
        return Loads(self.open_texts.whole_text_of)

    # Settings

    def configured(self) -> None:
        """The settings are known, for the first time or anew: every document follows them."""
        self._preparing.configured()
        for document in self.documents.values():
            if not self._preparing.fits(document):
                self._preparing.start(document)

    # Documents

    def open(self, uri: str, version: int | None, text: str) -> Document:
        """Take a document. A second open of the same one replaces the first."""
        self.close(uri)
        path = path_of(uri)
        document = Document(uri, version, LineBuffer(text, self.encoding), path)
        self.documents[uri] = document
        if path is not None:
            self._show_open_text(document)
        self._preparing.start(document)
        self._listener.updated(document)
        return document

    def edited(self, document: Document, version: int | None) -> None:
        """Follow edits that the document has applied."""
        if document.version != version:
            document.version = version
            document.revision += 1
        if document.outdated:
            self._preparing.start(document)
        self._show_open_text_later(document)
        self.pump_soon(document)
        self._listener.typed(document)

    def close(self, uri: str) -> None:
        """Let a document go, with the contents only it used."""
        document = self.documents.pop(uri, None)
        if document is None:
            return
        self._preparing.stop(uri)
        self.arriving.stop(uri)
        for timers in (self._overlay_timers, self._resting):
            timer = timers.pop(uri, None)
            if timer is not None:
                timer.cancel()
        self.readings.release(uri, document.drop_all())
        self.queries.forget(uri)
        document.lose()
        free_soon(document)
        self._reports.forget(uri)
        self.waiting.wake(uri)
        if document.path is not None:
            self.open_texts.drop(document.path)
            self._recheck_open_text(document)
        self._listener.closed(document)

    def saved(self, document: Document) -> None:
        """The document was written to disk; who includes it looks again, and so does it at what it includes."""
        document.saved_revision = document.text_revision
        self.readings.recheck_old(document.uri)
        if document.path is not None:
            self.files_changed([document.path])

    # Reports

    def report(self, document: Document) -> Report:
        """The document's report as things stand; of an unchanged document a lookup."""
        report = self._reports.made(document)
        if report is None and self.documents.get(document.uri) is not document:
            return finish(report_steps(document, self.encoding))
        if report is None and self._reports.begin(document):
            with self._caring(document):
                report = self._reports.go_on(document)
        return self._reports.meanwhile(document) if report is None else report

    def quiet(self, document: Document) -> None:
        """The user stopped typing: let go what the text no longer refers to, and see whether the rest is as it was."""
        if self.documents.get(document.uri) is document:
            with self._caring(document):
                self.readings.release(document.uri, document.drop_unused())
            self.readings.recheck_old(document.uri)
            self.pump_soon(document)

    # What changes from outside

    def files_changed(self, paths: Iterable[Path], by: Document | None = None) -> None:
        """Files appeared, changed or went: whatever depends on them looks again. `by`: as in `look_again`."""
        self.on_files_changed(self.look_again(paths, by))

    def look_again(self, paths: Iterable[Path], by: Document | None = None) -> Sequence[Path]:
        """Files may have changed, though nobody saw it: what open documents have of them is looked at. Returns all their names.

        `by`: the document in which they changed, by keys: it knows.
        """
        really = self.configuration.really
        # By the name that links lead to as well: nested references are read by that.
        names = [*dict.fromkeys(name for path in paths for name in (path, really(path)))]
        keys = (key for path in names for key in self.readings.keys_of_path(path))
        self.readings.recheck(dict.fromkeys(keys))
        for document in map(self.documents.__getitem__, self.arriving.affected(names)):
            if document is by:
                continue
            document.arrival_changed()
            document.revision += 1
            self.arriving.start(document)
            self._listener.updated(document)
        return names

    def refresh(self, document: Document | None = None) -> None:
        """Read every reference again, of one document or of all; try again what could not be counted."""
        for open_document in self.documents.values() if document is None else [document]:
            open_document.mended()
            open_document.arrival_changed()
            self.arriving.start(open_document)
            if open_document.fault is not None:
                self._preparing.start(open_document, anew=True)
        self.readings.recheck_all(None if document is None else document.uri)

    async def clear_cache(self) -> None:
        """Forget every count and every response, in memory and on disk, and count what is open anew."""
        await self.tasks.submit(("clear",), self._clear, priority=Priority.HIGH, title="clear the cache")
        for document in self.documents.values():
            self._preparing.start(document, anew=True)
        self.readings.recheck_all()

    def _clear(self, _: CancelToken) -> None:
        self.service.clear()
        self._handlers.clear()

    def shows_itself(self, document: Document) -> bool:
        """Whether a document gets hints, diagnostics and status by itself: a prompt or context file, one with a directive, or
        one that the user asked for.
        """
        prepared = document.last
        if document.shown_on_request or (prepared is not None and prepared.directives):
            return True
        return self.configuration.included(document.path)

    def want(self, document: Document) -> None:
        """Let a document show itself until it is closed, prompt or not."""
        document.shown_on_request = True
        self._listener.updated(document)

    def knows_settings(self, path: Path | None) -> bool:
        """Whether the settings of a document are known by now: before, nothing true can be said of it."""
        return self._preparing.knows_settings(path)

    def settings_of(self, document: Document) -> Settings:
        """The settings in force for a document."""
        return self.configuration.settings_of(document.path)

    async def aclose(self) -> None:
        """End: nothing is counted any more."""
        for uri in list(self.documents):
            self.close(uri)
        self.readings.close()

    # Inside

    def _prepared(self, document: Document, prepared: Prepared, terms: Terms) -> None:
        """Let a document adopt what was prepared for it, and look at all its references anew."""
        expander = expander_of(document.path, prepared, terms, self._handlers, self.readings.lookup)
        document.adopt(prepared, expander)
        free_soon(document)
        if document.prepared_at is None:
            document.prepared_at = asyncio.get_running_loop().time()
        if document.uri not in self._overlay_timers:
            self.arriving.start(document)
        # Who waits has what arrives found out at once, though it is being typed.
        self.waiting.wake(document.uri)
        self._look_after(document)
        self._listener.updated(document)

    def _answered(self, document: Document) -> None:
        document.revision += 1
        if self.documents.get(document.uri) is document:
            # Several answers may come in one turn.
            self.pump_soon(document)
            self.waiting.wake(document.uri)
            if document.ready:
                self._listener.updated(document)

    def _arrival_answered(self, document: Document) -> None:
        if document.arrival_due and document.uri not in self._overlay_timers:
            # Something changed meanwhile that is not being typed.
            self.arriving.start(document)
        self.pump_soon(document)
        self.waiting.wake(document.uri)
        self._listener.updated(document)

    def _failed(self, document: Document, error: BaseException) -> bool:
        """Prepare a document anew after a fault of ours; returns whether that is worth trying.

        If it is not, let everybody who waits for it know that waiting is of no use; `edited` and `refresh` try again.
        """
        again = document.failed(fault_of_ours(error))
        if self.documents.get(document.uri) is document:
            if again:
                self._preparing.start(document)
            self.waiting.wake(document.uri)
            self._listener.updated(document)
        return again

    @contextlib.contextmanager
    def _caring(self, document: Document) -> Iterator[None]:
        """Do something with a document's counts. Whatever raises, they are made anew."""
        try:
            yield
        except FATAL:
            raise
        except BaseException as error:
            logger.exception("a document could not be looked after")
            self._failed(document, error)

    def _reading_changed(self, key: Hashable, users: frozenset[Hashable]) -> None:
        for user in users:
            document = self.documents.get(str(user))
            if document is not None and document.expander is not None:
                document.mended()
                with self._caring(document):
                    document.touch(document.expander.forget(key))
                self.pump_soon(document)

    def pump_soon(self, document: Document) -> None:
        """Look after a document in the loop's next turn, once however often it is asked."""
        if document.uri not in self._pumping:
            self._pumping.add(document.uri)
            asyncio.get_running_loop().call_soon(self._pump_now, document.uri)

    def _pump_now(self, uri: str) -> None:
        self._pumping.discard(uri)
        document = self.documents.get(uri)
        if document is not None:
            self._pump(document)

    def _pump(self, document: Document) -> None:
        with self._caring(document):
            self._look_after(document)
        free_soon(document)

    def _look_after(self, document: Document) -> None:
        """Resolve what is to be resolved, hand out what is to be counted, tell who waits."""
        prepared = document.prepared
        if prepared is None:
            return
        revision = document.revision
        self._resolve(document, prepared)
        for buffer in document.buffers():
            if not self._counting.hand_out(document, buffer, prepared.tokenizer):
                self.pump_soon(document)
        if document.revision != revision:
            self._listener.updated(document)
        if document.ready or document.revision != revision:
            self.waiting.wake(document.uri)
        if self._reports.being_made(document):
            if self._reports.go_on(document) is not None:
                self.waiting.wake(document.uri)
                self._listener.updated(document)
        elif document.ready:
            self._fill_outline(document)

    def _fill_outline(self, document: Document) -> None:
        """Go on summing up sections if the last report was made without some of them."""
        if not self._reports.lacks_sections(document):
            return
        filled = document.fill_outline(FILLING)
        if filled is Filled.MORE:
            self.pump_soon(document)
        elif filled is Filled.ALL:
            document.revision += 1
            self.waiting.wake(document.uri)
            self._listener.updated(document)

    def _resolve(self, document: Document, prepared: Prepared) -> None:
        """Look at some of the references that may stand for something else now."""
        expander, uri = document.expander, document.uri
        if expander is None or uri in self._resting:
            return
        steps = document.expand_dirty(_STEPS_A_TURN)
        requests, expander.new_requests = expander.new_requests, {}
        for key, request in requests.items():
            self.readings.want(key, request, uri, prepared.tokenizer, prepared.dialect)
        if document.may_drop:
            self.readings.release(uri, document.drop_unused())
        if steps >= _MANY_STEPS:
            loop = asyncio.get_running_loop()
            self._resting[uri] = loop.call_later(steps * _REST, self._rested, uri)
        elif not document.settled:
            self.pump_soon(document)

    def _rested(self, uri: str) -> None:
        del self._resting[uri]
        document = self.documents.get(uri)
        if document is not None:
            self.pump_soon(document)

    # Open documents as contents of others

    def show_open_texts(self) -> None:
        """Let agents' files and includes be read as they are in the editor at this moment, though the user goes on typing."""
        for uri in list(self._overlay_timers):
            self._show_open_text(self.documents[uri])

    def _show_open_text(self, document: Document) -> None:
        """Let who includes this document read it as it is in the editor."""
        self._overlay_timers.pop(document.uri, None)
        if document.path is not None and self.documents.get(document.uri) is document:
            self.open_texts.put(document.path, document.text_revision, document.buffer.snapshot())
            self.arriving.start(document)
            self._recheck_open_text(document)

    def _show_open_text_later(self, document: Document) -> None:
        """The same when the user has stopped typing."""
        timer = self._overlay_timers.pop(document.uri, None)
        if timer is not None:
            timer.cancel()
        if document.path is not None:
            seconds = self.configuration.settings_of(document.path).debounce / 1000
            self._overlay_timers[document.uri] = self._timers.call_later(
                seconds, self._show_open_text, document
            )

    def _recheck_open_text(self, document: Document) -> None:
        """Have it read again by whoever includes it, by its own name or by the one that links lead to."""
        paths = {document.path}
        if document.last is not None and document.last.identity is not None:
            paths.add(Path(document.last.identity))
        self.files_changed((path for path in paths if path is not None), document)
