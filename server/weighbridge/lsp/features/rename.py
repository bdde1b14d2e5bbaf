"""`textDocument/rename` and `workspace/willRenameFiles`: names and files that change, and all that refers to them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lsprotocol import types

from weighbridge.analysis.graph import Edge, edges
from weighbridge.analysis.moving import Rewritten, follow_moves
from weighbridge.config.settings import MOST_FILE_BYTES
from weighbridge.content.base import Request, Scope
from weighbridge.content.defining import key_in, key_in_table
from weighbridge.content.front_matter import read_front_matter
from weighbridge.content.lines import lines_of
from weighbridge.content.policy import place_of
from weighbridge.content.section import slug_of
from weighbridge.content.text_file import TextFiles
from weighbridge.content.variable import ENVIRONMENT, Value, VariableHandler
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.edits import Edits
from weighbridge.lsp.features.includes import heading_names
from weighbridge.lsp.features.places import heading_at, reference_at
from weighbridge.lsp.protocol import InvalidParamsError, RequestError
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Kind, Reference
from weighbridge.references.rewriting import with_fragment, with_target
from weighbridge.session.document import Document
from weighbridge.text import PositionEncoding, Snapshot, content_length, units
from weighbridge.uris import path_of, uri_of
from weighbridge.work import Priority

_NAME = re.compile(r"[^\W\d][\w.-]{0,255}")
#: Files whose references may have to follow a move.
_MOST_SOURCES = 20_000


@dataclass(frozen=True, slots=True)
class _Change:
    """A stretch of a line, in code points, and what it becomes."""

    line: int
    start: int
    end: int
    text: str


class Rename:
    """Answers for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session = desk.session
        self._edits = Edits(desk.capabilities)

    def prepare(self, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        """What would be renamed at a place; None where nothing can be."""
        document = self._session.documents.get(params.text_document.uri)
        if document is None:
            return None
        found = self._named(document, params.position)
        if found is None:
            return None
        line, start, end, name = found
        place = types.Range(
            types.Position(line, document.buffer.to_units(line, start)),
            types.Position(line, document.buffer.to_units(line, end)),
        )
        return types.PrepareRenamePlaceholder(place, name)

    async def rename(self, params: types.RenameParams) -> types.WorkspaceEdit | None:
        """Rename the variable or heading at a place, with all that refers to it.

        Raises:
            InvalidParamsError: nothing there can be renamed so; the message says why.
        """
        document = self._session.documents.get(params.text_document.uri)
        if document is None:
            return None
        named = self._named(document, params.position)
        if named is None:
            raise InvalidParamsError("only variables and headings have names that can be changed here")
        line, start, end, name = named
        new = params.new_name.strip()
        at = reference_at(document, params.position.line, params.position.character)
        reports = await self._desk.reports()
        changes: dict[str, list[_Change]] = {}
        if at is not None:
            if _NAME.fullmatch(new) is None or new.startswith(ENVIRONMENT):
                raise InvalidParamsError(f"{new}: no name of a variable: letters, digits, `_`, `-` and `.`")
            await self._rename_variable(document, name, new, edges(reports), changes)
        else:
            if not new or "\n" in new:
                raise InvalidParamsError("a heading needs a title, in one line")
            changes[document.uri] = [_Change(line, start, end, new)]
            uses = [edge for edge in edges(reports) if edge.target == document.uri]
            names = heading_names(name)
            for edge in uses:
                fragment = edge.name.partition("#")[2]
                if " ".join(fragment.split()).casefold() in names:
                    slug = fragment.casefold() == slug_of(name) and fragment != name
                    wanted = slug_of(new) if slug else " ".join(new.split())
                    await self._rewrite(edge, document, changes, fragment=wanted)
        return await self._edit(document, changes)

    async def will_rename_files(self, params: types.RenameFilesParams) -> types.WorkspaceEdit | None:
        """Update the references to files and folders that are about to be moved, and those in them."""
        moves = {
            old: new
            for file in params.files
            if (old := path_of(file.old_uri)) is not None and (new := path_of(file.new_uri)) is not None
        }
        reports = await self._desk.reports()
        sources = dict.fromkeys(
            path
            for uri in (*(report.uri for report in reports), *(edge.source for edge in edges(reports)))
            if (path := path_of(uri)) is not None
        )
        opened = {
            document.path: (document.buffer.snapshot(), document.references())
            for document in self._session.documents.values()
            if document.path is not None
        }
        scopes = {path: self._scope(path) for path in [*sources][:_MOST_SOURCES]}
        files = TextFiles(self._session.open_texts)

        def follow() -> dict[Path, tuple[Sequence[str], list[Rewritten]]]:
            found: dict[Path, tuple[Sequence[str], list[Rewritten]]] = {}
            for path, scope in scopes.items():
                known = opened.get(path)
                lines = _lines(files, path, scope) if known is None else known[0].lines
                if lines is not None:
                    references = _scanned(lines) if known is None else known[1]
                    there = partial(_there, files, scope)
                    rewritten = follow_moves(path, lines, references, moves, there)
                    if rewritten:
                        found[path] = lines, rewritten
            return found

        found = await self._desk.tasks.submit(
            ("moves", *map(str, moves)), lambda _: follow(), priority=Priority.HIGH, title="moved files"
        )
        texts = {
            uri_of(path): self._text_edits(
                lines, [_Change(one.line, one.start, one.end, one.text) for one in some]
            )
            for path, (lines, some) in found.items()
        }
        return self._edits.edit(texts, self._versions()) if texts else None

    def did_rename_files(self, params: types.RenameFilesParams) -> None:
        """Files were moved: whoever refers to them looks again."""
        paths = [
            path
            for file in params.files
            for uri in (file.old_uri, file.new_uri)
            if (path := path_of(uri)) is not None
        ]
        self._session.files_changed(paths)

    # Names

    def _named(self, document: Document, position: types.Position) -> tuple[int, int, int, str] | None:
        """The name at a place: its line, its columns in code points, itself."""
        found = reference_at(document, position.line, position.character)
        if found is not None:
            reference, place, _ = found
            if reference.kind is not Kind.VARIABLE or reference.target.startswith(ENVIRONMENT):
                return None
            start = document.buffer.line(place.start_line).index(reference.target, reference.start)
            return place.start_line, start, start + len(reference.target), reference.target
        heading = heading_at(document, position.line)
        if heading is None or not heading.title:
            return None
        line = document.buffer.line(position.line)
        start = line.find(heading.title)
        return None if start < 0 else (position.line, start, start + len(heading.title), heading.title)

    async def _rename_variable(
        self,
        document: Document,
        name: str,
        new: str,
        found: Iterable[Edge],
        changes: dict[str, list[_Change]],
    ) -> None:
        assert document.expander is not None  # noqa: S101  it has references
        scope = document.expander.scope
        value, setting = await self._desk.tasks.submit(
            ("definition", document.uri, name),
            lambda _: self._value_of(document, name, scope),
            priority=Priority.HIGH,
            title="rename",
        )
        everywhere = value is not None and value.source == "weighbridge.variables"
        if everywhere and setting is None:
            raise RequestError(f"{name}: set in the editor's own settings; rename it there first")
        for uri, change in setting or ():
            changes.setdefault(uri, []).append(_Change(*change, new))
        own = {document.uri}
        for edge in found:
            if (edge.kind, edge.name) == (Kind.VARIABLE, name) and (everywhere or edge.source in own):
                await self._rewrite(edge, document, changes, target=new)

    def _value_of(
        self, document: Document, name: str, scope: Scope
    ) -> tuple[Value | None, list[tuple[str, tuple[int, int, int]]] | None]:
        """A variable's value, and where it is set: URIs, lines and columns. Reads files: a worker's work."""
        files = TextFiles(self._session.open_texts)
        request = Request(Kind.VARIABLE, name, None, None, document.folder, scope)
        try:
            value: Value | None = VariableHandler(self._session.open_texts).look_up(request)
        except ReferenceFault:
            # Named in the front matter, perhaps, and without a value yet.
            value = None
        if value is not None and value.path is not None:
            lines = _lines(files, value.path, scope)
            found = None if lines is None else key_in(lines, name)
            return value, None if found is None else [(uri_of(value.path), found)]
        if (value is None or value.source == "front matter") and document.path is not None:
            head = _lines(files, document.path, scope) or []
            found = key_in(head, name, 0, read_front_matter(head).lines)
            return value, None if found is None else [(document.uri, found)]
        for folder in scope.folders:
            for file in ("weighbridge.toml", "pyproject.toml"):
                lines = _lines(files, folder / file, scope)
                found = None if lines is None else key_in_table(lines, "variables", name)
                if found is not None:
                    return value, [(uri_of(folder / file), found)]
        return value, None

    async def _rewrite(
        self,
        edge: Edge,
        document: Document,
        changes: dict[str, list[_Change]],
        *,
        target: str | None = None,
        fragment: str | None = None,
    ) -> None:
        """Write a reference anew, where it stands."""
        lines = await self._lines_of(edge.source, document)
        place = edge.range
        if lines is None or place.start_line >= len(lines):
            return
        line = lines[place.start_line]
        encoding = self._session.encoding
        start = _column(line, place.start_character, encoding)
        end = _column(line, place.end_character, encoding)
        literal = line[start:end]
        text = with_target(literal, target) if target is not None else with_fragment(literal, fragment or "")
        if text is None:
            raise RequestError(f"{literal}: can't be written with that name")
        changes.setdefault(edge.source, []).append(_Change(place.start_line, start, end, text))

    async def _lines_of(self, uri: str, document: Document) -> Sequence[str] | None:
        opened = self._session.documents.get(uri)
        if opened is not None:
            return opened.buffer.snapshot().lines
        path = path_of(uri)
        if path is None or document.expander is None:
            return None
        scope, files = document.expander.scope, TextFiles(self._session.open_texts)
        return await self._desk.tasks.submit(
            ("lines", uri), lambda _: _lines(files, path, scope), priority=Priority.HIGH, title="rename"
        )

    async def _edit(self, document: Document, changes: Mapping[str, list[_Change]]) -> types.WorkspaceEdit:
        texts = {}
        for uri, some in changes.items():
            lines = await self._lines_of(uri, document)
            if lines is not None:
                texts[uri] = self._text_edits(lines, some)
        return self._edits.edit(texts, self._versions())

    def _text_edits(self, lines: Sequence[str], changes: Iterable[_Change]) -> list[types.TextEdit]:
        encoding = self._session.encoding
        ordered = sorted({(one.line, one.start, one.end, one.text) for one in changes})
        return [
            types.TextEdit(
                types.Range(
                    types.Position(line, units(lines[line][:start], encoding)),
                    types.Position(line, units(lines[line][:end], encoding)),
                ),
                text,
            )
            for line, start, end, text in ordered
        ]

    def _versions(self) -> dict[str, int | None]:
        return {uri: document.version for uri, document in self._session.documents.items()}

    def _scope(self, path: Path) -> Scope:
        configuration = self._session.configuration
        return Scope(path, configuration.folders_for(path), configuration.settings_of(path))


def _there(files: TextFiles, scope: Scope, path: Path) -> bool:
    """Whether a reference may stand for a file. Looks at what may be looked at only."""
    try:
        files.find(place_of(str(path), path.parent, scope), MOST_FILE_BYTES, "maxFileBytes", suggest=False)
    except ReferenceFault:
        return False
    return True


def _lines(files: TextFiles, path: Path, scope: Scope) -> Sequence[str] | None:
    """The lines of a file that may be read; None of any other. Blocks: a worker's work."""
    try:
        found = files.find(
            place_of(str(path), path.parent, scope),
            scope.settings.max_file_bytes,
            "maxFileBytes",
            suggest=False,
        )
        return list(lines_of(files.chunks(found)))
    except ReferenceFault:
        return None


def _scanned(lines: Sequence[str]) -> Iterable[tuple[int, Reference]]:
    return ScanIndex(Snapshot((*lines, "")), read_front_matter(lines).lines).references()


def _column(line: str, character: int, encoding: PositionEncoding) -> int:
    """The column in code points of a character in the client's units."""
    column = 0
    while column < content_length(line) and units(line[:column], encoding) < character:
        column += 1
    return column
