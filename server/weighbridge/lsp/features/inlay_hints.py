"""`textDocument/inlayHint`: counts where they arise: after references and headings, and at the end of line 1.

A hint is the number alone: VS Code shows 43 characters of hints a line. The unit stands once, in the total.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import ImportReport, ReferenceReport, Report, SectionReport
from weighbridge.analysis.wording import (
    COUNTING,
    PENDING,
    name_text,
    number_text,
    share_text,
    tokens_text,
    total_text,
)
from weighbridge.config import InlayHints
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.navigation import Definitions
from weighbridge.lsp.features.places import reference_at
from weighbridge.references.model import Kind
from weighbridge.session.document import Document

#: What a hint is of; None: the whole document.
About = ReferenceReport | ImportReport | SectionReport | None
#: Hints of one answer: more than any screen shows; of a longer range the first.
MOST_HINTS = 200
#: How long an answer waits for counts, at most, where it is the only one: clients give up after ten or twenty.
SECONDS_FOR_COUNTS = 5.0
_KINDS = {ReferenceReport: "reference", ImportReport: "import", SectionReport: "section"}
#: As wide as a figure.
_FIGURE_SPACE = "\u2007"


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint: its place in the client's units, and of what it is."""

    line: int
    character: int
    text: str
    about: About


def hints(
    report: Report,
    settings: InlayHints,
    line_end: Callable[[int], int],
    start_line: int,
    end_line: int,
) -> list[Hint]:
    """The hints of lines `start_line` to `end_line`, both included, in order; at most `MOST_HINTS`, the total among them.

    `line_end`: where a line ends, in the client's units.
    """
    unordered = _hints(report, settings, line_end, start_line, end_line)
    ordered = sorted(unordered, key=lambda hint: (hint.line, hint.character))
    # The total stands behind all else in line 1, however much that is.
    total = [hint for hint in ordered[MOST_HINTS - 1 :] if hint.about is None]
    return [*ordered[: MOST_HINTS - len(total)], *total]


def tooltip(report: Report, about: About) -> str:
    """What a hint says when it is asked: the share of the budget, and what the tokens are of."""
    if not report.ready and not isinstance(about, ReferenceReport):
        return COUNTING
    if about is None:
        return f"{share_text(report.budget.used)} of the budget, {tokens_text(report.own_tokens, exact=report.counts_exactly)} as typed"
    if isinstance(about, SectionReport):
        share = share_text(about.tokens / report.budget.limit)
        return f"section “{name_text(about.title)}”: {share} of the budget"
    if isinstance(about, ImportReport):
        share = share_text(about.tokens / report.budget.limit)
        return f"import of {name_text(about.target)}: {share} of the budget"
    if about.problem is not None:
        # It names the target itself.
        return about.problem.message
    share = (
        "on its way"
        if about.tokens is None
        else f"{share_text(about.tokens / report.budget.limit)} of the budget"
    )
    nested = f", {len(about.references):,} nested in it" if about.references else ""
    return f"{name_text(about.target)}: {share}{nested}"


class Hints:
    """Inlay hints for one client."""

    def __init__(self, backend: Backend, definitions: Definitions) -> None:
        self._backend = backend
        self._definitions = definitions
        document = backend.capabilities.text_document
        hint = document.inlay_hint if document else None
        resolvable = (hint.resolve_support.properties if hint and hint.resolve_support else None) or ()
        self._tooltips = "tooltip" in resolvable
        self._locations = "label.location" in resolvable
        # Neovim says so, and means this; parts of a label it gets with the place that they lead to only.
        self._parts_later = "location" in resolvable and not self._locations

    async def hints(self, params: types.InlayHintParams) -> list[types.InlayHint]:
        """Hints of the asked lines, for documents that show themselves.

        A client that can't be told to ask again would keep what is pending: it gets its answer when counts are known. One
        that can is slow to ask again while its user types (VS Code): of a document just opened it is told what it will be.
        """
        if self._backend.abilities.refresh_hints:
            await self._backend.looked_up(params.text_document.uri)
        document = self._backend.shown(params.text_document.uri)
        if document is None:
            return []
        session = self._backend.session
        if not self._backend.abilities.refresh_hints:
            # Nobody can tell the client later that there is more to see.
            await self._backend.counted(document, SECONDS_FOR_COUNTS)
            if session.documents.get(document.uri) is not document:
                return []
        ordered = hints(
            session.report(document),
            session.settings_of(document).inlay_hints,
            document.buffer.line_end,
            params.range.start.line,
            params.range.end.line,
        )
        start, end = (params.range.start.line, params.range.start.character), _end(document, params.range)
        return [
            self._hint(document.uri, hint) for hint in ordered if start <= (hint.line, hint.character) <= end
        ]

    async def resolve(self, hint: types.InlayHint) -> types.InlayHint:
        """Give a hint its tooltip, and its label the place it is of. One that is old stays as it is."""
        data = hint.data if isinstance(hint.data, dict) else {}
        document = self._backend.session.documents.get(str(data.get("uri")))
        if document is None:
            return hint
        report = self._backend.session.report(document)
        about: About = None
        if data.get("of") == "reference":
            about = _part_at(report.references, data)
        elif data.get("of") == "import":
            about = _part_at(report.imports, data)
        elif data.get("of") == "section":
            about = _part_at(report.sections, data)
        if about is None and data.get("of") != "total":
            return hint
        if self._tooltips:
            hint.tooltip = tooltip(report, about)
        if isinstance(about, ReferenceReport) and (self._locations or self._parts_later):
            occurrence = reference_at(document, about.range.start_line, about.range.start_character)
            location = (
                None
                if occurrence is None
                else await self._definitions.of(document, occurrence[0], occurrence[2])
            )
            if not isinstance(hint.label, str):
                hint.label[0].location = location
            elif location is not None:
                hint.label = [types.InlayHintLabelPart(hint.label, location=location)]
        return hint

    def _hint(self, uri: str, hint: Hint) -> types.InlayHint:
        label: str | list[types.InlayHintLabelPart] = hint.text
        if self._locations and isinstance(hint.about, ReferenceReport):
            label = [types.InlayHintLabelPart(hint.text)]
        data: dict[str, Any] | None = None
        if self._tooltips or self._locations or self._parts_later:
            data = {"uri": uri, **_name(hint.about)}
        position = types.Position(hint.line, hint.character)
        return types.InlayHint(position, label, padding_left=True, padding_right=False, data=data)


def _end(document: Document, range_: types.Range) -> tuple[float, float]:
    """Where an asked range ends. Helix asks up to where the last line begins, and means all of it."""
    end = range_.end
    if end.character == 0 and end.line == document.buffer.line_count - 1:
        return end.line, math.inf
    return end.line, end.character


def _hints(
    report: Report,
    settings: InlayHints,
    line_end: Callable[[int], int],
    start_line: int,
    end_line: int,
) -> Iterator[Hint]:
    if settings.references:
        yield from _reference_hints(report, settings, start_line, end_line)
    if settings.sections:
        # What stands under a heading on line 1 is the total.
        start = max(start_line, 1 if settings.total else 0)
        first = bisect_left(report.sections, start, key=lambda part: part.range.start_line)
        fewest = max(1, settings.fewest_of_section(report.tokens))  # none: not summed up yet
        shown = 0
        for section in islice(report.sections, first, None):
            line = section.range.start_line
            if line > end_line or shown == MOST_HINTS:
                break
            if section.tokens >= fewest:
                text = number_text(section.tokens, exact=report.exact_in(section.range))
                yield Hint(
                    line, line_end(line), text if report.ready else _pending(text, report.counted), section
                )
                shown += 1
    if settings.total and start_line <= 0 <= end_line:
        text = total_text(report)
        yield Hint(0, line_end(0), text if report.ready else _pending(text, report.counted), None)


def _reference_hints(report: Report, settings: InlayHints, start_line: int, end_line: int) -> Iterator[Hint]:
    first = bisect_left(report.references, start_line, key=lambda part: part.range.end_line)
    shown = 0
    for reference in islice(report.references, first, None):
        line = reference.range.end_line
        if line > end_line or shown == MOST_HINTS:
            break
        few = reference.kind is Kind.VARIABLE and (reference.tokens or 0) < settings.variables_from
        if reference.state is not State.FAILED and not few:
            exact = report.exact_in(reference.range)
            text = PENDING if reference.tokens is None else number_text(reference.tokens, exact=exact)
            yield Hint(line, reference.range.end_character, text, reference)
            shown += 1
    for imported in report.imports:
        if start_line <= imported.range.end_line <= end_line:
            text = number_text(imported.tokens, exact=report.exact)
            yield Hint(imported.range.end_line, imported.range.end_character, text, imported)


def _pending(text: str, counted: bool) -> str:
    """Pending, as wide as what is there before and after, so that a line doesn't jump while it is typed."""
    return PENDING + _FIGURE_SPACE * (len(text) - 1) if counted else PENDING


def _name(about: About) -> dict[str, Any]:
    if about is None:
        return {"of": "total"}
    return {
        "of": _KINDS[type(about)],
        "line": about.range.start_line,
        "character": about.range.start_character,
    }


def _part_at(
    parts: tuple[ReferenceReport, ...] | tuple[ImportReport, ...] | tuple[SectionReport, ...],
    data: dict[str, Any],
) -> About:
    """The part that stands where the hint's data says; None if none does any more."""
    place = data.get("line"), data.get("character")
    if not all(isinstance(number, int) for number in place):
        return None
    at = bisect_left(parts, place, key=lambda part: (part.range.start_line, part.range.start_character))
    if at < len(parts) and (parts[at].range.start_line, parts[at].range.start_character) == place:
        return parts[at]
    return None
