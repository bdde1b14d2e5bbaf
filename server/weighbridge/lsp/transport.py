"""Bytes in, bytes out: standard streams. Nothing here blocks the loop.

pygls reads stdin on a thread of the pool its slow handlers share, matches headers by case and writes stdout on the
loop's thread, where a client that stops reading stops everything. So the streams are asyncio's own here, with a
bound on what waits to be written: a client that reads nothing for that long is gone, and the server leaves.
"""

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

from weighbridge.lsp.frames import Body, FrameError, FrameReader, frame

#: Bytes that may wait for a client that doesn't read.
MOST_WAITING_BYTES = 256 * 1024 * 1024
#: Seconds for which messages are handled in one turn of the loop; the last one may take longer.
SECONDS_A_TURN = 0.01
#: Seconds that the last messages get to leave.
SECONDS_TO_FLUSH = 2.0


class Sink(Protocol):
    """Where messages go. Never blocks, never raises."""

    def send(self, body: bytes) -> None: ...

    def close(self) -> None: ...


class Receiver(Protocol):
    """Who gets messages: called on the loop's thread."""

    def receive(self, body: Body) -> None: ...

    def misframed(self, error: FrameError) -> None: ...

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
        self._transport.write(frame(body))
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
                    self._file.write(frame(body))
                self._file.flush()
            except (OSError, ValueError):
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._on_stuck)
                return
            with self._changed:
                self._waiting -= sum(map(len, bodies))


class MessageProtocol(asyncio.Protocol):
    """Bytes of an asyncio transport to a receiver's messages.

    Hundreds of small ones may come at once: they are handled for `SECONDS_A_TURN` in one turn of the loop, and nothing is
    read until all are.
    """

    def __init__(
        self, receiver: Receiver, frames: FrameReader, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """`clock`: seconds."""
        self._receiver = receiver
        self._frames = frames
        self._clock = clock
        #: None where bytes don't come from a transport: then all are handled at once.
        self._transport: asyncio.ReadTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.ReadTransport)  # noqa: S101  asyncio's are
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._handle(self._frames.feed(data))

    def _handle(self, messages: Iterator[Body | FrameError]) -> None:
        until = self._clock() + SECONDS_A_TURN
        for message in messages:
            self._handle_one(message)
            if self._transport is not None and self._clock() > until:
                self._transport.pause_reading()
                asyncio.get_running_loop().call_soon(self._handle, messages)
                return
        if self._transport is not None:
            self._transport.resume_reading()

    def _handle_one(self, message: Body | FrameError) -> None:
        if isinstance(message, FrameError):
            self._receiver.misframed(message)
        else:
            self._receiver.receive(message)


class StreamReceiver(MessageProtocol):
    """Bytes of standard input to a receiver's messages."""

    def __init__(self, receiver: Receiver, on_end: Callable[[], None]) -> None:
        super().__init__(receiver, FrameReader())
        self._on_end = on_end

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._receiver.disconnected()
        self._on_end()


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
    """Take stdin and stdout for the protocol alone: what others print goes to stderr, and there is nothing for them to read."""
    stdin = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    stdout = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
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
        _check_waitable(loop, stdin)
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


def _check_waitable(loop: asyncio.AbstractEventLoop, file: BinaryIO) -> None:
    """Find out now what asyncio, which takes every device for a pipe, finds out later: that nobody can wait for some (/dev/null).

    Raises:
        OSError, NotImplementedError: this is one of those.
    """
    loop.add_reader(file.fileno(), lambda: None)
    loop.remove_reader(file.fileno())


def _read_file(file: BinaryIO, stream: StreamReceiver, loop: asyncio.AbstractEventLoop) -> None:
    """Read a file that asyncio can't wait for, on a thread of its own."""
    with contextlib.suppress(RuntimeError):  # the loop closed: nobody listens any more
        try:
            while data := file.read(65536):
                loop.call_soon_threadsafe(stream.data_received, data)
        except (OSError, ValueError):
            pass
        loop.call_soon_threadsafe(stream.connection_lost, None)
