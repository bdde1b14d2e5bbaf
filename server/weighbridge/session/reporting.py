"""A document's report, from its live state. Costs its references and headings, never its text."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from weighbridge.analysis.expand import PENDING, Expansion, State
from weighbridge.analysis.notices import Notice
from weighbridge.analysis.report import (
    BudgetReport,
    ImportReport,
    Range,
    ReferenceTotals,
    Report,
    reference_reports,
    totals_of,
)
from weighbridge.budget.cost import cached_cost, input_cost
from weighbridge.budget.frames import frame_of
from weighbridge.budget.thresholds import budget_of, crossed
from weighbridge.config import DEFAULT_ENCODING, Settings
from weighbridge.errors import Code, Problem
from weighbridge.references.model import Reference
from weighbridge.session.caching import cacheable, hint_of
from weighbridge.session.document import Document
from weighbridge.session.outline import Filled
from weighbridge.session.prepared import Prepared
from weighbridge.steps import ITEMS, Steps
from weighbridge.text import PositionEncoding
from weighbridge.tokens.base import Exactness

#: Seconds for which sections are summed up in one turn of the loop.
FILLING = 0.005
#: About as many as English text has; of what can't be counted.
_CHARACTERS_A_TOKEN = 4
#: Typos of references that are told of.
_MOST_TYPOS = 100
_WAITING = Expansion(None, State.PENDING, None, None, None, PENDING, waiting=1)


def report_steps(document: Document, encoding: PositionEncoding) -> Steps[Report]:
    """Build the report as things stand. While the document is to be prepared, it says `counting` and little else.

    It says so too while sections are being summed up: that takes time where there are thousands.
    """
    prepared = document.last
    if document.fault is not None:
        return failed_report(document.uri, document.version, document.fault, _characters(document))
    if prepared is None:
        return unprepared(document)
    expansions = document.expansions
    while document.prepared is not None and not document.place():
        yield
    placed: list[tuple[Reference, Range, Expansion]] = []
    estimated: list[tuple[int, int]] = []
    for number, (reference, place, target) in enumerate(document.placed()):
        expansion = expansions.get(target, _WAITING)
        placed.append((reference, place, expansion))
        if expansion.sampled or expansion.stale:
            estimated.append((place.start_line, place.start_character))
        if number % ITEMS == ITEMS - 1:
            yield
    references = yield from reference_reports(placed, encoding, document.made_reports)
    model, exactness = prepared.choice.model, prepared.exactness
    limit = budget_of(prepared.settings, prepared.overrides, model)
    tokens, ready = document.tokens, document.ready
    document.counted_before = document.counted_before or ready
    yield from document.follow_outline()
    filled = document.fill_outline(FILLING)
    sections = yield from document.outline.reports(document.buffer)
    totals = yield from totals_of(placed)
    cacheable_tokens = None if model is None else cacheable(document, placed)
    hint = hint_of(placed, tokens, cacheable_tokens, model, exact=prepared.exact)
    return Report(
        uri=document.uri,
        version=document.version,
        dialect=prepared.dialect.name,
        model=prepared.choice.name,
        encoding=prepared.tokenizer.name,
        # What is not as it is today may weigh anything today.
        exactness=Exactness.ESTIMATE if estimated else exactness,
        ready=ready and filled is Filled.ALL,
        tokens=tokens,
        own_tokens=document.own_tokens,
        budget=budget_report(tokens, limit, prepared.settings),
        input_usd=None if model is None else input_cost(tokens, model),
        sections=sections,
        references=references,
        totals=totals,
        problems=tuple(_problems(document, prepared)),
        counted=document.counted_before,
        estimated=tuple(estimated) if exactness is Exactness.EXACT else (),
        arrived=document.arrived,
        notices=(*_notices(document), *(() if hint is None else (hint,))),
        imports=tuple(_imports(document)),
        template=prepared.index.template,
        frame=frame_of(prepared.tokenizer.name, model),
        cacheable=cacheable_tokens,
        cached_usd=None
        if model is None or cacheable_tokens is None
        else cached_cost(tokens, cacheable_tokens, model),
    )


def _notices(document: Document) -> Iterator[tuple[Range, Notice]]:
    """What is to be said of what arrives. While the text is another, places are those of before, as far as there are such."""
    buffer = document.buffer
    for notice in () if document.arrived is None else document.arrived.notices:
        (first, start), (last, end) = notice.start, notice.end
        if last < buffer.line_count:
            yield Range(first, buffer.to_units(first, start), last, buffer.to_units(last, end)), notice


def _imports(document: Document) -> Iterator[ImportReport]:
    """The imports that bring something. While the text is another, those that still stand where they stood."""
    buffer = document.buffer
    for import_ in () if document.arrived is None else document.arrived.imports:
        (line, start), end = import_.start, import_.start[1] + len(import_.written)
        if line < buffer.line_count and str(buffer.stored_line(line)[start:end]) == import_.written:
            place = Range(line, buffer.to_units(line, start), line, buffer.to_units(line, end))
            yield ImportReport(import_.written.removeprefix("@"), place, import_.path, import_.tokens)


def _problems(document: Document, prepared: Prepared) -> Iterator[tuple[Range, Problem]]:
    """What the document's own settings say that can't be used: at the directive that says it, or on line 1; and typos."""
    first_line = Range(0, 0, 0, document.buffer.line_end(0))
    if document.prepared is not None:
        directives = [*prepared.index.directives()] if prepared.warnings else []
        for number, text in prepared.warnings:
            if number is None or number >= len(directives):
                place = first_line
            else:
                line, directive = directives[number]
                start, end = (document.buffer.to_units(line, at) for at in (directive.start, directive.end))
                place = Range(line, start, line, end)
            yield place, Problem(Code.SETTINGS, text)
        if prepared.front_matter.problem is not None:
            yield first_line, prepared.front_matter.problem
        for line, typo in islice(prepared.index.typos(), _MOST_TYPOS):
            start, end = (document.buffer.to_units(line, at) for at in (typo.start, typo.end))
            message = f"this is no reference; if it is meant as one, write {typo.written}"
            yield Range(line, start, line, end), Problem(Code.TYPO, message)


def _characters(document: Document) -> int:
    return sum(len(document.buffer.stored_line(line)) for line in range(document.buffer.line_count))


def failed_report(uri: str, version: int | None, problem: Problem, characters: int) -> Report:
    """The report of a document that can't be counted, and why: an estimate, and nothing more to wait for."""
    tokens = -(-characters // _CHARACTERS_A_TOKEN)
    return msgspec.structs.replace(
        _nothing(uri, version, tokens),
        exactness=Exactness.ESTIMATE,
        ready=True,
        counted=True,
        problems=((Range(0, 0, 0, 0), problem),),
    )


def budget_report(tokens: int, limit: int, settings: Settings) -> BudgetReport:
    hit = crossed(tokens, limit, settings.thresholds)
    return BudgetReport(limit, tokens / limit, None if hit is None else hit.severity)


def unprepared(document: Document) -> Report:
    """The report of a document that nothing is known of yet."""
    return _nothing(document.uri, document.version, document.tokens)


def _nothing(uri: str, version: int | None, tokens: int) -> Report:
    return Report(
        uri=uri,
        version=version,
        dialect="markdown",
        model=None,
        encoding=DEFAULT_ENCODING,
        exactness=Exactness.EXACT,
        ready=False,
        tokens=tokens,
        own_tokens=tokens,
        budget=BudgetReport(128_000, tokens / 128_000, None),
        input_usd=None,
        sections=(),
        references=(),
        totals=ReferenceTotals(0, 0, 0, 0),
        counted=False,
    )
