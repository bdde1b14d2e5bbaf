"""`textDocument/diagnostic` and `publishDiagnostics`: thresholds crossed, references that stand for nothing."""

import hashlib
import json
from collections.abc import Iterator
from heapq import nlargest

from lsprotocol import types

from weighbridge.analysis.expand import State
from weighbridge.analysis.report import Range, ReferenceReport, Report, severity_of
from weighbridge.analysis.wording import part_text, share_text, tokens_text
from weighbridge.content.policy import shown
from weighbridge.errors import Code, Problem
from weighbridge.lsp.abilities import ClientAbilities

SOURCE = "weighbridge"

#: Diagnostics of one document: a hundred thousand take seconds to be written, and nobody reads them.
_MOST = 1000
#: References named with a crossed threshold.
_LARGEST = 5
#: Nested faults shown at one reference.
_MOST_NESTED = 20

_SEVERITIES = {
    "hint": types.DiagnosticSeverity.Hint,
    "information": types.DiagnosticSeverity.Information,
    "warning": types.DiagnosticSeverity.Warning,
    "error": types.DiagnosticSeverity.Error,
}


def diagnostics(report: Report, first_line_end: int, abilities: ClientAbilities) -> list[types.Diagnostic]:
    """All diagnostics of a document, in order of place.

    `first_line_end`: where line 1 ends, in the client's units.
    """
    related = abilities.related_information
    findings = [*_budget(report, first_line_end, related=related)]
    findings.extend(
        types.Diagnostic(
            range=to_range(place),
            message=problem.message,
            severity=(
                types.DiagnosticSeverity.Hint
                if problem.code is Code.TYPO
                else _SEVERITIES[severity_of(problem.code)]
            ),
            code=problem.code.value,
            source=SOURCE,
        )
        for place, problem in report.problems
    )
    findings.extend(
        types.Diagnostic(
            range=to_range(place),
            message=notice.message,
            severity=_SEVERITIES[notice.severity],
            code=notice.code.value,
            source=SOURCE,
            tags=[types.DiagnosticTag.Unnecessary] if notice.faded and abilities.faded_text else None,
        )
        for place, notice in report.notices
        # To fade it is all that is to be said.
        if abilities.faded_text or notice.code is not Code.REMOVED
    )
    candidates = [
        reference for reference in report.references if reference.problem is not None or reference.references
    ]
    for number, reference in enumerate(candidates):
        if len(findings) >= _MOST:
            left = sum(later.problem is not None for later in candidates[number:])
            message = (
                f"{left:,} more references from here on have problems: told of when those before are mended"
            )
            findings.append(_at(reference, Code.FAILED, message, "information"))
            break
        findings.extend(
            finding
            for finding in _broken(report.uri, reference, related=related)
            if not report.template or finding.severity is not types.DiagnosticSeverity.Hint
        )
    return sorted(findings, key=lambda finding: (finding.range.start.line, finding.range.start.character))


def result_id(findings: list[types.Diagnostic]) -> str:
    """A name for these diagnostics: equal for equal ones."""
    plain = [
        (
            str(finding.code),
            finding.message,
            int(finding.severity or 0),
            finding.range.start.line,
            finding.range.start.character,
            finding.range.end.line,
            finding.range.end.character,
            [(info.location.uri, info.message) for info in finding.related_information or ()],
        )
        for finding in findings
    ]
    return hashlib.blake2b(json.dumps(plain).encode(), digest_size=8).hexdigest()


def _budget(report: Report, first_line_end: int, *, related: bool) -> Iterator[types.Diagnostic]:
    severity = report.budget.severity
    if severity is None or not report.ready:
        return
    limit, over = report.budget.limit, report.tokens - report.budget.limit
    text = f"{tokens_text(report.tokens, exact=report.exact)}, {share_text(report.budget.used)} of the budget of {limit:,}"
    if over > 0:
        text += f": {over:,} over"
    yield types.Diagnostic(
        range=types.Range(types.Position(0, 0), types.Position(0, first_line_end)),
        message=text,
        severity=_SEVERITIES[severity],
        code=Code.BUDGET.value,
        source=SOURCE,
        related_information=_largest(report) if related else None,
    )


def _largest(report: Report) -> list[types.DiagnosticRelatedInformation]:
    """The references that weigh most, each at its place in the document."""
    counted = (reference for reference in report.references if reference.tokens)
    largest = [
        _related(report.uri, reference.range, f"{shown(reference.target)}: {part_text(report, reference)}")
        for reference in nlargest(_LARGEST, counted, key=lambda reference: reference.tokens or 0)
    ]
    top = nlargest(_LARGEST, report.sections, key=lambda section: section.tokens)
    if len(report.sections) > 1:
        largest += [
            _related(
                report.uri, section.range, f"section “{shown(section.title)}”: {part_text(report, section)}"
            )
            for section in top[: _LARGEST - min(_LARGEST - 1, len(largest))]
            if section.tokens
        ]
    return largest


def _broken(uri: str, reference: ReferenceReport, *, related: bool) -> Iterator[types.Diagnostic]:
    """A diagnostic for a reference that failed, or that includes one that did."""
    if reference.problem is not None:
        stale = reference.state is State.STALE
        yield _at(reference, reference.problem.code, _said(reference, reference.problem), reference.severity)
        if not stale:
            return
    for chain in _failed_below(reference):
        problem = chain[-1].problem
        assert problem is not None  # noqa: S101  that is what was looked for
        through = " → ".join(shown(link.target) for link in chain)
        where = chain[-2].uri if len(chain) > 1 else uri
        yield _at(
            reference,
            problem.code,
            f"{_said(chain[-1], problem)} (through {through})",
            chain[-1].severity,
            [_related(where, chain[-1].range, problem.message)] if related and where else None,
        )


def _said(reference: ReferenceReport, problem: Problem) -> str:
    """What is wrong; and that something counts all the same, where it does."""
    if reference.sampled:
        return f"{problem.message}; its sample counts"
    if reference.state is State.STALE:
        return f"{problem.message}; what is known from before counts"
    return problem.message


def _failed_below(reference: ReferenceReport) -> Iterator[list[ReferenceReport]]:
    """The failed references nested in one, each with the way to it; the first of each code and target is enough."""
    seen: set[tuple[str, str]] = set()
    todo = [[reference]]
    while todo and len(seen) < _MOST_NESTED:
        chain = todo.pop()
        todo.extend([*chain, nested] for nested in reversed(chain[-1].references))
        problem = chain[-1].problem
        if len(chain) > 1 and problem is not None and (problem.code, chain[-1].target) not in seen:
            seen.add((problem.code, chain[-1].target))
            yield chain


def _at(
    reference: ReferenceReport,
    code: Code,
    message: str,
    severity: str,
    related: list[types.DiagnosticRelatedInformation] | None = None,
) -> types.Diagnostic:
    return types.Diagnostic(
        range=to_range(reference.range),
        message=message,
        severity=_SEVERITIES[severity],
        code=code.value,
        source=SOURCE,
        related_information=related,
    )


def _related(uri: str, range_: Range, message: str) -> types.DiagnosticRelatedInformation:
    return types.DiagnosticRelatedInformation(types.Location(uri, to_range(range_)), message)


def to_range(range_: Range) -> types.Range:
    """A report's range as the protocol's."""
    return types.Range(
        types.Position(range_.start_line, range_.start_character),
        types.Position(range_.end_line, range_.end_character),
    )
