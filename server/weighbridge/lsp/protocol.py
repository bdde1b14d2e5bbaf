"""The protocol's rules: one reply to every request, the right codes, nothing said that wasn't asked.

pygls parses and describes; how messages are gated, run, answered and cancelled is decided here, because its own ways
keep a future for every notification, drop requests whose parameters don't fit, answer nothing after `shutdown` and
show internal errors as pop-ups.

**One handler runs at a time, on the loop.** A plain handler is answered before the next message is read; an `async`
one runs as a task that `$/cancelRequest` cancels.
"""

import asyncio
import contextlib
import itertools
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from cattrs import Converter
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.protocol import LanguageServerProtocol, lsp_method

from weighbridge.lsp.transport import OversizedError, Sink
from weighbridge.lsp.turns import note

logger = logging.getLogger(__name__)

_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600
_METHOD_NOT_FOUND = -32601
_INVALID_PARAMS = -32602
_INTERNAL_ERROR = -32603
_NOT_INITIALIZED = -32002
_CANCELLED = -32800
_REQUEST_FAILED = -32803


class RequestError(Exception):
    """A request can't be answered; `code` and message go to the client."""

    def __init__(self, message: str, code: int = _REQUEST_FAILED) -> None:
        super().__init__(message)
        self.code = code


class InvalidParamsError(RequestError):
    """The parameters don't make sense here: an unknown document, a missing argument."""

    def __init__(self, message: str) -> None:
        super().__init__(message, _INVALID_PARAMS)


@dataclass(frozen=True, slots=True)
class WrittenJson:
    """A result that is JSON already."""

    text: str


class Protocol(LanguageServerProtocol):
    """pygls' protocol with the rules above. Its `exit_code` is what the process should end with."""

    def __init__(self, server: Any, converter: Converter) -> None:
        super().__init__(server, converter)
        self._sink: Sink | None = None
        self._initialized = False
        self._running: dict[int | str, asyncio.Task[Any]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._ids = itertools.count(1)
        self.exit_code: int | None = None
        self.on_leave: Callable[[], None] = lambda: None
        self.on_initialize: Callable[[], None] = lambda: None
        self._held: deque[dict[str, Any]] | None = None

    # Bytes

    def connected(self, sink: Sink) -> None:
        """A client is there."""
        self._sink = sink

    def disconnected(self) -> None:
        """The client is gone, with or without a word."""
        if self.exit_code is None:
            self.exit_code = 0 if self._shutdown else 1
        self.on_leave()

    def receive(self, body: bytes) -> None:
        """Handle one message. Never raises."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            logger.warning("a message that is no JSON (%d bytes): %s", len(body), type(error).__name__)
            self._answer_error(None, _PARSE_ERROR, "not JSON")
            return
        if not isinstance(message, dict):
            what = "batches are not part of the protocol" if isinstance(message, list) else "not an object"
            self._answer_error(None, _INVALID_REQUEST, what)
            return
        if self._held is not None and message.get("method") not in {types.EXIT, None}:
            self._held.append(message)
        else:
            self._handle(message)

    def _handle(self, message: dict[str, Any]) -> None:
        note(str(message.get("method", "a reply")))
        try:
            self._receive(message)
        except Exception:  # one bad message must not end the session
            logger.exception("a message could not be handled: %s", message.get("method"))
            if "id" in message and "method" in message:
                self._answer_error(message["id"], _INTERNAL_ERROR, "internal error, see the server's log")

    def hold(self) -> None:
        """Keep messages from here on, in order, until `release`. `exit` and a client that goes are still noticed."""
        self._held = deque()

    def release(self) -> None:
        """Handle what was kept, then go on as usual."""
        while self._held:
            self._handle(self._held.popleft())
        self._held = None

    def receive_oversized(self, error: OversizedError) -> None:
        """Say that a message was skipped for its size."""
        logger.error("%s", error)
        self._answer_error(None, _INVALID_REQUEST, str(error))

    def _send_data(self, data: Any) -> None:
        if self._sink is None:
            return
        self._send_text(json.dumps(data, default=self._serialize_message, separators=(",", ":")))

    def _send_text(self, body: str) -> None:
        if self._sink is not None:
            logger.debug("sent %d bytes", len(body))
            self._sink.send(body.encode("ascii"))

    # Messages

    def _receive(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        msg_id = message.get("id")
        if message.get("jsonrpc") != self.VERSION or (method is not None and not isinstance(method, str)):
            self._answer_error(
                msg_id if _is_id(msg_id) else None, _INVALID_REQUEST, "not a JSON-RPC 2.0 message"
            )
        elif method is None:
            self._receive_response(message)
        elif "id" not in message:
            self._receive_notification(method, message)
        elif not _is_id(msg_id):
            self._answer_error(None, _INVALID_REQUEST, "a request's id is a number or a string")
        else:
            self._receive_request(cast("int | str", msg_id), method, message)

    def _receive_request(self, msg_id: int | str, method: str, message: dict[str, Any]) -> None:
        if self._shutdown:
            self._answer_error(msg_id, _INVALID_REQUEST, "the server was asked to shut down")
        elif self._initialized == (method == types.INITIALIZE):
            code, text = (
                (_INVALID_REQUEST, "initialize is asked once")
                if self._initialized
                else (_NOT_INITIALIZED, "initialize first")
            )
            self._answer_error(msg_id, code, text)
        elif (handler := self._handler(method)) is None:
            self._answer_error(msg_id, _METHOD_NOT_FOUND, f"{method}: unknown method")
        else:
            try:
                params = self._params(method, message)
            except Exception as error:  # noqa: BLE001  cattrs raises what the fields' hooks raise
                logger.warning("%s: parameters that don't fit: %s", method, type(error).__name__)
                self._answer_error(msg_id, _INVALID_PARAMS, f"{method}: parameters that don't fit the method")
                return
            self._run_request(msg_id, method, handler, params)

    def _receive_notification(self, method: str, message: dict[str, Any]) -> None:
        if method == types.EXIT:
            self.exit_code = 0 if self._shutdown else 1
            self.on_leave()
            return
        if not self._initialized or self._shutdown:
            logger.info("%s: dropped, the server is not running", method)
            return
        if method == types.CANCEL_REQUEST:
            self._cancel((message.get("params") or {}).get("id"))
            return
        handler = self._handler(method)
        if handler is None:
            if not method.startswith("$/"):
                logger.info("%s: unknown notification", method)
            return
        try:
            params = self._params(method, message)
            result = handler(params)
        except RequestError as error:
            logger.warning("%s: %s", method, error)
        except Exception:  # a notification has no reply: the log is all there is
            logger.exception("%s failed", method)
        else:
            if asyncio.iscoroutine(result):
                task = asyncio.ensure_future(self._watch(method, result))
                self._background.add(task)
                task.add_done_callback(self._background.discard)

    def _receive_response(self, message: dict[str, Any]) -> None:
        msg_id = message.get("id")
        future = self._request_futures.pop(msg_id, None) if isinstance(msg_id, (int, str)) else None
        if future is None or future.done():
            logger.info("an answer to nothing that is still asked: %r", msg_id)
            return
        error = message.get("error")
        if isinstance(error, dict):
            future.set_exception(
                RequestError(str(error.get("message")), int(error.get("code") or _INTERNAL_ERROR))
            )
        else:
            future.set_result(message.get("result"))

    def _handler(self, method: str) -> Callable[[Any], Any] | None:
        own = {
            types.INITIALIZE: self.lsp_initialize,
            types.SHUTDOWN: self.lsp_shutdown,
            types.WORKSPACE_EXECUTE_COMMAND: self.lsp_workspace__execute_command,
        }
        return cast("Callable[[Any], Any] | None", own.get(method) or self.fm.features.get(method))

    def _params(self, method: str, message: dict[str, Any]) -> Any:
        message_type = self.get_message_type(method)
        if message_type is None:
            return message.get("params")
        return self._converter.structure(message, message_type).params

    async def _watch(self, method: str, work: Awaitable[Any]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception:  # as above
            logger.exception("%s failed", method)

    # Requests

    def _run_request(
        self, msg_id: int | str, method: str, handler: Callable[[Any], Any], params: Any
    ) -> None:
        if msg_id in self._running:
            self._answer_error(msg_id, _INVALID_REQUEST, "this id is in use")
            return
        if method == types.INITIALIZE:
            self._initialized = True
        try:
            result = handler(params)
        except Exception as error:  # noqa: BLE001  answered below, whatever it is
            self._answer_failure(msg_id, method, error)
            return
        if asyncio.iscoroutine(result):
            task = asyncio.ensure_future(result)
            self._running[msg_id] = task
            # A task cancelled before its first step runs none of its code: only a callback sees it end.
            task.add_done_callback(partial(self._finished, msg_id, method))
        else:
            self._answer(msg_id, result)

    def _finished(self, msg_id: int | str, method: str, task: asyncio.Task[Any]) -> None:
        self._running.pop(msg_id, None)
        if task.cancelled():
            self._answer_error(msg_id, _CANCELLED, "cancelled")
        elif isinstance(error := task.exception(), Exception):
            self._answer_failure(msg_id, method, error)
        elif error is not None:
            raise error
        else:
            self._answer(msg_id, task.result())

    def _cancel(self, msg_id: Any) -> None:
        task = self._running.get(msg_id) if _is_id(msg_id) else None
        if task is not None:
            task.cancel()

    def _answer(self, msg_id: int | str, result: Any) -> None:
        if isinstance(result, WrittenJson):
            head = json.dumps({"jsonrpc": self.VERSION, "id": msg_id})
            self._send_text(f'{head[:-1]}, "result": {result.text}}}')
        else:
            self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "result": result})

    def _answer_failure(self, msg_id: int | str, method: str, error: Exception) -> None:
        if isinstance(error, RequestError):
            self._answer_error(msg_id, error.code, str(error))
            return
        logger.error("%s failed", method, exc_info=error)
        self._answer_error(msg_id, _INTERNAL_ERROR, f"{method}: internal error, see the server's log")

    def _answer_error(self, msg_id: int | str | None, code: int, text: str) -> None:
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": {"code": code, "message": text}})

    # To the client

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
        return await asyncio.wrap_future(self.send_request(method, params))

    # Life

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> types.InitializeResult:  # type: ignore[override]  # pygls has a generator here
        """Choose the position encoding, let the server set itself up, say what it can do."""
        self._server.process_id = params.process_id
        self.on_initialize()
        self.client_capabilities = params.capabilities
        self.position_encoding = _position_encoding(params.capabilities)
        user_handler = self.fm.features.get(types.INITIALIZE)
        if user_handler is not None:
            user_handler(params)
        self.server_capabilities = ServerCapabilitiesBuilder(
            params.capabilities,
            set(self.fm.features),
            self.fm.feature_options,
            list(self.fm.commands),
            self._server._text_document_sync_kind,  # noqa: SLF001  as pygls' own protocol does
            None,
            self.position_encoding,
        ).build()
        return types.InitializeResult(capabilities=self.server_capabilities, server_info=self.server_info)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]  # as above
        """End what runs; from here on only `exit` is heard."""
        for task in list(self._running.values()):
            task.cancel()
        self._shutdown = True
        user_handler = self.fm.features.get(types.SHUTDOWN)
        if user_handler is not None:
            user_handler(None)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command with its plain JSON arguments."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise InvalidParamsError(f"{params.command}: unknown command")
        return handler(params.arguments or [])

    def close_sink(self) -> None:
        """Say nothing more; what was said still leaves."""
        if self._sink is not None:
            self._sink.close()

    def abandon(self) -> None:
        """Give up what still runs: the process is about to end."""
        for task in [*self._running.values(), *self._background]:
            task.cancel()
        for future in self._request_futures.values():
            with contextlib.suppress(Exception):
                future.cancel()
        self._request_futures.clear()


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _position_encoding(capabilities: types.ClientCapabilities) -> types.PositionEncodingKind:
    """Choose utf-32 where it is offered (columns are code points, as in Python), else the client's first that fits."""
    offered = (capabilities.general.position_encodings if capabilities.general else None) or []
    known = [
        kind
        for kind in types.PositionEncodingKind
        if kind.value in {str(getattr(o, "value", o)) for o in offered}
    ]
    if types.PositionEncodingKind.Utf32 in known:
        return types.PositionEncodingKind.Utf32
    for encoding in offered:
        for kind in known:
            if kind.value == str(getattr(encoding, "value", encoding)):
                return kind
    return types.PositionEncodingKind.Utf16
