"""`textDocument/rename`: variables and headings, and all that refers to them."""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from lsprotocol import types

from weighbridge.analysis.graph import Edge, Spot, Uses, edges, uses_of_variable
from weighbridge.analysis.report import Report
from weighbridge.content.base import ContentRequest, Scope
from weighbridge.content.defining import By, Defined, defined
from weighbridge.content.front_matter import read_front_matter
from weighbridge.content.section import Fragments
from weighbridge.content.text_file import TextFiles
from weighbridge.content.variable import ENVIRONMENT, VariableHandler
from weighbridge.lsp.backend import SECONDS_TO_KNOW, Backend
from weighbridge.lsp.features.edits import Edits, TextChange, lines_in, text_edits, versions
from weighbridge.lsp.features.includes import heading_of
from weighbridge.lsp.features.places import heading_at, headings_of, reference_at
from weighbridge.lsp.naming import Naming
from weighbridge.lsp.protocol import InvalidParamsError, RequestError
from weighbridge.references.index import scan
from weighbridge.references.model import Kind
from weighbridge.references.rewriting import names, with_fragment, with_target
from weighbridge.session.document import Document
from weighbridge.text import PositionEncoding, content_length, units
from weighbridge.uris import path_of, uri_of
from weighbridge.work import CancelToken, Priority

#: What may stand before the title of a heading that begins with `#`.
_MARKER = re.compile(r"[^#\r\n]*#{1,6}[ \t]+")
_NAME = re.compile(r"[^\W\d][\w.-]{0,255}")


#: By the files' one names.
TextChanges = dict[str, list[TextChange]]


class Rename:
    """Renames for one client."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._session = backend.session
        self._edits = Edits(backend.capabilities)
        self._numbers = itertools.count()

    async def prepare(self, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        """What would be renamed at a place; None where nothing can be."""
        document = await self._backend.looked_up(params.text_document.uri)
        if document is None:
            return None
        named = self._named(document, params.position)
        if named is None:
            return None
        line, start, end, name = named
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
        document = await self._backend.looked_up(params.text_document.uri)
        if document is None:
            return None
        named = self._named(document, params.position)
        if named is None:
            raise InvalidParamsError("only variables and headings have names that can be changed here")
        line, start, end, name = named
        new = params.new_name.strip()
        occurrence = reference_at(document, params.position.line, params.position.character)
        variable = occurrence is not None
        if variable and (_NAME.fullmatch(new) is None or new.startswith(ENVIRONMENT)):
            raise InvalidParamsError(f"{new}: no name of a variable: letters, digits, `_`, `-` and `.`")
        if not variable and _title_of(document, line, start, end, new) != new:
            raise InvalidParamsError(f"{new}: would not be read as a heading's title here")
        subject = (Kind.VARIABLE, name) if variable else self._backend.naming().real(document.uri)
        reports = await self._backend.reports(SECONDS_TO_KNOW, subject)
        if self._backend.workspace.busy:
            done, total = self._backend.workspace.progress
            raise RequestError(f"{done:,} of {total:,} prompts are known yet; try again when all are")
        naming = self._backend.naming()
        reports = naming.really(reports)
        changes: TextChanges = {}
        if variable:
            await self._rename_variable(document, name, new, reports, naming, changes)
        else:
            changes[naming.real(document.uri)] = [TextChange(line, start, end, new)]
            await self._rename_heading(document, line, new, reports, naming, changes)
        return await self._edit(document, naming, changes)

    # Names

    def _named(self, document: Document, position: types.Position) -> tuple[int, int, int, str] | None:
        """The name at a place: its line, its columns in code points, itself."""
        occurrence = reference_at(document, position.line, position.character)
        if occurrence is not None:
            reference, place, _ = occurrence
            if reference.kind is not Kind.VARIABLE or reference.target.startswith(ENVIRONMENT):
                return None
            # Behind `@[var:` or `{{`: the name may be a part of that. With escapes in it, it stands nowhere as it is.
            after = reference.start + len("@[var:" if reference.explicit else "{{")
            start = document.buffer.line(place.start_line).find(reference.target, after, reference.end)
            if start < 0:
                return None
            return place.start_line, start, start + len(reference.target), reference.target
        heading = heading_at(document, position.line)
        if heading is None or not heading.title:
            return None
        line = document.buffer.line(position.line)
        marker = _MARKER.match(line)
        start = -1 if marker is None else line.find(heading.title, marker.end())
        if start < 0:
            # Underlined.
            start = line.find(heading.title)
        return None if start < 0 else (position.line, start, start + len(heading.title), heading.title)

    async def _rename_heading(
        self,
        document: Document,
        line: int,
        new: str,
        reports: Sequence[Report],
        naming: Naming,
        changes: TextChanges,
    ) -> None:
        """Have every fragment mean what it meant: other headings' numbers may change with this one's name."""
        lines, headings = headings_of(document)
        number = lines.index(line)
        after = [*headings[:number], replace(headings[number], title=new), *headings[number + 1 :]]
        meant_before, meant_after = Fragments(headings), Fragments(after)
        fragments = meant_after.of_each()
        real = naming.real(document.uri)
        renamed: list[tuple[Edge, str]] = []
        for edge in edges(reports):
            meant = heading_of(edge, meant_before) if edge.target == real else None
            if meant is None:
                continue
            fragment = edge.name.partition("#")[2]
            if meant != number and meant_after.meant(fragment) == meant:
                continue
            words, anchor = fragments[meant]
            by_words = " ".join(unquote(fragment).split()) == " ".join(headings[meant].title.split())
            new_fragment = (words or anchor) if by_words else (anchor or words)
            if not new_fragment:
                raise RequestError(f"{new}: no fragment would mean it; there is another heading of this name")
            renamed.append((edge, new_fragment))
        await self._rewrite(renamed, document, naming, changes, with_fragment)

    async def _rename_variable(
        self,
        document: Document,
        name: str,
        new: str,
        reports: Sequence[Report],
        naming: Naming,
        changes: TextChanges,
    ) -> None:
        """Rename all uses that have their value from the same places, and those places.

        A file that several prompts include has it from each of them.
        """
        uses: Uses = await self._backend.tasks.submit(
            ("uses", next(self._numbers)),
            lambda _: uses_of_variable(reports, name),
            priority=Priority.HIGH,
            title="rename",
        )
        folder_of = self._session.configuration.folder_of
        own = naming.real(document.uri)
        spots, by_settings, seen = set[Spot](), set[Path | None](), set[str]()
        todo = [own]
        while todo:
            uri = todo.pop()
            if uri in seen:
                continue
            seen.add(uri)
            shown = naming.shown(uri)
            path = path_of(shown)
            if folder_of(path) not in by_settings:
                lines = (await self._lines_of([shown], document))[shown]
                where = await self._defined(path, lines or (), name)
                if where.by is By.NOBODY and uri != own:
                    # It has no such name that would have to follow.
                    continue
                if where.by is By.SETTINGS:
                    if where.place is None:
                        raise RequestError(f"{name}: set in the editor's own settings; rename it there first")
                    # They hold for all of their folder, before anything else.
                    by_settings.add(folder_of(path))
                    todo += [
                        prompt_uri
                        for prompt_uri in uses.of
                        if folder_of(path_of(naming.shown(prompt_uri))) == folder_of(path)
                    ]
                if where.place is not None:
                    place = where.place
                    at = uri if place.path is None else naming.real(uri_of(place.path))
                    changes.setdefault(at, []).append(TextChange(place.line, place.start, place.end, new))
            more = uses.of.get(uri, frozenset()) - spots
            spots |= more
            todo += [prompt_uri for spot in more for prompt_uri in uses.by[spot]]
        renamed = [(uses.edges[spot], new) for spot in spots]
        await self._rewrite(renamed, document, naming, changes, with_target)

    async def _defined(self, path: Path | None, lines: Sequence[str], name: str) -> Defined:
        """The place that gives a variable of a document its value."""
        texts, configuration = self._session.open_texts, self._session.configuration
        scope = Scope(
            path,
            configuration.folders_for(path),
            configuration.settings_of(path),
            read_front_matter(lines).variables,
        )
        request = ContentRequest(
            Kind.VARIABLE, name, None, None, None if path is None else path.parent, scope
        )
        return await self._backend.tasks.submit(
            ("defined", path, name),
            lambda _: defined(
                request, TextFiles(texts), VariableHandler(texts), lines, configuration.folder_of(path)
            ),
            priority=Priority.HIGH,
            title="rename",
        )

    async def _rewrite(
        self,
        renamed: Sequence[tuple[Edge, str]],
        document: Document,
        naming: Naming,
        changes: TextChanges,
        written: Callable[[str, str], str | None],
    ) -> None:
        """Write references anew, where they stand. `written`: a reference as it is, and with another name."""
        lines_of = await self._lines_of((naming.shown(edge.source) for edge, _ in renamed), document)
        encoding = self._session.encoding
        for edge, new in renamed:
            shown, place = naming.shown(edge.source), edge.range
            lines = lines_of[shown]
            if lines is None:
                continue
            line = lines[place.start_line] if place.start_line < len(lines) else ""
            start = _column(line, place.start_character, encoding)
            end = _column(line, place.end_character, encoding)
            literal = line[start:end]
            if not names(literal, edge.name):
                raise RequestError(f"{path_of(shown) or shown}: changed just now; try again")
            text = written(literal, new)
            if text is None:
                raise RequestError(f"{literal}: can't be written with that name")
            changes.setdefault(edge.source, []).append(TextChange(place.start_line, start, end, text))

    async def _lines_of(self, uris: Iterable[str], document: Document) -> dict[str, Sequence[str] | None]:
        """The lines of texts, as they are in the editor where they are open; None of what may not be read."""
        lines: dict[str, Sequence[str] | None] = {}
        closed: dict[str, Path] = {}
        for uri in uris:
            opened, path = self._session.documents.get(uri), path_of(uri)
            lines[uri] = None if opened is None else opened.buffer.snapshot().lines
            if opened is None and path is not None:
                closed[uri] = path
        if document.expander is not None and closed:
            scope, files = document.expander.scope, TextFiles(self._session.open_texts)
            tasks = self._backend.tasks.submit_batch(
                ((("lines", uri), partial(_lines_in, files, path, scope)) for uri, path in closed.items()),
                priority=Priority.HIGH,
                title="rename",
            )
            outcomes = await self._backend.tasks.await_batch(tasks)
            lines |= {uri: outcome.unwrap() for uri, outcome in zip(closed, outcomes, strict=True)}
        return lines

    async def _edit(self, document: Document, naming: Naming, changes: TextChanges) -> types.WorkspaceEdit:
        by_shown_uri = {naming.shown(uri): file_changes for uri, file_changes in changes.items()}
        texts = {
            uri: text_edits(lines, by_shown_uri[uri], self._session.encoding)
            for uri, lines in (await self._lines_of(by_shown_uri, document)).items()
            if lines is not None
        }
        return self._edits.edit(texts, versions(self._session))


def _lines_in(files: TextFiles, path: Path, scope: Scope, _: CancelToken) -> Sequence[str] | None:
    return lines_in(files, path, scope)


def _title_of(document: Document, line: int, start: int, end: int, new: str) -> str | None:
    """What the title of a line's heading would be with another text in it."""
    assert document.prepared is not None  # noqa: S101  it has headings
    index, text = document.prepared.index, document.buffer.line(line)
    changed = text[:start] + new + text[end:]
    if index.line_if(line, text).heading is not None:
        heading = index.line_if(line, changed).heading
    else:
        # What makes it one stands below.
        heading = scan([changed, document.buffer.line(line + 1)])[0].heading
    return None if heading is None else heading.title


def _column(line: str, character: int, encoding: PositionEncoding) -> int:
    """The column in code points of a character in the client's units."""
    column = 0
    while column < content_length(line) and units(line[:column], encoding) < character:
        column += 1
    return column
