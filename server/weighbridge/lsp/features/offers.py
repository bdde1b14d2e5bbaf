"""What code actions are offered at a place: for references that lead nowhere, typos, notices and budgets."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types

from weighbridge.analysis.expand import Expansion
from weighbridge.analysis.report import Range, ReferenceReport, Report, SectionReport
from weighbridge.analysis.wording import name_text, part_text, share_text
from weighbridge.content.api import host_to_allow
from weighbridge.content.base import ContentRequest, Scope
from weighbridge.content.text_file import TextFiles
from weighbridge.content.variable import ENVIRONMENT, VariableHandler
from weighbridge.errors import Code
from weighbridge.lsp.abilities import client_commands
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.corrections import Correction, names_file, nearest_changes
from weighbridge.lsp.features.diagnostics import SOURCE, to_range
from weighbridge.lsp.features.fixes import Fixes
from weighbridge.lsp.features.places import reference_at
from weighbridge.references.model import Kind, Reference
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.work import Priority

#: Parts named by the trim hint, and paths proposed for one that isn't there.
_LARGEST, _NEAREST = 5, 3
#: Broken references of a selection for which something is proposed.
_MOST_MENDED = 5
#: Tokens that a budget's directive itself may take.
_DIRECTIVE = 30

#: A command of the client's own: it adds a host to `weighbridge.apiAllow` in the user's settings.
ALLOW_HOST = "weighbridge.allowHost"

QUICK_FIX = types.CodeActionKind.QuickFix
_INLINE = types.CodeActionKind.RefactorInline
_EXTRACT = types.CodeActionKind.RefactorExtract
_SET_BUDGET = types.CodeActionKind.Source


@dataclass(frozen=True, slots=True)
class Fix:
    """Something that can be done. `arguments`: plain JSON. `command`: instead of an edit."""

    id: str
    title: str
    kind: types.CodeActionKind
    arguments: dict[str, Any] = field(default_factory=dict)
    fixes: types.Diagnostic | None = None
    preferred: bool = False
    command: types.Command | None = None


class Offers:
    """What is offered to one client. `shows`: whether it shows a place that it is sent to."""

    def __init__(self, backend: Backend, fixes: Fixes, *, shows: bool) -> None:
        self._backend = backend
        self._session = backend.session
        self._fixes = fixes
        self._shows = shows
        self._texts = TextFiles(backend.session.open_texts)
        self._variables = VariableHandler(backend.session.open_texts)

    async def offered(self, document: Document, params: types.CodeActionParams) -> list[Fix]:
        """All fixes for a place."""
        place, report = params.range, self._session.report(document)
        fixes: list[Fix] = []
        occurrence = reference_at(document, place.start.line, place.start.character)
        for reference, range_, target in (
            [occurrence] if occurrence is not None else self._broken(document, params)
        ):
            given = {"line": range_.start_line, "character": range_.start_character}
            expansion = document.expansions.get(target)
            if expansion is not None:
                diagnostic = _diagnostic_at(params, range_)
                fixes += await self._for_reference(document, reference, expansion, given, diagnostic)
        if place.start != place.end and self._fixes.creates:
            arguments = {"range": _plain_range(place)}
            fixes.append(Fix("extract", "Extract to a file and refer to it", _EXTRACT, arguments))
        fixes += await self._for_typos(document, params)
        fixes += self._for_notices(document, report, params)
        fixes += self._for_budget(document, report, params)
        return fixes

    @staticmethod
    def _for_notices(document: Document, report: Report, params: types.CodeActionParams) -> Iterator[Fix]:
        """Fixes for imports that their agent passes over: what to write instead."""
        start, end = ((side.line, side.character) for side in (params.range.start, params.range.end))
        for place, notice in () if document.arrival_due else report.notices:
            touches = (place.start_line, place.start_character) <= end and start <= (
                place.end_line,
                place.end_character,
            )
            if notice.instead is not None and touches:
                given = {"line": place.start_line, "character": place.start_character}
                about = _diagnostic_at(params, place)
                written = name_text(notice.instead.strip())
                around = notice.instead.startswith(("\n", "\r\n"))
                title = f"Put empty lines around {written}" if around else f"Write {written}"
                yield Fix("import", title, QUICK_FIX, given, about, preferred=notice.severity == "warning")

    @staticmethod
    def _broken(document: Document, params: types.CodeActionParams) -> list[tuple[Reference, Range, Target]]:
        """The references in the range that the client asks to have mended."""
        diagnosed = {
            (diagnostic.range.start.line, diagnostic.range.start.character)
            for diagnostic in params.context.diagnostics
            if diagnostic.source == SOURCE
        }
        start, end = ((side.line, side.character) for side in (params.range.start, params.range.end))
        return [
            occurrence
            for occurrence in document.placed()
            if start <= (place := (occurrence[1].start_line, occurrence[1].start_character)) < end
            and place in diagnosed
        ][:_MOST_MENDED]

    async def _for_reference(
        self,
        document: Document,
        reference: Reference,
        expansion: Expansion,
        given: dict[str, Any],
        diagnostic: types.Diagnostic | None,
    ) -> list[Fix]:
        code = None if expansion.problem is None else expansion.problem.code
        scope = None if document.expander is None else document.expander.scope
        fixes: list[Fix] = []
        if scope is None:
            return fixes
        if reference.kind is Kind.FILE and code is Code.NOT_FOUND:
            fixes += await self._for_absent(document, reference, scope, given, diagnostic)
        if reference.kind is Kind.VARIABLE and code is Code.UNDEFINED:
            fixes += await self._for_undefined(document, reference, scope, given, diagnostic)
        if reference.kind is Kind.API and code is not None:
            fixes += self._for_response(document, reference, scope, code, diagnostic)
        if expansion.summary is not None and not _secret(expansion):
            fixes.append(Fix("inline", "Replace by its content", _INLINE, given))
        return fixes

    async def _for_absent(
        self,
        document: Document,
        reference: Reference,
        scope: Scope,
        given: dict[str, Any],
        diagnostic: types.Diagnostic | None,
    ) -> list[Fix]:
        """Fixes for what isn't there: another file, another section of the file that is there, or a new file."""
        changes: list[Correction] = await self._backend.tasks.submit(
            ("nearest", document.uri, reference.target, reference.fragment),
            lambda _: nearest_changes(self._backend.files, self._texts, reference, scope, _NEAREST),
            priority=Priority.HIGH,
            title="code action",
        )
        fixes = [
            Fix("correct", change.title, QUICK_FIX, given | change.arguments, diagnostic, number == 0)
            for number, change in enumerate(changes)
        ]
        path = self._fixes.new_file(document, reference)
        if path is not None and reference.fragment is None:
            where = self._session.configuration.relative_folder(path)
            title = f"Create {name_text('/'.join(filter(None, (where, path.name))))}"
            fixes.append(Fix("create", title, QUICK_FIX, given, diagnostic))
        return fixes

    async def _for_undefined(
        self,
        document: Document,
        reference: Reference,
        scope: Scope,
        given: dict[str, Any],
        diagnostic: types.Diagnostic | None,
    ) -> list[Fix]:
        name = reference.target
        request = ContentRequest(Kind.VARIABLE, name, None, None, document.folder, scope)
        meant: str | None = await self._backend.tasks.submit(
            ("nearest", document.uri, name),
            lambda _: self._variables.meant(request),
            priority=Priority.HIGH,
            title="code action",
        )
        fixes: list[Fix] = []
        if meant is not None:
            arguments = given | {"path": meant}
            fixes.append(
                Fix(
                    "correct",
                    f"Change to {name_text(meant)}",
                    QUICK_FIX,
                    arguments,
                    diagnostic,
                    preferred=True,
                )
            )
        if not name.startswith(ENVIRONMENT):
            title = f"Define {name_text(name)} in the front matter"
            fixes.append(Fix("define", title, QUICK_FIX, {"name": name}, diagnostic))
        return fixes

    def _for_response(
        self,
        document: Document,
        reference: Reference,
        scope: Scope,
        code: Code,
        diagnostic: types.Diagnostic | None,
    ) -> Iterator[Fix]:
        """Fixes for an API: fetch it again; or allow its host, in the user's settings, which the editor writes."""
        if code is not Code.DENIED:
            title = f"Fetch {name_text(reference.target)} again"
            command = types.Command(title, "weighbridge.refresh", arguments=[document.uri])
            yield Fix("refresh", title, QUICK_FIX, fixes=diagnostic, command=command)
        elif ALLOW_HOST in client_commands(self._backend.capabilities):
            host = host_to_allow(reference.target, scope.settings)
            if host is not None:
                title = f"Allow fetching from {name_text(host)}, in your settings"
                command = types.Command(title, ALLOW_HOST, arguments=[host])
                yield Fix("allow", title, QUICK_FIX, fixes=diagnostic, command=command)

    async def _for_typos(self, document: Document, params: types.CodeActionParams) -> list[Fix]:
        """Fixes for typos: what is meant for sure, or names a file that is there, is written as a reference."""
        place = params.range.start
        if document.prepared is None or document.expander is None or place.line >= document.buffer.line_count:
            return []
        scope, fixes = document.expander.scope, list[Fix]()
        for typo in document.prepared.index.line(place.line).typos:
            start, end = (document.buffer.to_units(place.line, at) for at in (typo.start, typo.end))
            if not start <= place.character <= end:
                continue
            if typo.certain or await self._names_file(document, typo.written, scope):
                given = {"line": place.line, "character": start}
                title = f"Change to {name_text(typo.written)}"
                diagnostic = next(
                    (
                        candidate
                        for candidate in params.context.diagnostics
                        if candidate.code == Code.TYPO.value
                    ),
                    None,
                )
                fixes.append(Fix("retype", title, QUICK_FIX, given, diagnostic, preferred=True))
        return fixes

    async def _names_file(self, document: Document, written: str, scope: Scope) -> bool:
        names: bool = await self._backend.tasks.submit(
            ("names", document.uri, written),
            lambda _: names_file(self._texts, written, scope),
            priority=Priority.HIGH,
            title="code action",
        )
        return names

    def _for_budget(
        self, document: Document, report: Report, params: types.CodeActionParams
    ) -> Iterator[Fix]:
        diagnostic = next(
            (candidate for candidate in params.context.diagnostics if candidate.code == Code.BUDGET.value),
            None,
        )
        # Where no budget is crossed, in the menu only: of actions on the whole document.
        in_menu = any(is_a(_SET_BUDGET, kind) for kind in params.context.only or ())
        if diagnostic is None and not in_menu:
            return
        budget = _rounded(report.tokens + _DIRECTIVE)
        if report.ready and report.tokens and budget != report.budget.limit:
            title = f"Set this document's budget to {budget:,} tokens"
            kind = _SET_BUDGET if diagnostic is None else QUICK_FIX
            yield Fix("budget", title, kind, {"budget": budget}, diagnostic)
        if diagnostic is None or not self._shows:
            return
        for part in _largest(report):
            name = (
                f"section “{name_text(part.title)}”"
                if isinstance(part, SectionReport)
                else name_text(part.target)
            )
            share = share_text((part.tokens or 0) / report.budget.limit)
            title = f"Go to {name}: {part_text(report, part)}, {share} of the budget"
            where = {"uri": document.uri, "range": part.range.as_json()}
            command = types.Command(title, "weighbridge.show", arguments=[where])
            yield Fix("largest", title, QUICK_FIX, fixes=diagnostic, command=command)


def is_a(kind: types.CodeActionKind | str, parent: types.CodeActionKind | str) -> bool:
    """Whether a kind is its parent itself, or is below it: `refactor.inline` is a `refactor`."""
    name, parent_name = str(getattr(kind, "value", kind)), str(getattr(parent, "value", parent))
    return not parent_name or name == parent_name or name.startswith(f"{parent_name}.")


def _diagnostic_at(params: types.CodeActionParams, place: Range) -> types.Diagnostic | None:
    """The diagnostic at a place, of those that the client sent."""
    return next(
        (diagnostic for diagnostic in params.context.diagnostics if diagnostic.range == to_range(place)), None
    )


def _secret(expansion: Expansion) -> bool:
    """Whether a content must not be shown, or holds another that must not be."""
    todo = [expansion]
    while todo:
        current = todo.pop()
        if current.reading.secret:
            return True
        todo.extend(placed.expansion for placed in current.nested)
    return False


def _largest(report: Report) -> list[ReferenceReport | SectionReport]:
    """The parts that weigh most, references and sections but for one that is the whole document."""
    parts: list[ReferenceReport | SectionReport] = [
        reference for reference in report.references if reference.tokens
    ]
    if report.ready:
        parts += [section for section in report.sections if section.tokens and section.tokens < report.tokens]
    parts.sort(key=lambda part: -(part.tokens or 0))
    return parts[:_LARGEST]


def _rounded(tokens: int) -> int:
    """A number of tokens, rounded up to two figures; to a hundred at least."""
    step: int = max(100, 10 ** (int(math.log10(max(tokens, 1))) - 1))
    return -(-tokens // step) * step


def _plain_range(place: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": place.start.line, "character": place.start.character},
        "end": {"line": place.end.line, "character": place.end.character},
    }
