"""`workspace/willRenameFiles`: files and folders that are moved, and all that refers to them.

Prompts, and what they include, are known; other texts of the workspace are looked through as well: notes and documentation
name the same files, and nobody wants them to name what is gone.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lsprotocol import types

from weighbridge.analysis.graph import edges
from weighbridge.analysis.moving import Rewritten, follow_moves
from weighbridge.config.settings import MOST_FILE_BYTES
from weighbridge.content.base import Scope
from weighbridge.content.discovery import find_files
from weighbridge.content.front_matter import read_front_matter
from weighbridge.content.policy import place_of
from weighbridge.content.text_file import TextFiles
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.desk import SECONDS_TO_KNOW, Desk
from weighbridge.lsp.features.edits import Change, Edits, lines_in, text_edits, versions
from weighbridge.references.dialect import is_scannable
from weighbridge.references.index import ScanIndex
from weighbridge.references.model import Reference
from weighbridge.text import Snapshot
from weighbridge.uris import path_of, uri_of
from weighbridge.work import CancelToken, Priority

#: Files whose references may have to follow a move, and files of the workspace that are looked at for others.
_MOST_SOURCES, _MOST_FILES = 20_000, 20_000


@dataclass(frozen=True, slots=True)
class _Sources:
    """Files whose references may have to follow. `opened`: the lines and references of those that are open.

    `folders`: the workspace's, in which others are looked for; `looked_through`: files in them of which all is known.
    """

    scopes: Mapping[Path, Scope]
    opened: Mapping[Path, tuple[Snapshot, list[tuple[int, Reference]]]]
    folders: Mapping[Path, Scope]
    looked_through: frozenset[Path]


#: The lines of a file, and its references that must be written anew.
_Followed = dict[Path, tuple[Sequence[str], list[Rewritten]]]


class Moves:
    """Answers for one client."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._session = desk.session
        self._edits = Edits(desk.capabilities)

    async def will_rename_files(self, params: types.RenameFilesParams) -> types.WorkspaceEdit | None:
        """Update the references to files and folders that are about to be moved, and those in them."""
        moves = {
            old: new
            for file in params.files
            if (old := path_of(file.old_uri)) is not None and (new := path_of(file.new_uri)) is not None
        }
        reports = await self._desk.reports(seconds=SECONDS_TO_KNOW)
        naming = self._desk.naming()
        reports = naming.really(reports)
        found_edges = edges(reports)

        def paths_of(uris: Iterable[str | None]) -> dict[Path, None]:
            # By the names that the editor moves them by.
            shown = (naming.shown(uri) for uri in dict.fromkeys(uris) if uri is not None)
            return dict.fromkeys(path for uri in shown if (path := path_of(uri)) is not None)

        paths = paths_of(
            itertools.chain((report.uri for report in reports), (edge.source for edge in found_edges))
        )
        # What is included as a whole was looked through: if it referred to anything, it would be among those.
        included = paths_of(edge.target for edge in found_edges if "#" not in edge.name)
        documents = [one for one in self._session.documents.values() if one.path is not None]
        sources = _Sources(
            {path: self._scope(path) for path in itertools.islice(paths, _MOST_SOURCES)},
            {
                one.path: (one.buffer.snapshot(), one.references())
                for one in documents
                if one.path is not None
            },
            {folder: self._scope(folder / "any.md") for folder in self._session.configuration.folders},
            frozenset(included),
        )
        files = TextFiles(self._session.open_texts)
        found = await self._desk.tasks.submit(
            ("moves", *map(str, moves)),
            lambda token: _follow(files, sources, moves, token),
            priority=Priority.HIGH,
            title="moved files",
        )
        uris = {one.path: one.uri for one in documents}
        texts = {
            uris.get(path) or uri_of(path): text_edits(
                lines,
                [Change(one.line, one.start, one.end, one.text) for one in some],
                self._session.encoding,
            )
            for path, (lines, some) in found.items()
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

    def _scope(self, path: Path) -> Scope:
        configuration = self._session.configuration
        return Scope(path, configuration.folders_for(path), configuration.settings_of(path))


def _follow(files: TextFiles, sources: _Sources, moves: Mapping[Path, Path], token: CancelToken) -> _Followed:
    """Find what must be written anew. Reads files: a worker's work. Raises TaskCancelledError."""
    found: _Followed = {}
    for path, scope, known in _candidates(sources):
        token.raise_if_cancelled()
        opened = sources.opened.get(path)
        lines = lines_in(files, path, scope) if opened is None else opened[0].lines
        if lines is None or not (known or _may_name(lines, path, moves)):
            continue
        references = _scanned(lines) if opened is None else opened[1]
        rewritten = follow_moves(path, lines, references, moves, partial(_there, files, scope))
        if rewritten:
            found[path] = lines, rewritten
    return found


def _candidates(sources: _Sources) -> Iterator[tuple[Path, Scope, bool]]:
    """Files that may refer to what is moved, each once; and whether they are known to refer to files at all."""
    seen = {*sources.scopes, *sources.looked_through}
    for path, scope in sources.scopes.items():
        yield path, scope, True
    for folder, scope in sources.folders.items():
        for path in itertools.islice(find_files(folder), _MOST_FILES):
            if is_scannable(path) and path not in seen:
                seen.add(path)
                yield path, replace(scope, document=path), False


def _may_name(lines: Sequence[str], path: Path, moves: Mapping[Path, Path]) -> bool:
    """Whether a text may have a reference that must follow: it names what is moved, or is moved itself."""
    if any(above in moves for above in (path, *path.parents)):
        return True
    names = {old.name for old in moves}
    # In brackets, these are written with a backslash.
    return any("]" in name or "\\" in name for name in names) or any(
        name in line for line in lines for name in names
    )


def _there(files: TextFiles, scope: Scope, path: Path) -> bool:
    """Whether a reference may stand for a file. Looks at what may be looked at only."""
    try:
        files.find(place_of(str(path), path.parent, scope), MOST_FILE_BYTES, "maxFileBytes", suggest=False)
    except ReferenceFault:
        return False
    return True


def _scanned(lines: Sequence[str]) -> Iterable[tuple[int, Reference]]:
    return ScanIndex(Snapshot((*lines, "")), read_front_matter(lines).lines).references()
