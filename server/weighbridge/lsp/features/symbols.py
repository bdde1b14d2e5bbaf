"""`textDocument/documentSymbol` and `workspace/symbol`: sections and references as an outline, with what they weigh."""

import asyncio
import heapq
import itertools
import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import PurePath
from typing import Any

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import Range, ReferenceReport, Report, SectionReport
from weighbridge.analysis.wording import PENDING, name_text, part_text, tokens_text
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.messages import WrittenJson
from weighbridge.references.model import Kind
from weighbridge.uris import path_of, uri_of
from weighbridge.work import CancelToken, Priority

#: Symbols of one answer about the workspace: more than anybody reads; what is typed next narrows them.
MOST_SYMBOLS = 200

#: Names that are looked at, the first ones, to find those whose letters stand the least apart.
_MOST_APART = 2_000

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


def flat_outline(report: Report) -> list[types.SymbolInformation]:
    """Sections and references in one list, for clients that know no tree; `container_name` is the section it stands in."""
    symbols: list[types.SymbolInformation] = []
    todo: list[tuple[_Node, str | None]] = [(node, None) for node in reversed(_tree(report))]
    while todo:
        node, container = todo.pop()
        location = types.Location(report.uri, to_range(node.range))
        symbols.append(
            types.SymbolInformation(
                location, f"{node.name} ({node.detail})", node.kind, container_name=container
            )
        )
        todo.extend((child, node.name) for child in reversed(node.children))
    return symbols


class SymbolNames:
    """The names of prompts and of their sections, each once, all in one text: letters are looked for in all of them at once.

    With thousands of prompts, making it is a worker's work.
    """

    def __init__(self, reports: Iterable[Report]) -> None:
        named: dict[str, list[tuple[Report, SectionReport | None]]] = {}
        for report in reports:
            for section in (None, *report.sections):
                name = _file_name(report) if section is None else section.title
                named.setdefault(name.casefold().replace("\n", " "), []).append((report, section))
        self._named = [*named.values()]
        # Each has a line's end before it.
        self._text = "".join([f"\n{name}" for name in named])
        self._starts = [0, *itertools.accumulate(len(name) + 1 for name in named)]

    def like(
        self, query: str, most: int, hidden: Container[str], token: CancelToken | None
    ) -> Iterator[tuple[int, Report, SectionReport | None]]:
        """Prompts and sections whose names hold the query's letters in order, and how far apart these stand.

        The `most` best are among them, unless letters stand apart in more than `_MOST_APART`. `hidden`: prompts that are left
        out, by URI. Raises TaskCancelledError.
        """
        seen: set[int] = set()
        count = 0
        for pattern in _patterns(query, self._text):
            for match in re.finditer(pattern, self._text):
                if token is not None:
                    token.raise_if_cancelled()
                number = bisect_right(self._starts, match.start()) - 1
                if number in seen:
                    continue
                seen.add(number)
                if match.re.groups:
                    distance = 2 + match.end() - match.start(1)
                else:
                    distance = 0 if match.group().startswith("\n") else 1
                for report, section in self._named[number]:
                    if report.uri not in hidden:
                        count += 1
                        yield distance, report, section
                # All that come later are no better; but letters that stand apart do so more or less.
                if count >= (_MOST_APART if match.re.groups else most):
                    return


def _patterns(query: str, text: str) -> Iterator[str]:
    """Patterns of names that begin with the query, those that hold it, and those that hold its letters in order.

    In a text that lacks what they need, they need not be looked for.
    """
    letters = _folded(query)
    if not letters:
        yield "\n"
        return
    if letters in text:
        yield f"\n{re.escape(letters)}"
        yield re.escape(letters)
    if all(letter in text for letter in letters):
        # None is gone back over: the first place of each letter is as good as any.
        first, *others = map(re.escape, letters)
        yield f"\n[^\n{first}]*+({first})" + "".join(f"[^\n{letter}]*+{letter}" for letter in others)


def workspace_symbols(
    names: Iterable[tuple[SymbolNames, Container[str]]],
    query: str,
    *,
    most: int = MOST_SYMBOLS,
    token: CancelToken | None = None,
) -> list[dict[str, Any]]:
    """Prompts and sections whose names hold the query's letters in order; the best first, `most` of them, as JSON.

    `names`: with the prompts among them that are left out, by URI. With thousands of prompts that is a worker's work, and
    so is to write the answer.

    Raises:
        TaskCancelledError: the token is up.
    """
    matches = itertools.chain.from_iterable(
        prompt_names.like(query, most, hidden, token) for prompt_names, hidden in names
    )
    best = heapq.nsmallest(most, matches, key=itemgetter(0))
    return [_workspace_symbol(report, section) for _, report, section in best]


def _workspace_symbol(report: Report, section: SectionReport | None) -> dict[str, Any]:
    name = _file_name(report)
    if section is None:
        weight = tokens_text(report.tokens, exact=report.exact) if report.ready else PENDING
        return _symbol_json(f"{name} ({weight})", types.SymbolKind.File, report.uri, Range(0, 0, 0, 0))
    weight = part_text(report, section) if report.ready else PENDING
    text = f"{name_text(section.title) or '(no title)'} ({weight})"
    return _symbol_json(text, types.SymbolKind.String, report.uri, section.range) | {"containerName": name}


def _symbol_json(name: str, kind: types.SymbolKind, uri: str, place: Range) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind.value,
        "location": {"uri": uri, "range": place.as_json()},
    }


def _file_name(report: Report) -> str:
    return name_text(PurePath(path_of(report.uri) or report.uri).name)


class Symbols:
    """Outlines for one client."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._numbers = itertools.count()
        #: Of closed prompts, and the workspace's revision that they are of.
        self._names, self._names_at = SymbolNames(()), 0
        capabilities = backend.capabilities.text_document
        symbol = capabilities.document_symbol if capabilities else None
        self._hierarchical = bool(symbol and symbol.hierarchical_document_symbol_support)

    async def document(
        self, params: types.DocumentSymbolParams
    ) -> WrittenJson | list[types.SymbolInformation]:
        """The outline of an open document: counted, if that doesn't take long, since no client can be told to ask again.

        Written here: structuring thousands of symbols takes ten times as long.
        """
        session = self._backend.session
        document = session.documents.get(params.text_document.uri)
        if document is None:
            return []
        await self._backend.counted(document)
        report = session.report(document)
        if not self._hierarchical:
            return flat_outline(report)
        return WrittenJson.of([_plain(node) for node in _tree(report)])

    async def workspace(self, params: types.WorkspaceSymbolParams) -> WrittenJson:
        """Symbols of all prompts: open ones as they are in the editor, others as far as they are weighed."""
        await self._backend.weighed()
        workspace, session = self._backend.workspace, self._backend.session
        opened = [session.report(document) for document in session.documents.values()]
        paths = [document.path for document in session.documents.values() if document.path is not None]
        closed = workspace.prompts.reports() if workspace.prompts.revision != self._names_at else None
        revision, names = workspace.prompts.revision, self._names

        def find(token: CancelToken) -> tuple[SymbolNames, WrittenJson]:
            closed_names = (
                names if closed is None else SymbolNames(report for _, report in sorted(closed.items()))
            )
            # What is open is known as it is in the editor.
            hidden = set(map(uri_of, paths))
            symbols = workspace_symbols(
                [(SymbolNames(opened), ()), (closed_names, hidden)], params.query, token=token
            )
            return closed_names, WrittenJson.of(symbols)

        key = ("workspace symbols", next(self._numbers))
        try:
            self._names, answer = await self._backend.tasks.submit(
                key, find, priority=Priority.HIGH, title="symbols"
            )
        except asyncio.CancelledError:
            self._backend.tasks.cancel(key)
            raise
        self._names_at = revision
        return answer


def _tree(report: Report) -> list[_Node]:
    """Sections and references in order, each in the innermost section around it."""
    top: list[_Node] = []
    open_: list[tuple[SectionReport, _Node]] = []
    for part in _in_order(report.sections, report.references):
        line = part.range.start_line
        while open_ and line >= _end(open_[-1][0]):
            open_.pop()
        node = _section(part, report) if isinstance(part, SectionReport) else _reference(part, report)
        (open_[-1][1].children if open_ else top).append(node)
        if isinstance(part, SectionReport):
            open_.append((part, node))
    return top


def _in_order(
    sections: Sequence[SectionReport], references: Sequence[ReferenceReport]
) -> Iterator[SectionReport | ReferenceReport]:
    """Sections and references merged by place; a heading before the references in it."""
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
    detail = part_text(report, section) if report.ready else PENDING
    # The heading's line as far as the section goes, whatever its length: names never lie outside of what they name.
    line_end = (start.start_line + 1, 0)
    end = min(line_end, (start.end_line, start.end_character))
    selection = Range(start.start_line, 0, *end)
    return _Node(name_text(section.title) or "(no title)", detail, types.SymbolKind.String, start, selection)


def _reference(reference: ReferenceReport, report: Report) -> _Node:
    if reference.tokens is not None:
        detail = part_text(report, reference)
    else:
        detail = "failed" if reference.state is State.FAILED else PENDING
    return _Node(
        name_text(reference.target), detail, _KINDS[reference.kind], reference.range, reference.range
    )


def _plain(node: _Node) -> dict[str, Any]:
    """A `DocumentSymbol` as JSON."""
    children = {"children": [*map(_plain, node.children)]} if node.children else {}
    return {
        "name": node.name,
        "detail": node.detail,
        "kind": node.kind.value,
        "range": node.range.as_json(),
        "selectionRange": node.selection.as_json(),
        **children,
    }


def _folded(query: str) -> str:
    return query.casefold().replace(" ", "").replace("\n", "")
