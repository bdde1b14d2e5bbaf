"""A language client of a few lines: what any editor does, without the screen. For `demo.py`."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any, TypeVar

SECONDS = 30

T = TypeVar("T")


class Unexpected(Exception):  # noqa: N818  what it says, not an error of the demo's
    """Something was not as it should be."""


class Editor:
    """One client with its server: what it was told last of each document is in `statuses` and `diagnostics`."""

    def __init__(self, process: asyncio.subprocess.Process, log: IO[bytes]) -> None:
        self._process = process
        self._log = log
        self._next = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self.texts: dict[str, str] = {}
        self.statuses: dict[str, dict[str, Any]] = {}
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}

    @classmethod
    async def start(cls, folder: Path, api_host: str, environment: dict[str, str]) -> "Editor":
        log = tempfile.TemporaryFile()  # noqa: SIM115  the server writes to it as long as it runs
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "weighbridge.cli",
            "serve",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            limit=2**26,
        )
        editor = cls(process, log)
        await editor.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "demo"},
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
                "capabilities": {
                    "general": {"positionEncodings": ["utf-32", "utf-16"]},
                    "workspace": {"configuration": True, "inlayHint": {"refreshSupport": True}},
                    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
                    "experimental": {"weighbridge": {"status": True}},
                },
                "initializationOptions": {"apiAllow": [api_host]},
            },
        )
        editor.tell("initialized", {})
        return editor

    def log(self) -> str:
        """What the server wrote to its log."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def open(self, path: Path) -> str:
        uri = path.as_uri()
        self.texts[uri] = path.read_text(encoding="utf-8")
        self.tell(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": "markdown", "version": 1, "text": self.texts[uri]}},
        )
        return uri

    def type(self, uri: str, version: int, line: int, text: str) -> None:
        """Type a text at a line's end."""
        lines = self.texts[uri].split("\n")
        end = {"line": line, "character": len(lines[line])}
        lines[line] += text
        self.texts[uri] = "\n".join(lines)
        self.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": {"start": end, "end": end}, "text": text}],
            },
        )

    async def ready(
        self, uri: str, fits: Callable[[dict[str, Any]], bool] = lambda status: True
    ) -> dict[str, Any]:
        """Wait for the document's last status to say `ready` and to fit."""

        def look() -> dict[str, Any] | None:
            last = self.statuses.get(uri)
            return last if last is not None and last["state"] == "ready" and fits(last) else None

        return await self._until(look, f"{name_of(uri)} to be ready")

    async def told(self, uri: str, codes: set[str]) -> list[dict[str, Any]]:
        """Wait for the document's diagnostics to have these codes."""

        def look() -> list[dict[str, Any]] | None:
            found = self.diagnostics.get(uri, [])
            return found if {one["code"] for one in found} == codes else None

        return await self._until(look, f"the diagnostics {sorted(codes)} of {name_of(uri)}")

    async def ask(self, method: str, params: Any) -> Any:
        self._next += 1
        answer = self._answers[self._next] = asyncio.get_running_loop().create_future()
        self._send({"id": self._next, "method": method, "params": params})
        return await self._in_time(answer, f"the answer to {method}")

    async def _until(self, look: Callable[[], T | None], what: str) -> T:
        async def wait() -> T:
            while (found := look()) is None:
                self._changed.clear()
                await self._changed.wait()
            return found

        return await self._in_time(wait(), what)

    async def _in_time(self, work: Awaitable[T], what: str) -> T:
        """The work's result; it fails at once if the server is gone."""
        task = asyncio.ensure_future(work)
        await asyncio.wait({task, self._reader}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        if self._reader.done():
            why = self._reader.exception() or "it left"
            raise Unexpected(f"the server can't be read from any more, waiting for {what}: {why}")
        raise Unexpected(f"waited {SECONDS} seconds for {what}")

    def tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    async def stop(self) -> int:
        await self.ask("shutdown", None)
        self.tell("exit", None)
        code = await self._process.wait()
        self._reader.cancel()
        return code

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while header := await self._process.stdout.readline():
            length = int(header.split(b":")[1])
            await self._process.stdout.readline()
            self._take(json.loads(await self._process.stdout.readexactly(length)))
            self._changed.set()

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        params: Any = message.get("params")
        if method is None:
            answer = self._answers.pop(message["id"])
            if "error" in message:
                answer.set_exception(RuntimeError(message["error"]["message"]))
            else:
                answer.set_result(message["result"])
        elif method == "workspace/configuration":
            self._send({"id": message["id"], "result": [None for _ in params["items"]]})
        elif "id" in message:
            self._send({"id": message["id"], "result": None})
        elif method == "weighbridge/status":
            self.statuses[params["uri"]] = params
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[params["uri"]] = params["diagnostics"]


def name_of(uri: str) -> str:
    return Path(uri).name
