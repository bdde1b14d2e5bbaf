"""`textDocument/completion`: kinds, paths, headings, variables and APIs inside references, with what each costs."""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lsprotocol import types

from weighbridge.content.base import Request, Scope
from weighbridge.content.front_matter import read_front_matter
from weighbridge.content.lines import lines_of
from weighbridge.content.listing import Entry, list_folder
from weighbridge.content.policy import place_of
from weighbridge.content.section import slug_of
from weighbridge.content.text_file import TextFiles
from weighbridge.content.values import text_of_value
from weighbridge.content.variable import VariableHandler
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.desk import Desk
from weighbridge.lsp.features.settings_file import is_settings_file, offers
from weighbridge.lsp.features.wording import tokens_text
from weighbridge.references.dialect import is_scannable
from weighbridge.references.markdown import scan
from weighbridge.references.model import Kind
from weighbridge.references.partial import Form, Part, Partial, can_be_written, escaped, partial_at
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.session.waiting import CountingError, DocumentClosedError
from weighbridge.session.workspace import Silent
from weighbridge.uris import path_of, uri_of
from weighbridge.work import Priority

#: Items of one answer; typing on narrows them down.
MOST_ITEMS = 200
#: Characters shown of a variable's value.
_SHOWN = 60
#: Seconds that an item's count is waited for.
_SECONDS_TO_COUNT = 5.0

_KIND_ITEMS = (
    ("file:", "a file, some of its lines, or a section", types.CompletionItemKind.File),
    ("api:", "a response of a named API, or of a URL", types.CompletionItemKind.Interface),
    ("var:", "a variable's value", types.CompletionItemKind.Variable),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What may stand in a part. `text`: unescaped. `more`: nothing ends after it, as after a folder.

    `detail`: in a few words. `counts`: whether its tokens can be had.
    """

    text: str
    kind: types.CompletionItemKind
    detail: str = ""
    more: bool = False
    counts: bool = True
    label: str | None = None


def fitting(choices: Iterable[Choice], typed: str) -> list[Choice]:
    """The choices whose text holds what is typed, or its letters in order from the first on; the closest first, else as given.

    A name behind a dot is meant if a dot is typed.
    """
    wanted = typed.casefold()
    ranked = []
    for number, choice in enumerate(choices):
        text = (choice.label or choice.text).casefold()
        if text.startswith(wanted):
            rank = 0
        elif wanted in text and wanted[0] != ".":
            rank = 1
        elif wanted[0] == text[:1] and _in_order(wanted, text):
            rank = 2
        else:
            continue
        ranked.append((rank, number, choice))
    return [choice for _, _, choice in sorted(ranked, key=lambda one: one[:2])]


class Completion:
    """Answers for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session = desk.session
        document = desk.capabilities.text_document
        item = document.completion.completion_item if document and document.completion else None
        self._insert_replace = bool(item and item.insert_replace_support)
        self._label_details = bool(item and item.label_details_support)
        self._sibling: Session | None = None
        self._numbers = itertools.count()

    async def complete(self, params: types.CompletionParams) -> types.CompletionList | None:
        """What may stand at a place; None where no reference is being written."""
        document = self._session.documents.get(params.text_document.uri)
        if document is not None and is_settings_file(document.path):
            return _of_settings(document, params.position)
        if document is None or document.prepared is None or document.expander is None:
            return None
        number, column = document.buffer.clamp(params.position.line, params.position.character)
        line = document.buffer.line(number)
        partial = partial_at(line, column)
        if partial is None or not _may_stand(document, number, line, partial):
            return None
        choices = await self._choices(document, partial)
        if document.buffer.line(min(number, document.buffer.line_count - 1)) != line:
            # Typed on meanwhile: the client asks again.
            return types.CompletionList(is_incomplete=True, items=[])
        found = [
            choice
            for choice in fitting(choices, partial.typed)
            if partial.part is Part.KIND or choice.more or can_be_written(partial, choice.text)
        ]
        items = [
            self._item(document, number, partial, place, choice)
            for place, choice in enumerate(found[:MOST_ITEMS])
        ]
        return types.CompletionList(is_incomplete=len(found) > MOST_ITEMS, items=items)

    async def resolve(self, item: types.CompletionItem) -> types.CompletionItem:
        """Count what an item stands for, and say so."""
        data = item.data if isinstance(item.data, dict) else {}
        uri, written = data.get("uri"), data.get("reference")
        if not isinstance(uri, str) or not isinstance(written, str) or uri not in self._session.documents:
            return item
        tokens = await self._tokens_of(uri, written)
        if tokens is not None:
            item.detail = tokens_text(tokens)
        return item

    async def aclose(self) -> None:
        """End what counts in the background."""
        if self._sibling is not None:
            await self._sibling.aclose()

    # What there is to choose from

    async def _choices(self, document: Document, partial: Partial) -> Sequence[Choice]:
        assert document.expander is not None  # noqa: S101  it is prepared
        scope, folder = document.expander.scope, document.folder
        match partial.part:
            case Part.KIND:
                return [Choice(text, kind, about, True, False) for text, about, kind in _KIND_ITEMS]
            case Part.API:
                return [
                    Choice(name, types.CompletionItemKind.Interface, "API", counts=False)
                    for name in sorted(scope.settings.apis)
                ]
            case Part.PATH:
                hidden = partial.typed.startswith(".")
                entries: list[Entry] = await self._desk.tasks.submit(
                    ("list", document.uri, partial.above, hidden),
                    lambda _: list_folder(partial.above, folder, scope, hidden=hidden),
                    priority=Priority.HIGH,
                    title="completion",
                )
                return [_of_entry(entry) for entry in entries]
            case Part.FRAGMENT:
                files = TextFiles(self._session.open_texts)
                request = Request(Kind.FILE, partial.above, None, None, folder, scope)
                titles: list[Choice] = await self._desk.tasks.submit(
                    ("headings", document.uri, partial.above),
                    lambda _: _headings(files, request, slugs=partial.form is Form.SHORT),
                    priority=Priority.HIGH,
                    title="completion",
                )
                return titles
            case Part.VARIABLE:
                handler = VariableHandler(self._session.open_texts)
                names: list[Choice] = await self._desk.tasks.submit(
                    ("variables", document.uri),
                    lambda _: _variables(handler, scope),
                    priority=Priority.HIGH,
                    title="completion",
                )
                known = {choice.text for choice in names}
                used = sorted(
                    {one.target for _, one in document.references() if one.kind is Kind.VARIABLE} - known
                )
                # What is being typed is one of them, too.
                return [
                    *names,
                    *(
                        Choice(name, types.CompletionItemKind.Text, "used in this document", counts=False)
                        for name in used
                        if name != partial.typed
                    ),
                ]

    # Items

    def _item(
        self, document: Document, line: int, partial: Partial, place: int, choice: Choice
    ) -> types.CompletionItem:
        buffer = document.buffer
        text = choice.text if partial.form is not Form.EXPLICIT else escaped(choice.text)
        written = partial.written(text)
        if not choice.more and not partial.closed:
            text += "}}" if partial.form is Form.BRACES else "]"
        start = types.Position(line, buffer.to_units(line, partial.start))
        cursor = types.Position(line, buffer.to_units(line, partial.cursor))
        end = types.Position(line, buffer.to_units(line, partial.end))
        replaced = types.Range(start, end)
        edit: types.TextEdit | types.InsertReplaceEdit = (
            types.InsertReplaceEdit(text, types.Range(start, cursor), replaced)
            if self._insert_replace
            else types.TextEdit(replaced, text)
        )
        item = types.CompletionItem(
            label=choice.label or choice.text,
            kind=choice.kind,
            sort_text=f"{place:05}",
            filter_text=choice.label or choice.text,
            text_edit=edit,
        )
        if choice.detail:
            if self._label_details:
                item.label_details = types.CompletionItemLabelDetails(description=choice.detail)
            else:
                item.detail = choice.detail
        if choice.counts and not choice.more:
            item.data = {"uri": document.uri, "reference": written}
        return item

    async def _tokens_of(self, uri: str, written: str) -> int | None:
        """Tokens of what a reference stands for, in a document of its own beside that one."""
        path = path_of(uri)
        if path is None:
            return None
        if self._sibling is None:
            self._sibling = self._session.sibling(self._desk.tasks, Silent())
            self._sibling.configured()
        # Variables files beside the document are its own: the name is kept at the start.
        beside = uri_of(path.with_name(f"{path.name}.{next(self._numbers)}.md"))
        document = self._sibling.open(beside, None, "markdown", written)
        try:
            report = await asyncio.wait_for(self._sibling.whole_report(document), _SECONDS_TO_COUNT)
        except (TimeoutError, CountingError, DocumentClosedError):
            return None
        finally:
            self._sibling.close(beside)
        return report.references[0].tokens if len(report.references) == 1 else None


def _of_settings(document: Document, position: types.Position) -> types.CompletionList:
    """What may stand at a place of a settings file."""
    number, column = document.buffer.clamp(position.line, position.character)
    to_units = document.buffer.to_units
    items = [
        types.CompletionItem(
            label=offer.label,
            kind=types.CompletionItemKind.Property if offer.is_key else types.CompletionItemKind.Value,
            detail=offer.about,
            filter_text=offer.label,
            text_edit=types.TextEdit(
                types.Range(
                    types.Position(number, to_units(number, offer.start)),
                    types.Position(number, to_units(number, offer.end)),
                ),
                offer.text,
            ),
        )
        for offer in offers(document.buffer.snapshot().lines, number, column)
    ]
    return types.CompletionList(is_incomplete=False, items=items)


def _may_stand(document: Document, number: int, line: str, partial: Partial) -> bool:
    """Whether a reference written there would be one: not in code, not in a comment."""
    assert document.prepared is not None  # noqa: S101  the caller saw to it
    sample = "@[var:x]" if partial.form is not Form.BRACES else "{{x}}"
    text = line[: partial.begin] + sample + line[partial.end :]
    found = document.prepared.index.line_if(number, text).references
    return any(reference.start == partial.begin for reference in found)


def _of_entry(entry: Entry) -> Choice:
    if entry.is_folder:
        return Choice(f"{entry.name}/", types.CompletionItemKind.Folder, more=True, counts=False)
    return Choice(entry.name, types.CompletionItemKind.File)


def _headings(files: TextFiles, request: Request, *, slugs: bool) -> list[Choice]:
    """The headings of a file, as a fragment names them. Reads it: a worker's work."""
    try:
        place = place_of(request.target, request.base, request.scope)
        found = files.find(place, request.scope.settings.max_file_bytes, "weighbridge.maxFileBytes")
        if not is_scannable(found.real):
            return []
        lines = list(lines_of(files.chunks(found)))
    except ReferenceFault:
        return []
    skipped = read_front_matter(lines).lines
    titles = dict.fromkeys(
        scanned.heading.title for scanned in scan(lines[skipped:]) if scanned.heading is not None
    )
    kind = types.CompletionItemKind.Reference
    choices = [
        Choice(slug_of(title) if slugs else " ".join(title.split()), kind, label=title if slugs else None)
        for title in titles
        if title.strip()
    ]
    return (
        [*choices, Choice(f"L1-L{len(lines)}", types.CompletionItemKind.Unit, "lines")] if lines else choices
    )


def _variables(handler: VariableHandler, scope: Scope) -> list[Choice]:
    """All names that have a value, from every place. Values of the environment are never shown."""
    kind = types.CompletionItemKind.Variable
    values: dict[str, str] = dict(scope.front_matter)
    values |= handler.names_in_file(scope)
    for name, setting in scope.settings.variables.items():
        text = text_of_value(setting)
        if text is not None:
            values[name] = text
    choices = [Choice(name, kind, _preview(value)) for name, value in sorted(values.items())]
    if scope.settings.trusted:
        choices += [
            Choice(f"env.{name}", types.CompletionItemKind.Constant, "environment")
            for name in scope.settings.env
        ]
    return choices


def _preview(value: str) -> str:
    line = " ".join(value.split())
    shown = "".join(char for char in line if char.isprintable())
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def _in_order(wanted: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in wanted)
