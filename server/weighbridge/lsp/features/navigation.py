"""`textDocument/definition` and `documentLink`: from a reference to what it stands for."""

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import ImportReport, ReferenceReport
from weighbridge.analysis.wording import name_text
from weighbridge.content.base import ContentRequest
from weighbridge.content.defining import Defined, defined
from weighbridge.content.text_file import TextFiles
from weighbridge.content.variable import VariableHandler
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.places import import_at, of_an_agent, reference_at
from weighbridge.lsp.naming import Naming
from weighbridge.references.model import Kind, Reference
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.text import units
from weighbridge.uris import uri_of
from weighbridge.work import Priority

DefinitionResult = types.Location | list[types.LocationLink] | None


class Definitions:
    """Finds the places where what references stand for is written."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._session = backend.session

    async def of(self, document: Document, reference: Reference, target: Target) -> types.Location | None:
        """A file, its lines or heading, a variable's or an API's setting; None if it is nowhere to be seen."""
        expansion, expander = document.expansions.get(target), document.expander
        if expander is None:
            return None
        if reference.kind is Kind.FILE:
            if expansion is None or expansion.reading.path is None or expansion.state is State.FAILED:
                return None
            content = self._session.readings.content(expansion.key)
            first, end = (0, 0) if content is None or content.lines is None else content.lines
            start = types.Position(first, 0)
            # All of what is selected; its last line from the start, which every line has.
            uri = self._backend.naming().shown(uri_of(expansion.reading.path))
            return types.Location(uri, types.Range(start, types.Position(max(first, end - 1), 0)))
        prepared = document.prepared
        lines = prepared.front_matter.lines if prepared is not None else 0
        head = [document.buffer.line(line) for line in range(min(lines, document.buffer.line_count))]
        request = ContentRequest(
            reference.kind,
            reference.target,
            reference.fragment,
            reference.default,
            document.folder,
            expander.scope,
        )
        texts, folder = self._session.open_texts, self._session.configuration.folder_of(document.path)
        definition: Defined = await self._backend.tasks.submit(
            ("definition", document.uri, reference.kind, reference.target),
            lambda _: defined(request, TextFiles(texts), VariableHandler(texts), head, folder),
            priority=Priority.HIGH,
            title="definition",
        )
        if definition.place is None:
            return None
        place, encoding = definition.place, self._session.encoding
        text = place.lines[place.line]
        range_ = types.Range(
            types.Position(place.line, units(text[: place.start], encoding)),
            types.Position(place.line, units(text[: place.end], encoding)),
        )
        uri = document.uri if place.path is None else self._backend.naming().shown(uri_of(place.path))
        return types.Location(uri, range_)


async def import_of(backend: Backend, document: Document, position: types.Position) -> ImportReport | None:
    """The import of the document's agent that stands at a place: known once what arrives is."""
    if not of_an_agent(document):
        return None
    return import_at(await backend.first_report(document), position.line, position.character)


class Navigation:
    """Definitions and document links for one client."""

    def __init__(self, backend: Backend, definitions: Definitions) -> None:
        self._backend = backend
        self._session = backend.session
        self._definitions = definitions
        document = backend.capabilities.text_document
        definition = document.definition if document else None
        self._links = bool(definition and definition.link_support)
        link = document.document_link if document else None
        self._tooltips = bool(link and link.tooltip_support)

    async def definition(self, params: types.DefinitionParams) -> DefinitionResult:
        """Where what a reference stands for is written: a file, its lines or heading, a variable's or an API's setting."""
        document = await self._backend.looked_up(params.text_document.uri)
        if document is None:
            return None
        occurrence = reference_at(document, params.position.line, params.position.character)
        where: types.Location | None = None
        if occurrence is not None:
            reference, place, target = occurrence
            where = await self._definitions.of(document, reference, target)
        elif (imported := await import_of(self._backend, document, params.position)) is not None:
            place, start = imported.range, types.Position(0, 0)
            where = types.Location(
                self._backend.naming().shown(uri_of(imported.path)), types.Range(start, start)
            )
        if where is None:
            return None
        if not self._links:
            return where
        return [types.LocationLink(where.uri, where.range, where.range, to_range(place))]

    async def document_links(self, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        """Links of references to files that may be read, and to URLs."""
        document = await self._backend.looked_up(params.text_document.uri)
        if document is None:
            return []
        links, naming = [], self._backend.naming()
        for (reference, _, target), report in zip(
            document.placed(), self._session.report(document).references, strict=False
        ):
            to = self._link(document, reference, target, report, naming)
            if to is not None:
                tooltip = name_text(report.target) if self._tooltips else None
                links.append(types.DocumentLink(to_range(report.range), to, tooltip))
        for imported in (await self._backend.first_report(document)).imports if of_an_agent(document) else ():
            tooltip = name_text(imported.target) if self._tooltips else None
            links.append(
                types.DocumentLink(to_range(imported.range), naming.shown(uri_of(imported.path)), tooltip)
            )
        return links

    def _link(
        self,
        document: Document,
        reference: Reference,
        target: Target,
        report: ReferenceReport,
        naming: Naming,
    ) -> str | None:
        if reference.kind is Kind.API:
            return reference.target if reference.target.startswith(("http://", "https://")) else None
        if reference.kind is not Kind.FILE or report.uri is None or report.state is State.FAILED:
            return None
        expansion = document.expansions.get(target)
        content = None if expansion is None else self._session.readings.content(expansion.key)
        lines = None if content is None else content.lines
        uri = naming.shown(report.uri)
        return uri if lines is None else f"{uri}#L{lines[0] + 1}"
