"""A language client that measures: blocking, over pipes, with nothing between it and the server's streams."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from weighbridge.tokens.fast import SWITCH

#: The command of the server under test; `probe` is the same with its loop's turns timed.
COMMAND: Final = (sys.executable, "-m", "weighbridge.cli", "serve")
_TO_ANSWER: Final = {
    "workspace/configuration": [None],
    "client/registerCapability": None,
    "workspace/inlayHint/refresh": None,
    "workspace/diagnostic/refresh": None,
    "window/workDoneProgress/create": None,
}


class GoneError(Exception):
    """The server ended, or answered with an error."""


@dataclass(slots=True)
class Server:
    """A running server. Times are `time.perf_counter`'s seconds.

    `notified` is told each notification (method, parameters, when it came).
    """

    process: subprocess.Popen[bytes]
    spawned: float
    notified: Callable[[str, Any, float], None] = lambda method, params, when: None
    _buffer: bytearray = field(default_factory=bytearray)
    _next: int = 0

    @classmethod
    def spawn(
        cls,
        folder: Path,
        cache: Path,
        *,
        command: tuple[str, ...] = COMMAND,
        log: Path | None = None,
        fast: bool = True,
    ) -> Self:
        """Start one, with a cache folder of its own. `fast`: with the fast engine, if it is there."""
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache), SWITCH: "1" if fast else "0"}
        # Installed packages come with their modules compiled: so must the one under test.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        spawned = time.perf_counter()
        with Path(os.devnull if log is None else log).open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=environment,
                bufsize=0,
            )
        return cls(process, spawned)

    def start(
        self,
        folder: Path,
        settings: dict[str, Any] | None = None,
        *,
        text_document: dict[str, Any] | None = None,
    ) -> float:
        """Say hello; returns when the reply to `initialize` came. `text_document`: more that it declares there."""
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "weighbridge-bench"},
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
                "capabilities": {
                    "general": {"positionEncodings": ["utf-32", "utf-16"]},
                    "workspace": {"inlayHint": {"refreshSupport": True}},
                    "textDocument": {"publishDiagnostics": {}, **(text_document or {})},
                    "experimental": {"weighbridge": {"status": True}},
                },
                "initializationOptions": settings or {},
            },
        )
        replied = time.perf_counter()
        self.send(message("initialized", {}))
        return replied

    def open(self, uri: str, text: str) -> None:
        """Open a document, as version 1."""
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
        self.send(message("textDocument/didOpen", {"textDocument": item}))

    def close(self, uri: str) -> None:
        """Close it."""
        self.send(message("textDocument/didClose", {"textDocument": {"uri": uri}}))

    def count(self, uri: str) -> int:
        """Ask for a document's true total, and wait for it."""
        found: int = self.ask("weighbridge/count", {"textDocument": {"uri": uri}})["tokens"]
        return found

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and wait for its reply."""
        request = self.number()
        self.send(message(method, params, request))
        return self.answer(request)

    def number(self) -> int:
        """Take the next request's number."""
        self._next += 1
        return self._next

    def answer(self, request: int) -> Any:
        """Read until this request's reply."""
        while True:
            found = self.read()
            if found.get("id") == request and "method" not in found:
                if "error" in found:
                    raise GoneError(str(found["error"]))
                return found["result"]

    def read(self) -> dict[str, Any]:
        """Read one message; what the server asks is answered, what it tells is passed on."""
        found = self._read()
        method = found.get("method")
        if method is not None and "id" in found:
            self.send(_framed({"id": found["id"], "result": _TO_ANSWER.get(method)}))
        elif method is not None:
            self.notified(method, found.get("params"), time.perf_counter())
        return found

    def send(self, data: bytes) -> None:
        """Write a message, all of it."""
        assert self.process.stdin is not None
        view = memoryview(data)
        descriptor = self.process.stdin.fileno()
        while view:
            view = view[os.write(descriptor, view) :]

    def stop(self) -> None:
        """End it as an editor does; with force if it takes long."""
        try:
            self.ask("shutdown", None)
            self.send(message("exit", None))
            self.process.wait(timeout=10)
        except (GoneError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    # What it costs

    def processor_seconds(self) -> float:
        """Processor time of all its threads so far, user's and system's, from the process's own clock in the kernel."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def resident_mb(self) -> float:
        """VmRSS in megabytes (of a million bytes)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6

    # Inside

    def _read(self) -> dict[str, Any]:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            self._fill()
        header = bytes(self._buffer[:end]).lower()
        start = header.index(b"content-length:") + len(b"content-length:")
        length = int(header[start:].split(b"\r\n")[0])
        while len(self._buffer) < end + 4 + length:
            self._fill()
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        found: dict[str, Any] = json.loads(body)
        return found

    def _fill(self) -> None:
        assert self.process.stdout is not None
        data = os.read(self.process.stdout.fileno(), 1 << 18)
        if not data:
            raise GoneError(f"the server left with {self.process.wait()}")
        self._buffer += data


def message(method: str, params: Any, request: int | None = None) -> bytes:
    """A request, or a notification, as bytes with its header."""
    content: dict[str, Any] = {"method": method}
    if request is not None:
        content["id"] = request
    if params is not None:
        content["params"] = params
    return _framed(content)


def _framed(content: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **content}, separators=(",", ":"), ensure_ascii=False).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
