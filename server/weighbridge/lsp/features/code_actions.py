"""`textDocument/codeAction`: what can be done about a reference, a selection, a budget. Edits are made when one is chosen.

What an action will do is told in its data (`id` and a place), and worked out by `codeAction/resolve`, or by the command
`weighbridge.applyFix` for clients that know no actions but commands, or at once for those that resolve nothing.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types

from weighbridge.analysis.expand import Expansion
from weighbridge.analysis.report import Range, ReferenceReport, Report, SectionReport
from weighbridge.analysis.wording import name_text, part_text, share_text
from weighbridge.content.api import host_to_allow
from weighbridge.content.base import Request, Scope
from weighbridge.content.text_file import TextFiles
from weighbridge.content.variable import ENVIRONMENT, VariableHandler
from weighbridge.errors import Code
from weighbridge.lsp.abilities import client_commands
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.corrections import Change, names_file, nearest_changes
from weighbridge.lsp.features.diagnostics import SOURCE, to_range
from weighbridge.lsp.features.fixes import Fixes
from weighbridge.lsp.features.places import reference_at
from weighbridge.lsp.protocol import InvalidParamsError, RequestError
from weighbridge.references.model import Kind, Reference
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.work import Priority

logger = logging.getLogger(__name__)

#: Parts named by the trim hint, and paths proposed for one that isn't there.
_LARGEST, _NEAREST = 5, 3
#: Broken references of a selection for which something is proposed.
_MOST_MENDED = 5
#: Tokens that a budget's directive itself may take.
_DIRECTIVE = 30

#: A command of the client's own: it adds a host to `weighbridge.apiAllow` in the user's settings.
ALLOW_HOST = "weighbridge.allowHost"

_QUICK_FIX = types.CodeActionKind.QuickFix
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


class CodeActions:
    """Answers for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session = desk.session
        self._doing = Fixes(desk)
        self._texts = TextFiles(desk.session.open_texts)
        self._variables = VariableHandler(desk.session.open_texts)
        document, workspace, window = (
            desk.capabilities.text_document,
            desk.capabilities.workspace,
            desk.capabilities.window,
        )
        action = document.code_action if document else None
        self._literals = action is not None and action.code_action_literal_support is not None
        self._preferred = bool(action and action.is_preferred_support)
        properties = (action.resolve_support.properties if action and action.resolve_support else None) or ()
        self._lazy = bool(action and action.data_support) and "edit" in properties
        self._applies = bool(workspace and workspace.apply_edit)
        self._shows = bool(window and window.show_document and window.show_document.support)

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction] | list[types.Command]:
        """What can be done at a place."""
        document = await self._desk.looked_up(params.text_document.uri)
        if document is None or document.prepared is None:
            return []
        wanted = params.context.only
        # Nobody asked: a light bulb is for what is wrong.
        unasked = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic
        fixes = [
            fix
            for fix in await self._fixes(document, params)
            if not (unasked and fix.kind is not _QUICK_FIX)
            and (wanted is None or any(_is_a(fix.kind, kind) for kind in wanted))
        ]
        if not self._literals:
            return [
                fix.command
                or types.Command(fix.title, "weighbridge.applyFix", arguments=[self._data(document, fix)])
                for fix in fixes
                if fix.command is not None or self._applies
            ]
        return [action for fix in fixes if (action := await self._action(document, fix)) is not None]

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """Work out what a chosen action does.

        Raises:
            RequestError: it can't be done; the message says why.
        """
        if isinstance(action.data, dict) and action.edit is None:
            action.edit = await self._doing.made(action.data)
        return action

    async def apply(self, arguments: list[Any]) -> bool:
        """`weighbridge.applyFix`: the same for clients that know commands only. Returns whether it was applied."""
        data = arguments[0] if arguments else None
        if not isinstance(data, dict):
            raise InvalidParamsError("weighbridge.applyFix: expected what a code action gave")
        if not self._applies:
            raise RequestError("weighbridge.applyFix: this editor doesn't say that it applies edits")
        edit = await self._doing.made(data)
        answer = await self._desk.client.ask(types.WORKSPACE_APPLY_EDIT, types.ApplyWorkspaceEditParams(edit))
        return isinstance(answer, dict) and answer.get("applied") is True

    async def show(self, arguments: list[Any]) -> None:
        """`weighbridge.show`: bring a range of a document before the user."""
        place = arguments[0] if arguments else None
        try:
            uri, range_ = place["uri"], place["range"]  # type: ignore[index]  # told below what it must be
            selection = types.Range(types.Position(**range_["start"]), types.Position(**range_["end"]))
        except (TypeError, KeyError) as error:
            raise InvalidParamsError("weighbridge.show: expected {uri, range}") from error
        if not self._shows:
            raise RequestError("weighbridge.show: this editor doesn't say that it shows documents")
        await self._desk.client.ask(
            types.WINDOW_SHOW_DOCUMENT, types.ShowDocumentParams(uri, take_focus=True, selection=selection)
        )

    # What there is to do

    async def _fixes(self, document: Document, params: types.CodeActionParams) -> list[Fix]:
        place, report = params.range, self._session.report(document)
        found: list[Fix] = []
        at = reference_at(document, place.start.line, place.start.character)
        for reference, range_, target in [at] if at is not None else self._broken(document, params):
            given = {"line": range_.start_line, "character": range_.start_character}
            expansion = document.expansions.get(target)
            diagnostic = next(
                (one for one in params.context.diagnostics if one.range == to_range(range_)), None
            )
            if expansion is not None:
                found += await self._for_reference(document, reference, expansion, given, diagnostic)
        if place.start != place.end and self._doing.creates:
            arguments = {"range": _plain_range(place)}
            found.append(Fix("extract", "Extract to a file and refer to it", _EXTRACT, arguments))
        found += await self._for_typos(document, params)
        found += self._for_notices(document, report, params)
        found += self._for_budget(document, report, params)
        return found

    @staticmethod
    def _for_notices(document: Document, report: Report, params: types.CodeActionParams) -> Iterator[Fix]:
        """What to write for an import that its agent passes over."""
        start, end = ((side.line, side.character) for side in (params.range.start, params.range.end))
        for place, notice in () if document.arrival_due else report.notices:
            touches = (place.start_line, place.start_character) <= end and start <= (
                place.end_line,
                place.end_character,
            )
            if notice.instead is not None and touches:
                given = {"line": place.start_line, "character": place.start_character}
                about = next(
                    (one for one in params.context.diagnostics if one.range == to_range(place)), None
                )
                written = name_text(notice.instead.strip())
                around = notice.instead.startswith(("\n", "\r\n"))
                title = f"Put empty lines around {written}" if around else f"Write {written}"
                yield Fix("import", title, _QUICK_FIX, given, about, preferred=notice.severity == "warning")

    @staticmethod
    def _broken(document: Document, params: types.CodeActionParams) -> list[tuple[Reference, Range, Target]]:
        """The references in the range that the client asks to have mended."""
        wanted = {
            (one.range.start.line, one.range.start.character)
            for one in params.context.diagnostics
            if one.source == SOURCE
        }
        start, end = ((side.line, side.character) for side in (params.range.start, params.range.end))
        return [
            one
            for one in document.placed()
            if start <= (place := (one[1].start_line, one[1].start_character)) < end and place in wanted
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
        found: list[Fix] = []
        if scope is None:
            return found
        if reference.kind is Kind.FILE and code is Code.NOT_FOUND:
            found += await self._for_absent(document, reference, scope, given, diagnostic)
        if reference.kind is Kind.VARIABLE and code is Code.UNDEFINED:
            found += await self._for_undefined(document, reference, scope, given, diagnostic)
        if reference.kind is Kind.API and code is not None:
            found += self._for_response(document, reference, scope, code, diagnostic)
        if expansion.summary is not None and not _secret(expansion):
            found.append(Fix("inline", "Replace by its content", _INLINE, given))
        return found

    async def _for_absent(
        self,
        document: Document,
        reference: Reference,
        scope: Scope,
        given: dict[str, Any],
        diagnostic: types.Diagnostic | None,
    ) -> list[Fix]:
        """Another file, another section of the file that is there, or a new file."""
        changes: list[Change] = await self._desk.tasks.submit(
            ("nearest", document.uri, reference.target, reference.fragment),
            lambda _: nearest_changes(self._desk.files, self._texts, reference, scope, _NEAREST),
            priority=Priority.HIGH,
            title="code action",
        )
        found = [
            Fix("correct", change.title, _QUICK_FIX, given | change.arguments, diagnostic, number == 0)
            for number, change in enumerate(changes)
        ]
        path = self._doing.new_file(document, reference)
        if path is not None and reference.fragment is None:
            where = self._session.configuration.relative_folder(path)
            title = f"Create {name_text('/'.join(filter(None, (where, path.name))))}"
            found.append(Fix("create", title, _QUICK_FIX, given, diagnostic))
        return found

    async def _for_undefined(
        self,
        document: Document,
        reference: Reference,
        scope: Scope,
        given: dict[str, Any],
        diagnostic: types.Diagnostic | None,
    ) -> list[Fix]:
        name = reference.target
        request = Request(Kind.VARIABLE, name, None, None, document.folder, scope)
        meant: str | None = await self._desk.tasks.submit(
            ("nearest", document.uri, name),
            lambda _: self._variables.meant(request),
            priority=Priority.HIGH,
            title="code action",
        )
        found: list[Fix] = []
        if meant is not None:
            arguments = given | {"path": meant}
            found.append(
                Fix(
                    "correct",
                    f"Change to {name_text(meant)}",
                    _QUICK_FIX,
                    arguments,
                    diagnostic,
                    preferred=True,
                )
            )
        if not name.startswith(ENVIRONMENT):
            title = f"Define {name_text(name)} in the front matter"
            found.append(Fix("define", title, _QUICK_FIX, {"name": name}, diagnostic))
        return found

    def _for_response(
        self,
        document: Document,
        reference: Reference,
        scope: Scope,
        code: Code,
        diagnostic: types.Diagnostic | None,
    ) -> Iterator[Fix]:
        """Fetch it again; or, where its host isn't allowed, allow that: in the user's settings, which the editor writes."""
        if code is not Code.DENIED:
            title = f"Fetch {name_text(reference.target)} again"
            command = types.Command(title, "weighbridge.refresh", arguments=[document.uri])
            yield Fix("refresh", title, _QUICK_FIX, fixes=diagnostic, command=command)
        elif ALLOW_HOST in client_commands(self._desk.capabilities):
            host = host_to_allow(reference.target, scope.settings)
            if host is not None:
                title = f"Allow fetching from {name_text(host)}, in your settings"
                command = types.Command(title, ALLOW_HOST, arguments=[host])
                yield Fix("allow", title, _QUICK_FIX, fixes=diagnostic, command=command)

    async def _for_typos(self, document: Document, params: types.CodeActionParams) -> list[Fix]:
        """What is meant for sure, or names a file that is there, is written as a reference."""
        place = params.range.start
        if document.prepared is None or document.expander is None or place.line >= document.buffer.line_count:
            return []
        scope, found = document.expander.scope, list[Fix]()
        for typo in document.prepared.index.line(place.line).typos:
            start, end = (document.buffer.to_units(place.line, at) for at in (typo.start, typo.end))
            if not start <= place.character <= end:
                continue
            if typo.certain or await self._names_file(document, typo.written, scope):
                given = {"line": place.line, "character": start}
                title = f"Change to {name_text(typo.written)}"
                diagnostic = next(
                    (one for one in params.context.diagnostics if one.code == Code.TYPO.value), None
                )
                found.append(Fix("retype", title, _QUICK_FIX, given, diagnostic, preferred=True))
        return found

    async def _names_file(self, document: Document, written: str, scope: Scope) -> bool:
        found: bool = await self._desk.tasks.submit(
            ("names", document.uri, written),
            lambda _: names_file(self._texts, written, scope),
            priority=Priority.HIGH,
            title="code action",
        )
        return found

    def _for_budget(
        self, document: Document, report: Report, params: types.CodeActionParams
    ) -> Iterator[Fix]:
        diagnostic = next((one for one in params.context.diagnostics if one.code == Code.BUDGET.value), None)
        # Where no budget is crossed, in the menu only: of actions on the whole document.
        wanted = any(_is_a(_SET_BUDGET, kind) for kind in params.context.only or ())
        if diagnostic is None and not wanted:
            return
        budget = _rounded(report.tokens + _DIRECTIVE)
        if report.ready and report.tokens and budget != report.budget.limit:
            title = f"Set this document's budget to {budget:,} tokens"
            kind = _SET_BUDGET if diagnostic is None else _QUICK_FIX
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
            yield Fix("largest", title, _QUICK_FIX, fixes=diagnostic, command=command)

    async def _action(self, document: Document, fix: Fix) -> types.CodeAction | None:
        action = types.CodeAction(fix.title, fix.kind, command=fix.command)
        if fix.fixes is not None:
            action.diagnostics = [fix.fixes]
        if self._preferred and fix.preferred:
            action.is_preferred = True
        if fix.command is None:
            data = self._data(document, fix)
            if self._lazy:
                action.data = data
            else:
                try:
                    action.edit = await self._doing.made(data)
                except RequestError as error:
                    logger.info("%s: %s", fix.title, error)
                    return None
        return action

    @staticmethod
    def _data(document: Document, fix: Fix) -> dict[str, Any]:
        return {"uri": document.uri, "version": document.version, "id": fix.id, **fix.arguments}


def _secret(expansion: Expansion) -> bool:
    """Whether what it stands for must not be shown, or holds such a thing."""
    todo = [expansion]
    while todo:
        one = todo.pop()
        if one.reading.secret:
            return True
        todo.extend(placed.expansion for placed in one.nested)
    return False


def _largest(report: Report) -> list[ReferenceReport | SectionReport]:
    """The parts that weigh most, references and sections but for one that is the whole document."""
    parts: list[ReferenceReport | SectionReport] = [one for one in report.references if one.tokens]
    if report.ready:
        parts += [one for one in report.sections if one.tokens and one.tokens < report.tokens]
    parts.sort(key=lambda part: -(part.tokens or 0))
    return parts[:_LARGEST]


def _rounded(tokens: int) -> int:
    """Up, to two figures; to a hundred at least."""
    step: int = max(100, 10 ** (int(math.log10(max(tokens, 1))) - 1))
    return -(-tokens // step) * step


def _is_a(kind: types.CodeActionKind | str, wanted: types.CodeActionKind | str) -> bool:
    """Whether a kind is one, or is below it: `refactor.inline` is a `refactor`."""
    one, other = str(getattr(kind, "value", kind)), str(getattr(wanted, "value", wanted))
    return not other or one == other or one.startswith(f"{other}.")


def _plain_range(place: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": place.start.line, "character": place.start.character},
        "end": {"line": place.end.line, "character": place.end.character},
    }
