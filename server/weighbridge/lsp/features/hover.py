"""`textDocument/hover`: what a reference, a section, the whole document or a token is, and what it weighs."""

import asyncio
import contextlib
import re
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from lsprotocol import types

from weighbridge import disk
from weighbridge.analysis.contexts import CountedContext
from weighbridge.analysis.report import ImportReport, Report
from weighbridge.analysis.wording import (
    age_text,
    name_text,
    size_text,
)
from weighbridge.content.base import Content, Overlay
from weighbridge.content.document_file import read_document
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.hover_cards import (
    Card,
    Peek,
    document_card,
    import_card,
    reference_card,
    section_card,
)
from weighbridge.lsp.features.places import import_at, reference_at
from weighbridge.lsp.features.settings_file import is_settings_file, meaning
from weighbridge.lsp.features.token_borders import TokenBorders
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.uris import path_of
from weighbridge.work import CancelToken, Priority

#: Other agents that a hover tells of, and how long they are waited for; and notices of the agent itself.
_MOST_OTHERS = 4
_SECONDS_FOR_CONTEXTS = 1.0
_MOST_LINES = 8
_LONGEST_LINE = 100


class Hover:
    """Hovers for one client."""

    def __init__(self, backend: Backend, borders: TokenBorders, now: Callable[[], float] = time.time) -> None:
        """`borders`: whether tokens are shown. `now`: seconds since 1970."""
        self._backend = backend
        self._session = backend.session
        self._borders = borders
        self._now = now

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """What stands at a place, as far as it is known. None where nothing is to be said.

        Waits for the first count of a document only, and not for long: who looks again sees more.
        """
        document = self._session.documents.get(params.text_document.uri)
        if document is None:
            return None
        line = params.position.line
        if is_settings_file(document.path):
            lines = document.buffer.snapshot().lines
            about = meaning(lines, line) if line < len(lines) else None
            return None if about is None else self._hover(Card(about), None)
        if document.prepared is None:
            # Just opened.
            await self._backend.looked_up(document.uri)
        report = self._session.report(document)
        occurrence = reference_at(document, line, params.position.character)
        if occurrence is not None and params.position.character < occurrence[1].end_character:
            return await self._reference(document, report, occurrence[2], line, params.position.character)
        if self._borders.shown:
            token = await self._borders.at(document, line, params.position.character)
            if token is not None:
                place, ids, data = token
                numbers = " ".join(f"{number}" for number in ids)
                what = "token" if len(ids) == 1 else "tokens"
                return self._hover(Card(f"{what} {numbers}", (_bytes_text(data),)), place)
        report = await self._backend.first_report(document)
        imported = import_at(report, line, params.position.character)
        if imported is not None and params.position.character < imported.range.end_character:
            return await self._import(document, report, imported)
        return await self._line(document, report, line)

    async def _line(self, document: Document, report: Report, line: int) -> types.Hover | None:
        if line == 0:
            return await self._whole(document, report)
        number = bisect_left(report.sections, line, key=lambda section: section.range.start_line)
        if number < len(report.sections) and report.sections[number].range.start_line == line:
            return self._hover(section_card(report, number), None)
        return None

    async def _whole(self, document: Document, report: Report) -> types.Hover:
        report = await self._backend.with_models(document, report)
        contexts = await self._contexts(document, report)
        uris = {document.uri, self._backend.naming().real(document.uri)}
        paths = {path for uri in uris if (path := path_of(uri)) is not None}
        return self._hover(document_card(report, contexts, paths), None)

    async def _contexts(self, document: Document, report: Report) -> Sequence[CountedContext]:
        """The contexts that a document may be a part of, of the agents that are chosen or else read it, if they are known soon."""
        arrived = report.arrived
        if arrived is None:
            return ()
        configuration = self._session.configuration
        chosen = configuration.settings_of(document.path).agents
        readers = configuration.readers_of(document.path) if chosen is None else chosen
        names = dict.fromkeys((arrived.agent, *readers))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_FOR_CONTEXTS):
                return await self._session.queries.contexts(arrived.folder, [*names][: _MOST_OTHERS + 1])
        return ()

    async def _reference(
        self, document: Document, report: Report, target: Target, line: int, character: int
    ) -> types.Hover | None:
        at = bisect_left(
            report.references,
            (line, character),
            key=lambda candidate: (candidate.range.end_line, candidate.range.end_character - 1),
        )
        if at == len(report.references):
            return None
        reference = report.references[at]
        expansion, prepared = document.expansions.get(target), document.prepared
        content = None if expansion is None else self._session.readings.content(expansion.key)
        facts: list[str] = []
        peek = Peek()
        if expansion is not None and content is not None and prepared is not None:
            if expansion.reading.size is not None:
                facts.append(size_text(expansion.reading.size))
            if content.fetched_at is not None:
                facts.append(
                    f"fetched {age_text(self._now() - content.fetched_at)} ago from {content.source}"
                )
            elif content.source != reference.target and not content.secret:
                facts.append(f"from {name_text(content.source)}")
            if content.secret:
                facts.append("its value is not shown")
            else:
                peek = await self._backend.tasks.submit(
                    ("peek", expansion.key),
                    lambda _: look_into(content),
                    priority=Priority.HIGH,
                    title="hover",
                )
        return self._hover(reference_card(report, reference, peek, facts), to_range(reference.range))

    async def _import(self, document: Document, report: Report, imported: ImportReport) -> types.Hover:
        configuration = self._session.configuration
        peek = await self._backend.tasks.submit(
            ("peek", imported.path),
            partial(
                _look_into_file,
                imported.path,
                configuration.folders_for(document.path),
                self._session.open_texts,
                configuration.settings_of(document.path).max_file_bytes,
            ),
            priority=Priority.HIGH,
            title="hover",
        )
        return self._hover(import_card(report, imported, peek), to_range(imported.range))

    def _hover(self, card: Card, range_: types.Range | None) -> types.Hover:
        markdown = self._backend.abilities.markdown_hovers
        kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, card.text(markdown=markdown)), range_)


def look_into(content: Content) -> Peek:
    """The first lines of a content. Reads it: a worker's work."""
    try:
        lines, more = _first_lines(content.chunks())
        size = None
        if content.size is None:
            size = sum(len(chunk.encode("utf-8", "surrogatepass")) for chunk in content.chunks())
    except ReferenceFault:
        # It is another by now: it will be read again, and the next hover shows that.
        return Peek()
    return Peek(lines, more, size)


def _look_into_file(
    path: Path, folders: Sequence[Path], open_texts: Overlay, limit: int, _: CancelToken
) -> Peek:
    """The first lines of a file that an agent imports, if it is in one of the folders. Reads it: a worker's work."""
    for folder in folders:
        with contextlib.suppress(ReferenceFault):
            text, _real = read_document(path, disk.followed_or_same(folder), limit, open_texts, lenient=True)
            lines, more = _first_lines([text])
            return Peek(lines, more, len(text.encode("utf-8", "surrogatepass")))
    return Peek()


def _first_lines(chunks: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    text = ""
    for chunk in chunks:
        text += chunk
        if len(text) > _MOST_LINES * _LONGEST_LINE * 4:
            break
    lines = re.split(r"\r\n|\n|\r", text)
    if not lines[-1]:
        lines.pop()
    shown = tuple(_visible(line) for line in lines[:_MOST_LINES])
    return shown, len(lines) > _MOST_LINES


def _visible(line: str) -> str:
    """A line as it can be shown: no control characters, not too long."""
    cut = line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
    return "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in cut
    )


def _bytes_text(data: bytes) -> str:
    plain = data.decode("utf-8", "replace")
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in plain)
    return f"{data.hex(' ')} “{shown}”"
