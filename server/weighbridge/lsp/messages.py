"""JSON-RPC messages as they come: what each one is, or what is wrong with it. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

import msgspec

from weighbridge.json_values import as_json, encoded
from weighbridge.lsp.frames import Body

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
NOT_INITIALIZED: Final = -32002
CANCELLED: Final = -32800
REQUEST_FAILED: Final = -32803

VERSION: Final = "2.0"

#: Bytes of a message that takes a good part of a turn to read: whole texts in it that a later one replaces are left out.
LARGE: Final = 1_000_000
#: How clients write a change of a document, the list of its changes, and one of a whole text.
_DID_CHANGE: Final = b'"textDocument/didChange"'
_CHANGES: Final = b'"contentChanges":['
_WHOLE_TEXT: Final = b'{"text":"'
#: Bytes of a message before its changes.
_HEAD_BYTES: Final = 16 * 1024


class RequestError(Exception):
    """A request can't be answered; `code` and message go to the client."""

    def __init__(self, message: str, code: int = REQUEST_FAILED) -> None:
        super().__init__(message)
        self.code = code


class InvalidParamsError(RequestError):
    """The parameters don't make sense here: an unknown document, a missing argument."""

    def __init__(self, message: str) -> None:
        super().__init__(message, INVALID_PARAMS)


@dataclass(frozen=True, slots=True)
class WrittenJson:
    """A result that is JSON already."""

    text: str

    @classmethod
    def of(cls, value: Any) -> Self:
        """The JSON of a value."""
        try:
            return cls(encoded(value).decode())
        except UnicodeEncodeError:
            # Half of a surrogate pair can only be written as an escape.
            return cls(json.dumps(value, default=as_json))


@dataclass(frozen=True, slots=True)
class Request:
    """Something to be answered, once."""

    id: int | str
    method: str
    message: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that is told."""

    method: str
    message: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer to what we asked. `id`: whatever came as one."""

    id: Any
    message: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Malformed:
    """No message of the protocol. `id`: the request's, where there is one."""

    code: int
    why: str
    id: int | str | None = None


Message = Request | Notification | Response | Malformed


def read(body: Body) -> Message:
    """Read one message. Never raises; nothing of its content is in `why`."""
    try:
        message = _parsed(body)
    except (ValueError, RecursionError):
        return Malformed(PARSE_ERROR, "not JSON")
    if isinstance(message, dict):
        return _of(message)
    batch = isinstance(message, list)
    return Malformed(INVALID_REQUEST, "batches are not part of the protocol" if batch else "not an object")


def _parsed(body: Body) -> Any:
    """The JSON of a message.

    Raises:
        ValueError, RecursionError: it is none, or nested too deeply.
    """
    try:
        if len(body) > LARGE and (change := _last_text(body)) is not None:
            return change
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Half of a surrogate pair, which editors send while such a character is typed, is read by this one alone.
        return json.loads(body)


def _last_text(body: Body) -> Any:
    """A `didChange` from its last whole text on; None if the message is another, or not as compact as clients write it.

    What is searched for is in no string, where quotes have backslashes before them; and the message's parameters have one
    list. Texts before the last are not even looked at: 200 of 1 MB hold the loop for 0.9 s otherwise.
    """
    changes = body.find(_CHANGES, 0, _HEAD_BYTES)
    if changes < 0 or _DID_CHANGE not in body[:changes]:
        return None
    begin, text = changes + len(_CHANGES), body.rfind(_WHOLE_TEXT)
    if text < 0:
        return None
    try:
        message = msgspec.json.decode(body[:begin] + body[text:])
        return None if "range" in message["params"]["contentChanges"][0] else message
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError):
        return None


def _of(message: dict[str, Any]) -> Message:
    method, msg_id = message.get("method"), message.get("id")
    request_id = msg_id if isinstance(msg_id, (int, str)) and is_id(msg_id) else None
    if message.get("jsonrpc") != VERSION or (method is not None and not isinstance(method, str)):
        return Malformed(INVALID_REQUEST, "not a JSON-RPC 2.0 message", request_id)
    if method is None:
        return Response(msg_id, message)
    if "id" not in message:
        return Notification(method, message)
    if request_id is None:
        return Malformed(INVALID_REQUEST, "a request's id is a number or a string")
    return Request(request_id, method, message)


def is_id(value: Any) -> bool:
    """Whether a request can have this as its id."""
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def cancelled_id(notification: Notification) -> int | str | None:
    """Which request a `$/cancelRequest` is about; None if it doesn't say."""
    params = notification.message.get("params")
    cancelled = params.get("id") if isinstance(params, dict) else None
    return cancelled if is_id(cancelled) else None
