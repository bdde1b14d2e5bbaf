"""`textDocument/references` and the call hierarchy: the graph of who includes whom."""

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from lsprotocol import types

from weighbridge.analysis.graph import Edge, edges, leading_to
from weighbridge.content.section import slug_of
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.places import heading_at, reference_at
from weighbridge.lsp.features.wording import tokens_text
from weighbridge.references.model import Kind
from weighbridge.uris import path_of


def uses_of_variable(found: Iterable[Edge], name: str) -> list[types.Location]:
    """Where a variable is used."""
    return [_location(edge) for edge in found if (edge.kind, edge.name) == (Kind.VARIABLE, name)]


def uses_of_heading(found: Iterable[Edge], uri: str, title: str) -> list[types.Location]:
    """Where a file's heading is referred to, by its words or its anchor."""
    names = heading_names(title)
    return [
        _location(edge)
        for edge in found
        if edge.target == uri and " ".join(edge.name.partition("#")[2].split()).casefold() in names
    ]


def heading_names(title: str) -> set[str]:
    """What a fragment calls a heading, without regard to case: its words, its anchor."""
    return {" ".join(title.split()).casefold(), slug_of(title)}


def incoming(found: Iterable[Edge], uri: str) -> list[types.CallHierarchyIncomingCall]:
    """The files that include this one, each with the places where it does."""
    grouped: dict[str, list[Edge]] = {}
    for edge in found:
        if edge.target == uri:
            grouped.setdefault(edge.source, []).append(edge)
    return [
        types.CallHierarchyIncomingCall(
            _item(source, tokens=group[0].tokens), [to_range(edge.range) for edge in group]
        )
        for source, group in grouped.items()
    ]


def outgoing(found: Iterable[Edge], uri: str) -> list[types.CallHierarchyOutgoingCall]:
    """The files that this one includes, each with the places where it does."""
    grouped: dict[str, list[Edge]] = {}
    for edge in found:
        if edge.source == uri and edge.target is not None:
            grouped.setdefault(edge.target, []).append(edge)
    return [
        types.CallHierarchyOutgoingCall(
            _item(target, tokens=group[0].tokens), [to_range(edge.range) for edge in group]
        )
        for target, group in grouped.items()
    ]


class Includes:
    """Answers for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def references(self, params: types.ReferenceParams) -> list[types.Location]:
        """Who uses what stands at the place: a variable, a heading, a reference's file; elsewhere the document itself."""
        uri, place = params.text_document.uri, params.position
        document = self._desk.session.documents.get(uri)
        if document is None:
            return []
        found = reference_at(document, place.line, place.character)
        heading = heading_at(document, place.line)
        reports = await self._desk.reports()
        if found is not None and found[0].kind is Kind.VARIABLE:
            return uses_of_variable(edges(reports), found[0].target)
        if found is not None:
            expansion = document.expansions.get(found[2])
            path = None if expansion is None else expansion.reading.path
            if path is None:
                name = found[0].target
                return [_location(edge) for edge in edges(reports) if edge.name == name]
            uri = path.as_uri()
        elif heading is not None:
            return uses_of_heading(edges(reports), uri, heading.title)
        return [_location(edge) for edge in leading_to(reports, uri)]

    def prepare(self, params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem] | None:
        """The file that a reference at the place stands for, or the document."""
        uri, place = params.text_document.uri, params.position
        document = self._desk.session.documents.get(uri)
        if document is None:
            return None
        found = reference_at(document, place.line, place.character)
        if found is None:
            return [_item(uri, tokens=self._desk.session.report(document).tokens)]
        expansion = document.expansions.get(found[2])
        if expansion is None or expansion.reading.path is None:
            return None
        return [_item(expansion.reading.path.as_uri(), tokens=expansion.tokens)]

    async def incoming(
        self, params: types.CallHierarchyIncomingCallsParams
    ) -> list[types.CallHierarchyIncomingCall]:
        """Who includes a file."""
        return incoming(edges(await self._desk.reports()), params.item.uri)

    async def outgoing(
        self, params: types.CallHierarchyOutgoingCallsParams
    ) -> list[types.CallHierarchyOutgoingCall]:
        """What a file includes."""
        return outgoing(edges(await self._desk.reports()), params.item.uri)


def _location(edge: Edge) -> types.Location:
    return types.Location(edge.source, to_range(edge.range))


def _item(uri: str, *, tokens: int | None) -> types.CallHierarchyItem:
    nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    options: dict[str, Any] = {} if tokens is None else {"detail": tokens_text(tokens)}
    name = PurePath(path_of(uri) or uri).name
    return types.CallHierarchyItem(name, types.SymbolKind.File, uri, nowhere, nowhere, **options)
