"""What changed since a revision: the documents of today and what agents load, held against those of then.

What is the same text under the same settings, and depends on nothing that is another, changed nothing: it is neither laid out
nor weighed again. Of the revision only the rest is laid out, with all that it turns out to depend on.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Any

from weighbridge import disk, growth
from weighbridge.agents.readers import DIALECTS
from weighbridge.agents.registry import AGENTS
from weighbridge.analysis import contexts
from weighbridge.analysis.loads import Loads
from weighbridge.batch import FileOutcome, weigh
from weighbridge.budget.directive import Overrides
from weighbridge.config import matches
from weighbridge.config.documents import is_agents_folder
from weighbridge.config.files import OWN_FILE, PROJECT_FILE
from weighbridge.content.depends import NOTHING, Depends
from weighbridge.content.discovery import MARKS_OF_OTHERS
from weighbridge.content.ignored import IGNORE_FILE
from weighbridge.content.revision import Revision
from weighbridge.gate import name_of
from weighbridge.uris import path_of
from weighbridge.workspaces import chosen, configuration_of, roots_of, settings_for, workspace_of

#: What decides which files are documents, and under which settings.
_DECISIVE = frozenset((IGNORE_FILE, OWN_FILE, PROJECT_FILE, *MARKS_OF_OTHERS))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be weighed. `layer`, `flags`: the command line's settings, and what it says of every document."""

    paths: Sequence[Path]
    layer: Mapping[str, Any]
    flags: Overrides


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a revision, in documents and in what agents load."""

    since: str
    documents: Sequence[growth.Change]
    contexts: Sequence[growth.Change]

    def as_json(self) -> dict[str, Any]:
        return {
            "revision": self.since,
            "documents": [change.as_json() for change in self.documents],
            "contexts": [change.as_json() for change in self.contexts],
        }


def changes_since(then: Revision, asked: Asked, outcomes: Sequence[FileOutcome], folder: Path) -> Changes:
    """What changed since a revision. `outcomes`: of today; `folder`: where agents are started, its links followed."""
    return Changes(then.revision, _documents(then, asked, outcomes), _contexts(then, folder, asked.flags))


def _documents(then: Revision, asked: Asked, outcomes: Sequence[FileOutcome]) -> list[growth.Change]:
    named = _below(then.top, asked.paths)
    if _same_settings(then, outcomes):
        rest = [outcome for outcome in outcomes if not _is_same(then, outcome)]
        unchanged = {then.name(outcome.path) for outcome in outcomes} - {
            then.name(outcome.path) for outcome in rest
        }
        findable = [path for folder in named for path in _findable(then, folder, unchanged, asked)]
        then.lay_out(_all_of(rest) | Depends(frozenset(findable)))
        for name in filter(is_agents_folder, then.links):
            then.lay_out_below(disk.followed_or_same(then.tree / name))
    else:
        unchanged, rest = set(), [*outcomes]
        then.lay_out_below(then.top)
    now = [outcome.report for outcome in rest if outcome.report is not None]
    # Those of today besides, so that the same are compared whatever is ignored.
    today = _below(then.top, (path for report in now if (path := path_of(report.uri)) is not None))
    then.lay_out(Depends(frozenset(today)))

    there = dict.fromkeys(then.tree / path.relative_to(then.top) for path in (*named, *today))

    def weighed(known: Sequence[FileOutcome]) -> list[FileOutcome]:
        paths = [path for path in there if path.exists()]
        if not paths:
            return []
        return weigh(
            paths,
            asked.layer,
            asked.flags,
            lambda _: None,
            sections=False,
            revision=then,
            # What arrived is told of them as they lay, by `growth.before`.
            arrivals=False,
            known=known,
        )

    reports = [
        report
        for outcome in then.settled(weighed, lambda outcome: outcome.depends)
        if (report := outcome.report) is not None and name_of(report.uri, then.tree) not in unchanged
    ]

    settings_of = cache(settings_for)

    def moved(known: Sequence[growth.Before]) -> list[growth.Before]:
        done = {document.report.uri: document for document in known}
        loads = Loads(lambda _: None, moved=(then.top, then.tree))
        return [
            done.get(report.uri)
            or growth.before(report, then.tree, then.top, workspace_of, settings_of, loads)
            for report in reports
        ]

    before = then.settled(moved, lambda document: document.depends)
    return growth.document_changes(before, now, then.tree, then.top)


def _is_same(then: Revision, outcome: FileOutcome) -> bool:
    """Whether a document is what it was: its own text, and all that its report depends on."""
    report = outcome.report
    if report is None or not outcome.same:
        return False
    # What an agent reads outside the repository it read then, too. Our own references start from where the document lies.
    of_agent = DIALECTS[report.dialect].agent is not None
    return then.same(outcome.depends, beyond=of_agent)


def _all_of(outcomes: Iterable[FileOutcome]) -> Depends:
    return reduce(or_, (document.depends for document in outcomes), NOTHING)


def _same_settings(then: Revision, outcomes: Iterable[FileOutcome]) -> bool:
    """Whether each document is under the settings that it was under, as far as the repository says them."""
    if not os.path.lexists(then.top / ".git"):
        return False
    own = [then.top / name for name in then.entries if name.endswith(OWN_FILE)]
    folders = {os.path.dirname(outcome.path) for outcome in outcomes}  # noqa: PTH120  (quicker)
    roots = [root for root in roots_of([Path(folder) for folder in folders]) if then.name(root) is not None]
    return all(map(then.same_at, own)) and all(
        then.same_at(root / OWN_FILE)
        and then.same_at(root / PROJECT_FILE)
        and (root == then.top or ((root / OWN_FILE).exists() and not os.path.lexists(root / ".git")))
        for root in roots
    )


def _findable(then: Revision, named: Path, unchanged: Collection[str | None], asked: Asked) -> Iterator[Path]:
    """The files of then that may be found as documents where a path is named, but for those that are the same; and what decides
    about them.
    """
    root = roots_of([named])[0]
    include = configuration_of([root], asked.layer, asked.flags).settings_of(root).include
    top, below = then.name(root) or "", then.name(named) or ""
    above, within = (f"{name}/" if name else "" for name in (top, below))
    for name in then.entries:
        if name.rpartition("/")[2] in _DECISIVE or (
            name not in unchanged
            and (name == below or (name.startswith(within) and matches(name.removeprefix(above), include)))
        ):
            yield then.top / name


def _contexts(then: Revision, folder: Path, flags: Overrides) -> list[growth.Change]:
    agents = [AGENTS[name] for name in settings_for(folder).agents or AGENTS]
    now = [
        loading
        for loading in contexts.load(agents, folder, Path.home())
        if not then.same(loading.depends, beyond=True)
    ]

    def before(known: Sequence[contexts.Loaded]) -> list[contexts.Loaded]:
        done = {loaded.agent.name: loaded for loaded in known}
        agents = [loading.agent for loading in now if loading.agent.name not in done]
        for loaded in contexts.load(agents, folder, Path.home(), moved=(then.top, then.tree)):
            done[loaded.agent.name] = loaded
        return [done[loading.agent.name] for loading in now]

    earlier = then.settled(before, lambda loaded: loaded.depends)
    choice = chosen(folder, flags, lambda _: None) if now else None
    was, is_ = (contexts.counted(loadings, choice, texts=False) for loadings in (earlier, now))
    return growth.context_changes(was, is_, then.top)


def _below(top: Path, paths: Iterable[Path]) -> list[Path]:
    """Those of some paths that lie in a folder, links followed."""
    real = [path.resolve() for path in paths]
    return [path for path in real if path.is_relative_to(top)]
