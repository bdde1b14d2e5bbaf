"""An editor in this process: the real server, its session and its files, and JSON both ways; no pipes.

What the server sends is held against the capabilities the editor declared: a message that it never allowed fails the test
at the editor's end, and so does a result that the specification forbids (pytest-lsp's warnings are errors here).
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import converters, types
from pytest_lsp.checks import (
    check_params_against_client_capabilities,
    check_result_against_client_capabilities,
)
from tests.clock import settle
from tests.editors.recording import Recording, Rules
from tests.patience import HANGS_AFTER

from weighbridge.lsp.server import Server

#: How far one character reaches, in each encoding's units.
_UNITS: Mapping[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-32": len,
}
_STRUCTURE = converters.get_converter()


class ResponseError(Exception):
    """The server's answer was an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass
class Editor:
    """One client. `settings`: what it answers to `workspace/configuration`; `sent`: notifications as they came."""

    recording: Recording
    folder: Path
    params: dict[str, Any]
    settings: dict[str, Any]
    server: Server
    capabilities: types.ClientCapabilities
    rules: Rules
    sent: list[tuple[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    server_capabilities: dict[str, Any] = field(default_factory=dict)
    #: Answers to what the server asks, by method; the others get what an editor says when all is well.
    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    #: What it answers with an error.
    refused: set[str] = field(default_factory=set)
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=itertools.count)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    # The server's way to the client

    def send(self, body: bytes) -> None:
        message = json.loads(body)
        if "method" not in message:
            future = self._waiting.pop(message["id"], None)
            if future is None:
                self.faults.append(f"an answer to nothing: {body!r}")
            elif not future.done():
                future.set_result(message)
        else:
            self._take(message)
        self._came.set()
        self._came = asyncio.Event()

    def close(self) -> None:
        """Nothing to close."""

    def _take(self, message: dict[str, Any]) -> None:
        method, params = message["method"], message.get("params")
        fault = self.rules.fault(method, params)
        if fault is not None:
            self.faults.append(fault)
        if "id" not in message:
            self.sent.append((method, params))
            return
        self.asked.append((method, params))
        if method in types.METHOD_TO_TYPES:
            structured: Any = _STRUCTURE.structure(message, types.METHOD_TO_TYPES[method][0])
            check_params_against_client_capabilities(self.capabilities, method, structured.params)
        said = (
            {"error": {"code": -32601, "message": "no"}}
            if method in self.refused
            else {"result": self._answer(method, params)}
        )
        reply = json.dumps({"jsonrpc": "2.0", "id": message["id"], **said}).encode()
        asyncio.get_running_loop().call_soon(self.server.protocol.receive, reply)

    def _answer(self, method: str, params: Any) -> Any:
        if method in self.answers:
            return self.answers[method](params)
        if method == types.WORKSPACE_CONFIGURATION:
            return [deepcopy(self.settings) for _ in params["items"]]
        if method == types.WORKSPACE_APPLY_EDIT:
            return {"applied": True}
        if method == types.WINDOW_SHOW_DOCUMENT:
            return {"success": True}
        return None

    # The client's way to the server

    def tell(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self._write({"method": method, "params": _plain(params)})

    def begin(self, method: str, params: Any = None) -> tuple[int, "asyncio.Future[dict[str, Any]]"]:
        """Send a request; returns its number, to cancel it by, and its whole reply to come."""
        number = next(self._ids)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self.rules.asks(_plain(params))
        self._write({"id": number, "method": method, "params": _plain(params)})
        return number, future

    async def ask(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result, as JSON.

        Raises:
            ResponseError: the answer is an error.
        """
        _, future = self.begin(method, params)
        async with asyncio.timeout(HANGS_AFTER):
            reply = await future
        if "error" in reply:
            raise ResponseError(reply["error"]["code"], reply["error"]["message"])
        if method in types.METHOD_TO_TYPES and method != types.INITIALIZE:
            # What is no result of this method can't be structured; and what this client can't take is warned about.
            kind: Any = types.METHOD_TO_TYPES[method][1]
            structured: Any = _STRUCTURE.structure(reply, kind)
            check_result_against_client_capabilities(self.capabilities, method, structured.result)
        return reply["result"]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something the server sends makes the condition true; returns what it gave."""
        async with asyncio.timeout(HANGS_AFTER):
            while not (found := condition()):
                await self._came.wait()
        return found

    def _write(self, message: dict[str, Any]) -> None:
        self.server.protocol.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    async def idle(self) -> None:
        """Wait until the server has nothing to do, and has done what follows from it."""
        # One piece of work leads to the next: a setting to a file, a file to a count.
        for _ in range(4):
            await settle(10)
            await self.server.wiring._services.tasks.wait_idle()
        await settle(10)

    # What people do

    def uri(self, name: str) -> str:
        """A file of the workspace, by its path in it."""
        return (self.folder / name).as_uri()

    def write(self, name: str, text: str) -> str:
        """Write a file of the workspace; returns its URI."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path.as_uri()

    def changed(self, *names: str, type_: types.FileChangeType = types.FileChangeType.Changed) -> None:
        """Tell that files changed on disk."""
        changes = [{"uri": self.uri(name), "type": type_.value} for name in names]
        self.tell(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, {"changes": changes})

    async def open(self, name: str, text: str | None = None) -> str:
        """Open a file (its text, if given, is written first), and wait until it is counted. Returns its URI."""
        if text is not None:
            self.write(name, text)
        uri = self.uri(name)
        # Line ends as they are.
        shown = (self.folder / name).read_bytes().decode("utf-8")
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": shown}
        self.tell(types.TEXT_DOCUMENT_DID_OPEN, {"textDocument": item})
        await self.count(uri)
        return uri

    def edit(self, uri: str, version: int, text: str, range_: Any = None) -> None:
        """Replace a range, or the whole text."""
        change = {"text": text} if range_ is None else {"text": text, "range": _plain(range_)}
        self.tell(
            types.TEXT_DOCUMENT_DID_CHANGE,
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]},
        )

    def sent_as(self, method: str) -> list[Any]:
        """What came so far of one kind of notification."""
        return [params for name, params in self.sent if name == method]

    def asked_as(self, method: str) -> list[Any]:
        """What was asked so far of one kind of request."""
        return [params for name, params in self.asked if name == method]

    async def count(self, uri: str) -> int:
        """Ask for a document's true total."""
        found: int = (await self.ask("weighbridge/count", {"textDocument": {"uri": uri}}))["tokens"]
        return found

    async def report(self, uri: str) -> Any:
        """Ask for a document's report."""
        return await self.ask("weighbridge/report", {"textDocument": {"uri": uri}})

    def place(self, text: str, needle: str, offset: int = 0, *, after: bool = False) -> dict[str, int]:
        """Where `needle` (its `offset`th character, or its end) stands in `text`, in the session's encoding."""
        at = text.index(needle) + (len(needle) if after else offset)
        line_start = text.rfind("\n", 0, at) + 1
        units = _UNITS[self.encoding](text[line_start:at])
        return {"line": text.count("\n", 0, at), "character": units}

    def range(self, text: str, needle: str) -> dict[str, Any]:
        """The range of `needle` in `text`, in the session's encoding."""
        return {"start": self.place(text, needle), "end": self.place(text, needle, after=True)}

    def at(self, uri: str, place: dict[str, int]) -> dict[str, Any]:
        """Parameters of a request that is about a place."""
        return {"textDocument": {"uri": uri}, "position": place}

    @property
    def encoding(self) -> str:
        """What positions are counted in: `utf-8`, `utf-16` or `utf-32`."""
        return str(self.server_capabilities.get("positionEncoding", "utf-16"))


def _plain(params: Any) -> Any:
    return params if params is None or isinstance(params, dict | list) else _STRUCTURE.unstructure(params)


@asynccontextmanager
async def editor(
    recording: Recording,
    folder: Path,
    *,
    settings: Mapping[str, Any] | None = None,
    encodings: list[str] | None = None,
    options: Mapping[str, Any] | None = None,
    others: Sequence[Path] = (),
    offers_unsaved: bool = False,
) -> AsyncIterator[Editor]:
    """Start a session as one of the recorded editors, in a folder; ends it, and fails if the server broke a rule.

    `encodings`: position encodings that it offers instead of its own. `options`: its initialization options.
    `others`: more folders of the workspace. `offers_unsaved`: as by `serve --mcp`.
    `settings`: what it answers when asked, where it can be asked; else they are part of the options.
    """
    params = deepcopy(dict(recording.params))
    if encodings is not None:
        params["capabilities"].setdefault("general", {})["positionEncodings"] = encodings
    asked = recording.declares("workspace.configuration")
    params["initializationOptions"] = {**(options or {}), **({} if asked else settings or {})}
    params |= {
        "processId": None,
        "rootPath": str(folder),
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": one.as_uri(), "name": one.name} for one in (folder, *others)],
    }
    capabilities = _STRUCTURE.structure(params["capabilities"], types.ClientCapabilities)
    server = Server()
    server.offers_unsaved = offers_unsaved
    it = Editor(recording, folder, params, dict(settings or {}), server, capabilities, Rules(params))
    server.protocol.connected(it)
    try:
        reply = await it.ask(types.INITIALIZE, params)
        it.server_capabilities = reply["capabilities"]
        it.tell(types.INITIALIZED, {})
        yield it
        await it.ask(types.SHUTDOWN)
    finally:
        await server.aclose()
    assert it.faults == [], it.faults
