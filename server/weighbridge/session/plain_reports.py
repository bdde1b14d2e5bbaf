"""Reports of texts that refer to nothing, many at once, on a worker: as a `Document` would give them, sooner.

A prompt of 2 KB takes 0.2 ms of processor time so, and 1.2 by a `Document` (`session/closed.py`); counted by tiktoken, not
by the fast engine, 0.4 and 1.4. Nothing is kept of such a text but its report: what the command line and the workspace's
prompts need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from weighbridge.analysis.plain import Plan, plan
from weighbridge.analysis.report import Range, ReferenceTotals, Report, SectionReport
from weighbridge.budget.cost import cached_cost, input_cost
from weighbridge.budget.frames import frame_of
from weighbridge.budget.thresholds import budget_of
from weighbridge.errors import Code, Problem
from weighbridge.session.choice import Choice, choose
from weighbridge.session.other_models import with_models
from weighbridge.session.preparing import Terms
from weighbridge.session.reporting import budget_report
from weighbridge.text import PositionEncoding, units
from weighbridge.tokens.base import Tokenizer
from weighbridge.tokens.registry import tokenizer as tokenizer_of
from weighbridge.tokens.service import TokenCountingService

_NO_REFERENCES: Final = ReferenceTotals(0, 0, 0, 0)
#: Characters of the longest text that is weighed so: several are held at a time.
LONGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PlainReport:
    """`first_line_end`: where line 1 ends, in the client's units."""

    report: Report
    first_line_end: int


@dataclass(frozen=True, slots=True)
class _Under:
    """What is the same for all texts under the same terms."""

    terms: Terms
    tokenizer: Tokenizer
    choice: Choice
    limit: int

    @classmethod
    def of(cls, terms: Terms) -> "_Under":
        choice = choose(terms.settings, terms.flags)
        limit = budget_of(terms.settings, terms.flags, choice.model)
        return cls(terms, tokenizer_of(choice.encoding), choice, limit)


def plain_reports(
    texts: Sequence[tuple[str, Terms, str]],
    service: TokenCountingService,
    encoding: PositionEncoding,
    *,
    sections: bool = True,
) -> list[PlainReport | None]:
    """The report of each text by its URI; None where the text may refer to something, or needs a session besides.

    `sections`: whether those are in it. Blocks: a worker's work.
    """
    under_by_key: dict[tuple[int, int, str], _Under] = {}
    plans: list[tuple[_Under, Plan] | None] = []
    for _, terms, text in texts:
        key = id(terms.settings), id(terms.flags), terms.dialect.name
        under = under_by_key.get(key)
        if under is None:
            under = under_by_key[key] = _Under.of(terms)
        borders = under.tokenizer.borders
        text_plan = plan(text, terms.dialect, borders, sections=sections) if len(text) <= LONGEST else None
        plans.append(None if text_plan is None else (under, text_plan))
    counts = _counts([planned for planned in plans if planned is not None], service)
    reports: list[PlainReport | None] = []
    for (uri, _, text), planned in zip(texts, plans, strict=True):
        report = None if planned is None else _report(uri, *planned, next(counts), encoding)
        if report is not None and planned is not None and planned[0].choice.others:
            report = replace(report, report=with_models(report.report, text, planned[0].choice))
        reports.append(report)
    return reports


def _counts(plans: Sequence[tuple[_Under, Plan]], service: TokenCountingService) -> Iterator[list[int]]:
    """The counts of each plan's pieces, in order. The store is asked once for all under one tokenizer."""
    pieces: dict[str, list[str]] = {}
    tokenizers = {under.tokenizer.name: under.tokenizer for under, _ in plans}
    for under, text_plan in plans:
        pieces.setdefault(under.tokenizer.name, []).extend(text_plan.pieces)
    counts = {name: iter(service.count_many(texts, tokenizers[name])) for name, texts in pieces.items()}
    for under, text_plan in plans:
        yield list(islice(counts[under.tokenizer.name], len(text_plan.pieces)))


def _report(
    uri: str, under: _Under, weighed: Plan, counts: Sequence[int], encoding: PositionEncoding
) -> PlainReport:
    tokens, of_sections = weighed.totals(counts)
    first_line_end = units(weighed.first_line, encoding)
    end = units(weighed.last_line, encoding)
    sections: list[SectionReport] = []
    for section, amount in zip(weighed.sections, of_sections, strict=True):
        to_end = section.end_line >= weighed.lines
        last = (weighed.lines - 1, end) if to_end else (section.end_line, 0)
        sections.append(
            SectionReport(section.title, section.level, Range(section.start_line, 0, *last), amount)
        )
    settings, model = under.terms.settings, under.choice.model
    report = Report(
        uri=uri,
        version=None,
        dialect=under.terms.dialect.name,
        model=under.choice.name,
        encoding=under.tokenizer.name,
        exactness=under.choice.exactness(under.tokenizer),
        ready=True,
        tokens=tokens,
        own_tokens=tokens,
        budget=budget_report(tokens, under.limit, settings),
        input_usd=None if model is None else input_cost(tokens, model),
        sections=tuple(sections),
        references=(),
        totals=_NO_REFERENCES,
        problems=tuple(
            (Range(0, 0, 0, first_line_end), Problem(Code.SETTINGS, text)) for text in under.choice.warnings
        ),
        frame=frame_of(under.tokenizer.name, model),
        cacheable=None if model is None else tokens,
        cached_usd=None if model is None else cached_cost(tokens, tokens, model),
    )
    return PlainReport(report, first_line_end)
