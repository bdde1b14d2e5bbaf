"""One client, spoken to: bytes out, questions and their answers. What comes in is `protocol`'s."""

import asyncio
import itertools
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import LanguageServerProtocol

from weighbridge.lsp.messages import INTERNAL_ERROR, RequestError, Response, WrittenJson
from weighbridge.lsp.trace import Trace
from weighbridge.lsp.transport import Sink

logger = logging.getLogger(__name__)


class Conversation(LanguageServerProtocol):
    """pygls' protocol as far as it speaks."""

    def __init__(self, server: Any, converter: Converter) -> None:
        super().__init__(server, converter)
        self._sink: Sink | None = None
        self._ids = itertools.count(1)
        self.tracing = Trace(partial(self.notify, types.LOG_TRACE))

    def connected(self, sink: Sink) -> None:
        """A client is there."""
        self._sink = sink

    def close_sink(self) -> None:
        """Say nothing more; what was said still leaves."""
        if self._sink is not None:
            self._sink.close()

    def notify(self, method: str, params: Any | None = None) -> None:
        """Tell the client."""
        self._send_data({"jsonrpc": self.VERSION, "method": method, "params": params})

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: Any = None,
    ) -> Future[Any]:
        """Ask the client. The future's result is plain JSON; failure is a RequestError."""
        number = f"weighbridge-{next(self._ids)}" if msg_id is None else msg_id
        future: Future[Any] = Future()
        if callback is not None:
            future.add_done_callback(lambda done: callback(done.result()))
        self._request_futures[number] = future
        message = {"jsonrpc": self.VERSION, "id": number, "method": method}
        if params is not None:
            message["params"] = params
        self._send_data(message)
        return future

    async def ask(self, method: str, params: Any | None = None) -> Any:
        """Ask the client and wait for its answer, as plain JSON. Cancelling forgets the question.

        Raises:
            RequestError: the client says no.
        """
        number = f"weighbridge-{next(self._ids)}"
        future = self.send_request(method, params, msg_id=number)
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._request_futures.pop(number, None)

    def nudge(self, method: str) -> None:
        """Ask the client for something whose answer says nothing (a refresh): nothing is kept until it comes."""
        number = f"weighbridge-{next(self._ids)}"
        self._send_data({"jsonrpc": self.VERSION, "id": number, "method": method})

    def _answer_error(self, msg_id: int | str | None, code: int, text: str) -> None:
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": {"code": code, "message": text}})

    def _receive_response(self, response: Response) -> None:
        has_id = isinstance(response.id, (int, str))
        future = self._request_futures.pop(response.id, None) if has_id else None
        if future is None or future.done():
            logger.debug("an answer to nothing that is still asked")
            return
        error = response.message.get("error")
        if error is None:
            future.set_result(response.message.get("result"))
        else:
            fields = error if isinstance(error, dict) else {}
            code = fields.get("code")
            why = RequestError(str(fields.get("message")), code if isinstance(code, int) else INTERNAL_ERROR)
            future.set_exception(why)

    # Bytes

    def _send_data(self, data: Any) -> None:
        if self._sink is None:
            return
        self._send_text(json.dumps(data, default=self._serialize_message, separators=(",", ":")))
        self.tracing.sent(data, self._plain)

    def _send_text(self, body: str) -> None:
        if self._sink is not None:
            logger.debug("sent %d bytes", len(body))
            self._sink.send(body.encode())

    def _plain(self, value: Any) -> Any:
        """A value as the JSON that was sent of it."""
        if isinstance(value, WrittenJson):
            return json.loads(value.text)
        return json.loads(json.dumps(value, default=self._serialize_message))
