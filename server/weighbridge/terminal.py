"""Reports for people at a terminal: a tree of counts, findings, models.

Names and targets are a stranger's: what would move the cursor, or begin another line, is shown as a replacement
character. A line of its own could be a command to whatever reads a build's log.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import ReferenceReport, Report, own_text, severity_of
from weighbridge.analysis.wording import number_text, share_text, usd_text
from weighbridge.budget.models import Model
from weighbridge.columns import EMPTY, Row, painter, print_rows
from weighbridge.content.policy import shown
from weighbridge.errors import Code
from weighbridge.tokens.base import Exactness
from weighbridge.uris import path_of

#: Rows printed below one document; the JSON has them all.
_MOST_ROWS = 200
#: Characters of a name or a message.
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something `check` has to say: where (line from 1), how bad, what."""

    uri: str
    line: int
    severity: str
    code: str
    message: str


def findings_of(reports: Sequence[Report]) -> list[Finding]:
    """Thresholds crossed and references broken, document by document."""
    return [finding for report in reports for finding in _findings(report)]


def print_findings(
    reports: Sequence[Report], findings: Sequence[Finding], new: Callable[[Finding], bool] = lambda _: True
) -> None:
    """Findings as `path:line: severity: message [code]`, those that are new, then one line of summary."""
    paint = painter()
    lines = [
        f"{_name(finding.uri)}:{finding.line}: {paint(finding.severity, _STYLES.get(finding.severity, ''))}"
        f": {shown(finding.message, _LONGEST)} [{finding.code}]"
        for finding in findings
        if new(finding)
    ]
    total = sum(report.tokens for report in reports)
    errors = sum(1 for finding in findings if finding.severity == "error")
    lines.append(
        ", ".join(
            (
                _counted(len(reports), "document"),
                f"{_total(reports)} {'token' if total == 1 else 'tokens'}",
                _counted(len(findings), "finding"),
                _counted(errors, "error"),
            )
        )
    )
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _counted(count: int, name: str) -> str:
    """`1 document`, `1,234 documents`."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def print_table(reports: Sequence[Report]) -> None:
    """A tree of documents, their references and what is nested in them, with totals."""
    table: list[Row] = [(("document", "bold"), ("tokens", "bold"), ("budget", "bold"), ("", ""))]
    for report in reports:
        table.append(
            (
                (_name(report.uri), "bold"),
                (_total([report]), "bold"),
                (share_text(report.budget.used), _STYLES.get(report.budget.severity or "", "")),
                (_about(report), "dim"),
            )
        )
        for model in report.models[1:]:
            about = f"{'' if model.context_window is None else f'of {model.context_window:,}; '}{model.encoding}{_cost(None if model.cost is None else model.cost.input_usd)}"
            tokens = number_text(model.tokens, exact=model.exactness is Exactness.EXACT)
            used = "" if model.used is None else share_text(model.used)
            table.append(
                ((f"  {shown(model.model, _LONGEST)}", ""), (tokens, ""), (used, ""), (about, "dim"))
            )
        if report.frame is not None:
            around = f"+{report.frame.tokens:,}"
            table.append(
                (
                    ("  around a message", "dim"),
                    (around, ""),
                    EMPTY,
                    (f"in no count; {report.frame.source}", "dim"),
                )
            )
        rows = [*_rows(report.references, "", exact=report.counts_exactly)]
        if rows:
            table.append(
                (
                    ("  own text", "dim"),
                    (
                        number_text(own_text(report.tokens, report.references), exact=report.counts_exactly),
                        "",
                    ),
                    EMPTY,
                    EMPTY,
                )
            )
        table += rows[:_MOST_ROWS]
        if len(rows) > _MOST_ROWS:
            table.append(((f"  and {len(rows) - _MOST_ROWS:,} more", ""), EMPTY, EMPTY, EMPTY))
    if len(reports) > 1:
        table.append((("total", "bold"), (_total(reports), "bold"), EMPTY, EMPTY))
    print_rows(table, right=(1, 2))


def print_models(models: Sequence[Model]) -> None:
    """Models: what counts for them, windows, prices."""
    names = ("model", "encoding", "count", "context window", "most output", "$ per million tokens", "cached")
    table: list[Row] = [tuple((name, "bold") for name in names)]
    for model in models:
        tiers = "".join(f", {tier.input_usd_per_million:g} above {tier.above:,}" for tier in model.tiers)
        price = "" if model.input_usd_per_million is None else f"{model.input_usd_per_million:g}{tiers}"
        cached = "" if model.cached_usd_per_million is None else f"{model.cached_usd_per_million:g}"
        windows = [
            "" if tokens is None else f"{tokens:,}" for tokens in (model.context_window, model.max_output)
        ]
        row = (model.name, model.encoding, model.exactness.value, *windows, price, cached)
        table.append(tuple((cell, "") for cell in row))
    print_rows(table, right=(3, 4))


_STYLES = {"error": "red", "warning": "yellow", "information": "blue"}


def _findings(report: Report) -> Iterator[Finding]:
    if report.budget.severity is not None:
        yield Finding(
            report.uri,
            1,
            report.budget.severity,
            Code.BUDGET.value,
            f"{_total([report])} tokens, {share_text(report.budget.used)} of the budget of {report.budget.limit:,}",
        )
    for place, own in report.problems:
        yield Finding(
            report.uri, place.start_line + 1, severity_of(own.code).value, own.code.value, own.message
        )
    for place, notice in report.notices:
        if notice.severity == "warning":
            yield Finding(report.uri, place.start_line + 1, "warning", notice.code.value, notice.message)
    for reference in report.references:
        for problem in _problems(reference):
            assert problem.problem is not None  # noqa: S101  that is what was looked for
            if problem.severity == "hint" and report.template:
                continue
            yield Finding(
                report.uri,
                reference.range.start_line + 1,
                problem.severity,
                problem.problem.code.value,
                problem.problem.message,
            )


def _problems(reference: ReferenceReport) -> Iterator[ReferenceReport]:
    if reference.problem is not None:
        yield reference
    for nested in reference.references:
        yield from _problems(nested)


def _rows(references: Sequence[ReferenceReport], indent: str, *, exact: bool) -> Iterator[Row]:
    for number, reference in enumerate(references):
        last = number == len(references) - 1
        today = exact and reference.state is State.RESOLVED and not reference.sampled
        tokens = "" if reference.tokens is None else number_text(reference.tokens, exact=today)
        note = "" if reference.problem is None else reference.problem.message
        if reference.state is not State.RESOLVED:
            state = "from a sample" if reference.sampled else reference.state.value
            note = f"{state}: {note}" if note else state
        style = (
            "red"
            if reference.state is State.FAILED
            else "yellow"
            if reference.state is State.STALE
            else "dim"
        )
        kind = "" if reference.kind.value == "file" else f"{reference.kind.value}:"
        yield (
            (f"  {indent}{'└─' if last else '├─'} {kind}{shown(reference.target, _LONGEST)}", ""),
            (tokens, ""),
            EMPTY,
            (shown(note, _LONGEST), style),
        )
        yield from _rows(reference.references, indent + ("   " if last else "│  "), exact=exact)


def _total(reports: Sequence[Report]) -> str:
    about = "" if all(report.exact for report in reports) else "≈"
    return f"{about}{sum(report.tokens for report in reports):,}"


def _about(report: Report) -> str:
    about = report.encoding if report.model is None else f"{report.model}, {report.encoding}"
    cost = _cost(report.input_usd)
    if report.cached_usd is not None:
        kept = number_text(report.cacheable or 0, exact=report.exact)
        cost += f" ({usd_text(report.cached_usd)} with {kept} cached)"
    inexact = report.totals.not_of_today()
    return f"of {report.budget.limit:,}; {about}{cost}{f'; {inexact}' if inexact else ''}"


def _cost(usd: float | None) -> str:
    return "" if usd is None else f", {usd_text(usd)}"


def _name(uri: str) -> str:
    path = path_of(uri)
    if path is None:
        return shown(uri, _LONGEST)
    # As strings: twenty thousand are named.
    here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118
    return shown(os.fspath(path).removeprefix(here), _LONGEST)
