"""What changed since another revision: which prompts and contexts grew or shrank, and because of which files."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from weighbridge.agents.arrivals import arrival
from weighbridge.agents.model import Context, Start
from weighbridge.agents.registry import AGENTS, agent_named
from weighbridge.analysis.contexts import CountedContext
from weighbridge.analysis.loads import Loads
from weighbridge.analysis.report import ReferenceReport, Report
from weighbridge.config import Settings
from weighbridge.content.agent_files import AgentFiles
from weighbridge.content.depends import NOTHING, Depends
from weighbridge.content.policy import shown
from weighbridge.gate import name_of
from weighbridge.session.reporting import budget_report
from weighbridge.tokens.registry import tokenizer
from weighbridge.uris import path_of

#: Files that are named as the cause of one change.
_MOST_CAUSES = 5
#: Characters of a name.
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """One document, or what one agent loads, in both revisions: tokens, None where it is in one of them only.

    `through`: the files in it whose tokens changed, by how much. `lost`: tokens that never arrive, before and now;
    `cut`: by how many tokens more or fewer that is in which file. `over`: whether it is over its budget now and was not before.
    """

    name: str
    before: int | None
    now: int | None
    through: Mapping[str, int] = field(default_factory=dict)
    lost: tuple[int, int] = (0, 0)
    over: bool = False
    #: Whether its numbers are those that the model counts.
    exact: bool = True
    cut: Mapping[str, int] = field(default_factory=dict)

    @property
    def growth(self) -> int:
        """Tokens, less than 0 if it shrank."""
        return (self.now or 0) - (self.before or 0)

    @property
    def is_any(self) -> bool:
        """Whether anything changed at all."""
        return self.before != self.now or self.lost[0] != self.lost[1] or bool(self.through)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "before": self.before,
            "now": self.now,
            "through": dict(self.through),
            "lost": {"before": self.lost[0], "now": self.lost[1]},
            "over": self.over,
            "exact": self.exact,
        }


@dataclass(frozen=True, slots=True)
class Before:
    """A document of another revision. `tokens`: those that it had where it lay. `depends`: what these depend on."""

    report: Report
    tokens: int
    depends: Depends = NOTHING


def document_changes(earlier: Iterable[Before], now: Iterable[Report], tree: Path, top: Path) -> list[Change]:
    """The documents that changed, largest growth first. `earlier`: of files in `tree`."""
    old = {name_of(document.report.uri, tree): document for document in earlier}
    new = {name_of(report.uri, top): report for report in now}
    changes = []
    for name in dict.fromkeys([*new, *old]):
        report, document = new.get(name), old.get(name)
        was = None if document is None else document.report
        through: Mapping[str, int] = {}
        if report is not None and was is not None:
            through = _differences(_files(was.references, tree), _files(report.references, top))
        change = Change(
            name,
            None if document is None else document.tokens,
            None if report is None else report.tokens,
            through,
            over=report is not None and report.over_budget and not (was is not None and was.over_budget),
            exact=all(part.exact for part in (report, was) if part is not None),
        )
        if change.is_any:
            changes.append(change)
    return sorted(changes, key=lambda change: (-change.growth, change.name))


def before(
    report: Report,
    tree: Path,
    top: Path,
    workspace_of: Callable[[Path], Path],
    settings_of: Callable[[Path], Settings],
    loads: Loads,
) -> Before:
    """A document in `tree` as if it lay in `top`: what an agent loads has the file's path in its label.

    `workspace_of`: the workspace's folder that a file belongs to; `settings_of`: those in force there. `loads`: what agents
    loaded there, moved from one folder to the other.
    """
    agent = agent_named(report.dialect)
    path = None if agent is None else path_of(report.uri)
    if agent is None or path is None:
        return Before(report, report.tokens)
    home = Path.home()
    files = AgentFiles((top,), agent.folders_in(home), moved=loads.moved)
    there = top / path.relative_to(tree)
    text = (files.read(there) or b"").decode("utf-8", "replace")
    depends = NOTHING

    def load(start: Start) -> Context:
        nonlocal depends
        if start.prompt:
            return agent.load(start, files)
        loaded = loads.of(agent, start, (top,))
        depends |= loaded.depends
        return loaded.context

    brought = arrival(agent, there, text, workspace_of(there), home, files, os.environ, load)
    tokens = tokenizer(report.encoding).count(brought.text)
    budget = budget_report(tokens, report.budget.limit, settings_of(workspace_of(path)))
    report = msgspec.structs.replace(report, tokens=tokens, budget=budget)
    return Before(report, tokens, depends | files.depends)


def context_changes(
    before: Iterable[CountedContext], now: Iterable[CountedContext], top: Path
) -> list[Change]:
    """What agents load, where it changed."""
    old = {context.agent: context for context in before}
    new = {context.agent: context for context in now}
    changes = []
    for name in dict.fromkeys([*new, *old]):
        was, is_ = old.get(name), new.get(name)
        through = _differences(_entries(was, top), _entries(is_, top))
        change = Change(
            AGENTS[name].title,
            None if was is None else was.tokens,
            None if is_ is None else is_.tokens,
            through,
            (sum(_lost(was, top).values()), sum(_lost(is_, top).values())),
            exact=all(context.exact for context in (was, is_) if context is not None),
            cut=_differences(_lost(was, top), _lost(is_, top)),
        )
        if change.is_any:
            changes.append(change)
    return changes


def change_lines(documents: Sequence[Change], contexts: Sequence[Change], revision: str) -> Iterator[str]:
    """The changes as lines for people."""
    if not documents and not contexts:
        yield f"no prompt and no agent's context changed its tokens since {revision}"
        return
    yield f"since {revision}:"
    for changes in alike(contexts):
        yield _line(changes)
    for change in documents:
        yield _line([change])
    for file in shared_files(documents, contexts):
        yield f"{shown(file.name, _LONGEST)} {file}"


def alike(contexts: Sequence[Change]) -> Sequence[Sequence[Change]]:
    """What agents load, those together that changed in the same way."""
    groups: dict[tuple[object, ...], list[Change]] = defaultdict(list)
    for change in contexts:
        groups[change.growth, *sorted(change.through.items()), *change.lost].append(change)
    return list(groups.values())


def _line(changes: Sequence[Change]) -> str:
    """Changes that are the same but for their totals, as one line."""
    change = changes[0]
    about = "" if all(each.exact for each in changes) else "≈"
    notes: list[str] = []
    if change.before is None:
        notes.append(f"new, {about}{change.now:,}")
    elif change.now is None:
        notes.append(f"gone, was {about}{change.before:,}")
    elif len(changes) == 1:
        notes.append(f"{about}{change.before:,} to {about}{change.now:,}")
    causes = sorted(change.through.items(), key=lambda cause: -abs(cause[1]))
    named = ", ".join(f"{shown(name, _LONGEST)} {about}{tokens:+,}" for name, tokens in causes[:_MOST_CAUSES])
    more = f" and {len(causes) - _MOST_CAUSES} more" if len(causes) > _MOST_CAUSES else ""
    notes += [f"by {named}{more}"] if named else []
    was, is_ = change.lost
    if is_ > was:
        notes.append(f"{about}{is_ - was:,} tokens no longer arrive")
    elif is_ < was:
        notes.append(f"{about}{was - is_:,} tokens arrive again")
    if change.over:
        notes.append("now over its budget")
    growth = f"{about}{change.growth:+,}"
    return f"{growth:>10}  {', '.join(shown(each.name, _LONGEST) for each in changes)}: {'; '.join(notes)}"


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file by which more than one thing changed: by how many tokens, in how many prompts, in what which agents load."""

    name: str
    growth: int
    prompts: int
    agents: Sequence[str]
    exact: bool

    def __str__(self) -> str:
        """All but its name."""
        loads = (
            f" and in what {' and '.join(self.agents)} load{'s' if len(self.agents) == 1 else ''}"
            if self.agents
            else ""
        )
        about = "" if self.exact else "≈"
        return f"{about}{self.growth:+,} in {self.prompts:,} prompt{'' if self.prompts == 1 else 's'}{loads}"


def shared_files(documents: Sequence[Change], contexts: Sequence[Change]) -> Iterator[SharedFile]:
    """Files by which more than one thing changed."""
    prompts: dict[str, list[int]] = defaultdict(list)
    inexact = {name for change in documents if not change.exact for name in change.through}
    agents: dict[str, list[str]] = defaultdict(list)
    for change in documents:
        for name, tokens in change.through.items():
            prompts[name].append(tokens)
    for change in contexts:
        for name in change.through:
            agents[name].append(change.name)
    for name, growths in prompts.items():
        titles = agents.get(name, [])
        if len(growths) + len(titles) > 1:
            yield SharedFile(name, max(growths, key=abs), len(growths), titles, exact=name not in inexact)


def _files(references: Sequence[ReferenceReport], base: Path) -> dict[str, int]:
    """The files that stand in a document, however deep, with their tokens."""
    files: dict[str, int] = {}
    left = list(references)
    while left:
        reference = left.pop()
        left += reference.references
        if reference.uri is not None and reference.kind.value == "file" and reference.tokens is not None:
            key = name_of(reference.uri, base)
            files[key] = max(reference.tokens, files.get(key, 0))
    return files


def _entries(context: CountedContext | None, top: Path) -> dict[str, int]:
    entries = () if context is None else context.entries
    return {_relative(entry.path, top): entry.tokens for entry in entries}


def _relative(path: Path, top: Path) -> str:
    return Path(os.path.relpath(path, top)).as_posix()


def _lost(context: CountedContext | None, top: Path) -> dict[str, int]:
    """The tokens of each file that never arrive."""
    lost: dict[str, int] = defaultdict(int)
    for entry in () if context is None else context.entries:
        if entry.lost is not None:
            lost[_relative(entry.path, top)] += entry.lost.tokens
    return lost


def _differences(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """By how much files differ; one that came or went by all of it."""
    names = dict.fromkeys([*now, *before])
    growths = {name: now.get(name, 0) - before.get(name, 0) for name in names}
    return {name: growth for name, growth in growths.items() if growth}
