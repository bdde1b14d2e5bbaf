"""The same client over standard streams, TCP and WebSocket: what it may send and must get is the same."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.process import COMMAND, Process, environment_in, framed, serving
from tests.patience import HANGS_AFTER
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

ROUTES = ("stdio", "tcp", "ws")


def patched(*lines: str) -> tuple[str, ...]:
    """A command that runs the server after some lines of Python."""
    text = "\n".join(("import sys", *lines, "from weighbridge.cli import main", "sys.exit(main())"))
    return (sys.executable, "-c", text, "serve")


@dataclass
class TcpProcess(Process):
    """A client on a TCP port."""

    reader: asyncio.StreamReader = field(default_factory=asyncio.StreamReader)
    writer: Any = None

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def hang_up(self) -> None:
        self.writer.close()

    async def bodies(self) -> AsyncIterator[bytes]:
        async for body in framed(self.reader):
            yield body


@dataclass
class WebSocketProcess(Process):
    """A client on a WebSocket."""

    websocket: Any = None
    _frames: "asyncio.Queue[str | bytes | None]" = field(default_factory=asyncio.Queue)

    def write(self, data: bytes) -> None:
        raise AssertionError("a WebSocket has messages only")

    def put(self, body: bytes) -> None:
        try:
            self._frames.put_nowait(body.decode("utf-8"))
        except UnicodeDecodeError:
            self._frames.put_nowait(body)

    def hang_up(self) -> None:
        self._frames.put_nowait(None)

    async def bodies(self) -> AsyncIterator[bytes]:
        with contextlib.suppress(ConnectionClosed):
            async for message in self.websocket:
                assert isinstance(message, str)
                yield message.encode()

    async def pump(self) -> None:
        """Send what is to be sent, in order."""
        with contextlib.suppress(ConnectionClosed):
            while (message := await self._frames.get()) is not None:
                await self.websocket.send(message)
            await self.websocket.close()


@asynccontextmanager
async def listening(
    way: str, place: Path, *, command: tuple[str, ...] = COMMAND
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, int]]:
    """Start a server on a free port; gives its host and port once it listens. It is killed at the end, if it is there."""
    process = await asyncio.create_subprocess_exec(
        *command,
        f"--{way}",
        "127.0.0.1:0",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment_in(place),
    )
    assert process.stderr is not None
    log = place / "server.log"
    log.touch()
    copying: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(HANGS_AFTER):
            line = await process.stderr.readline()
        assert line.startswith(b"listening on "), line
        copying = asyncio.create_task(_copy(process.stderr, log))
        host, _, port = line.decode().split()[-1].rpartition(":")
        yield process, host, int(port)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        if copying is not None:
            await copying


async def _copy(stream: asyncio.StreamReader, log: Path) -> None:
    with log.open("ab") as file:
        while line := await stream.readline():
            file.write(line)
            file.flush()


@asynccontextmanager
async def connected(
    way: str, place: Path, *, command: tuple[str, ...] = COMMAND, reads: bool = True
) -> AsyncIterator[Process]:
    """Start a server and be its client. `reads`: false for a client that reads nothing."""
    if way == "stdio":
        assert reads
        async with serving(place, command=command) as server:
            yield server
        return
    async with listening(way, place, command=command) as (process, host, port):
        log = place / "server.log"
        if way == "tcp":
            reader, writer = await asyncio.open_connection(host, port, limit=1 << 26 if reads else 1024)
            tcp = TcpProcess(process, log, reader=reader, writer=writer)
            async with _at_work(tcp.read() if reads else None):
                try:
                    yield tcp
                finally:
                    writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        else:
            async with _websocket(host, port) as websocket:
                web = WebSocketProcess(process, log, websocket=websocket)
                async with _at_work(web.pump(), web.read() if reads else None):
                    try:
                        yield web
                    finally:
                        web.hang_up()


@asynccontextmanager
async def _websocket(host: str, port: int) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://{host}:{port}", max_size=None, proxy=None, close_timeout=1) as websocket:
        yield websocket


@asynccontextmanager
async def _at_work(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works if work is not None]
    try:
        yield
    finally:
        done, late = await asyncio.wait(tasks, timeout=HANGS_AFTER) if tasks else (set(), set())
        for task in late:
            task.cancel()
        for task in done:
            task.result()
