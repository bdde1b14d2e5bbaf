"""`textDocument/codeAction`: what can be done about a reference, a selection, a budget. Edits are made when one is chosen.

What an action will do is told in its data (`id` and a place), and worked out by `codeAction/resolve`, or by the command
`weighbridge.applyFix` for clients that know no actions but commands, or at once for those that resolve nothing.
"""

import logging
import math
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types

from weighbridge.analysis.expand import Expansion
from weighbridge.analysis.report import ReferenceReport, Report, SectionReport
from weighbridge.analysis.rewriting import extracted, inlined
from weighbridge.content.listing import list_folder, nearest
from weighbridge.content.policy import roots_of
from weighbridge.content.section import slug_of
from weighbridge.content.variable import ENVIRONMENT
from weighbridge.errors import Code, ReferenceFault
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.diagnostics import to_range
from weighbridge.lsp.features.edits import Edits, NewFile
from weighbridge.lsp.features.places import reference_at
from weighbridge.lsp.features.wording import share_text, tokens_text
from weighbridge.lsp.protocol import InvalidParamsError, RequestError
from weighbridge.references.model import Kind, Reference
from weighbridge.references.partial import escaped
from weighbridge.references.rewriting import with_target
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.session.waiting import CountingError, DocumentClosedError
from weighbridge.text import content_length
from weighbridge.uris import path_of, uri_of
from weighbridge.work import Priority

logger = logging.getLogger(__name__)

#: Parts named by the trim hint, and paths proposed for one that isn't there.
_LARGEST, _NEAREST = 5, 3
#: Characters of a content that is put in a document.
_LONGEST_CONTENT = 1_000_000
#: Tokens that a budget's directive itself may take.
_DIRECTIVE = 30

_QUICK_FIX = types.CodeActionKind.QuickFix
_INLINE = types.CodeActionKind.RefactorInline
_EXTRACT = types.CodeActionKind.RefactorExtract


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


Maker = Callable[[Document, dict[str, Any]], Coroutine[Any, Any, types.WorkspaceEdit]]


class CodeActions:
    """Answers for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session = desk.session
        self._edits = Edits(desk.capabilities)
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
        self._makers: dict[str, Maker] = {
            "create": self._create,
            "define": self._define,
            "correct": self._correct,
            "inline": self._inline,
            "extract": self._extract,
            "budget": self._budget,
        }

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction] | list[types.Command]:
        """What can be done at a place."""
        document = self._session.documents.get(params.text_document.uri)
        if document is None or document.prepared is None:
            return []
        wanted = params.context.only
        fixes = [
            fix
            for fix in await self._fixes(document, params)
            if wanted is None or any(_is_a(fix.kind, kind) for kind in wanted)
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
            action.edit = await self._made(action.data)
        return action

    async def apply(self, arguments: list[Any]) -> bool:
        """`weighbridge.applyFix`: the same for clients that know commands only. Returns whether it was applied."""
        data = arguments[0] if arguments else None
        if not isinstance(data, dict):
            raise InvalidParamsError("weighbridge.applyFix: expected what a code action gave")
        edit = await self._made(data)
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
        await self._desk.client.ask(
            types.WINDOW_SHOW_DOCUMENT, types.ShowDocumentParams(uri, take_focus=True, selection=selection)
        )

    # What there is to do

    async def _fixes(self, document: Document, params: types.CodeActionParams) -> list[Fix]:
        place, report = params.range, self._session.report(document)
        found: list[Fix] = []
        at = reference_at(document, place.start.line, place.start.character)
        if at is not None:
            reference, range_, target = at
            given = {"line": range_.start_line, "character": range_.start_character}
            expansion = document.expansions.get(target)
            diagnostic = next(
                (one for one in params.context.diagnostics if one.range == to_range(range_)), None
            )
            if expansion is not None:
                found += await self._for_reference(document, reference, expansion, given, diagnostic)
        elif place.start != place.end:
            arguments = {"range": _plain_range(place)}
            if self._edits.creates:
                found.append(Fix("extract", "Extract to a file and refer to it", _EXTRACT, arguments))
        found += self._for_budget(document, report, params)
        return found

    async def _for_reference(
        self,
        document: Document,
        reference: Reference,
        expansion: Expansion,
        given: dict[str, Any],
        diagnostic: types.Diagnostic | None,
    ) -> list[Fix]:
        code = None if expansion.problem is None else expansion.problem.code
        found: list[Fix] = []
        if reference.kind is Kind.FILE and code is Code.NOT_FOUND and document.expander is not None:
            scope, folder = document.expander.scope, document.folder
            paths: list[str] = await self._desk.tasks.submit(
                ("nearest", document.uri, reference.target),
                lambda _: nearest(reference.target, folder, scope, _NEAREST),
                priority=Priority.HIGH,
                title="code action",
            )
            for number, path in enumerate(paths):
                arguments = given | {"path": path}
                found.append(
                    Fix("correct", f"Change to {path}", _QUICK_FIX, arguments, diagnostic, number == 0)
                )
            if self._edits.creates and reference.fragment is None:
                found.append(Fix("create", f"Create {reference.target}", _QUICK_FIX, given, diagnostic))
        if (
            reference.kind is Kind.VARIABLE
            and code is Code.UNDEFINED
            and not reference.target.startswith(ENVIRONMENT)
        ):
            title = f"Define {reference.target} in the front matter"
            found.append(Fix("define", title, _QUICK_FIX, {"name": reference.target}, diagnostic))
        if reference.kind is Kind.API:
            title = f"Fetch {reference.target} again"
            command = types.Command(title, "weighbridge.refresh", arguments=[document.uri])
            found.append(Fix("refresh", title, _QUICK_FIX, fixes=diagnostic, command=command))
        if expansion.summary is not None and not _secret(expansion):
            found.append(Fix("inline", "Replace by its content", _INLINE, given))
        return found

    def _for_budget(
        self, document: Document, report: Report, params: types.CodeActionParams
    ) -> Iterator[Fix]:
        diagnostic = next((one for one in params.context.diagnostics if one.code == Code.BUDGET.value), None)
        if params.range.start.line != 0 and diagnostic is None:
            return
        budget = _rounded(report.tokens + _DIRECTIVE)
        if report.ready and report.tokens:
            title = f"Set this document's budget to {budget:,} tokens"
            yield Fix("budget", title, _QUICK_FIX, {"budget": budget}, diagnostic)
        if diagnostic is None or not self._shows:
            return
        for part in _largest(report):
            name = f"section “{part.title}”" if isinstance(part, SectionReport) else part.target
            share = share_text((part.tokens or 0) / report.budget.limit)
            title = f"Go to {name}: {tokens_text(part.tokens or 0)}, {share} of the budget"
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
                    action.edit = await self._made(data)
                except RequestError as error:
                    logger.info("%s: %s", fix.title, error)
                    return None
        return action

    @staticmethod
    def _data(document: Document, fix: Fix) -> dict[str, Any]:
        return {"uri": document.uri, "version": document.version, "id": fix.id, **fix.arguments}

    # Doing it

    async def _made(self, data: dict[str, Any]) -> types.WorkspaceEdit:
        document = self._session.documents.get(str(data.get("uri")))
        maker = self._makers.get(str(data.get("id")))
        if document is None or maker is None:
            raise InvalidParamsError("not an action of an open document")
        if document.version != data.get("version"):
            raise RequestError("the document has changed since; ask again")
        try:
            return await maker(document, data)
        except (ReferenceFault, CountingError, DocumentClosedError) as error:
            raise RequestError(str(error)) from error
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidParamsError("not what a code action gave") from error

    async def _create(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        reference, _, _ = _reference(document, data)
        if document.path is None:
            raise RequestError("save the document first: a path is relative to it")
        path = path_of(uri_of(document.path.parent / reference.target))
        folders = () if document.expander is None else roots_of(document.expander.scope)
        if path is None or not any(path.is_relative_to(folder) for folder in folders):
            raise RequestError(f"{reference.target}: outside the workspace's folders")
        return self._edits.edit({}, {}, [NewFile(uri_of(path))])

    async def _define(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        assert document.prepared is not None  # noqa: S101  it has references
        lines = document.prepared.front_matter.lines
        text = f"  {data['name']}: \n"
        at = 0
        if lines == 0:
            text = f"---\nvariables:\n{text}---\n"
        else:
            head = [document.buffer.line(line) for line in range(lines)]
            variables = next(
                (
                    line
                    for line, one in enumerate(head)
                    if one.startswith("variables:") and one[10:].strip() == ""
                ),
                None,
            )
            if variables is not None:
                at = variables + 1
            elif any(one.startswith("variables:") for one in head):
                raise RequestError("the front matter's `variables:` are not one to a line; add it by hand")
            else:
                at, text = lines - 1, f"variables:\n{text}"
        return self._edit(document, [types.TextEdit(_empty(at, 0), text)])

    async def _correct(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        reference, range_, _ = _reference(document, data)
        line = document.buffer.line(range_.start.line)
        text = with_target(line[reference.start : reference.end], str(data["path"]))
        if text is None:
            raise RequestError(f"{data['path']}: can't be written as a reference")
        return self._edit(document, [types.TextEdit(range_, text)])

    async def _inline(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        reference, range_, target = _reference(document, data)
        revision = document.text_revision
        content = await self._session.render_reference(document, target)
        if len(content) > _LONGEST_CONTENT:
            raise RequestError(f"{reference.target}: {len(content):,} characters are too many to write here")
        if document.text_revision != revision:
            raise RequestError("the document has changed since; ask again")
        start = _offset(document, range_.start.line, reference.start)
        text = document.buffer.text()
        new = await self._desk.tasks.submit(
            ("inline", document.uri),
            lambda _: inlined(text, start, start + reference.end - reference.start, content),
            priority=Priority.HIGH,
            title="code action",
        )
        if new is None:
            raise RequestError(
                f"{reference.target}: its content would be read as more than text here: it, or what follows, would change"
            )
        return self._edit(document, [types.TextEdit(range_, content)])

    async def _extract(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        if document.path is None or document.expander is None:
            raise RequestError("save the document first: the file goes beside it")
        buffer, given = document.buffer, data["range"]
        start, end = (
            buffer.clamp(int(given[side]["line"]), int(given[side]["character"])) for side in ("start", "end")
        )
        text = buffer.text()
        begin, stop = _offset(document, *start), _offset(document, *end)
        inside = text[begin:stop]
        # A last line end stays: the reference is followed by one, as what it stands for was.
        kept = len(inside) - content_length(inside[-2:]) - len(inside[:-2])
        if kept and begin < stop - kept:
            stop -= kept
            inside = text[begin:stop]
            last = end[0] - 1
            end = last, content_length(buffer.line(last))
        if not inside.strip():
            raise RequestError("nothing is selected")
        folder, scope = document.path.parent, document.expander.scope
        taken: frozenset[str] = await self._desk.tasks.submit(
            ("names", document.uri),
            lambda _: frozenset(one.name.casefold() for one in list_folder("", folder, scope, hidden=True)),
            priority=Priority.HIGH,
            title="code action",
        )
        name = _name_for(inside, taken)
        written = f"@[file:{escaped(name)}]"
        new = await self._desk.tasks.submit(
            ("extract", document.uri),
            lambda _: extracted(text, begin, stop, written),
            priority=Priority.HIGH,
            title="code action",
        )
        if new is None:
            raise RequestError(
                "the selection can't be a file of its own: it, or what follows, would be read differently"
            )
        place = types.Range(
            types.Position(start[0], buffer.to_units(*start)), types.Position(end[0], buffer.to_units(*end))
        )
        edits = {document.uri: [types.TextEdit(place, written)]}
        file = NewFile(uri_of(folder / name), inside)
        return self._edits.edit(edits, {document.uri: document.version}, [file])

    async def _budget(self, document: Document, data: dict[str, Any]) -> types.WorkspaceEdit:
        assert document.prepared is not None  # noqa: S101  it has a report
        budget = int(data["budget"])
        for line, directive in document.prepared.index.directives():
            typed = dict(directive.settings).get("budget")
            if typed is not None:
                text = document.buffer.line(line)
                column = text.index(typed, text.index("budget", directive.start))
                units = document.buffer.to_units
                place = types.Range(
                    types.Position(line, units(line, column)),
                    types.Position(line, units(line, column + len(typed))),
                )
                return self._edit(document, [types.TextEdit(place, str(budget))])
        at = document.prepared.front_matter.lines
        text = f"<!-- weighbridge: budget={budget} -->\n"
        return self._edit(document, [types.TextEdit(_empty(at, 0), text)])

    def _edit(self, document: Document, edits: list[types.TextEdit]) -> types.WorkspaceEdit:
        return self._edits.edit({document.uri: edits}, {document.uri: document.version})


def _reference(document: Document, data: dict[str, Any]) -> tuple[Reference, types.Range, Target]:
    """The reference that an action's data is about."""
    found = reference_at(document, int(data["line"]), int(data["character"]))
    if found is None:
        raise RequestError("the reference is not there any more")
    return found[0], to_range(found[1]), found[2]


def _offset(document: Document, line: int, column: int) -> int:
    return sum(len(document.buffer.line(number)) for number in range(line)) + column


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
    parts += [one for one in report.sections if one.tokens and one.tokens < report.tokens]
    parts.sort(key=lambda part: -(part.tokens or 0))
    return parts[:_LARGEST]


def _rounded(tokens: int) -> int:
    """Up, to two figures; to a hundred at least."""
    step: int = max(100, 10 ** (int(math.log10(max(tokens, 1))) - 1))
    return -(-tokens // step) * step


def _name_for(text: str, taken: frozenset[str]) -> str:
    """A file name from a text's first words, that no file has."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    words = slug_of(first.strip().lstrip("#").strip())[:40].strip("-_") or "extract"
    stem = "".join(char for char in words if char.isascii() and (char.isalnum() or char in "-_")) or "extract"
    names = [f"{stem}.md", *(f"{stem}-{number}.md" for number in range(2, 1000))]
    return next(name for name in names if name.casefold() not in taken)


def _is_a(kind: types.CodeActionKind | str, wanted: types.CodeActionKind | str) -> bool:
    """Whether a kind is one, or is below it: `refactor.inline` is a `refactor`."""
    one, other = str(getattr(kind, "value", kind)), str(getattr(wanted, "value", wanted))
    return not other or one == other or one.startswith(f"{other}.")


def _plain_range(place: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": place.start.line, "character": place.start.character},
        "end": {"line": place.end.line, "character": place.end.character},
    }


def _empty(line: int, character: int) -> types.Range:
    return types.Range(types.Position(line, character), types.Position(line, character))
