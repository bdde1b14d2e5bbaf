"""`workspace/textDocumentContent`: what the model receives as a document of its own, kept true while one types.

weighbridge:///resolved/NAME?URI      an open document's resolved text; URI is its own, percent-encoded; NAME is for people
weighbridge:///context/AGENT?URI      what an agent loads in a folder

Editors that leave out an empty authority write `weighbridge:/resolved/…`.
"""

import asyncio
import re
from typing import Any, Final
from urllib.parse import quote, unquote

from cachetools import LRUCache
from lsprotocol import types

from weighbridge.agents.readers import TITLES
from weighbridge.analysis.contexts import PartWithText
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.convert import text_document_uri
from weighbridge.lsp.protocol import TEXT_SCHEME, InvalidParamsError, RequestError
from weighbridge.session.document import Document
from weighbridge.session.waiting import CountingError
from weighbridge.uris import path_of

_URI: Final = re.compile(rf"{TEXT_SCHEME}:(?://)?/(resolved|context)/([^?]*)\?(.*)")
#: Texts that are kept up to date: the last ones asked for, since no client tells when it closes one.
_MOST_SHOWN: Final = 32


def resolved_uri(uri: str) -> str:
    """The URI of a document's resolved text; it ends in the document's name where editors look for one."""
    name = unquote(uri.rpartition("/")[2]) or "prompt"
    return f"{TEXT_SCHEME}:///resolved/{quote(name)}?{quote(uri, safe='')}"


class ResolvedTexts:
    """Texts for one client, and word of it when they change."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        workspace = backend.capabilities.workspace
        self._able = bool(workspace and workspace.text_document_content)
        #: What is shown: its URI, and the document it is of; None for an agent's context.
        self._shown: LRUCache[str, str | None] = LRUCache(_MOST_SHOWN)
        self._asking: set[asyncio.Task[None]] = set()

    async def content(self, params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        """The text under a URI, as it is once it is counted.

        Raises:
            RequestError: it can't be resolved.
            InvalidParamsError: nothing has this URI.
        """
        parts = _URI.fullmatch(params.uri)
        if parts is None:
            raise InvalidParamsError(f"{params.uri}: no text of Weighbridge's")
        kind, name, of = parts[1], parts[2], unquote(parts[3])
        if kind == "resolved":
            # It may have a text only later: once the document is open, or what it refers to is there.
            self._shown[params.uri] = of
            try:
                return types.TextDocumentContentResult(
                    await self._backend.session.queries.render(self._backend.document(of))
                )
            except (ReferenceFault, CountingError) as error:
                raise RequestError(error.problem.message) from None
        folder = path_of(of)
        if name not in TITLES or folder is None:
            raise InvalidParamsError(f"{params.uri}: no agent's context")
        self._shown[params.uri] = None
        (context,) = await self._backend.session.queries.contexts(folder, [name], texts=True)
        return types.TextDocumentContentResult(
            "\n".join(part.text for part in context.parts if isinstance(part, PartWithText))
        )

    async def show(self, arguments: list[Any]) -> dict[str, str]:
        """`weighbridge.showResolved`: the URI of an open document's resolved text, brought before the user where that can be."""
        uri = resolved_uri(
            self._backend.document(
                text_document_uri({"textDocument": {"uri": next(iter(arguments), None)}})
            ).uri
        )
        window = self._backend.capabilities.window
        if self._able and window and window.show_document and window.show_document.support:
            await self._backend.client.ask(
                types.WINDOW_SHOW_DOCUMENT, types.ShowDocumentParams(uri, take_focus=True)
            )
        return {"uri": uri}

    def changed(self, document: Document) -> None:
        """An open document is shown anew: have the client ask again for what may be another text now."""
        if self._able:
            for uri, of in [*self._shown.items()]:
                if of == document.uri or of is None:
                    task = asyncio.get_running_loop().create_task(self._refresh(uri))
                    self._asking.add(task)
                    task.add_done_callback(self._asking.discard)

    async def _refresh(self, uri: str) -> None:
        try:
            await self._backend.client.ask(
                types.WORKSPACE_TEXT_DOCUMENT_CONTENT_REFRESH, types.TextDocumentContentRefreshParams(uri)
            )
        except RequestError:
            # It does not show it any more.
            self._shown.pop(uri, None)
