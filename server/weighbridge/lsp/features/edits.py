"""`WorkspaceEdit`s as the client takes them: versioned where it can, files created and renamed where it can."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from weighbridge.content.base import Scope
from weighbridge.content.lines import lines_of
from weighbridge.content.policy import place_of
from weighbridge.content.text_file import TextFiles
from weighbridge.errors import ReferenceFault
from weighbridge.session.session import Session
from weighbridge.text import PositionEncoding, units


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be made, with its text. Never over another."""

    uri: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TextChange:
    """A stretch of a line, in code points, and what it becomes."""

    line: int
    start: int
    end: int
    text: str


class Edits:
    """Builds edits for one client."""

    def __init__(self, capabilities: types.ClientCapabilities) -> None:
        workspace = capabilities.workspace
        edit = workspace.workspace_edit if workspace else None
        self._document_changes = bool(edit and edit.document_changes)
        operations = (edit.resource_operations if edit else None) or ()
        #: Whether files can be made.
        self.creates = types.ResourceOperationKind.Create in operations

    def edit(
        self,
        changes: Mapping[str, Sequence[types.TextEdit]],
        versions: Mapping[str, int | None],
        files: Sequence[NewFile] = (),
    ) -> types.WorkspaceEdit:
        """The edit of a workspace, from edits by URI. `versions`: of those that are open. `files`: made first."""
        if not self._document_changes and not files:
            return types.WorkspaceEdit(changes={uri: [*edits] for uri, edits in changes.items()})
        start = types.Position(0, 0)
        document_changes: list[types.CreateFile | types.TextDocumentEdit] = []
        for file in files:
            document_changes.append(
                types.CreateFile(file.uri, options=types.CreateFileOptions(overwrite=False))
            )
            if file.text:
                document_changes.append(
                    _document_edit(file.uri, None, [types.TextEdit(types.Range(start, start), file.text)])
                )
        document_changes += [_document_edit(uri, versions.get(uri), edits) for uri, edits in changes.items()]
        return types.WorkspaceEdit(document_changes=[*document_changes])


def _document_edit(uri: str, version: int | None, edits: Sequence[types.TextEdit]) -> types.TextDocumentEdit:
    return types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version), [*edits])


def text_edits(
    lines: Sequence[str], changes: Iterable[TextChange], encoding: PositionEncoding
) -> list[types.TextEdit]:
    """The changes of a file's lines as the protocol writes them, in order, each once."""
    ordered = sorted({(change.line, change.start, change.end, change.text) for change in changes})
    return [
        types.TextEdit(
            types.Range(
                types.Position(line, units(lines[line][:start], encoding)),
                types.Position(line, units(lines[line][:end], encoding)),
            ),
            text,
        )
        for line, start, end, text in ordered
    ]


def versions(session: Session) -> dict[str, int | None]:
    """The versions of all that is open."""
    return {uri: document.version for uri, document in session.documents.items()}


def lines_in(files: TextFiles, path: Path, scope: Scope) -> Sequence[str] | None:
    """The lines of a file that may be read; None of any other. Blocks: a worker's work."""
    try:
        file = files.find(
            place_of(str(path), path.parent, scope),
            scope.settings.max_file_bytes,
            "maxFileBytes",
            suggest=False,
        )
        return list(lines_of(files.chunks(file)))
    except ReferenceFault:
        return None
