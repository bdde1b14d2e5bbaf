"""The session: open documents, the contents they share, the tasks that count them, and who is told.

    open/change ──▶ Document ──▶ missing contents ──▶ Readings ──▶ changed keys ──▶ Document ──▶ Listener
                        └──▶ uncounted chunks ──▶ TokenCountingService ──▶ answers ──┘

Editors and the command line drive the same session. **The loop's thread owns all of it**; workers get snapshots and
return values.
"""

import asyncio
import logging
from collections.abc import Coroutine, Hashable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from weighbridge.analysis.expand import Expander, Expansion
from weighbridge.analysis.render import pieces_of, render
from weighbridge.analysis.report import Report
from weighbridge.config import Settings
from weighbridge.content.base import Content, Scope
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import TransientFault
from weighbridge.session.configuration import Configuration
from weighbridge.session.document import Document
from weighbridge.session.overlay import OpenTexts
from weighbridge.session.prepare import prepare
from weighbridge.session.readings import Readings
from weighbridge.session.reporting import build_report
from weighbridge.session.selection import Selection, count_selection
from weighbridge.text import LineBuffer, PositionEncoding, Snapshot
from weighbridge.tokens.counted import CountedBuffer, Job
from weighbridge.tokens.service import TokenCountingService
from weighbridge.uris import path_of
from weighbridge.work import CancelToken, Priority, RetryPolicy, TaskCancelledError, TaskManager

logger = logging.getLogger(__name__)

#: Targets looked at in one turn of the loop.
_TARGETS_A_TURN = 12
#: Characters counted in one task: long enough to be worth a thread's while, short enough to stop soon.
_CHARACTERS_A_TASK = 256 * 1024
#: Uncounted chunks handed out in one turn of the loop.
_JOBS_A_TURN = 64
#: Times a rendering is tried again when files change under it.
_RENDERINGS = 3


class Listener(Protocol):
    """Who shows a session. All calls on the loop's thread; none may block."""

    def typed(self, document: Document) -> None:
        """The text changed under the user's hands: show when it is quiet."""

    def updated(self, document: Document) -> None:
        """Something else changed what is shown: show now."""

    def closed(self, document: Document) -> None:
        """The document is gone."""


def _rendered(
    lines: Snapshot,
    places: list[tuple[int, int, int, Expansion]],
    contents: dict[Hashable, Content],
    token: CancelToken,
) -> str:
    return "".join(render(pieces_of(lines, places), contents, token))


class Session:
    """All state of one client, or of one run of the command line."""

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
        retry: RetryPolicy | None = None,
    ) -> None:
        self.tasks = tasks
        self.service = service
        self.configuration = configuration
        self.encoding = encoding
        self.documents: dict[str, Document] = {}
        self.readings = Readings(tasks, handlers, service, self._reading_changed, retry)
        self._open_texts = open_texts
        self._listener = listener
        self._configured = asyncio.Event()
        self._pumping: set[str] = set()
        self._preparing: dict[str, asyncio.Task[None]] = {}
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}
        self._reports: dict[str, tuple[int, Report]] = {}
        self._overlay_timers: dict[str, asyncio.TimerHandle] = {}
        self._background: set[asyncio.Task[None]] = set()

    # Settings

    def configured(self) -> None:
        """The settings are known, for the first time or anew: every document follows them."""
        self._configured.set()
        for document in self.documents.values():
            self._prepare(document)

    # Documents

    def open(self, uri: str, version: int | None, language: str, text: str) -> Document:
        """Take a document. A second open of the same one replaces the first."""
        self.close(uri)
        path = path_of(uri)
        document = Document(uri, version, language, LineBuffer(text, self.encoding), path)
        self.documents[uri] = document
        if path is not None:
            self._show_open_text(document)
        self._prepare(document)
        self._listener.updated(document)
        return document

    def edited(self, document: Document, version: int | None) -> None:
        """Follow edits that the document has applied."""
        document.version = version
        if document.outdated:
            self._prepare(document)
        self._show_open_text_later(document)
        self._pump_soon(document)
        self._listener.typed(document)

    def close(self, uri: str) -> None:
        """Let a document go, with the contents only it used."""
        document = self.documents.pop(uri, None)
        if document is None:
            return
        preparing = self._preparing.pop(uri, None)
        if preparing is not None:
            preparing.cancel()
        timer = self._overlay_timers.pop(uri, None)
        if timer is not None:
            timer.cancel()
        if document.expander is not None:
            self.readings.release(uri, document.expander.retain(frozenset()))
        self._reports.pop(uri, None)
        for waiter in self._waiters.pop(uri, []):
            waiter.cancel()
        if document.path is not None:
            self._open_texts.drop(document.path)
            self.readings.recheck(self.readings.keys_of_path(document.path))
        self._listener.closed(document)

    def saved(self, document: Document) -> None:
        """The document was written to disk; who includes it may look again."""
        if document.path is not None:
            self.files_changed([document.path])

    # Answers

    async def ready(self, document: Document) -> None:
        """Wait until everything about the document is counted and resolved."""
        while not document.ready:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.setdefault(document.uri, []).append(waiter)
            await waiter

    def report(self, document: Document) -> Report:
        """The document's report as things stand; of an unchanged document a lookup."""
        known = self._reports.get(document.uri)
        if known is not None and known[0] == document.revision:
            return known[1]
        report = build_report(document, self.encoding)
        self._reports[document.uri] = (document.revision, report)
        return report

    async def count(self, document: Document, selections: Sequence[Selection] | None = None) -> int:
        """The document's resolved tokens, or those of parts of it; waits until they are true."""
        await self.ready(document)
        if selections is None:
            return document.tokens
        return sum(count_selection(document, selection) for selection in selections)

    async def render(self, document: Document) -> str:
        """The resolved text.

        Raises:
            TransientFault: files kept changing while they were read.
        """
        for _ in range(_RENDERINGS):
            await self.ready(document)
            lines, places = document.buffer.snapshot(), document.places()
            contents = self.readings.contents(document.uri)
            try:
                return await self.tasks.submit(
                    ("render", document.uri, document.revision),
                    partial(_rendered, lines, places, contents),
                    priority=Priority.HIGH,
                    title=document.uri,
                    join=False,
                )
            except TransientFault as fault:
                last = fault
                self.refresh(document)
                await self.readings.settled(document.uri)
                self._pump(document)
        raise last

    def quiet(self, document: Document) -> None:
        """The user stopped typing: let go what the text no longer refers to."""
        if self.documents.get(document.uri) is document:
            self.readings.release(document.uri, document.drop_unused())

    # What changes from outside

    def files_changed(self, paths: Iterable[Path]) -> None:
        """Files appeared, changed or went: whatever depends on them looks again."""
        for path in paths:
            self.readings.recheck(self.readings.keys_of_path(path))

    def refresh(self, document: Document | None = None) -> None:
        """Read every reference again, of one document or of all."""
        self.readings.recheck_all(None if document is None else document.uri, force=True)

    async def clear_cache(self) -> None:
        """Forget every count, in memory and in the database, and count what is open anew."""
        await self.tasks.submit(
            ("clear",), lambda token: self.service.clear(), priority=Priority.HIGH, title="clear the cache"
        )
        for document in self.documents.values():
            self._prepare(document)
        self.refresh()

    def shows_itself(self, document: Document) -> bool:
        """Whether a document gets hints, diagnostics and status by itself: a prompt or context file, or one with a directive."""
        prepared = document.prepared
        if prepared is not None and prepared.directives:
            return True
        return self.configuration.included(document.path)

    def settings_of(self, document: Document) -> Settings:
        """The settings in force for a document."""
        return self.configuration.settings_of(document.path)

    async def aclose(self) -> None:
        """End: nothing is counted any more."""
        for uri in list(self.documents):
            self.close(uri)
        self.readings.close()

    # Inside

    def _prepare(self, document: Document) -> None:
        running = self._preparing.pop(document.uri, None)
        if running is not None:
            running.cancel()
        document.outdated = True
        document.revision += 1
        self._preparing[document.uri] = asyncio.get_running_loop().create_task(self._prepare_soon(document))

    async def _prepare_soon(self, document: Document) -> None:
        await self._configured.wait()
        settings = self.configuration.settings_of(document.path)
        dialect = self.configuration.dialect_of(document.path)
        snapshot = document.snapshot()
        try:
            prepared = await self.tasks.submit(
                ("prepare", document.uri),
                lambda token: prepare(snapshot, document.path, settings, dialect),
                priority=Priority.HIGH,
                title=document.uri,
                join=False,
            )
        except TaskCancelledError:
            return
        scope = Scope(
            document.path,
            self.configuration.folders_for(document.path),
            settings,
            prepared.front_matter.variables,
        )
        readings, tokenizer = self.readings, prepared.tokenizer
        expander = Expander(
            tokenizer=tokenizer,
            scope=scope,
            max_depth=settings.max_depth if dialect.max_depth is None else dialect.max_depth,
            key_of=lambda request: readings.key_of(request, tokenizer, dialect),
            lookup=readings.lookup,
            document_identity=prepared.identity,
        )
        before = document.expander
        document.adopt(prepared, expander)
        if before is not None:
            # What the new expander wants is noted before the old one's contents are let go.
            self._pump(document)
            old = before.retain(frozenset())
            self.readings.release(document.uri, [key for key in old if key not in expander.requests])
        self._pump(document)
        self._listener.updated(document)

    def _reading_changed(self, key: Hashable, users: frozenset[Hashable]) -> None:
        for user in users:
            document = self.documents.get(str(user))
            if document is not None and document.expander is not None:
                document.touch(document.expander.forget(key))
                self._pump_soon(document)

    def _pump_soon(self, document: Document) -> None:
        """Look after a document in the loop's next turn, once however often it is asked."""
        if document.uri not in self._pumping:
            self._pumping.add(document.uri)
            asyncio.get_running_loop().call_soon(self._pump_now, document)

    def _pump_now(self, document: Document) -> None:
        self._pumping.discard(document.uri)
        if self.documents.get(document.uri) is document:
            self._pump(document)

    def _pump(self, document: Document) -> None:
        """Resolve what is to be resolved, hand out what is to be counted, tell who waits."""
        if document.prepared is None or document.expander is None:
            return
        revision = document.revision
        done = document.expand_dirty(_TARGETS_A_TURN)
        expander, prepared = document.expander, document.prepared
        wanted, expander.wanted = expander.wanted, {}
        for key, request in wanted.items():
            self.readings.want(key, request, document.uri, prepared.tokenizer, prepared.dialect)
        if not done:
            self._pump_soon(document)
        for buffer in document.buffers():
            self._count(document, buffer)
        if document.revision != revision:
            self._listener.updated(document)
        if document.ready:
            for waiter in self._waiters.pop(document.uri, []):
                if not waiter.done():
                    waiter.set_result(None)

    def _count(self, document: Document, buffer: CountedBuffer) -> None:
        """Hand the buffer's uncounted chunks to workers, some in each turn of the loop."""
        jobs = buffer.pending(_JOBS_A_TURN)
        if len(jobs) == _JOBS_A_TURN:
            self._pump_soon(document)
        batch: list[Job] = []
        characters = 0
        for job in jobs:
            batch.append(job)
            characters += len(job.text)
            if characters >= _CHARACTERS_A_TASK or job is jobs[-1]:
                self._count_batch(document, buffer, batch)
                batch, characters = [], 0

    def _count_batch(self, document: Document, buffer: CountedBuffer, jobs: list[Job]) -> None:
        assert document.prepared is not None  # noqa: S101  there are jobs only when it is
        service, tokenizer = self.service, document.prepared.tokenizer
        task = self.tasks.submit(
            ("count", document.uri, id(buffer), jobs[0].id),
            lambda token: service.count_many([job.text for job in jobs], tokenizer),
            priority=Priority.HIGH,
            title=document.uri,
            join=False,
        )

        async def answer() -> None:
            for job, tokens in zip(jobs, await task, strict=True):
                buffer.answer(job, tokens)
            document.revision += 1
            if self.documents.get(document.uri) is document:
                self._pump(document)
                if document.ready:
                    self._listener.updated(document)

        self._follow(answer())

    def _follow(self, work: Coroutine[None, None, None]) -> None:
        """Run something to its end; a task that was cancelled or replaced is no fault."""

        async def run() -> None:
            try:
                await work
            except TaskCancelledError:
                pass
            except Exception:  # nobody waits for it: the log is all there is
                logger.exception("background work failed")

        task = asyncio.get_running_loop().create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # Open documents as contents of others

    def _show_open_text(self, document: Document) -> None:
        """Let who includes this document read it as it is in the editor."""
        self._overlay_timers.pop(document.uri, None)
        if document.path is not None and self.documents.get(document.uri) is document:
            self._open_texts.put(document.path, document.text_revision, document.buffer.snapshot())
            self.readings.recheck(self.readings.keys_of_path(document.path))

    def _show_open_text_later(self, document: Document) -> None:
        """The same when the user has stopped typing, and only if anybody includes it."""
        timer = self._overlay_timers.pop(document.uri, None)
        if timer is not None:
            timer.cancel()
        if document.path is not None:
            seconds = self.configuration.settings_of(document.path).debounce / 1000
            self._overlay_timers[document.uri] = asyncio.get_running_loop().call_later(
                seconds, self._show_open_text, document
            )
