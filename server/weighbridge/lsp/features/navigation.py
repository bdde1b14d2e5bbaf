"""`textDocument/definition` and `documentLink`: from a reference to what it stands for."""

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import ReferenceReport
from weighbridge.content.base import Request
from weighbridge.content.defining import key_in, key_in_table
from weighbridge.content.lines import lines_of
from weighbridge.content.policy import place_of
from weighbridge.content.text_file import TextFiles
from weighbridge.content.variable import VariableHandler
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.places import reference_at
from weighbridge.references.model import Kind, Reference
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.text import PositionEncoding, units
from weighbridge.uris import uri_of
from weighbridge.work import Priority

#: Files that settings are looked for in, at a folder's root.
_SETTINGS_FILES = ("weighbridge.toml", "pyproject.toml")
_SETTINGS_BYTES = 1_000_000

Definition = types.Location | list[types.LocationLink] | None


class Navigation:
    """Answers for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session = desk.session
        document = desk.capabilities.text_document
        definition = document.definition if document else None
        self._links = bool(definition and definition.link_support)
        link = document.document_link if document else None
        self._tooltips = bool(link and link.tooltip_support)

    async def definition(self, params: types.DefinitionParams) -> Definition:
        """Where what a reference stands for is written: a file, its lines or heading, a variable's or an API's setting."""
        document = self._session.documents.get(params.text_document.uri)
        if document is None:
            return None
        found = reference_at(document, params.position.line, params.position.character)
        if found is None:
            return None
        reference, place, target = found
        where = await self._defined(document, reference, target)
        if where is None:
            return None
        if not self._links:
            return where
        return [types.LocationLink(where.uri, where.range, where.range, to_range(place))]

    def document_links(self, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
        """Links of references to files that may be read, and to URLs."""
        document = self._session.documents.get(params.text_document.uri)
        if document is None:
            return []
        links = []
        for (reference, _, target), report in zip(
            document.placed(), self._session.report(document).references, strict=False
        ):
            to = self._link(document, reference, target, report)
            if to is not None:
                tooltip = report.target if self._tooltips else None
                links.append(types.DocumentLink(to_range(report.range), to, tooltip))
        return links

    def _link(
        self, document: Document, reference: Reference, target: Target, report: ReferenceReport
    ) -> str | None:
        if reference.kind is Kind.API:
            return reference.target if reference.target.startswith(("http://", "https://")) else None
        if reference.kind is not Kind.FILE or report.uri is None or report.state is State.FAILED:
            return None
        expansion = document.expansions.get(target)
        content = None if expansion is None else self._session.readings.content(expansion.key)
        lines = None if content is None else content.lines
        return report.uri if lines is None else f"{report.uri}#L{lines[0] + 1}"

    async def _defined(
        self, document: Document, reference: Reference, target: Target
    ) -> types.Location | None:
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
            return types.Location(
                uri_of(expansion.reading.path), types.Range(start, types.Position(max(first, end - 1), 0))
            )
        if reference.kind is Kind.VARIABLE:
            prepared = document.prepared
            lines = prepared.front_matter.lines if prepared is not None else 0
            own = [document.buffer.line(line) for line in range(min(lines, document.buffer.line_count))]
        else:
            own = []
        request = Request(
            reference.kind,
            reference.target,
            reference.fragment,
            reference.default,
            document.folder,
            expander.scope,
        )
        found = await self._desk.tasks.submit(
            ("definition", document.uri, reference.target),
            lambda _: self._setting_of(request, own),
            priority=Priority.HIGH,
            title="definition",
        )
        if found is None:
            return None
        path, line, start_character, end_character = found
        uri = document.uri if path is None else uri_of(path)
        return types.Location(
            uri, types.Range(types.Position(line, start_character), types.Position(line, end_character))
        )

    def _setting_of(self, request: Request, front_matter: Sequence[str]) -> "_Place | None":
        """Find where a variable or a named API is set. Reads files: a worker's work."""
        files = TextFiles(self._session.open_texts)
        encoding = self._session.encoding
        if request.kind is Kind.VARIABLE:
            try:
                value = VariableHandler(self._session.open_texts).look_up(request)
            except ReferenceFault:
                return None
            if value.secret:
                return None
            if value.path is not None:
                return _in_file(files, value.path, request, encoding)
            if value.source == "front matter":
                found = key_in(front_matter, request.target)
                return None if found is None else _place(None, front_matter, found, encoding)
        table = "variables" if request.kind is Kind.VARIABLE else "apis"
        for folder in request.scope.folders:
            for name in _SETTINGS_FILES:
                place = _in_settings(files, folder / name, table, request, encoding)
                if place is not None:
                    return place
        return None


#: A file (None: the document itself), a line, and two columns in the client's units.
_Place = tuple[Path | None, int, int, int]


def _read(files: TextFiles, path: Path, request: Request) -> list[str] | None:
    """The lines of a file, if a reference of the document may read it."""
    try:
        found = files.find(
            place_of(str(path), path.parent, request.scope), _SETTINGS_BYTES, "settings", suggest=False
        )
        return list(lines_of(files.chunks(found)))
    except ReferenceFault:
        return None


def _in_file(files: TextFiles, path: Path, request: Request, encoding: PositionEncoding) -> _Place | None:
    lines = _read(files, path, request)
    if lines is None:
        return None
    return _place(path, lines, key_in(lines, request.target) or (0, 0, 0), encoding)


def _in_settings(
    files: TextFiles, path: Path, table: str, request: Request, encoding: PositionEncoding
) -> _Place | None:
    lines = _read(files, path, request)
    found = None if lines is None else key_in_table(lines, table, request.target)
    return None if lines is None or found is None else _place(path, lines, found, encoding)


def _place(
    path: Path | None, lines: Sequence[str], found: tuple[int, int, int], encoding: PositionEncoding
) -> _Place:
    line, start, end = found
    text = lines[line] if lines else ""
    return path, line, units(text[:start], encoding), units(text[:end], encoding)
