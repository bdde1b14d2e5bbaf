"""`weighbridge check`: prompts, and what agents load, against their budgets, a baseline, another revision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from weighbridge import gate
from weighbridge.agents.registry import AGENTS
from weighbridge.analysis import contexts
from weighbridge.analysis.report import Report
from weighbridge.batch import FileOutcome, weigh
from weighbridge.changes import Asked, Changes, changes_since
from weighbridge.config import Severity
from weighbridge.config.setting_values import CONTEXT_BUDGET
from weighbridge.content.depends import NOTHING, Depends
from weighbridge.content.revision import Revision, revision
from weighbridge.errors import Code
from weighbridge.terminal import Finding, findings_of
from weighbridge.workspaces import absolute, chosen, settings_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Asked):
    """What is to be checked, and how.

    `baseline`: a file of numbers, written first if `update`. `since`: a revision of git's to compare with. `sections`:
    whether the reports are to hold them. `depends`: whether it is to be said what was looked at.
    """

    baseline: Path | None = None
    update: bool = False
    tolerance: gate.Tolerance = field(default_factory=gate.Tolerance)
    since: str | None = None
    sections: bool = True
    depends: bool = False


OnDocument = Callable[[Report, Sequence[Finding]], None]
"""Told of a document, with what there is to say of it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it.

    `reports`: none where each was told of at once. `other_findings`: about what agents load, and about all together. `over`:
    whether a budget is exceeded that no baseline excuses.
    """

    outcomes: Sequence[FileOutcome]
    reports: Sequence[Report]
    total: gate.Total
    contexts: Sequence[contexts.CountedContext]
    document_findings: Sequence[Finding]
    other_findings: Sequence[Finding]
    over: bool
    changes: Changes | None = None
    #: What all of it depends on besides the documents themselves, if that was asked for.
    depends: Depends = NOTHING

    @property
    def findings(self) -> Sequence[Finding]:
        return [*self.document_findings, *self.other_findings]

    def fails(self, *, strict: bool) -> bool:
        """Whether the check fails; a threshold may be crossed below the budget."""
        return self.over or any(
            finding.code != Code.BUDGET
            and (
                finding.severity == Severity.ERROR
                or (strict and finding.code != Code.TYPO and finding.severity != "hint")
            )
            for finding in self.findings
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "documents": [report.as_json() for report in self.reports],
            "total": self.total.tokens,
            "contexts": self.contexts,
            "findings": self.findings,
            **self._diff_json(),
        }

    def summary_json(self) -> dict[str, Any]:
        """What is left to say when each document was told of with its findings."""
        return {
            "documents": self.total.documents,
            "total": self.total.tokens,
            "contexts": self.contexts,
            "findings": self.other_findings,
            **self._diff_json(),
        }

    def _diff_json(self) -> dict[str, Any]:
        return {} if self.changes is None else {"diff": self.changes.as_json()}


def check(
    options: Options, on_unusable: Callable[[str], None], on_document: OnDocument | None = None
) -> Checked:
    """Weigh and judge. `on_unusable`: told of each setting that can't be used.

    `on_document`: told of each document and its findings as soon as they are known. Its report is not kept then, unless a
    revision is compared with: as much memory is taken as names and findings need.

    Raises:
        UnusableBaselineError: the baseline can't be read or written.
        UnknownRevisionError: the revision can't be looked at.
    """
    folders = [absolute(path) for path in options.paths if path.is_dir()]
    here = folders[0] if folders else Path.cwd()
    if options.since is None:
        return _checked(options, on_unusable, on_document, folders, here, None)
    with revision(here.resolve(), options.since) as then:
        return _checked(options, on_unusable, on_document, folders, here, then)


def _checked(
    options: Options,
    on_unusable: Callable[[str], None],
    on_document: OnDocument | None,
    folders: Sequence[Path],
    here: Path,
    then: Revision | None,
) -> Checked:
    """The check of documents, and of what agents load in some folders. `then`: the revision that is compared with."""
    # Names in a baseline start from its own folder, so that they are the same wherever it is read.
    base = here if options.baseline is None else absolute(options.baseline).parent
    comparison = gate.Comparison(options.baseline, options.tolerance, update=options.update)
    documents = _Documents(base, comparison, on_document, keep=then is not None)
    outcomes = weigh(
        options.paths,
        options.layer,
        options.flags,
        on_unusable,
        on_outcome=None if on_document is None else documents.take,
        sections=options.sections,
        depends=options.depends,
        revision=then,
    )
    if on_document is None:
        for outcome in outcomes:
            documents.take(outcome)
    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    total, of_documents = documents.total, documents.findings(outcomes)
    loaded: list[contexts.CountedContext] = []
    depends = [outcome.depends for outcome in outcomes] if options.depends else []
    for folder in folders:
        loadings = _contexts(folder)
        loaded += contexts.counted(loadings, chosen(folder, options.flags, lambda _: None), texts=False)
        depends += [loading.depends for loading in loadings]
    grown = list(comparison.findings(gate.measured(total, loaded, here, base)))
    comparison.write()
    # What has a budget and is not excused from it.
    limited = [
        limit
        for limit in gate.limited(total, loaded, settings_for(here), here, base)
        if not comparison.excuses(limit.name)
    ]
    others = [finding for limit in limited if (finding := limit.finding()) is not None]
    # A document's own findings tell of the first agent that reads it.
    said = {(finding.uri, finding.line, finding.code) for finding in (*of_documents, *others)}
    others += [
        finding
        for finding in gate.lost_findings(loaded)
        if (finding.uri, finding.line, finding.code) not in said
    ]
    whole = documents.whole(outcomes)
    changes = None if then is None else changes_since(then, options, whole, here.resolve())
    over = total.over or any(limit.over for limit in limited)
    others += grown
    return Checked(
        outcomes, reports, total, loaded, of_documents, others, over, changes, reduce(or_, depends, NOTHING)
    )


class _Documents:
    """The documents of a check, one after the other: what there is to say of each, and what they come to together."""

    def __init__(
        self, base: Path, comparison: gate.Comparison, on_document: OnDocument | None, *, keep: bool
    ) -> None:
        """`base`: the folder that names start from. `keep`: whether those that were told of are asked for later."""
        self.total = gate.Total()
        self._base = base
        self._comparison = comparison
        self._on_document = on_document
        self._keep = keep
        self._findings: dict[Path, Sequence[Finding]] = {}
        self._kept: dict[Path, FileOutcome] = {}

    def take(self, outcome: FileOutcome) -> None:
        """Judge a document, and tell of it."""
        report = outcome.report
        if report is None:
            return
        name = gate.name_of(report.uri, self._base)
        excused = self._comparison.excuses(name)
        self.total.add(report, excused=excused)
        findings = [
            finding for finding in findings_of([report]) if not (excused and finding.code == Code.BUDGET)
        ]
        findings += self._comparison.findings({name: (report.uri, report.tokens, report.exact)})
        if findings:
            self._findings[outcome.path] = findings
        if self._on_document is not None:
            self._on_document(report, findings)
            if self._keep:
                self._kept[outcome.path] = outcome

    def findings(self, outcomes: Sequence[FileOutcome]) -> list[Finding]:
        """What there is to say of documents, in their order."""
        return [finding for outcome in outcomes for finding in self._findings.get(outcome.path, ())]

    def whole(self, outcomes: Sequence[FileOutcome]) -> list[FileOutcome]:
        """The documents with their reports, as far as they are kept."""
        return [self._kept.get(outcome.path, outcome) for outcome in outcomes]


def _contexts(folder: Path) -> list[contexts.Loaded]:
    """What the agents load in a folder that have a budget there, or that the settings choose."""
    settings = settings_for(folder)
    limited = [key.removeprefix(CONTEXT_BUDGET) for key in settings.budgets if key.startswith(CONTEXT_BUDGET)]
    names = dict.fromkeys([*limited, *(settings.agents or ())])
    return contexts.load([AGENTS[name] for name in names], folder, Path.home()) if names else []
