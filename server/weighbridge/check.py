"""`weighbridge check`: prompts, and what agents load, against their budgets, a baseline, another revision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from weighbridge import gate
from weighbridge.agents.registry import AGENTS
from weighbridge.analysis import contexts
from weighbridge.analysis.report import Report
from weighbridge.batch import Outcome, weigh
from weighbridge.budget.directive import Overrides
from weighbridge.changes import Asked, Changes, changes_since
from weighbridge.config import Severity
from weighbridge.config.setting_values import CONTEXT_BUDGET
from weighbridge.content.revision import Revision, revision
from weighbridge.errors import Code
from weighbridge.terminal import Finding, findings_of
from weighbridge.workspaces import absolute, chosen, settings_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Asked):
    """What is to be checked, and how.

    `baseline`: a file of numbers, written first if `update`. `since`: a revision of git's to compare with. `sections`:
    whether the reports are to hold them.
    """

    baseline: Path | None = None
    update: bool = False
    tolerance: gate.Tolerance = field(default_factory=gate.Tolerance)
    since: str | None = None
    sections: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it. `over`: whether a budget is exceeded that no baseline excuses."""

    outcomes: Sequence[Outcome]
    reports: Sequence[Report]
    contexts: Sequence[Mapping[str, Any]]
    findings: Sequence[Finding]
    over: bool
    changes: Changes | None

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
            "total": sum(report.tokens for report in self.reports),
            "contexts": list(self.contexts),
            "findings": [asdict(finding) for finding in self.findings],
            **({} if self.changes is None else {"diff": self.changes.as_json()}),
        }


def check(options: Options, on_unusable: Callable[[str], None]) -> Checked:
    """Weigh and judge. `on_unusable`: told of each setting that can't be used.

    Raises:
        UnusableBaselineError: the baseline can't be read or written.
        UnknownRevisionError: the revision can't be looked at.
    """
    folders = [absolute(path) for path in options.paths if path.is_dir()]
    here = folders[0] if folders else Path.cwd()
    if options.since is None:
        return _checked(options, on_unusable, folders, here, None)
    with revision(here.resolve(), options.since) as then:
        return _checked(options, on_unusable, folders, here, then)


def _checked(
    options: Options,
    on_unusable: Callable[[str], None],
    folders: Sequence[Path],
    here: Path,
    then: Revision | None,
) -> Checked:
    """The check of documents, and of what agents load in some folders. `then`: the revision that is compared with."""
    outcomes = weigh(
        options.paths, options.layer, options.flags, on_unusable, sections=options.sections, revision=then
    )
    reports = [outcome.report for outcome in outcomes if outcome.report is not None]
    # Names in a baseline start from its own folder, so that they are the same wherever it is read.
    base = here if options.baseline is None else absolute(options.baseline).parent
    loaded = [context for folder in folders for context in _contexts(folder, options.flags)]
    limited = list(gate.limited(reports, loaded, settings_for(here), here, base))
    excused: frozenset[str] = frozenset()
    grown: list[Finding] = []
    if options.baseline is not None:
        numbers = gate.measured(reports, loaded, here, base)
        if options.update:
            gate.Baseline({name: tokens for name, (_, tokens, _) in numbers.items()}).write(options.baseline)
        baseline = gate.Baseline.read(options.baseline)
        excused = frozenset(baseline.tokens)
        grown = list(gate.growth_findings(numbers, baseline, options.tolerance))
    # What has a budget and is not excused from it.
    judged, findings = reports, findings_of(reports)
    if excused:
        judged = [report for report in reports if gate.name_of(report.uri, base) not in excused]
        uris = {report.uri for report in judged}
        findings = [one for one in findings if one.code != Code.BUDGET or one.uri in uris]
    limited = [one for one in limited if one.name not in excused]
    # A document's own findings tell of the first agent that reads it.
    said = {(one.uri, one.line, one.code) for one in findings}
    findings += filter(None, (one.finding() for one in limited))
    findings += [one for one in gate.lost_findings(loaded) if (one.uri, one.line, one.code) not in said]
    over = any(report.over_budget for report in judged) or any(one.over for one in limited)
    changes = None if then is None else changes_since(then, options, outcomes, here.resolve())
    return Checked(outcomes, reports, loaded, [*findings, *grown], over, changes)


def _contexts(folder: Path, flags: Overrides) -> list[dict[str, Any]]:
    """What the agents load in a folder that have a budget there, or that the settings choose."""
    settings = settings_for(folder)
    limited = [key.removeprefix(CONTEXT_BUDGET) for key in settings.budgets if key.startswith(CONTEXT_BUDGET)]
    names = dict.fromkeys([*limited, *(settings.agents or ())])
    if not names:
        return []
    loaded = contexts.load([AGENTS[name] for name in names], folder, Path.home())
    return contexts.counted(loaded, chosen(folder, flags, lambda _: None), texts=False)
