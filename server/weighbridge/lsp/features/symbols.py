"""`textDocument/documentSymbol` and `workspace/symbol`: sections and references as an outline, with what they weigh."""

import asyncio
import heapq
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import Range, ReferenceReport, Report, SectionReport
from weighbridge.analysis.wording import PENDING, name_text, tokens_text
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.messages import WrittenJson
from weighbridge.references.model import Kind
from weighbridge.uris import path_of
from weighbridge.work import CancelToken, Priority

#: Symbols of one answer about the workspace.
MOST_SYMBOLS = 500

_KINDS = {
    Kind.FILE: types.SymbolKind.File,
    Kind.API: types.SymbolKind.Interface,
    Kind.VARIABLE: types.SymbolKind.Variable,
}


@dataclass(slots=True)
class _Node:
    """A section or a reference, and what stands in it."""

    name: str
    detail: str
    kind: types.SymbolKind
    range: Range
    selection: Range
    children: "list[_Node]" = field(default_factory=list)


def outline(report: Report) -> list[types.DocumentSymbol]:
    """Sections within sections, and references in theirs; in order."""
    return [_symbol(node) for node in _tree(report)]


def flat_outline(report: Report) -> list[types.SymbolInformation]:
    """The same in one list, for clients that know no other; `container_name` is the section it stands in."""
    found: list[types.SymbolInformation] = []
    todo: list[tuple[_Node, str | None]] = [(node, None) for node in reversed(_tree(report))]
    while todo:
        node, container = todo.pop()
        location = types.Location(report.uri, to_range(node.range))
        found.append(
            types.SymbolInformation(
                location, f"{node.name} ({node.detail})", node.kind, container_name=container
            )
        )
        todo.extend((child, node.name) for child in reversed(node.children))
    return found


@dataclass(frozen=True, slots=True)
class _Named:
    """A prompt, or a section of one, and how far its name is from what is looked for; `order`: among all of them."""

    distance: int
    order: int
    report: Report
    section: SectionReport | None


def workspace_symbols(
    reports: Iterable[Report], query: str, *, most: int = MOST_SYMBOLS, token: CancelToken | None = None
) -> list[types.WorkspaceSymbol]:
    """Prompts and sections whose names hold the query's letters in order; the best first, `most` of them.

    With thousands of prompts that is a worker's work.

    Raises:
        TaskCancelledError: the token is up.
    """
    best = heapq.nsmallest(most, _named(reports, query, token), key=lambda one: (one.distance, one.order))
    return [_workspace_symbol(one) for one in best]


def _named(reports: Iterable[Report], query: str, token: CancelToken | None) -> Iterator[_Named]:
    order = 0
    for report in reports:
        if token is not None:
            token.raise_if_cancelled()
        for section in (None, *report.sections):
            distance = _distance(query, _file_name(report) if section is None else section.title)
            if distance is not None:
                yield _Named(distance, order, report, section)
                order += 1


def _workspace_symbol(one: _Named) -> types.WorkspaceSymbol:
    report, section, name = one.report, one.section, _file_name(one.report)
    if section is None:
        start = types.Range(types.Position(0, 0), types.Position(0, 0))
        text = f"{name} ({tokens_text(report.tokens) if report.ready else PENDING})"
        return types.WorkspaceSymbol(types.Location(report.uri, start), text, types.SymbolKind.File)
    weight = tokens_text(section.tokens) if report.ready else PENDING
    text = f"{name_text(section.title) or '(no title)'} ({weight})"
    location = types.Location(report.uri, to_range(section.range))
    return types.WorkspaceSymbol(location, text, types.SymbolKind.String, None, None, name)


def _file_name(report: Report) -> str:
    return name_text(PurePath(path_of(report.uri) or report.uri).name)


class Symbols:
    """Outlines for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._numbers = itertools.count()
        capabilities = desk.capabilities.text_document
        symbol = capabilities.document_symbol if capabilities else None
        self._hierarchical = bool(symbol and symbol.hierarchical_document_symbol_support)

    async def document(
        self, params: types.DocumentSymbolParams
    ) -> WrittenJson | list[types.SymbolInformation]:
        """The outline of an open document: counted, if that doesn't take long, since no client can be told to ask again.

        Written here: structuring thousands of symbols takes ten times as long.
        """
        session = self._desk.session
        document = session.documents.get(params.text_document.uri)
        if document is None:
            return []
        await self._desk.counted(document)
        report = session.report(document)
        if not self._hierarchical:
            return flat_outline(report)
        return WrittenJson(json.dumps([_plain(symbol) for symbol in outline(report)]))

    async def workspace(self, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        """Symbols of all prompts: open ones as they are in the editor, others as far as they are weighed."""
        reports = await self._desk.reports()
        key = ("workspace symbols", next(self._numbers))
        try:
            return await self._desk.tasks.submit(
                key,
                lambda token: workspace_symbols(reports, params.query, token=token),
                priority=Priority.HIGH,
                title="symbols",
            )
        except asyncio.CancelledError:
            self._desk.tasks.cancel(key)
            raise


def _tree(report: Report) -> list[_Node]:
    """Sections and references in order, each in the innermost section around it."""
    top: list[_Node] = []
    open_: list[tuple[SectionReport, _Node]] = []
    for part in _in_order(report.sections, report.references):
        line = part.range.start_line
        while open_ and line >= _end(open_[-1][0]):
            open_.pop()
        node = _section(part, report) if isinstance(part, SectionReport) else _reference(part)
        (open_[-1][1].children if open_ else top).append(node)
        if isinstance(part, SectionReport):
            open_.append((part, node))
    return top


def _in_order(
    sections: Sequence[SectionReport], references: Sequence[ReferenceReport]
) -> Iterator[SectionReport | ReferenceReport]:
    """Merge both by place; a heading before the references in it."""
    waiting = list(reversed(references))
    for section in sections:
        while waiting and waiting[-1].range.start_line < section.range.start_line:
            yield waiting.pop()
        yield section
    yield from reversed(waiting)


def _end(section: SectionReport) -> int:
    """The first line that isn't the section's."""
    return section.range.end_line + (section.range.end_character > 0)


def _section(section: SectionReport, report: Report) -> _Node:
    start = section.range
    detail = tokens_text(section.tokens) if report.ready else PENDING
    # The heading's line as far as the section goes, whatever its length: names never lie outside of what they name.
    line_end = (start.start_line + 1, 0)
    end = min(line_end, (start.end_line, start.end_character))
    selection = Range(start.start_line, 0, *end)
    return _Node(name_text(section.title) or "(no title)", detail, types.SymbolKind.String, start, selection)


def _reference(reference: ReferenceReport) -> _Node:
    if reference.tokens is not None:
        detail = tokens_text(reference.tokens)
    else:
        detail = "failed" if reference.state is State.FAILED else PENDING
    return _Node(
        name_text(reference.target), detail, _KINDS[reference.kind], reference.range, reference.range
    )


def _symbol(node: _Node) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=node.name,
        kind=node.kind,
        range=to_range(node.range),
        selection_range=to_range(node.selection),
        detail=node.detail,
        children=[_symbol(child) for child in node.children] or None,
    )


def _plain(symbol: types.DocumentSymbol) -> dict[str, Any]:
    plain = {
        "name": symbol.name,
        "detail": symbol.detail,
        "kind": symbol.kind.value,
        "range": _plain_range(symbol.range),
        "selectionRange": _plain_range(symbol.selection_range),
    }
    return plain if symbol.children is None else plain | {"children": [*map(_plain, symbol.children)]}


def _plain_range(place: types.Range) -> dict[str, Any]:
    start, end = place.start, place.end
    return {
        "start": {"line": start.line, "character": start.character},
        "end": {"line": end.line, "character": end.character},
    }


def _distance(query: str, name: str) -> int | None:
    """How far apart the query's letters stand in a name, whatever their case; None if they don't. 0 for a beginning."""
    wanted, text = query.casefold().replace(" ", ""), name.casefold()
    if not wanted:
        return 0
    at = text.find(wanted)
    if at >= 0:
        return 0 if at == 0 else 1
    at, first = -1, 0
    for number, letter in enumerate(wanted):
        at = text.find(letter, at + 1)
        if at < 0:
            return None
        if number == 0:
            first = at
    return 2 + at - first - len(wanted)
