"""Bytes in, bytes out: standard streams, TCP, WebSocket. Nothing here blocks the loop.

pygls reads stdin on a thread of the pool its slow handlers share, matches headers by case and writes stdout on the
loop's thread, where a client that stops reading stops everything. So the streams are asyncio's own here, with a
bound on what waits to be written: a client that reads nothing for that long is gone, and the server leaves.
"""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol

#: Bytes of one message; larger ones are skipped and answered with an error.
MOST_MESSAGE_BYTES = 512 * 1024 * 1024
#: Bytes of headers before a message; more is no language client.
MOST_HEADER_BYTES = 64 * 1024
#: Bytes that may wait for a client that doesn't read.
MOST_WAITING_BYTES = 256 * 1024 * 1024
#: Seconds that the last messages get to leave.
SECONDS_TO_FLUSH = 2.0


class OversizedError(Exception):
    """A message was announced larger than `MOST_MESSAGE_BYTES`; it is skipped."""


class FrameReader:
    """Cut a stream of bytes into messages by their `Content-Length` headers, whatever their case."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._skip = 0

    def feed(self, data: bytes) -> Iterator[bytes | OversizedError]:
        """Take bytes as they come; yield each message that is whole."""
        self._buffer += data
        while True:
            if self._skip:
                gone = min(self._skip, len(self._buffer))
                del self._buffer[:gone]
                self._skip -= gone
                if self._skip:
                    return
            if self._length is None and not self._read_headers():
                return
            if self._length is None:
                continue
            if self._length > MOST_MESSAGE_BYTES:
                self._skip, self._length = self._length, None
                yield OversizedError(
                    f"a message of {self._skip:,} bytes is larger than {MOST_MESSAGE_BYTES:,}"
                )
                continue
            if len(self._buffer) < self._length:
                return
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = None
            yield body

    def _read_headers(self) -> bool:
        """Read one block of headers; False when more bytes are needed."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MOST_HEADER_BYTES:
                # No headers: drop what can't be one, keep what may be the start of a line's end.
                del self._buffer[:-3]
            return False
        for line in bytes(self._buffer[:end]).split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                with contextlib.suppress(ValueError):
                    self._length = max(0, int(value))
        del self._buffer[: end + 4]
        return True


class Sink(Protocol):
    """Where messages go. Never blocks, never raises."""

    def send(self, body: bytes) -> None: ...

    def close(self) -> None: ...


class Receiver(Protocol):
    """Who gets messages: called on the loop's thread."""

    def receive(self, body: bytes) -> None: ...

    def receive_oversized(self, error: OversizedError) -> None: ...

    def connected(self, sink: Sink) -> None: ...

    def disconnected(self) -> None: ...


class StreamSink:
    """Messages with headers into an asyncio transport."""

    def __init__(self, transport: asyncio.WriteTransport, on_stuck: Callable[[], None]) -> None:
        self._transport = transport
        self._on_stuck = on_stuck

    def send(self, body: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        if self._transport.get_write_buffer_size() > MOST_WAITING_BYTES:
            self._on_stuck()

    def close(self) -> None:
        self._transport.close()


class ThreadSink:
    """Messages with headers into a file that asyncio can't wait for (a regular file, a console of Windows)."""

    def __init__(self, file: BinaryIO, loop: asyncio.AbstractEventLoop, on_stuck: Callable[[], None]) -> None:
        self._file = file
        self._loop = loop
        self._on_stuck = on_stuck
        self._waiting = 0
        self._bodies: list[bytes] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="weighbridge-writer", daemon=True)
        self._thread.start()

    def send(self, body: bytes) -> None:
        with self._changed:
            if self._closed:
                return
            self._bodies.append(body)
            self._waiting += len(body)
            stuck = self._waiting > MOST_WAITING_BYTES
            self._changed.notify()
        if stuck:
            self._on_stuck()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=2.0)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._bodies or self._closed)
                bodies, self._bodies = self._bodies, []
                if not bodies:
                    return
            try:
                for body in bodies:
                    self._file.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
                self._file.flush()
            except (OSError, ValueError):
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._on_stuck)
                return
            with self._changed:
                self._waiting -= sum(map(len, bodies))


class StreamReceiver(asyncio.Protocol):
    """Bytes of an asyncio transport to a receiver's messages."""

    def __init__(self, receiver: Receiver, on_end: Callable[[], None]) -> None:
        self._receiver = receiver
        self._frames = FrameReader()
        self._on_end = on_end

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            if isinstance(frame, OversizedError):
                self._receiver.receive_oversized(frame)
            else:
                self._receiver.receive(frame)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._receiver.disconnected()
        self._on_end()


class SocketReceiver(StreamReceiver):
    """The same over TCP, where the transport is both ways."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101  asyncio's sockets are
        self._receiver.connected(StreamSink(transport, self._on_end))


class _PipeProtocol(asyncio.BaseProtocol):
    """The write pipe's protocol: tells when it is gone."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self.gone = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  as above
        self.gone.set()
        self._on_end()

    def pause_writing(self) -> None:
        """Nothing: the bound is in the sink."""

    def resume_writing(self) -> None:
        """Nothing."""


def claim_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take stdin and stdout for the protocol alone: prints of anyone else go to stderr from here on."""
    stdin = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    stdout = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    return stdin, stdout


async def serve_streams(receiver: Receiver, stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Serve one client on two files until it is gone."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    sink: Sink
    pipe: _PipeProtocol | None = None
    try:
        write_transport, pipe = await loop.connect_write_pipe(lambda: _PipeProtocol(ended.set), stdout)
        sink = StreamSink(write_transport, ended.set)
    except (ValueError, OSError, NotImplementedError):
        sink = ThreadSink(stdout, loop, ended.set)
    receiver.connected(sink)
    stream = StreamReceiver(receiver, ended.set)
    try:
        read_transport, _ = await loop.connect_read_pipe(lambda: stream, stdin)
    except (ValueError, OSError, NotImplementedError):
        threading.Thread(
            target=_read_file, args=(stdin, stream, loop), name="weighbridge-reader", daemon=True
        ).start()
        await ended.wait()
    else:
        await ended.wait()
        read_transport.close()
    sink.close()
    if pipe is not None:
        # What was said last must arrive, unless the client no longer reads.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pipe.gone.wait(), SECONDS_TO_FLUSH)


def _read_file(file: BinaryIO, stream: StreamReceiver, loop: asyncio.AbstractEventLoop) -> None:
    """Read a file that asyncio can't wait for, on a thread of its own."""
    with contextlib.suppress(RuntimeError):  # the loop closed: nobody listens any more
        try:
            while data := file.read(65536):
                loop.call_soon_threadsafe(stream.data_received, data)
        except (OSError, ValueError):
            pass
        loop.call_soon_threadsafe(stream.connection_lost, None)


async def serve_tcp(receiver: Receiver, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve one client on a TCP port until it is gone; a second one is turned away. Port 0: any free one."""
    ended = asyncio.Event()
    taken = False

    def accept() -> asyncio.Protocol:
        nonlocal taken
        if taken:
            return _Refusing()
        taken = True
        return SocketReceiver(receiver, ended.set)

    server = await asyncio.get_running_loop().create_server(accept, host, port)
    async with server:
        announce("{}:{}".format(*server.sockets[0].getsockname()[:2]))
        await ended.wait()


class _Refusing(asyncio.Protocol):
    """Closes at once: one server serves one client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class WebSocketSink:
    """Messages into a WebSocket, each a text frame, in order."""

    def __init__(self, websocket: Any, on_stuck: Callable[[], None]) -> None:
        self._websocket = websocket
        self._on_stuck = on_stuck
        self._bodies: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._task = asyncio.create_task(self._write())

    def send(self, body: bytes) -> None:
        self._waiting += len(body)
        self._bodies.put_nowait(body)
        if self._waiting > MOST_WAITING_BYTES:
            self._on_stuck()

    def close(self) -> None:
        self._bodies.put_nowait(None)

    async def drained(self) -> None:
        """Wait until all is written."""
        await self._task

    async def _write(self) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415  only `--ws` needs it

        with contextlib.suppress(ConnectionClosed):
            while (body := await self._bodies.get()) is not None:
                await self._websocket.send(body.decode("utf-8"))
                self._waiting -= len(body)


async def serve_websocket(receiver: Receiver, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve one client on a WebSocket until it is gone. Browsers are refused: any page could connect."""
    from websockets.asyncio.server import ServerConnection, serve  # noqa: PLC0415  only `--ws` needs it
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

    ended = asyncio.Event()
    taken = False

    async def accept(websocket: ServerConnection) -> None:
        nonlocal taken
        if taken:
            await websocket.close(1013, "this server has its client")
            return
        taken = True
        sink = WebSocketSink(websocket, ended.set)
        receiver.connected(sink)
        try:
            async for message in websocket:
                receiver.receive(message.encode("utf-8") if isinstance(message, str) else message)
        except ConnectionClosed:
            pass
        finally:
            receiver.disconnected()
            sink.close()
            ended.set()

    async with serve(accept, host, port, max_size=MOST_MESSAGE_BYTES, origins=[None]) as server:
        announce("{}:{}".format(*next(iter(server.sockets)).getsockname()[:2]))
        await ended.wait()
