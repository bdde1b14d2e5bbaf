"""Documents as the client sends them: opened, changed, closed, saved. Mistakes are logged, never fatal."""

import logging

from lsprotocol import types

from weighbridge.session.session import Session
from weighbridge.text import Edit

logger = logging.getLogger(__name__)


class TextSync:
    """Keeps the session's documents as the client has them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Take a document."""
        item = params.text_document
        if item.uri in self._session.documents:
            logger.warning("opened twice without a close between: the second text counts")
        self._session.open(item.uri, item.version, str(item.language_id), item.text)

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Apply the changes in their order."""
        document = self._session.documents.get(params.text_document.uri)
        if document is None:
            logger.warning("a change for a document that is not open was ignored")
            return
        version = params.text_document.version
        if document.version is not None and version <= document.version:
            logger.warning("a change to version %s came after version %s", version, document.version)
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangeWholeDocument):
                edit: Edit = document.buffer.replace_all(change.text)
            else:
                start, end = change.range.start, change.range.end
                edit = document.buffer.apply(
                    (start.line, start.character), (end.line, end.character), change.text
                )
            document.apply(edit)
        self._session.edited(document, version)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Let a document go."""
        if params.text_document.uri not in self._session.documents:
            logger.warning("a document that is not open was closed")
        self._session.close(params.text_document.uri)

    def did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        """The file changed on disk; who includes it may look again."""
        document = self._session.documents.get(params.text_document.uri)
        if document is not None:
            self._session.saved(document)
