"""`WorkspaceEdit`s as the client takes them: versioned where it can, files created and renamed where it can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be made, with its text. Never over another."""

    uri: str
    text: str = ""


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
        """Edits by URI. `versions`: of those that are open. `files`: made first."""
        if not self._document_changes and not files:
            return types.WorkspaceEdit(changes={uri: [*edits] for uri, edits in changes.items()})
        start = types.Position(0, 0)
        made: list[types.CreateFile | types.TextDocumentEdit] = []
        for file in files:
            made.append(types.CreateFile(file.uri, options=types.CreateFileOptions(overwrite=False)))
            if file.text:
                made.append(
                    _document_edit(file.uri, None, [types.TextEdit(types.Range(start, start), file.text)])
                )
        made += [_document_edit(uri, versions.get(uri), edits) for uri, edits in changes.items()]
        return types.WorkspaceEdit(document_changes=[*made])


def _document_edit(uri: str, version: int | None, edits: Sequence[types.TextEdit]) -> types.TextDocumentEdit:
    return types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version), [*edits])
