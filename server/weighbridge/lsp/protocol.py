"""The protocol's rules: one reply to every request, the right codes, nothing said that wasn't asked.

pygls parses and describes; how messages are gated, run, answered and cancelled is decided here, because its own ways
keep a future for every notification, drop requests whose parameters don't fit, answer nothing after `shutdown` and
show internal errors as pop-ups.

**One handler runs at a time, on the loop.** A plain handler is answered before the next message is read; an `async`
one runs as a task that `$/cancelRequest` cancels.
"""

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, cast

from cattrs import Converter
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.protocol import lsp_method

from weighbridge.lsp import logs
from weighbridge.lsp.abilities import ClientAbilities
from weighbridge.lsp.conversation import Conversation
from weighbridge.lsp.frames import Body, FrameError
from weighbridge.lsp.initialize_params import position_encoding, usable_params
from weighbridge.lsp.messages import (
    CANCELLED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    LARGE,
    METHOD_NOT_FOUND,
    NOT_INITIALIZED,
    InvalidParamsError,
    Malformed,
    Notification,
    Request,
    RequestError,
    Response,
    WrittenJson,
    cancelled_id,
    read,
)
from weighbridge.lsp.watchdog import note

__all__ = ["TEXT_SCHEME", "InvalidParamsError", "Protocol", "RequestError", "WrittenJson"]

logger = logging.getLogger(__name__)

#: What URIs of texts begin with that are the server's own (`features/resolved_text.py`).
TEXT_SCHEME: Final = "weighbridge"

_Incoming = Request | Notification | Response


class Protocol(Conversation):
    """pygls' protocol with the rules above. Its `exit_code` is what the process should end with."""

    def __init__(self, server: Any, converter: Converter) -> None:
        super().__init__(server, converter)
        self._initialized = False
        self._running: dict[int | str, asyncio.Task[Any]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self.exit_code: int | None = None
        self.on_leave: Callable[[], None] = lambda: None
        self._queue: deque[Request | Notification] | None = None
        #: Called with the client's process id (None: it doesn't say) before it gets its first answer.
        self.on_greeted: Callable[[int | None], None] = lambda process_id: None

    # Bytes

    def disconnected(self) -> None:
        """The client is gone, with or without a word."""
        if self.exit_code is None:
            self.exit_code = 0 if self._shutdown else 1
        self.on_leave()

    def receive(self, body: Body) -> None:
        """Handle one message. Never raises."""
        message = read(body)
        if isinstance(message, Malformed):
            logger.warning("a message of %d bytes was refused: %s", len(body), message.why)
            self._answer_error(message.id, message.code, message.why)
        elif self._queue is not None:
            self._keep(message, self._queue)
        elif len(body) > LARGE and isinstance(message, Notification):
            # To take what it says is a turn's work of its own.
            self.hold()
            asyncio.get_running_loop().call_soon(self._release_after, message)
        else:
            self._handle(message)

    def misframed(self, error: FrameError) -> None:
        """Say that bytes were skipped: a message too large, or none at all."""
        logger.error("bytes from the client were skipped: %s", error)
        self._answer_error(None, INVALID_REQUEST, str(error))

    def _handle(self, message: _Incoming) -> None:
        self.tracing.came(message)
        note("a reply" if isinstance(message, Response) else message.method)
        try:
            match message:
                case Request():
                    self._receive_request(message)
                case Notification():
                    self._receive_notification(message)
                case Response():
                    self._receive_response(message)
        except Exception:  # one bad message must not end the session
            logger.exception("a message could not be handled")
            if isinstance(message, Request):
                self._answer_error(
                    message.id, INTERNAL_ERROR, f"{message.method}: internal error, see {logs.PLACE}"
                )

    # Waiting

    def hold(self) -> None:
        """Keep messages from here on, in order, until `release`. What ends things is heard at once."""
        self._queue = deque()

    def _release_after(self, message: Notification) -> None:
        self._handle(message)
        self.release()

    def release(self) -> None:
        """Handle what was kept, then go on as usual."""
        while self._queue:
            self._handle(self._queue.popleft())
        self._queue = None

    def _keep(self, message: _Incoming, queue: "deque[Request | Notification]") -> None:
        match message:
            case Notification(types.CANCEL_REQUEST):
                cancelled = cancelled_id(message)
                for request in [
                    entry for entry in queue if isinstance(entry, Request) and entry.id == cancelled
                ]:
                    queue.remove(request)
                    self._answer_error(request.id, CANCELLED, "cancelled")
            case Request(_, types.SHUTDOWN):
                for entry in queue:
                    if isinstance(entry, Request):
                        self._answer_error(
                            entry.id, CANCELLED, "cancelled: the server was asked to shut down"
                        )
                queue.clear()
                self._handle(message)
            case Response() | Notification(types.EXIT):
                self._handle(message)
            case _ if self._shutdown:
                self._handle(message)
            case _:
                queue.append(message)

    # Messages

    def _receive_request(self, request: Request) -> None:
        msg_id, method = request.id, request.method
        if self._shutdown:
            self._answer_error(msg_id, INVALID_REQUEST, "the server was asked to shut down")
        elif self._initialized == (method == types.INITIALIZE):
            code, text = (
                (INVALID_REQUEST, "initialize is asked once")
                if self._initialized
                else (NOT_INITIALIZED, "initialize first")
            )
            self._answer_error(msg_id, code, text)
        elif (handler := self._handler(method)) is None:
            self._answer_error(msg_id, METHOD_NOT_FOUND, f"{method}: unknown method")
        else:
            try:
                params = self._params(method, request.message)
            except Exception as error:  # noqa: BLE001  cattrs raises what the fields' hooks raise
                logger.warning("%s: parameters that don't fit: %s", method, type(error).__name__)
                self._answer_error(msg_id, INVALID_PARAMS, f"{method}: parameters that don't fit the method")
                return
            self._run_request(msg_id, method, handler, params)

    def _receive_notification(self, notification: Notification) -> None:
        method = notification.method
        if method == types.EXIT:
            self.exit_code = 0 if self._shutdown else 1
            self.on_leave()
            return
        if not self._initialized or self._shutdown:
            logger.info("%s: dropped, the server is not running", method)
            return
        if method == types.CANCEL_REQUEST:
            self._cancel(cancelled_id(notification))
            return
        handler = self._handler(method)
        if handler is None:
            if not method.startswith("$/"):
                logger.info("%s: unknown notification", method)
            return
        try:
            result = handler(self._params(method, notification.message))
        except RequestError as error:
            logger.warning("%s: %s", method, error)
        except Exception as error:  # noqa: BLE001  a notification has no reply: the log is all there is
            self._tell_failure(method, error)
        else:
            if asyncio.iscoroutine(result):
                task = asyncio.ensure_future(self._watch(method, result))
                self._background.add(task)
                task.add_done_callback(self._background.discard)

    def _handler(self, method: str) -> Callable[[Any], Any] | None:
        own = {
            types.INITIALIZE: self.lsp_initialize,
            types.SHUTDOWN: self.lsp_shutdown,
            types.WORKSPACE_EXECUTE_COMMAND: self.lsp_workspace__execute_command,
            types.SET_TRACE: self._set_trace,
        }
        return cast("Callable[[Any], Any] | None", own.get(method) or self.fm.features.get(method))

    def _params(self, method: str, message: dict[str, Any]) -> Any:
        message_type = self.get_message_type(method)
        if message_type is None:
            return message.get("params")
        try:
            return self._converter.structure(message, message_type).params
        except Exception:
            params = message.get("params")
            if method != types.INITIALIZE or not isinstance(params, dict):
                raise
            params, left_out = usable_params(params, self._fits_initialize)
            logger.warning("initialize: parameters that don't fit were left out: %s", ", ".join(left_out))
            return self._converter.structure(params, types.InitializeParams)

    def learn(self) -> None:
        """Make what reads changes of documents now: else the first key waits for that, as long as for a hundred keys."""
        start = {"line": 0, "character": 0}
        changes = [{"text": ""}, {"range": {"start": start, "end": start}, "text": ""}]
        about = {"uri": "", "version": 0}
        method = types.TEXT_DOCUMENT_DID_CHANGE
        params = {"textDocument": about, "contentChanges": changes}
        self._params(method, {"jsonrpc": self.VERSION, "method": method, "params": params})

    def _fits_initialize(self, params: dict[str, Any]) -> bool:
        try:
            self._converter.structure(params, types.InitializeParams)
        except Exception:  # noqa: BLE001  cattrs raises what the fields' hooks raise
            return False
        return True

    async def _watch(self, method: str, work: Awaitable[Any]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  as above
            self._tell_failure(method, error)

    def _tell_failure(self, method: str, error: Exception) -> None:
        """Log a failure, and put a line where the client keeps such lines: no pop-up."""
        logger.error("%s failed", method, exc_info=error)
        text = f"{method}: internal error, see {logs.PLACE}"
        self.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(types.MessageType.Error, text))

    # Requests

    def _run_request(
        self, msg_id: int | str, method: str, handler: Callable[[Any], Any], params: Any
    ) -> None:
        if msg_id in self._running:
            self._answer_error(msg_id, INVALID_REQUEST, "this id is in use")
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
            self._answer_error(msg_id, CANCELLED, "cancelled")
        elif isinstance(error := task.exception(), Exception):
            self._answer_failure(msg_id, method, error)
        elif error is not None:
            raise error
        else:
            try:
                self._answer(msg_id, task.result())
            except Exception as unsaid:  # noqa: BLE001  a result that is no JSON: answered all the same
                self._answer_failure(msg_id, method, unsaid)

    def _cancel(self, msg_id: int | str | None) -> None:
        task = None if msg_id is None else self._running.get(msg_id)
        if task is not None:
            task.cancel()

    def _answer(self, msg_id: int | str, result: Any) -> None:
        if isinstance(result, WrittenJson):
            head = json.dumps({"jsonrpc": self.VERSION, "id": msg_id})
            self._send_text(f'{head[:-1]}, "result": {result.text}}}')
            self.tracing.sent({"id": msg_id, "result": result}, self._plain)
        else:
            self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "result": result})

    def _answer_failure(self, msg_id: int | str, method: str, error: Exception) -> None:
        if isinstance(error, RequestError):
            self._answer_error(msg_id, error.code, str(error))
            return
        logger.error("%s failed", method, exc_info=error)
        self._answer_error(msg_id, INTERNAL_ERROR, f"{method}: internal error, see {logs.PLACE}")

    # Life

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> types.InitializeResult:  # type: ignore[override]  # pygls has a generator here
        """Choose the position encoding, let the server set itself up, say what it can do."""
        self.client_capabilities = params.capabilities
        self.position_encoding = position_encoding(params.capabilities)
        self.tracing.set(params.trace)
        self.on_greeted(params.process_id)
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
        document = params.capabilities.text_document
        action = document.code_action if document else None
        if action is None or action.code_action_literal_support is None:
            # Its kinds may be told to those only who know actions that have any.
            self.server_capabilities.code_action_provider = True
        if not ClientAbilities.of(params.capabilities, params.initialization_options).pull_diagnostics:
            # They are pushed to it: if it asked as well, it would show each twice.
            self.server_capabilities.diagnostic_provider = None
        workspace = params.capabilities.workspace
        if workspace and workspace.text_document_content:
            # pygls knows nothing of it yet.
            own = self.server_capabilities.workspace or types.WorkspaceOptions()
            own.text_document_content = types.TextDocumentContentOptions([TEXT_SCHEME])
            self.server_capabilities.workspace = own
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

    def _set_trace(self, params: types.SetTraceParams) -> None:
        self.tracing.set(params.value)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command with its plain JSON arguments."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise InvalidParamsError(f"{params.command}: unknown command")
        return handler(params.arguments or [])

    def abandon(self) -> None:
        """Give up what still runs: the process is about to end."""
        for task in [*self._running.values(), *self._background]:
            task.cancel()
        for future in self._request_futures.values():
            with contextlib.suppress(Exception):
                future.cancel()
        self._request_futures.clear()
