"""Files by their one name, which links lead to, and by the name that the editor knows them by.

Editors escape different characters of a URI, and may have opened a file through a link: `CLAUDE.md` that is a link to
`AGENTS.md`, or a whole folder. Who includes whom is told by the one name; answers say the editor's own.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from weighbridge.analysis.report import Report
from weighbridge.session.document import Document
from weighbridge.uris import path_of, uri_of


class Naming:
    """The names as they are now. Cheap to make: nothing is asked of the disk."""

    def __init__(
        self, documents: Iterable[Document], links: Mapping[str, str], folders: Mapping[Path, Path]
    ) -> None:
        """`links`: the URIs of prompts that links lead to, with where; `folders`: those of the workspace's."""
        #: What open documents are really named: URIs as the editor writes them. `links`: the same of others.
        self._uris: dict[str, str] = {}
        self._links = links
        self._shown: dict[str, str] = {}
        for document in documents:
            if document.path is not None:
                real = uri_of(real_path(document))
                self._shown[real] = document.uri
                self._uris[document.uri] = real
        self._folders = folders

    def real(self, uri: str) -> str:
        """A file's one name."""
        real_uri = self._followed(uri)
        if real_uri is not None:
            return real_uri
        path = path_of(uri)
        if path is None:
            return uri
        for folder, real in self._folders.items():
            if path.is_relative_to(folder):
                return uri_of(real / path.relative_to(folder))
        return uri_of(path)

    def shown(self, uri: str) -> str:
        """The name that the editor knows a file by."""
        shown_uri = self._shown.get(uri)
        if shown_uri is not None or not self._folders:
            return shown_uri or uri
        path = path_of(uri)
        return uri if path is None else uri_of(self.shown_path(path))

    def shown_path(self, path: Path) -> Path:
        """The path that the editor knows a file by."""
        for folder, real in self._folders.items():
            if path.is_relative_to(real):
                return folder / path.relative_to(real)
        return path

    def really(self, reports: Iterable[Report]) -> list[Report]:
        """Reports under their files' one names."""
        return [
            report
            if (uri := self._followed(report.uri) or report.uri) == report.uri
            else msgspec.structs.replace(report, uri=uri)
            for report in reports
        ]

    def _followed(self, uri: str) -> str | None:
        return self._uris.get(uri) or self._links.get(uri)


def real_path(document: Document) -> Path:
    """Where the links of an open document's path lead; the path itself while that is not known."""
    assert document.path is not None  # noqa: S101  the caller saw to it
    prepared = document.last
    identity = None if prepared is None else prepared.identity
    return document.path if identity is None else Path(identity)
