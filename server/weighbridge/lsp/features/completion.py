"""`textDocument/completion`: kinds, paths, headings, variables and APIs inside references, with what each costs."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lsprotocol import types

from weighbridge.agents.registry import agent_named
from weighbridge.analysis.wording import name_text, tokens_text
from weighbridge.content.listing import Folders
from weighbridge.fuzzy import match_of
from weighbridge.lsp.abilities import client_commands
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.settings_file import is_settings_file, offers
from weighbridge.lsp.features.suggestions import Suggestion, SuggestionFinder, Suggestions, Writing
from weighbridge.references.model import Kind
from weighbridge.references.partial import Form, Partial, ReferencePart, import_at, partial_at
from weighbridge.rope import Line
from weighbridge.session.arriving import setting_of
from weighbridge.session.costs import Costs, known_tokens
from weighbridge.session.document import Document
from weighbridge.session.target import Target
from weighbridge.work import Priority

#: Seconds that one item's count is waited for.
_SECONDS_TO_COUNT = 5.0
#: Items counted before the answer, for clients that can't be told later; and seconds for all of them together.
_COUNTED_BEFORE = 20
_SECONDS_BEFORE = 0.25
#: What makes an editor ask again, where it says that it runs such commands.
_ASK_AGAIN = "editor.action.triggerSuggest"


#: What comes nearest among the kinds that every client knows.
_FIRST_KINDS = {
    types.CompletionItemKind.Folder: types.CompletionItemKind.File,
    types.CompletionItemKind.Constant: types.CompletionItemKind.Variable,
}


class CostPlace(Enum):
    """Where a client can be told later what an item costs."""

    DETAIL = "detail"
    DOCUMENTATION = "documentation"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Takes:
    """What a client takes of an item. `asks_again`: it can be made to, when a folder is chosen."""

    insert_replace: bool = False
    label_details: bool = False
    cost_place: CostPlace = CostPlace.DETAIL
    asks_again: bool = False
    every_kind: bool = False

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities) -> "Takes":
        """Read them from what the client declares."""
        document = capabilities.text_document
        item = document.completion.completion_item if document and document.completion else None
        kinds = document.completion.completion_item_kind if document and document.completion else None
        cost_place = CostPlace.DETAIL
        if item is not None and item.resolve_support is not None:
            names = item.resolve_support.properties
            # Some editors declare `details`, which there is none, and mean this.
            if "detail" not in names and "details" not in names:
                cost_place = CostPlace.DOCUMENTATION if "documentation" in names else CostPlace.NOWHERE
        return cls(
            insert_replace=bool(item and item.insert_replace_support),
            label_details=bool(item and item.label_details_support),
            cost_place=cost_place,
            # Who names any kinds takes others as well; who names none knows those of the protocol's first version.
            every_kind=bool(kinds and kinds.value_set),
            asks_again=_ASK_AGAIN in client_commands(capabilities),
        )


class Completion:
    """Completions for one client."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._tasks = backend.tasks
        self._session = backend.session
        self._takes = Takes.of(backend.capabilities)
        self._finder = SuggestionFinder(backend.session.open_texts, Folders(), backend.files)
        self._costs = Costs(backend.session, backend.tasks)
        self._numbers = itertools.count()

    async def complete(self, params: types.CompletionParams) -> types.CompletionList | None:
        """What may stand at a place; None where no reference is being written."""
        document = self._session.documents.get(params.text_document.uri)
        if document is not None and is_settings_file(document.path):
            return _of_settings(document, params.position)
        if document is not None and document.prepared is None:
            # Just opened.
            await self._backend.looked_up(document.uri)
        if document is None or document.prepared is None:
            return None
        number, column = document.buffer.clamp(params.position.line, params.position.character)
        line = document.buffer.line(number)
        name = document.prepared.dialect.agent
        agent = None if name is None else agent_named(name)
        partial = partial_at(line, column) if agent is None else import_at(line, column)
        if partial is None or (agent is None and not _may_stand(document, number, line, partial)):
            return None
        writing = None
        if agent is not None and document.path is not None:
            lines, open_text = document.buffer.snapshot().lines, self._session.open_texts.whole_text_of
            setting = setting_of(self._session.configuration, document.path)
            writing = Writing(agent, document.path, lines[:number], line, partial, setting, open_text)
        suggestions = await self._suggestions(document, partial, writing)
        costs = await self._known_costs(document, partial, suggestions.items)
        if document.buffer.line(min(number, document.buffer.line_count - 1)) != line:
            # Typed on meanwhile: the client asks again.
            return types.CompletionList(is_incomplete=True, items=[])
        items = [
            self._item(document, number, partial, place, suggestion, tokens)
            for place, (suggestion, tokens) in enumerate(zip(suggestions.items, costs, strict=True))
        ]
        return types.CompletionList(is_incomplete=not suggestions.whole, items=items)

    async def resolve(self, item: types.CompletionItem) -> types.CompletionItem:
        """Count what an item stands for, and say so."""
        data = item.data if isinstance(item.data, dict) else {}
        uri, written = data.get("uri"), data.get("reference")
        document = self._session.documents.get(uri) if isinstance(uri, str) else None
        if document is None or not isinstance(written, str) or self._takes.cost_place is CostPlace.NOWHERE:
            return item
        (tokens,) = await self._costs.of(document, [written], _SECONDS_TO_COUNT)
        if tokens is None:
            return item
        if self._takes.cost_place is CostPlace.DETAIL:
            item.detail = _joined(_cost_text(document, tokens), item.detail)
        else:
            item.documentation = _cost_text(document, tokens)
        return item

    async def _suggestions(
        self, document: Document, partial: Partial, writing: Writing | None
    ) -> Suggestions:
        assert document.expander is not None  # noqa: S101  it is prepared
        scope, folder = document.expander.scope, document.folder
        # What is being typed is one of them, too.
        used = sorted(
            {reference.target for _, reference in document.references() if reference.kind is Kind.VARIABLE}
            - {partial.typed}
        )
        key = ("completion", next(self._numbers))
        try:
            return await self._tasks.submit(
                key,
                lambda _: (
                    self._finder.suggestions(partial, folder, scope, used)
                    if writing is None
                    else self._finder.imports(writing, scope)
                ),
                priority=Priority.HIGH,
                title="completion",
            )
        except asyncio.CancelledError:
            self._tasks.cancel(key)
            raise

    async def _known_costs(
        self, document: Document, partial: Partial, suggestions: Sequence[Suggestion]
    ) -> list[int | None]:
        """The costs of suggestions that are known at once; or soon, where a client can't be told later."""
        # What more is to follow names nothing yet.
        costs = [
            None if suggestion.more else known_tokens(document, _target(partial, suggestion.text))
            for suggestion in suggestions
        ]
        if self._takes.cost_place is not CostPlace.NOWHERE:
            return costs
        uncounted = [
            place
            for place, suggestion in enumerate(suggestions)
            if suggestion.counts and costs[place] is None
        ]
        uncounted = uncounted[:_COUNTED_BEFORE]
        if uncounted:
            written = [partial.written(partial.escaped(suggestions[place].text)) for place in uncounted]
            counted = await self._costs.of(document, written, _SECONDS_BEFORE)
            for place, tokens in zip(uncounted, counted, strict=True):
                costs[place] = tokens
        return costs

    def _item(
        self,
        document: Document,
        line: int,
        partial: Partial,
        place: int,
        suggestion: Suggestion,
        tokens: int | None,
    ) -> types.CompletionItem:
        buffer, takes = document.buffer, self._takes
        text = partial.escaped(suggestion.text)
        named = suggestion.text if match_of(partial.meant, suggestion.text) is not None else suggestion.label
        item = types.CompletionItem(
            label=name_text(suggestion.label or suggestion.text),
            kind=suggestion.kind if takes.every_kind else _FIRST_KINDS.get(suggestion.kind, suggestion.kind),
            sort_text=f"{place:05}",
            # What the client holds against what stands in the text, escapes and all.
            filter_text=text if named is None or named == suggestion.text else named,
        )
        if suggestion.counts and tokens is None and takes.cost_place is not CostPlace.NOWHERE:
            item.data = {"uri": document.uri, "reference": partial.written(text)}
        if not suggestion.more and not partial.closed:
            text += {Form.BRACES: "}}", Form.PASTED: "}"}.get(partial.form, "]")
        start = types.Position(line, buffer.to_units(line, partial.start))
        cursor = types.Position(line, buffer.to_units(line, partial.cursor))
        end = buffer.to_units(line, _end_of(partial, suggestion, buffer.stored_line(line)))
        replaced = types.Range(start, types.Position(line, end))
        item.text_edit = (
            types.InsertReplaceEdit(text, types.Range(start, cursor), replaced)
            if takes.insert_replace
            else types.TextEdit(replaced, text)
        )
        cost = "" if tokens is None else _cost_text(document, tokens)
        if not takes.label_details:
            item.detail = _joined(cost, suggestion.about) or None
        elif cost or suggestion.about:
            item.label_details = types.CompletionItemLabelDetails(description=cost or suggestion.about)
            item.detail = suggestion.about if cost and suggestion.about else None
        if suggestion.more and takes.asks_again:
            item.command = types.Command("Suggest", _ASK_AGAIN)
        return item


def _cost_text(document: Document, tokens: int) -> str:
    """What something would cost in a document."""
    return tokens_text(tokens, exact=document.prepared is not None and document.prepared.exact)


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


def _target(partial: Partial, text: str) -> Target:
    """What a reference would name with that text."""
    if partial.part is ReferencePart.FRAGMENT:
        return Target(partial.kind, partial.meant_above, text, None)
    return Target(partial.kind, partial.meant_above + text, None, None)


def _end_of(partial: Partial, suggestion: Suggestion, line: Line) -> int:
    """Where what a suggestion replaces ends: with a folder its `/`, with a file all that is left of the path."""
    if partial.part is not ReferencePart.PATH or suggestion.text.startswith("["):
        return partial.end
    if suggestion.more:
        return partial.end + (line[partial.end : partial.end + 1] == "/")
    return partial.path_end


def _joined(cost: str, about: str | None) -> str:
    return " · ".join(text for text in (cost, about) if text)


def _may_stand(document: Document, number: int, line: str, partial: Partial) -> bool:
    """Whether a reference written there would be one: not in code, not in a comment."""
    assert document.prepared is not None  # noqa: S101  the caller saw to it
    sample = "@[var:x]" if partial.form is not Form.BRACES else "{{x}}"
    text = line[: partial.begin] + sample + line[partial.end :]
    references = document.prepared.index.line_if(number, text).references
    return any(reference.start == partial.begin for reference in references)
