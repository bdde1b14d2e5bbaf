"""Documents as the client sends them: opened, changed, closed, saved. Mistakes are logged, never fatal."""

import asyncio
import logging
from collections.abc import Callable

from lsprotocol import types

from weighbridge.session.document import MOST_COST, Document
from weighbridge.session.session import Session
from weighbridge.text import Edit

logger = logging.getLogger(__name__)

#: Seconds that a change is waited for when later ones came before it.
_SECONDS_TO_WAIT = 0.5


class TextSync:
    """Keeps the session's documents as the client has them."""

    def __init__(self, session: Session, *, reorders: bool = False) -> None:
        """`reorders`: the client numbers its changes one by one, and may send them in another order (Helix 25.01)."""
        self._session = session
        self._reorders = reorders
        self._early: dict[str, dict[int, types.DidChangeTextDocumentParams]] = {}
        #: Told of each document that was opened.
        self.on_opened: Callable[[Document], None] = lambda document: None

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Take a document."""
        item = params.text_document
        if item.uri in self._session.documents:
            logger.warning("opened twice without a close between: the second text counts")
        self.on_opened(self._session.open(item.uri, item.version, item.text))

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Apply the changes in their order."""
        uri, version = params.text_document.uri, params.text_document.version
        document = self._session.documents.get(uri)
        if document is None:
            logger.warning("a change for a document that is not open was ignored")
            return
        if document.version is not None and version <= document.version:
            logger.warning("a change to version %s came after version %s", version, document.version)
        early = self._early.get(uri)
        if self._reorders and document.version is not None and version > document.version + 1:
            if early is None:
                early = self._early[uri] = {}
                asyncio.get_running_loop().call_later(_SECONDS_TO_WAIT, self._give_up, uri)
            early[version] = params
            return
        self._apply(document, params)
        while early:
            following = early.pop(document.version + 1 if document.version is not None else 0, None)
            if following is None:
                break
            self._apply(document, following)
        if early is not None and not early:
            del self._early[uri]

    def _give_up(self, uri: str) -> None:
        """Take changes that came early as they are: what should have come before them did not come."""
        early, document = self._early.pop(uri, {}), self._session.documents.get(uri)
        for version in sorted(early):
            if document is not None:
                logger.warning("changes before version %s never came: the text may differ", version)
                self._apply(document, early[version])

    def _apply(self, document: Document, params: types.DidChangeTextDocumentParams) -> None:
        changes = params.content_changes
        wholes = (
            place
            for place in reversed(range(len(changes)))
            if isinstance(changes[place], types.TextDocumentContentChangeWholeDocument)
        )
        # What comes before a whole text is gone with it.
        changes = changes[next(wholes, 0) :]
        room = MOST_COST
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangeWholeDocument):
                edit: Edit = document.buffer.replace_all(change.text)
            else:
                start, end = change.range.start, change.range.end
                edit = document.buffer.apply(
                    (start.line, start.character), (end.line, end.character), change.text
                )
            room = document.apply(edit, room)
        self._session.edited(document, params.text_document.version)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Let a document go."""
        if params.text_document.uri not in self._session.documents:
            logger.warning("a document that is not open was closed")
        self._early.pop(params.text_document.uri, None)
        self._session.close(params.text_document.uri)

    def did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        """The file changed on disk; who includes it may look again."""
        document = self._session.documents.get(params.text_document.uri)
        if document is not None:
            self._session.saved(document)
