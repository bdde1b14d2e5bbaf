"""What is asked of open documents, each answered once it is true: counts, texts, reports, what agents load."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge.analysis.contexts import CountedContext, contexts_of
from weighbridge.analysis.render import Source, pieces_of, render, render_marked
from weighbridge.analysis.report import Report
from weighbridge.budget.directive import NOTHING
from weighbridge.content.base import Scope
from weighbridge.content.policy import roots_of
from weighbridge.errors import Code, ReferenceFault
from weighbridge.session.choice import choose
from weighbridge.session.document import Document
from weighbridge.session.other_models import CountsBeside, with_models
from weighbridge.session.selection import Selection, length_of, selected_parts, tokens_of
from weighbridge.session.target import Target
from weighbridge.session.waiting import CountingError, DocumentClosedError
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.registry import tokenizer
from weighbridge.uris import path_of
from weighbridge.work import CancelToken, Priority

if TYPE_CHECKING:
    from weighbridge.session.session import Session

#: Characters of a part of a document that are counted at once; more are a worker's job.
_AT_ONCE = 16 * 1024
#: Seconds that a question waits for a document to be prepared: the first one's tokenizer is loaded by then.
_SECONDS_TO_PREPARE = 10.0
#: Times a rendering is tried again when files change under it.
_RENDERINGS = 3


class Queries:
    """What is asked of one session. On the loop's thread; what takes long is a worker's job."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._numbers = itertools.count()
        #: What the models that are shown beside a document's own counted of it.
        self._beside: dict[str, CountsBeside] = {}

    def forget(self, uri: str) -> None:
        """Let go of what is kept for a document."""
        self._beside.pop(uri, None)

    async def contexts(
        self, folder: Path, agents: Sequence[str] | None, *, texts: bool = False
    ) -> list[CountedContext]:
        """What agents load when they are started in a folder, as `weighbridge context` tells it. None: all that load anything.

        Open documents count as they are in the editor. `texts`: with what arrives.
        """
        self._session.show_open_texts()
        configuration = self._session.configuration
        settings = configuration.settings_of(folder)
        configured = settings.model is not None or settings.encoding is not None
        roots = roots_of(Scope(folder, configuration.folders_for(folder / "CLAUDE.md"), settings, {}))
        return await self._session.tasks.submit(
            ("context", next(self._numbers)),
            partial(
                contexts_of,
                folder,
                agents or settings.agents,
                roots=roots,
                open_text=self._session.open_texts.whole_text_of,
                choice=choose(settings, NOTHING) if configured else None,
                texts=texts,
            ),
            priority=Priority.HIGH,
            title="context",
        )

    async def ready(self, document: Document) -> None:
        """Wait until everything about the document is counted and resolved, and no file of it is being read again.

        Raises:
            DocumentClosedError: it is closed, or opened anew.
            CountingError: it can't be counted.
        """
        while self._session.documents.get(document.uri) is document:
            if document.ready:
                if not await self._session.readings.reread(document.uri):
                    return
            elif document.fault is not None:
                raise CountingError(document.uri, document.fault)
            else:
                self._session.arriving.start(document)
                await self._session.waiting.change(document.uri)
        raise DocumentClosedError(f"{document.uri}: closed before it was counted")

    async def looked_up(self, document: Document, seconds: float) -> None:
        """Wait until it is known what a document's references stand for, but no longer than that after it was prepared.

        What takes longer, or is typed later, nobody is held up by.
        """
        await self._until(document, lambda: document.prepared is not None, _SECONDS_TO_PREPARE)
        if document.prepared_at is not None:
            seconds_left = document.prepared_at + seconds - asyncio.get_running_loop().time()
            await self._until(document, lambda: document.looked_up, seconds_left)

    async def _until(self, document: Document, condition: Callable[[], bool], seconds: float) -> None:
        if seconds <= 0 or condition():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (
                    self._session.documents.get(document.uri) is document
                    and document.fault is None
                    and not condition()
                ):
                    await self._session.waiting.change(document.uri)

    async def whole_report(self, document: Document) -> Report:
        """The document's report once everything about it is counted and resolved.

        Raises:
            DocumentClosedError, CountingError: see `ready`.
        """
        while True:
            await self.ready(document)
            report = self._session.report(document)
            if report.ready:
                return report
            await self._session.waiting.change(document.uri)

    async def with_models(self, document: Document, report: Report) -> Report:
        """A document's report with rows for the models that are shown beside its own. Waits for them; without, if it changes.

        Raises:
            ReferenceFault, DocumentClosedError, CountingError: see `render_marked`.
        """
        if document.last is None or not document.last.choice.others:
            return report
        choice, revision = document.last.choice, document.text_revision
        text = await self.render(document)
        counts = self._beside.setdefault(document.uri, CountsBeside())
        full_report = await self._session.tasks.submit(
            ("models", next(self._numbers)),
            lambda _: with_models(report, text, choice, counts),
            priority=Priority.HIGH,
            title=document.uri,
        )
        same = (document.text_revision, document.tokens) == (revision, report.tokens)
        return full_report if same else report

    async def count(self, document: Document, selections: Sequence[Selection] | None = None) -> int:
        """The document's resolved tokens, or those of parts of it; waits until they are true, of its files as they are now.

        Raises:
            DocumentClosedError, CountingError: see `ready`.
        """
        self._session.readings.recheck_old(document.uri)
        await self.ready(document)
        if selections is None:
            return document.tokens
        return sum([await self._count_selection(document, selection) for selection in selections])

    async def _count_selection(self, document: Document, selection: Selection) -> int:
        while (parts := selected_parts(document, selection)) is None:
            self._session.pump_soon(document)
            await self._session.waiting.change(document.uri)
            await self.ready(document)
        assert document.prepared is not None  # noqa: S101  it is ready
        tokenizer = document.prepared.tokenizer
        if length_of(parts) <= _AT_ONCE:
            return tokens_of(parts, tokenizer)
        return await self._session.tasks.submit(
            ("selection", next(self._numbers)),
            lambda _: tokens_of(parts, tokenizer),
            priority=Priority.HIGH,
            title=document.uri,
        )

    async def count_texts(self, texts: Sequence[str], uri: str | None) -> tuple[int, Exactness]:
        """Tokens of texts as they are, by the tokenizer of the document of that name, open or not, and how sure they are."""
        document = None if uri is None else self._session.documents.get(uri)
        prepared = None if document is None else document.prepared
        settings = self._session.configuration.settings_of(None if uri is None else path_of(uri))
        choice = choose(settings, NOTHING) if prepared is None else prepared.choice

        def count(_: CancelToken) -> tuple[int, Exactness]:
            counting = tokenizer(choice.encoding) if prepared is None else prepared.tokenizer
            return sum(map(counting.count, texts)), choice.exactness(counting)

        return await self._session.tasks.submit(
            ("text", next(self._numbers)),
            count,
            priority=Priority.HIGH,
            title="text",
        )

    async def render(self, document: Document) -> str:
        """The resolved text. Raises as `render_marked` does."""
        return (await self.render_marked(document))[0]

    async def render_marked(self, document: Document) -> tuple[str, list[Source]]:
        """The resolved text, and what each stretch of it came from.

        Raises:
            ReferenceFault: files kept changing while they were read.
            DocumentClosedError, CountingError: see `ready`.
        """
        for _ in range(_RENDERINGS):
            await self.ready(document)
            if document.arrived is not None:
                return document.arrived.text, []
            lines, places = document.buffer.snapshot(), document.places()
            contents = self._session.readings.contents(document.uri)
            try:
                return await self._session.tasks.submit(
                    ("render", next(self._numbers)),
                    partial(render_marked, pieces_of(lines, places), contents),
                    priority=Priority.HIGH,
                    title=document.uri,
                )
            except ReferenceFault as fault:
                # A file is not what was counted any more, or gone: however it looks from outside, it is read again.
                last = fault
                self._session.readings.recheck_files(document.uri)
                await self._session.readings.settled(document.uri)
        raise last

    async def render_reference(self, document: Document, target: Target) -> str:
        """The text that one of the document's references stands for.

        Raises:
            ReferenceFault: it stands for none, or is another by now.
            DocumentClosedError, CountingError: see `ready`.
        """
        await self.ready(document)
        expansion = document.expansions.get(target)
        if expansion is None or expansion.summary is None:
            raise ReferenceFault(Code.FAILED, f"{target.target}: stands for nothing yet")
        contents = self._session.readings.contents(document.uri)
        return await self._session.tasks.submit(
            ("render", next(self._numbers)),
            lambda token: "".join(render(iter((expansion,)), contents, token)),
            priority=Priority.HIGH,
            title=document.uri,
        )
