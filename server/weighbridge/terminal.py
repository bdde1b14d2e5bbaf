"""Reports for people at a terminal: a tree of counts, findings, models.

Names and targets are a stranger's: what would move the cursor, or begin another line, is shown as a replacement
character. A line of its own could be a command to whatever reads a build's log.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import ReferenceReport, Report
from weighbridge.budget.models import MODELS
from weighbridge.content.policy import shown
from weighbridge.errors import Code
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

    def as_json(self) -> dict[str, Any]:
        return {
            "uri": self.uri,
            "line": self.line,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
        }


def findings_of(reports: Sequence[Report]) -> list[Finding]:
    """Thresholds crossed and references broken, document by document."""
    return [finding for report in reports for finding in _findings(report)]


def print_findings(reports: Sequence[Report], findings: Sequence[Finding]) -> None:
    """Findings as `path:line: severity: message [code]`, then one line of summary."""
    console = _console()
    for finding in findings:
        line = Text(f"{_name(finding.uri)}:{finding.line}: ")
        line.append(finding.severity, style=_STYLES.get(finding.severity, ""))
        line.append(f": {shown(finding.message, _LONGEST)} [{finding.code}]")
        console.print(line, soft_wrap=True)
    total = sum(report.tokens for report in reports)
    errors = sum(1 for finding in findings if finding.severity == "error")
    console.print(
        Text(f"{len(reports):,} documents, {total:,} tokens, {len(findings):,} findings, {errors:,} errors")
    )


def print_table(reports: Sequence[Report]) -> None:
    """A tree of documents, their references and what is nested in them, with totals."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("document", overflow="fold")
    table.add_column("tokens", justify="right", no_wrap=True)
    table.add_column("budget", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for report in reports:
        table.add_row(
            Text(_name(report.uri), style="bold"),
            Text(f"{report.tokens:,}", style="bold"),
            Text(f"{report.budget.used:.0%}", style=_STYLES.get(report.budget.severity or "", "")),
            Text(_about(report), style="dim"),
        )
        rows = [*_rows(report.references, "")]
        if rows:
            table.add_row(Text("  own text", style="dim"), f"{report.own_tokens:,}", "", "")
        for row in rows[:_MOST_ROWS]:
            table.add_row(*row)
        if len(rows) > _MOST_ROWS:
            table.add_row(Text(f"  and {len(rows) - _MOST_ROWS:,} more"), "", "", "")
    if len(reports) > 1:
        table.add_section()
        total = sum(report.tokens for report in reports)
        table.add_row(Text("total", style="bold"), Text(f"{total:,}", style="bold"), "", "")
    _console().print(table)


def print_models() -> None:
    """The same as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("model", "encoding"):
        table.add_column(name)
    table.add_column("context window", justify="right")
    table.add_column("$ per million input tokens", justify="right")
    for model in MODELS:
        price = "" if model.input_usd_per_million is None else f"{model.input_usd_per_million:g}"
        table.add_row(model.name, model.encoding, f"{model.context_window:,}", price)
    _console().print(table)


_STYLES = {"error": "red", "warning": "yellow", "information": "blue"}


def _findings(report: Report) -> Iterator[Finding]:
    if report.budget.severity is not None:
        yield Finding(
            report.uri,
            1,
            report.budget.severity,
            Code.BUDGET.value,
            f"{report.tokens:,} tokens, {report.budget.used:.0%} of the budget of {report.budget.limit:,}",
        )
    for place, text in report.warnings:
        yield Finding(report.uri, place.start_line + 1, "warning", Code.SETTINGS.value, text)
    for reference in report.references:
        for problem in _problems(reference):
            assert problem.problem is not None  # noqa: S101  that is what was looked for
            yield Finding(
                report.uri,
                reference.range.start_line + 1,
                "error",
                problem.problem.code.value,
                problem.problem.message,
            )


def _problems(reference: ReferenceReport) -> Iterator[ReferenceReport]:
    if reference.problem is not None and reference.state is State.FAILED:
        yield reference
    for nested in reference.references:
        yield from _problems(nested)


def _rows(references: Sequence[ReferenceReport], indent: str) -> Iterator[tuple[Text, Text, Text, Text]]:
    for number, reference in enumerate(references):
        last = number == len(references) - 1
        tokens = "" if reference.tokens is None else f"{reference.tokens:,}"
        note = "" if reference.problem is None else reference.problem.message
        if reference.state is not State.RESOLVED:
            note = f"{reference.state.value}: {note}" if note else reference.state.value
        style = (
            "red"
            if reference.state is State.FAILED
            else "yellow"
            if reference.state is State.STALE
            else "dim"
        )
        kind = "" if reference.kind.value == "file" else f"{reference.kind.value}:"
        yield (
            Text(f"  {indent}{'└─' if last else '├─'} {kind}{shown(reference.target, _LONGEST)}"),
            Text(tokens),
            Text(""),
            Text(shown(note, _LONGEST), style=style),
        )
        yield from _rows(reference.references, indent + ("   " if last else "│  "))


def _about(report: Report) -> str:
    about = report.encoding if report.model is None else f"{report.model}, {report.encoding}"
    cost = "" if report.input_usd is None else f", ${report.input_usd:,.4f}"
    return f"of {report.budget.limit:,}; {about}{cost}"


def _name(uri: str) -> str:
    path = path_of(uri)
    if path is None:
        return shown(uri, _LONGEST)
    here = Path.cwd()
    return shown(str(path.relative_to(here) if path.is_relative_to(here) else path), _LONGEST)


def _console() -> Console:
    """Standard output; as wide as needed where nobody looks at it."""
    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=200)
