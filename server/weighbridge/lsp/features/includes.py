"""`textDocument/references` and the call hierarchy: the graph of who includes whom."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from lsprotocol import types

from weighbridge.analysis.graph import Edge, Subject, edges, leading_to
from weighbridge.analysis.report import Range, Report
from weighbridge.analysis.wording import name_text, tokens_text
from weighbridge.content.section import Fragments, is_lines
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.navigation import Definitions, import_of
from weighbridge.lsp.features.places import heading_at, headings_of, reference_at
from weighbridge.lsp.messages import WrittenJson
from weighbridge.lsp.naming import Naming
from weighbridge.references.model import Heading, Kind, Reference
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.uris import path_of, uri_of

_NOWHERE = Range(0, 0, 0, 0).as_json()


def uses_of_heading(
    all_edges: Iterable[Edge], uri: str, headings: Sequence[Heading], number: int
) -> list[Edge]:
    """Where a file's heading, of all it has, is referred to: by its words or its anchor."""
    fragments = Fragments(headings)
    meant = {edge: heading_of(edge, fragments) for edge in all_edges if edge.target == uri}
    return [edge for edge, heading_number in meant.items() if heading_number == number]


def heading_of(edge: Edge, fragments: Fragments) -> int | None:
    """Which of a file's headings a reference to it means; None if it means none."""
    fragment = edge.name.partition("#")[2]
    if edge.kind is not Kind.FILE or not fragment or is_lines(fragment):
        return None
    return fragments.meant(fragment)


def incoming(all_edges: Iterable[Edge], uri: str) -> Iterator[tuple[str, list[Edge]]]:
    """The files that include this one, each with the references by which it does."""
    grouped: dict[str, list[Edge]] = {}
    for edge in all_edges:
        if edge.target == uri and edge.kind is Kind.FILE:
            grouped.setdefault(edge.source, []).append(edge)
    yield from grouped.items()


def outgoing(all_edges: Iterable[Edge], uri: str) -> Iterator[tuple[str, list[Edge]]]:
    """The files that this one includes, each with the references by which it does."""
    grouped: dict[str, list[Edge]] = {}
    for edge in all_edges:
        if edge.source == uri and edge.target is not None and edge.kind is Kind.FILE:
            grouped.setdefault(edge.target, []).append(edge)
    yield from grouped.items()


def weights(reports: Iterable[Report], all_edges: Iterable[Edge]) -> dict[str, int]:
    """What whole files weigh, with all nested in them: prompts, and what is included as a whole."""
    tokens = {
        edge.target: edge.tokens
        for edge in all_edges
        if edge.target is not None and edge.tokens is not None and "#" not in edge.name
    }
    return tokens | {report.uri: report.tokens for report in reports if report.ready}


class Includes:
    """References and call hierarchies for one client."""

    def __init__(self, backend: Backend, definitions: Definitions) -> None:
        self._backend = backend
        self._definitions = definitions

    async def references(self, params: types.ReferenceParams) -> list[types.Location]:
        """The uses of what stands at the place: a variable, a heading, a reference's file; elsewhere the document itself.

        Line 1 stands for the document, whether it is a heading or not.
        """
        uri, place = params.text_document.uri, params.position
        document = await self._backend.looked_up(uri)
        if document is None:
            return []
        occurrence = reference_at(document, place.line, place.character)
        real = self._backend.naming().real(uri)
        imported = None if occurrence is not None else await import_of(self._backend, document, place)
        subject = _subject(document, occurrence, real) if imported is None else uri_of(imported.path)
        naming, reports = await self._about(subject)
        declared: list[types.Location] = []
        if occurrence is not None and occurrence[0].kind is not Kind.FILE:
            definition = await self._definitions.of(document, occurrence[0], occurrence[2])
            declared = [] if definition is None else [definition]
        uses: Sequence[Edge]
        if not isinstance(subject, str):
            uses = [edge for edge in edges(reports) if (edge.kind, edge.name) == subject]
        elif occurrence is not None or imported is not None:
            uses = leading_to(reports, subject)
        elif place.line > 0 and heading_at(document, place.line) is not None:
            lines, headings = headings_of(document)
            uses = uses_of_heading(edges(reports), real, headings, lines.index(place.line))
            line_end = types.Position(place.line, document.buffer.line_end(place.line))
            declared = [types.Location(uri, types.Range(types.Position(place.line, 0), line_end))]
        else:
            uses = leading_to(reports, real)
        if not params.context.include_declaration:
            declared = []
        return declared + [types.Location(naming.shown(edge.source), to_range(edge.range)) for edge in uses]

    async def prepare(self, params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem] | None:
        """The file that a reference at the place stands for, or the document."""
        uri, place = params.text_document.uri, params.position
        document = await self._backend.looked_up(uri)
        if document is None:
            return None
        occurrence = reference_at(document, place.line, place.character)
        imported = None if occurrence is not None else await import_of(self._backend, document, place)
        if imported is not None:
            exact = document.prepared is not None and document.prepared.exact
            return [
                self._item(self._backend.naming().shown(uri_of(imported.path)), imported.tokens, exact=exact)
            ]
        if occurrence is None:
            report = self._backend.session.report(document)
            return [self._item(uri, report.tokens if report.ready else None, exact=report.exact)]
        expansion = document.expansions.get(occurrence[2])
        if occurrence[0].kind is not Kind.FILE or expansion is None or expansion.reading.path is None:
            return None
        named = self._backend.naming().shown(uri_of(expansion.reading.path))
        exact = document.prepared is not None and document.prepared.exact and not expansion.sampled
        return [self._item(named, expansion.tokens, exact=exact and not expansion.stale)]

    async def incoming(self, params: types.CallHierarchyIncomingCallsParams) -> WrittenJson:
        """The files that include a file.

        Written here, as what a file includes is: structuring a hundred of them takes ten times as long.
        """
        await self._backend.weighed()
        uri = self._backend.naming().real(params.item.uri)
        naming, reports = await self._about(uri)
        all_edges = edges(reports)
        tokens, exact = weights(reports, all_edges), all(report.exact for report in reports)
        calls = incoming(all_edges, uri)
        return WrittenJson.of(
            [
                {
                    "from": self._plain_item(naming.shown(source), tokens.get(source), exact=exact),
                    "fromRanges": _ranges(group),
                }
                for source, group in calls
            ]
        )

    async def outgoing(self, params: types.CallHierarchyOutgoingCallsParams) -> WrittenJson:
        """The files that a file includes."""
        await self._backend.weighed()
        uri = self._backend.naming().real(params.item.uri)
        naming, reports = await self._about(uri)
        # All that include it see the same of it, but where an expansion ends early.
        calls = next(filter(None, ([*outgoing(edges([report]), uri)] for report in reports)), [])
        exact = all(report.exact for report in reports)
        return WrittenJson.of(
            [
                {
                    "to": self._plain_item(naming.shown(target), group[0].tokens, exact=exact),
                    "fromRanges": _ranges(group),
                }
                for target, group in calls
            ]
        )

    async def _about(self, subject: Subject) -> tuple[Naming, list[Report]]:
        """The names of now, and the reports that have to do with something, under their files' one names."""
        reports = await self._backend.reports(about=subject)
        naming = self._backend.naming()
        return naming, naming.really(reports)

    def _item(self, uri: str, tokens: int | None, *, exact: bool) -> types.CallHierarchyItem:
        plain, nowhere = (
            self._plain_item(uri, tokens, exact=exact),
            types.Range(types.Position(0, 0), types.Position(0, 0)),
        )
        name, detail = plain["name"], plain.get("detail")
        return types.CallHierarchyItem(name, types.SymbolKind.File, uri, nowhere, nowhere, detail=detail)

    def _plain_item(self, uri: str, tokens: int | None, *, exact: bool) -> dict[str, Any]:
        """A file, with what it weighs and the folder that it is in."""
        path = path_of(uri)
        above = None if path is None else self._backend.session.configuration.relative_folder(path)
        details = [
            text for text in (None if tokens is None else tokens_text(tokens, exact=exact), above) if text
        ]
        item = {
            "name": name_text(PurePath(path or uri).name),
            "kind": types.SymbolKind.File.value,
            "uri": uri,
            "range": _NOWHERE,
            "selectionRange": _NOWHERE,
        }
        return item | {"detail": " · ".join(details)} if details else item


def _subject(document: Document, occurrence: tuple[Reference, Range, Target] | None, uri: str) -> Subject:
    """The subject of a question: what a reference stands for, or the document itself. `uri`: its one name."""
    if occurrence is None:
        return uri
    reference, _, target = occurrence
    expansion = document.expansions.get(target)
    path = None if expansion is None or reference.kind is not Kind.FILE else expansion.reading.path
    return (reference.kind, reference.target) if path is None else uri_of(path)


def _ranges(group: Iterable[Edge]) -> list[dict[str, Any]]:
    return [edge.range.as_json() for edge in group]
