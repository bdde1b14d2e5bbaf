"""TCP and WebSocket: the same messages as on standard streams, for one client.

Any page in a browser on this machine can reach a port of it. So a WebSocket with an `Origin` is refused, and a connection
counts as the client only once it sent a whole message of the protocol: what begins with anything else (an HTTP request
whose body holds messages, say) is closed, and so is one that only looked whether the port is open. The server waits on. Until then nobody is given much room:
of one message `MOST_FIRST_BYTES`, of connections `MOST_WAITING`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from weighbridge.lsp import transport
from weighbridge.lsp.frames import MOST_MESSAGE_BYTES, Body, FrameError, FrameReader
from weighbridge.lsp.transport import MessageProtocol, Receiver, StreamSink

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

#: Bytes of a client's first message, `initialize`: abilities and settings.
MOST_FIRST_BYTES = 1 << 20
#: Connections that are open and have sent no whole message yet; of more, those that came first are closed.
MOST_WAITING = 16
#: Told to a second client that it is turned away: try again later.
_TURNED_AWAY = 1013


class Seat:
    """The place of the one client: who takes it first has it, and when they go the server ends."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.ended = asyncio.Event()
        self._taken_by: object | None = None
        self._waiting: dict[object, Callable[[], None]] = {}

    def wait(self, who: object, close: Callable[[], None]) -> None:
        """Let a connection wait: it may take the seat later. `close` is called if too many others come."""
        self._waiting[who] = close
        if len(self._waiting) > MOST_WAITING:
            self._waiting.pop(next(iter(self._waiting)))()

    def take(self, who: object) -> bool:
        """Whether the seat is the connection's, from now on or before."""
        self._waiting.pop(who, None)
        if self._taken_by is None:
            self._taken_by = who
        return self._taken_by is who

    @property
    def free(self) -> bool:
        """Whether nobody has the seat."""
        return self._taken_by is None

    def leave(self, who: object) -> None:
        """A connection is gone; if it was the client, the server ends."""
        self._waiting.pop(who, None)
        if self._taken_by is who:
            self.receiver.disconnected()
            self.ended.set()


class SocketClient(MessageProtocol):
    """One TCP connection: a client once its first message is there."""

    _transport: asyncio.Transport

    def __init__(self, seat: Seat, on_lost: Callable[[], None] = lambda: None) -> None:
        super().__init__(seat.receiver, FrameReader(MOST_FIRST_BYTES))
        self._seat = seat
        self._on_lost = on_lost
        self._seated = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  asyncio's sockets are
        if self._seat.free:
            self._seat.wait(self, transport.abort)
        else:
            transport.close()

    def _handle_one(self, message: Body | FrameError) -> None:
        if self._transport.is_closing():
            return
        if self._seated or self._sit(message):
            super()._handle_one(message)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._seat.leave(self)
        self._on_lost()

    def _sit(self, first: Body | FrameError) -> bool:
        if isinstance(first, FrameError) or not self._seat.take(self):
            return False
        self._seated = True
        self._frames.most = MOST_MESSAGE_BYTES
        self._seat.receiver.connected(StreamSink(self._transport, self._seat.ended.set))
        return True


async def serve_tcp(receiver: Receiver, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve one client on a TCP port until it is gone; a second one is turned away. Port 0: any free one."""
    seat = Seat(receiver)
    server = await asyncio.get_running_loop().create_server(lambda: SocketClient(seat), host, port)
    async with server:
        announce("{}:{}".format(*server.sockets[0].getsockname()[:2]))
        await seat.ended.wait()
        server.close()


async def serve_client_at(receiver: Receiver, address: str | int) -> None:
    """Serve the client that waits at an address, until it is gone: a Unix socket's path, or a TCP port of this machine.

    If nobody waits there, that is logged.
    """
    seat = Seat(receiver)
    loop = asyncio.get_running_loop()

    def client() -> SocketClient:
        return SocketClient(seat, seat.ended.set)

    try:
        if isinstance(address, int):
            await loop.create_connection(client, "127.0.0.1", address)
        else:
            await loop.create_unix_connection(client, address)
    except (OSError, OverflowError, NotImplementedError) as error:
        logger.error("no client waits at %s: %s", address, error)  # noqa: TRY400  the trace tells nobody anything
        return
    await seat.ended.wait()


class WebSocketSink:
    """Messages into a WebSocket, each a text frame, in order."""

    def __init__(self, websocket: "ServerConnection", on_stuck: Callable[[], None]) -> None:
        self._websocket = websocket
        self._on_stuck = on_stuck
        self._bodies: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._waiting = 0
        self._closed = False
        self._task = asyncio.create_task(self._write())

    def send(self, body: bytes) -> None:
        if self._closed:
            return
        self._waiting += len(body)
        self._bodies.put_nowait(body)
        if self._waiting > transport.MOST_WAITING_BYTES:
            self._on_stuck()

    def close(self) -> None:
        self._closed = True
        self._bodies.put_nowait(None)

    async def _write(self) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415  only `--ws` needs it

        with contextlib.suppress(ConnectionClosed):
            while (body := await self._bodies.get()) is not None:
                await self._websocket.send(body, text=True)
                self._waiting -= len(body)
            await self._websocket.close()


async def serve_websocket(receiver: Receiver, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve one client on a WebSocket until it is gone. Browsers are refused: any page could connect."""
    from websockets.asyncio.server import ServerConnection, serve  # noqa: PLC0415  only `--ws` needs it
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

    seat = Seat(receiver)

    async def accept(websocket: ServerConnection) -> None:
        sink: WebSocketSink | None = None
        try:
            if seat.free:
                seat.wait(websocket, websocket.transport.abort)
                async for message in websocket:
                    if not seat.take(websocket):
                        break
                    if sink is None:
                        websocket.protocol.max_message_size = MOST_MESSAGE_BYTES
                        sink = WebSocketSink(websocket, seat.ended.set)
                        receiver.connected(sink)
                    receiver.receive(message.encode("utf-8") if isinstance(message, str) else message)
            if sink is None:
                await websocket.close(_TURNED_AWAY, "this server has its client")
        except ConnectionClosed:
            pass
        finally:
            seat.leave(websocket)
            if sink is not None:
                sink.close()

    # Nothing is packed: on one machine that costs more than it saves.
    async with serve(
        accept, host, port, max_size=MOST_FIRST_BYTES, origins=[None], compression=None
    ) as server:
        announce("{}:{}".format(*next(iter(server.sockets)).getsockname()[:2]))
        await seat.ended.wait()
