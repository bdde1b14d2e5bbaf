"""What open documents hold that their files don't: `serve --mcp` tells it to `weighbridge mcp`.

A document is as its file is when it was opened so, when it was saved, and when it was found to be. From then on, until it is
edited, the file counts: somebody else, an agent say, may have written it, and the editor may not have read it again yet.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from weighbridge import disk
from weighbridge.content.document_file import read_document
from weighbridge.content.policy import is_inside
from weighbridge.errors import ReferenceFault
from weighbridge.session.document import Document
from weighbridge.session.session import Session
from weighbridge.work import CancelToken, Priority, TaskManager


@dataclass(frozen=True, slots=True)
class _DocumentText:
    """A document's text as it was at a revision."""

    document: Document
    revision: int
    path: Path
    pieces: Iterable[str]

    @classmethod
    def of(cls, document: Document, path: Path) -> "_DocumentText":
        return cls(document, document.text_revision, path, document.buffer.snapshot())


class UnsavedTexts:
    """The unsaved texts of one session. On the loop."""

    def __init__(self, session: Session, tasks: TaskManager) -> None:
        self._session = session
        self._tasks = tasks
        self._numbers = itertools.count()

    async def opened(self, document: Document) -> None:
        """Find out whether a document that was just opened is as its file: editors bring back what was never saved."""
        if document.path is not None:
            await self._compare([_DocumentText.of(document, document.path)])

    async def under(self, folder: Path) -> dict[Path, str]:
        """The unsaved texts of files in a folder, every link followed, by the files' real paths."""
        document_texts = [
            _DocumentText.of(document, document.path)
            for document in self._session.documents.values()
            if document.path is not None and document.saved_revision != document.text_revision
        ]
        return {
            real: text
            for real, text in (await self._compare(document_texts)).items()
            if is_inside(real, (folder,))
        }

    async def _compare(self, document_texts: Sequence[_DocumentText]) -> dict[Path, str]:
        """The texts that are other than their files', by the files' real paths; the other documents count as saved from now on."""
        limits = [
            self._session.configuration.settings_of(document_text.path).max_file_bytes
            for document_text in document_texts
        ]

        def compare(token: CancelToken) -> list[tuple[Path, str] | None]:
            results: list[tuple[Path, str] | None] = []
            for document_text, limit in zip(document_texts, limits, strict=True):
                token.raise_if_cancelled()
                text = "".join(document_text.pieces)
                same = text == _saved_text(document_text.path, limit)
                results.append(None if same else (disk.followed_or_same(document_text.path), text))
            return results

        differences = await self._tasks.submit(
            ("unsaved", next(self._numbers)), compare, priority=Priority.HIGH, title="unsaved texts"
        )
        for document_text, difference in zip(document_texts, differences, strict=True):
            if difference is None and document_text.document.text_revision == document_text.revision:
                document_text.document.saved_revision = document_text.revision
        return dict(difference for difference in differences if difference is not None)


def _saved_text(path: Path, limit: int) -> str | None:
    """A file's text; None where it can't be read as one."""
    try:
        return read_document(path, None, limit, lenient=True)[0]
    except ReferenceFault:
        return None
