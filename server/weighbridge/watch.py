"""What `count` and `check` say each time that files changed: `--watch`."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import NoReturn, TypeAlias

from weighbridge import growth
from weighbridge.analysis.contexts import CountedContext
from weighbridge.analysis.report import Report
from weighbridge.batch import FileOutcome
from weighbridge.check import Checked
from weighbridge.content.depends import NOTHING, Depends
from weighbridge.content.tree import Tree
from weighbridge.content.watched import changes, places_of
from weighbridge.errors import WeighbridgeError
from weighbridge.terminal import Finding, print_findings
from weighbridge.uris import path_of
from weighbridge.workspaces import absolute, roots_of

Found: TypeAlias = Sequence[FileOutcome] | Checked
"""What `count` finds, or `check`."""


@dataclass(frozen=True, slots=True)
class Look:
    """What there was to say at one time.

    `faults`: what could not be used. `depends`: what all of it depends on besides the documents themselves. `findings`: None
    where nobody asks for them.
    """

    reports: Sequence[Report]
    faults: Sequence[str]
    depends: Depends
    findings: Sequence[Finding] | None = None
    contexts: Sequence[CountedContext] = ()

    @classmethod
    def of(cls, result: Found, warnings: Sequence[str]) -> "Look":
        """What there is to say of what was found. `warnings`: of settings that can't be used."""
        outcomes = result.outcomes if isinstance(result, Checked) else result
        reports = [outcome.report for outcome in outcomes if outcome.report is not None]
        faults = [*warnings, *(outcome.problem for outcome in outcomes if outcome.problem is not None)]
        if isinstance(result, Checked):
            return cls(reports, faults, result.depends, result.findings, result.contexts)
        return cls(reports, faults, reduce(or_, (outcome.depends for outcome in outcomes), NOTHING))


def watch(
    named: Sequence[Path],
    first: Found,
    warnings: Sequence[str],
    look: Callable[[Callable[[str], None]], Found],
) -> NoReturn:
    """Look again whenever files changed, and print what is new.

    `named`: files and folders. `first`, `warnings`: what was found, and said, already. `look`: takes who is told of
    settings that can't be used. Raises UnwatchableError.
    """
    sys.stdout.flush()
    watched = _Watched(named, Look.of(first, warnings))
    for _ in changes(watched.places):
        before, new_warnings = watched.look, list[str]()
        try:
            watched.look = Look.of(look(new_warnings.append), new_warnings)
        except WeighbridgeError as error:
            watched.look = replace(before, faults=[str(error)])
        _print_news(before, watched.look)
        sys.stdout.flush()
    raise AssertionError("changes have no end")


class _Watched:
    """What is watched: the files that matter, and all folders in which others may appear."""

    def __init__(self, named: Sequence[Path], look: Look) -> None:
        self.look = look
        self._named = [absolute(path) for path in named]
        self._roots = roots_of(self._named)
        folders = [path for path in self._named if path.is_dir()]
        self._trees = {
            root: Tree(root) for folder in folders for root in self._roots if folder.is_relative_to(root)
        }

    def places(self) -> Mapping[Path, int]:
        """The places to watch for what the last look depended on."""
        paths = (path_of(report.uri) for report in self.look.reports)
        depends = self.look.depends
        files = {*self._named, *depends.paths, *(path for path in paths if path is not None)}
        return places_of(files, self._roots, {*depends.listed, *self._folders()})

    def _folders(self) -> Iterator[Path]:
        for tree in self._trees.values():
            tree.files()
            yield from tree.folders


def _print_news(before: Look, now: Look) -> None:
    """Print what one look has to say that the last had not; nothing if that is nothing."""
    for fault in now.faults:
        if fault not in before.faults:
            sys.stderr.write(f"weighbridge: {fault}\n")
    here = Path.cwd()
    earlier = [growth.Before(report, report.tokens) for report in before.reports]
    documents = growth.document_changes(earlier, now.reports, here, here)
    contexts = growth.context_changes(before.contexts, now.contexts, here)
    if documents or contexts:
        sys.stdout.writelines(
            f"{line}\n" for line in growth.change_lines(documents, contexts, "the last look")
        )
    if now.findings is not None and before.findings is not None:
        was, is_ = set(map(_said, before.findings)), set(map(_said, now.findings))
        if documents or contexts or was != is_:
            print_findings(now.reports, now.findings, lambda finding: _said(finding) not in was)


def _said(finding: Finding) -> tuple[str, str, str]:
    """What makes a finding another one: that it moved to another line does not."""
    return finding.uri, finding.code, finding.message
