"""Answers to what the client asks: each is made from a report, in one place. Unknown documents are an error that says so."""

import itertools
from typing import Any

from weighbridge.agents.readers import TITLES
from weighbridge.analysis.render import sources_json
from weighbridge.analysis.wording import tokens_text
from weighbridge.budget.models import models_json
from weighbridge.errors import ReferenceFault
from weighbridge.lsp.backend import Backend
from weighbridge.lsp.convert import selections_of, text_document_uri
from weighbridge.lsp.protocol import InvalidParamsError, RequestError, WrittenJson
from weighbridge.session.waiting import CountingError
from weighbridge.tokens.base import Exactness
from weighbridge.uris import path_of, uri_of
from weighbridge.work import Priority


class Requests:
    """Weighbridge's own requests and commands, answered for one client."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._session = backend.session
        self._numbers = itertools.count()

    # Weighbridge's own

    async def report(self, params: Any) -> WrittenJson:
        """`weighbridge/report`: as things stand."""
        document = self._backend.document(text_document_uri(params))
        report = await self._backend.with_models(document, await self._backend.first_report(document))
        arrived = report.arrived
        agent = {} if arrived is None else {"agent": arrived.agent, "folder": uri_of(arrived.folder)}
        return WrittenJson.of({**report.as_json(), **agent})

    async def count(self, params: Any) -> dict[str, Any]:
        """`weighbridge/count`: waits until the count is true. With `text`: of that text as it is, which no document holds;
        of a list of texts, of each by itself.
        """
        text = params.get("text") if isinstance(params, dict) else None
        texts = [text] if isinstance(text, str) else text
        if isinstance(texts, list) and all(isinstance(entry, str) for entry in texts):
            uri = text_document_uri(params) if "textDocument" in params else None
            return _count_json(*await self._session.queries.count_texts(texts, uri))
        document = self._backend.document(text_document_uri(params))
        selections = selections_of(params, document)
        try:
            tokens = await self._session.queries.count(document, selections)
        except CountingError as error:
            raise RequestError(str(error)) from None
        return _count_json(tokens, document.exactness)

    async def render(self, params: Any) -> dict[str, Any]:
        """`weighbridge/render`: the resolved text; with `"sources": true` also what each stretch of it came from."""
        document = self._backend.document(text_document_uri(params))
        try:
            text, sources = await self._session.queries.render_marked(document)
        except (ReferenceFault, CountingError) as error:
            raise RequestError(error.problem.message) from None
        if not (isinstance(params, dict) and params.get("sources") is True):
            return {"text": text}
        encoding, prepared = self._session.encoding, document.last
        exact = prepared is not None and prepared.exact
        stretches = await self._backend.tasks.submit(
            ("sources", next(self._numbers)),
            lambda _: sources_json(text, sources, encoding, exact=exact),
            priority=Priority.HIGH,
            title="sources",
        )
        return {"text": text, "sources": stretches}

    async def context(self, params: Any) -> WrittenJson:
        """`weighbridge/context`: what agents load in a folder, or in the one that a document belongs to."""
        options = params if isinstance(params, dict) else {}
        names = options.get("agents")
        if names is not None and not (isinstance(names, list) and all(name in [*TITLES] for name in names)):
            raise InvalidParamsError(f"agents: expected a list of names; there are {', '.join(TITLES)}")
        written = options.get("folder")
        folder = path_of(written) if isinstance(written, str) else None
        if written is None:
            path = path_of(text_document_uri(params))
            folder = None if path is None else self._session.configuration.folder_of(path) or path.parent
        if folder is None:
            raise InvalidParamsError("expected a `folder`, as a file URI, or a `textDocument` that is a file")
        return WrittenJson.of({"contexts": await self._session.queries.contexts(folder, names)})

    # Commands: the first argument names the document, as a URI or `{textDocument}` or `{uri}`

    async def report_command(self, arguments: list[Any]) -> WrittenJson:
        """`weighbridge.report`: as the request."""
        return await self.report(_named(arguments))

    async def render_command(self, arguments: list[Any]) -> dict[str, Any]:
        """`weighbridge.render`: as the request."""
        return await self.render(_named(arguments))

    async def refresh_command(self, arguments: list[Any]) -> None:
        """`weighbridge.refresh`: read every reference again, of one document or, without arguments, of all."""
        if arguments:
            self._session.refresh(self._backend.document(text_document_uri(_named(arguments))))
        else:
            self._session.refresh()
            self._backend.workspace.clear()

    async def clear_cache_command(self, _: list[Any]) -> None:
        """`weighbridge.clearCache`: forget every count and response."""
        await self._session.clear_cache()
        self._backend.workspace.clear()

    async def show_counts_command(self, arguments: list[Any]) -> None:
        """`weighbridge.showCounts`: show an open document's counts until it is closed, though it is no prompt."""
        self._session.want(self._backend.document(text_document_uri(_named(arguments))))

    async def models_command(self, _: list[Any]) -> dict[str, Any]:
        """`weighbridge.models`: the models known by name, as `weighbridge models --format json` tells them."""
        return models_json()


def _count_json(tokens: int, exactness: Exactness) -> dict[str, Any]:
    """A count, and how it is written."""
    text = tokens_text(tokens, exact=exactness is Exactness.EXACT)
    return {"tokens": tokens, "exactness": exactness.value, "text": text}


def _named(arguments: list[Any]) -> dict[str, Any]:
    """A command's first argument as a request's parameters."""
    return {"textDocument": {"uri": _uri(arguments)}}


def _uri(arguments: list[Any]) -> Any:
    first = arguments[0] if arguments else None
    if isinstance(first, dict):
        inner = first.get("textDocument")
        return inner.get("uri") if isinstance(inner, dict) else first.get("uri")
    return first
