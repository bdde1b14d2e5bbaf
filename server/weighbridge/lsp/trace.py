"""`$/setTrace` and `$/logTrace`: what is said, told to a client that asks for it.

With `messages` only methods, ids and times are told; with `verbose` parameters and results as well. **What documents,
settings and results say is not in them**: of a text only its length is, unless the server was started to tell all
(`serve --log-content`).
"""

import json
import time
from collections.abc import Callable
from typing import Any

from lsprotocol import types

from weighbridge.lsp.messages import Message, Notification, Request, Response

#: Names whose texts say where and what kind, and nothing of what is written.
_PLAIN = frozenset(
    {
        *("uri", "method", "id", "languageId", "kind", "code", "source", "section", "state", "command"),
        *("encoding", "exactness", "severity", "dialect", "positionEncoding", "resultId", "previousResultId"),
        *("trigger", "token", "version", "identifier", "health"),
    }
)
#: Entries told of a list or an object.
_MOST_ENTRIES = 20
#: Levels told.
_DEEPEST = 12


class Trace:
    """Tells the client of messages, as much as it asked for. Off until it asks."""

    def __init__(self, tell: Callable[[types.LogTraceParams], None]) -> None:
        self._tell = tell
        #: Whether verbose traces hold texts as they are.
        self.content = False
        self._requests: dict[int | str, tuple[str, float]] = {}
        self._level = types.TraceValue.Off

    @property
    def on(self) -> bool:
        """Whether anything is told."""
        return self._level is not types.TraceValue.Off

    def set(self, level: types.TraceValue | None) -> None:
        """Tell as much as this from now on."""
        self._level = level or types.TraceValue.Off
        if not self.on:
            self._requests.clear()

    def came(self, message: Message) -> None:
        """A message came."""
        if not self.on:
            return
        match message:
            case Request(msg_id, method, raw):
                self._requests[msg_id] = method, time.perf_counter()
                self._say(f"Received request '{method} - ({msg_id})'.", "Params", raw.get("params"))
            case Notification(method, raw):
                self._say(f"Received notification '{method}'.", "Params", raw.get("params"))
            case Response(msg_id, raw):
                failed = " The request failed." if "error" in raw else ""
                self._say(
                    f"Received response '({msg_id})'.{failed}", "Result", raw.get("error", raw.get("result"))
                )

    def sent(self, message: dict[str, Any], plain: Callable[[Any], Any]) -> None:
        """A message was sent; `plain` makes JSON's own values of what is in it."""
        method = message.get("method")
        if method == types.LOG_TRACE:
            return
        msg_id = message.get("id")
        if method is None:
            self._answered(message, plain)
        elif self.on:
            what = f"notification '{method}'" if msg_id is None else f"request '{method} - ({msg_id})'"
            self._say(f"Sending {what}.", "Params", message.get("params"), plain)

    def _answered(self, message: dict[str, Any], plain: Callable[[Any], Any]) -> None:
        msg_id, error = message.get("id"), message.get("error")
        method, began = self._requests.pop(msg_id, ("", None)) if msg_id is not None else ("", None)
        if not self.on:
            return
        name = f"{method} - ({msg_id})" if method else f"({msg_id})"
        took = "" if began is None else f" It took {(time.perf_counter() - began) * 1000:.0f} ms."
        failed = "" if error is None else f" The request failed: {error['code']}."
        result = message.get("result") if error is None else error
        self._say(f"Sending response '{name}'.{took}{failed}", "Result", result, plain)

    def _say(
        self, text: str, what: str, value: Any, plain: Callable[[Any], Any] = lambda value: value
    ) -> None:
        verbose: str | None = None
        if self._level is types.TraceValue.Verbose:
            shown = plain(value)
            verbose = f"{what}: {json.dumps(shown if self.content else outline(shown), indent=2)}"
        self._tell(types.LogTraceParams(text, verbose))


def outline(value: Any, name: str = "", depth: int = 0) -> Any:
    """A JSON value without what its texts say: of those only lengths remain, in characters. Of much, only the first."""
    if isinstance(value, str):
        return value if name in _PLAIN else f"<{len(value):,} characters>"
    if isinstance(value, dict | list) and depth == _DEEPEST:
        return "<…>"
    if isinstance(value, dict):
        shown = {key: outline(member, key, depth + 1) for key, member in list(value.items())[:_MOST_ENTRIES]}
        return (
            shown if len(value) <= _MOST_ENTRIES else {**shown, "…": f"<{len(value) - _MOST_ENTRIES:,} more>"}
        )
    if isinstance(value, list):
        entries = [outline(entry, name, depth + 1) for entry in value[:_MOST_ENTRIES]]
        return (
            entries if len(value) <= _MOST_ENTRIES else [*entries, f"<{len(value) - _MOST_ENTRIES:,} more>"]
        )
    return value
