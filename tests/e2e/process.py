"""The real server in a process of its own, and a client of bare JSON that can also misbehave."""

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.patience import HANGS_AFTER

COMMAND = (sys.executable, "-m", "weighbridge", "serve")


class ServerGoneError(Exception):
    """The server ended before it answered."""


async def framed(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Messages of a stream that holds nothing else."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionResetError):
        while True:
            header = await stream.readuntil(b"\r\n\r\n")
            assert header.lower().startswith(b"content-length: "), header
            yield await stream.readexactly(int(header.split()[1]))


@dataclass
class Process:
    """A server and its client. `sent`: its notifications; `log`: the file with its standard error."""

    process: asyncio.subprocess.Process
    log: Path
    configuration: Any = None
    sent: list[tuple[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    # Bytes

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def put(self, body: bytes) -> None:
        """Send the bytes of one message, whatever is in them."""
        self.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        self.put(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def hang_up(self) -> None:
        """Close the client's end without a word."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def bodies(self) -> AsyncIterator[bytes]:
        """Messages as they come, until the stream ends."""
        assert self.process.stdout is not None
        async for body in framed(self.process.stdout):
            yield body

    async def read(self) -> None:
        """Take messages until the stream ends."""
        async for body in self.bodies():
            self._take(json.loads(body))
        self.ended = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ServerGoneError)
        self._wake()

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if "method" not in message:
            future = self._waiting.pop(message["id"], None) if message["id"] is not None else None
            if future is not None and not future.done():
                future.set_result(message)
        elif "id" in message:
            items = message.get("params", {}).get("items", [])
            answer = [self.configuration for _ in items] if "configuration" in message["method"] else None
            self.send({"id": message["id"], "result": answer})
        else:
            self.sent.append((message["method"], message.get("params")))
        self._wake()

    def _wake(self) -> None:
        self._came.set()
        self._came = asyncio.Event()

    # Messages

    def tell(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"method": method, **({} if params is None else {"params": params})})

    def begin(self, method: str, params: Any = None) -> "asyncio.Future[dict[str, Any]]":
        """Send a request; its whole reply is to come."""
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self.send({"id": number, "method": method, **({} if params is None else {"params": params})})
        return future

    async def reply(self, method: str, params: Any = None) -> dict[str, Any]:
        """Send a request and wait for the whole reply, error or result."""
        async with asyncio.timeout(HANGS_AFTER):
            return await self.begin(method, params)

    async def ask(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result."""
        reply = await self.reply(method, params)
        assert "error" not in reply, reply
        return reply["result"]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until something that the server sends makes the condition true."""
        async with asyncio.timeout(HANGS_AFTER):
            while not (found := condition()):
                assert not self.ended, self.log.read_text(encoding="utf-8")
                await self._came.wait()
        return found

    # A session

    async def initialize(
        self, *folders: Path, options: Mapping[str, Any] | None = None, **params: Any
    ) -> dict[str, Any]:
        """Say hello as an editor that shows everything."""
        result: dict[str, Any] = await self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folders[0].as_uri() if folders else None,
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
                "capabilities": {
                    "general": {"positionEncodings": ["utf-32"]},
                    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
                    "experimental": {"serverStatusNotification": True, "weighbridge": {"status": True}},
                },
                "initializationOptions": dict(options or {}),
                **params,
            },
        )
        self.tell("initialized", {})
        return result

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a document, from its file if no text is given. Returns its URI."""
        shown = path.read_bytes().decode("utf-8") if text is None else text
        item = {"uri": path.as_uri(), "languageId": "markdown", "version": 1, "text": shown}
        self.tell("textDocument/didOpen", {"textDocument": item})
        return path.as_uri()

    async def count(self, uri: str) -> int:
        """Ask for the true total."""
        found: int = (await self.ask("weighbridge/count", {"textDocument": {"uri": uri}}))["tokens"]
        return found

    async def report(self, uri: str) -> dict[str, Any]:
        """Ask for the report, once all is counted."""
        await self.count(uri)
        found: dict[str, Any] = await self.ask("weighbridge/report", {"textDocument": {"uri": uri}})
        return found

    async def leave(self) -> int:
        """End as an editor does; returns the exit code."""
        await self.ask("shutdown")
        self.tell("exit")
        return await self.gone()

    async def gone(self) -> int:
        """Wait for the process's end; returns the exit code."""
        async with asyncio.timeout(HANGS_AFTER):
            return await self.process.wait()

    def health(self) -> str:
        """The messages of all statuses so far."""
        return "\n".join(
            params.get("message", "") for method, params in self.sent if method == "experimental/serverStatus"
        )

    def said(self) -> str:
        """Everything it ever sent or logged, as text."""
        return json.dumps(self.messages, ensure_ascii=False) + self.log.read_text(encoding="utf-8")

    def peak_megabytes(self) -> float:
        """The most memory it ever had resident (VmHWM), in millions of bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6


def environment_in(place: Path) -> dict[str, str]:
    """The environment of a server whose cache and settings are in `place`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEIGHBRIDGE")}
    return {**kept, "XDG_CACHE_HOME": str(place / "cache"), "XDG_CONFIG_HOME": str(place / "config")}


@asynccontextmanager
async def serving(
    place: Path,
    *,
    command: tuple[str, ...] = COMMAND,
    environment: Mapping[str, str] | None = None,
    configuration: Any = None,
) -> AsyncIterator[Process]:
    """Start a server whose cache, settings and log are in `place`; it is killed at the end, if it hasn't left."""
    log = place / "server.log"
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=1 << 26,
            env={**environment_in(place), **(environment or {})},
        )
    server = Process(process, log, configuration)
    reading = asyncio.create_task(server.read())
    try:
        yield server
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        await reading
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await process.stdin.wait_closed()
