"""`workspace/willRenameFiles`: files and folders that are moved, and all that refers to them.

Prompts, and what they include, are known; other texts of the workspace are looked through as well: notes and documentation
name the same files, and nobody wants them to name what is gone.
"""

import itertools
import os
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lsprotocol import types

from weighbridge import disk
from weighbridge.agents.model import Imports
from weighbridge.agents.readers import readers_of
from weighbridge.agents.registry import agent_named
from weighbridge.analysis.graph import edges
from weighbridge.analysis.mentions import Mentions, references_in
from weighbridge.analysis.moving import Rewritten, follow_imports, follow_moves
from weighbridge.analysis.report import Report
from weighbridge.config.setting_values import MOST_FILE_BYTES
from weighbridge.content.base import Scope
from weighbridge.content.policy import place_of
from weighbridge.content.text_file import TextFiles
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.features.edits import Edits, TextChange, lines_in, text_edits, versions
from weighbridge.lsp.naming import Naming
from weighbridge.references.dialect import is_scannable
from weighbridge.references.model import Reference
from weighbridge.session.configuration import dialect_in
from weighbridge.text import Snapshot
from weighbridge.uris import inside, path_of, uri_of
from weighbridge.work import CancelToken, Priority


@dataclass(frozen=True, slots=True)
class _Sources:
    """Files whose references may have to follow. `opened`: the lines and references of those that are open.

    `scopes`: those that are known to refer to what is moved, or are moved; `unweighed`: prompts of which nothing is known
    yet, or not all. `folders`: the workspace's, in which others are looked for; `weighed`: prompts of which all is known. `importers`:
    of files that agents import, who does.
    """

    scopes: Mapping[Path, Scope]
    unweighed: Mapping[Path, Scope]
    opened: Mapping[Path, tuple[Snapshot, list[tuple[int, Reference]]]]
    folders: Mapping[Path, Scope]
    weighed: Collection[Path]
    importers: Mapping[Path, Collection[str]]


#: The lines of a file, and its references that must be written anew.
_Followed = dict[Path, tuple[Sequence[str], list[Rewritten]]]


class Moves:
    """Edits that follow moved files, for one client."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._session = backend.session
        self._edits = Edits(backend.capabilities)
        self._files = backend.files
        self._mentions = Mentions()

    async def will_rename_files(self, params: types.RenameFilesParams) -> types.WorkspaceEdit | None:
        """Update the references to files and folders that are about to be moved, and those in them."""
        moves = {
            old: new
            for file in params.files
            if (old := path_of(file.old_uri)) is not None and (new := path_of(file.new_uri)) is not None
        }
        await self._backend.weighed()
        workspace, naming = self._backend.workspace, self._backend.naming()
        really = self._session.configuration.really
        needing = {
            prompt
            for old in moves
            for path in {old, really(old)}
            for prompt in workspace.prompts.that_need(path)
        }
        reports = workspace.prompts.reports()
        documents = [document for document in self._session.documents.values() if document.path is not None]
        concerned = naming.really(
            [
                *map(self._session.report, documents),
                *(reports[path] for path in sorted(needing) if path in reports),
            ]
        )
        # By the names that the editor moves them by.
        uris = dict.fromkeys(
            [*(report.uri for report in concerned), *(edge.source for edge in edges(concerned))]
        )
        importers = _importers(concerned, naming)
        sources = [path for uri in uris if (path := path_of(naming.shown(uri))) is not None]
        # Of a context file it is known what one agent imports from it; where that is nothing, others may.
        context_files = [
            path
            for path, report in reports.items()
            if report.arrived is not None
            and (agent := agent_named(report.arrived.agent)) is not None
            and agent.imports_of(path) is None
        ]
        opened = {
            document.path: (document.buffer.snapshot(), document.references())
            for document in documents
            if document.path is not None
        }
        looked_through = _Sources(
            {path: self._scope(path, opened) for path in dict.fromkeys([*sources, *importers])},
            {path: self._scope(path) for path in (*workspace.unweighed(), *context_files)},
            opened,
            {folder: self._scope(folder / "any.md") for folder in self._session.configuration.folders},
            reports.keys(),
            importers,
        )
        files = TextFiles(self._session.open_texts)
        followed = await self._backend.tasks.submit(
            ("moves", *map(str, moves)),
            lambda token: self._follow(files, looked_through, moves, token),
            priority=Priority.HIGH,
            title="moved files",
        )
        uris_of = {document.path: document.uri for document in documents}
        texts = {
            uris_of.get(path) or uri_of(path): text_edits(
                lines,
                [
                    TextChange(reference.line, reference.start, reference.end, reference.text)
                    for reference in references
                ],
                self._session.encoding,
            )
            for path, (lines, references) in followed.items()
        }
        return self._edits.edit(texts, versions(self._session)) if texts else None

    def did_rename_files(self, params: types.RenameFilesParams) -> None:
        """Files were moved: whoever refers to them looks again."""
        paths = [
            path
            for file in params.files
            for uri in (file.old_uri, file.new_uri)
            if (path := path_of(uri)) is not None
        ]
        self._session.files_changed(paths)

    def _scope(self, path: Path, opened: Container[Path] = ()) -> Scope:
        configuration = self._session.configuration
        folders = configuration.folders_for(path) if path in opened else configuration.folders
        return Scope(path, folders, configuration.settings_of(path))

    def _follow(
        self, files: TextFiles, sources: _Sources, moves: Mapping[Path, Path], token: CancelToken
    ) -> _Followed:
        """Find what must be written anew. Reads files: a worker's work. Raises TaskCancelledError."""
        followed: _Followed = {}
        for path, scope in itertools.chain(
            sources.scopes.items(), self._others(files, sources, moves, token)
        ):
            token.raise_if_cancelled()
            opened = sources.opened.get(path)
            lines = lines_in(files, path, scope) if opened is None else opened[0].lines
            if lines is None:
                continue
            is_there = partial(_is_there, files, scope)
            rewritten: dict[tuple[int, int], Rewritten] = {}
            agents, ours = _dialects(path, scope, sources)
            for imports in agents:
                beside = imports.beside(path)
                real = disk.followed_or_same(path) if imports.from_real and beside == path else beside
                for reference in follow_imports(real, lines, imports, moves, is_there, Path.home()):
                    rewritten.setdefault((reference.line, reference.start), reference)
            if ours:
                references = references_in(lines) if opened is None else opened[1]
                for reference in follow_moves(path, lines, references, moves, is_there):
                    rewritten.setdefault((reference.line, reference.start), reference)
            if rewritten:
                followed[path] = lines, [*rewritten.values()]
        return followed

    def _others(
        self, files: TextFiles, sources: _Sources, moves: Mapping[Path, Path], token: CancelToken
    ) -> Iterator[tuple[Path, Scope]]:
        """The workspace's other texts that name what is moved, or are moved themselves."""
        moved = {os.fspath(path) for path in moves}
        for path, scope in sources.unweighed.items():
            token.raise_if_cancelled()
            lines = lines_in(files, path, scope)
            if path not in sources.scopes and lines is not None and _may_name(lines, path, moved):
                yield path, scope
        # As strings: nearly all are known.
        seen = {os.fspath(path) for path in (*sources.scopes, *sources.unweighed, *sources.weighed)}
        for folder, scope in sources.folders.items():
            above = os.path.join(folder, "")  # noqa: PTH118
            for name in self._files.below(folder):
                if above + name in seen or not is_scannable(path := folder / name):
                    continue
                seen.add(above + name)
                token.raise_if_cancelled()
                its = replace(scope, document=path)
                names = self._mentions.of(path, partial(lines_in, files, path, its))
                if any(_is_moved(target, moved) for target in (*names, os.fspath(path))):
                    yield path, its


def _importers(reports: Iterable[Report], naming: Naming) -> Mapping[Path, Collection[str]]:
    """The files that agents import, by the names that the editor moves them by, and who does."""
    agents: dict[Path, set[str]] = {}
    for report in reports:
        if report.arrived is not None:
            paths = (imported.path for group in (report.imports, report.arrived.onward) for imported in group)
            for path in paths:
                agents.setdefault(naming.shown_path(path), set()).add(report.arrived.agent)
    return agents


def _dialects(path: Path, scope: Scope, sources: _Sources) -> tuple[Sequence[Imports], bool]:
    """How files are referred to in a text: by the imports of agents that read it, the most important first; and whether by our rules."""
    folder = next((root for root in sources.folders if path.is_relative_to(root)), None)
    dialect = dialect_in(scope.settings, path, folder)
    names = [*sources.importers.get(path, ())]
    if dialect.agent is not None:
        names += [dialect.agent, *(readers_of(inside(path, folder)) or ())]
    agents = (agent_named(name) for name in dict.fromkeys(names))
    all_imports = (agent.imports_of(path) for agent in agents if agent is not None)
    return [imports for imports in all_imports if imports is not None], dialect.refers


def _may_name(lines: Sequence[str], path: Path, moved: Collection[str]) -> bool:
    """Whether a text may have a reference that must follow: it names what is moved, or is moved itself. Quick."""
    names = {os.path.basename(old) for old in moved}  # noqa: PTH119
    # These are written with a backslash, in brackets or by agents.
    return (
        _is_moved(os.fspath(path), moved)
        or any(mark in name for name in names for mark in "]\\ ")
        or any(name in line for line in lines for name in names)
    )


def _is_moved(path: str, moved: Collection[str]) -> bool:
    """Whether a file, or a folder that it is in, is among those that are moved."""
    while path not in moved:
        above = os.path.dirname(path)  # noqa: PTH120  (quicker)
        if above == path:
            return False
        path = above
    return True


def _is_there(files: TextFiles, scope: Scope, path: Path) -> bool:
    """Whether a reference may stand for a file. Looks at what may be looked at only."""
    try:
        files.find(place_of(str(path), path.parent, scope), MOST_FILE_BYTES, "maxFileBytes", suggest=False)
    except ReferenceFault:
        return False
    return True
