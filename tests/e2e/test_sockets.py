"""One client a server, and no page of a browser."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.e2e.connection import connected, listening
from tests.e2e.process import COMMAND, environment_in, framed
from tests.patience import HANGS_AFTER
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from weighbridge.lsp.sockets import MOST_FIRST_BYTES, MOST_WAITING

HELLO = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"processId": None, "rootUri": None, "capabilities": {}},
    }
).encode()
EXIT = b'{"jsonrpc":"2.0","method":"exit"}'
#: More than a first message may have.
LARGE = b"a" * (MOST_FIRST_BYTES + 1)


def message(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_a_page_of_a_browser_is_refused_and_the_client_still_served(tmp_path: Path) -> None:
    async with listening("ws", tmp_path) as (process, host, port):
        url = f"ws://{host}:{port}"
        for origin in ("https://example.com", "http://127.0.0.1", f"http://{host}:{port}", "null", "file://"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, origin=Origin(origin), proxy=None)
            assert refused.value.response.status_code == 403
        async with connect(url, proxy=None) as client, asyncio.timeout(HANGS_AFTER):
            await client.send(HELLO.decode())
            assert json.loads(await client.recv())["id"] == 1
            await client.send(EXIT.decode())
            assert await process.wait() == 1


async def test_what_is_no_client_does_not_take_its_place(tmp_path: Path) -> None:
    async with listening("tcp", tmp_path) as (process, host, port), asyncio.timeout(HANGS_AFTER):
        # Somebody who looks whether the port is open.
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        await writer.wait_closed()
        # A page of a browser: what it posts is a message, with a header that says how long it is.
        reader, writer = await asyncio.open_connection(host, port)
        body = message(HELLO)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        assert await reader.read() == b""
        writer.close()
        # A client, and another that was there before it and is too late.
        late_reader, late = await asyncio.open_connection(host, port)
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(message(HELLO))
        assert json.loads(await anext(framed(reader)))["id"] == 1
        late.write(message(HELLO))
        assert await late_reader.read() == b""
        late.close()
        writer.write(message(EXIT))
        assert await process.wait() == 1
        writer.close()


async def test_a_second_client_is_turned_away(tmp_path: Path, folder: Path) -> None:
    async with connected("tcp", tmp_path) as server, asyncio.timeout(HANGS_AFTER):
        await server.initialize(folder)
        host, port = server.writer.get_extra_info("peername")  # type: ignore[attr-defined]  # over TCP it has one
        reader, writer = await asyncio.open_connection(host, port)
        assert await reader.read() == b""
        writer.close()
        assert await server.count(server.open(folder / "a.prompt.md", "two words")) == 2
        assert await server.leave() == 0


async def test_a_second_client_is_told_why_where_it_can_be(tmp_path: Path, folder: Path) -> None:
    async with connected("ws", tmp_path) as server, asyncio.timeout(HANGS_AFTER):
        await server.initialize(folder)
        host, port = server.websocket.remote_address  # type: ignore[attr-defined]  # over a WebSocket it has one
        async with connect(f"ws://{host}:{port}", proxy=None) as second:
            with pytest.raises(ConnectionClosed) as closed:
                await second.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "this server has its client")
        assert await server.count(server.open(folder / "a.prompt.md", "two words")) == 2
        assert await server.leave() == 0


async def test_who_is_no_client_yet_is_given_little_room(tmp_path: Path) -> None:
    async with listening("tcp", tmp_path) as (process, host, port), asyncio.timeout(HANGS_AFTER):
        # What is announced larger is not waited for.
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"Content-Length: %d\r\n\r\n" % (MOST_FIRST_BYTES + 1))
        assert await reader.read() == b""
        writer.close()
        # Of very many that say nothing, those that came first are sent away.
        silent = [await asyncio.open_connection(host, port) for _ in range(MOST_WAITING + 1)]
        assert await silent[0][0].read() == b""
        # The client is any of the others, and has all the room from then on.
        reader, writer = silent[1]
        writer.write(message(HELLO))
        frames = framed(reader)
        assert json.loads(await anext(frames))["id"] == 1
        writer.write(message(b'{"jsonrpc":"2.0","id":2,"method":"none","params":{"a":"%b"}}' % LARGE))
        while json.loads(await anext(frames)).get("id") != 2:
            pass
        writer.write(message(EXIT))
        assert await process.wait() == 1
        for _, one in silent:
            one.close()


async def test_who_is_no_client_yet_is_given_little_room_in_a_websocket(tmp_path: Path) -> None:
    async with listening("ws", tmp_path) as (process, host, port), asyncio.timeout(HANGS_AFTER):
        url = f"ws://{host}:{port}"
        async with connect(url, proxy=None) as large:
            await large.send(LARGE.decode())
            with pytest.raises(ConnectionClosed) as closed:
                await large.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        silent = [await connect(url, proxy=None) for _ in range(MOST_WAITING + 1)]
        with pytest.raises(ConnectionClosed):
            await silent[0].recv()
        client = silent[1]
        await client.send(HELLO.decode())
        assert json.loads(await client.recv())["id"] == 1
        await client.send(f'{{"jsonrpc":"2.0","id":2,"method":"none","params":{{"a":"{LARGE.decode()}"}}}}')
        while json.loads(await client.recv()).get("id") != 2:
            pass
        await client.send(EXIT.decode())
        assert await process.wait() == 1


@pytest.mark.parametrize("way", ["pipe", "socket"])
async def test_the_client_may_wait_for_the_server(tmp_path: Path, way: str) -> None:
    clients: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.put_nowait((reader, writer))

    if way == "pipe":
        address = str(tmp_path / "editor.sock")
        waiting: asyncio.Server = await asyncio.start_unix_server(connected, address)
    else:
        waiting = await asyncio.start_server(connected, "127.0.0.1", 0)
        address = str(waiting.sockets[0].getsockname()[1])
    async with waiting, asyncio.timeout(HANGS_AFTER):
        process = await asyncio.create_subprocess_exec(
            *COMMAND, f"--{way}={address}", env=environment_in(tmp_path)
        )
        reader, writer = await clients.get()
        writer.write(message(HELLO))
        assert json.loads(await anext(framed(reader)))["id"] == 1
        # Gone without a word, as after a crash.
        writer.close()
        assert await process.wait() == 1


async def test_a_client_that_waits_may_leave_without_a_word(tmp_path: Path) -> None:
    gone: asyncio.Queue[None] = asyncio.Queue()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        gone.put_nowait(None)

    address = str(tmp_path / "editor.sock")
    async with await asyncio.start_unix_server(connected, address), asyncio.timeout(HANGS_AFTER):
        process = await asyncio.create_subprocess_exec(
            *COMMAND, f"--pipe={address}", env=environment_in(tmp_path)
        )
        await gone.get()
        assert await process.wait() == 1


async def test_nobody_waits(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, f"--pipe={tmp_path / 'none'}", env=environment_in(tmp_path), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(HANGS_AFTER):
        _, told = await process.communicate()
    assert (process.returncode, b"no client waits at" in told, b"Traceback" in told) == (1, True, False)


async def test_it_leaves_when_the_named_process_is_gone(tmp_path: Path) -> None:
    other = await asyncio.create_subprocess_exec("sleep", "1000")
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "--stdio",
        f"--clientProcessId={other.pid}",
        env=environment_in(tmp_path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(HANGS_AFTER):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(message(HELLO))
        assert json.loads(await anext(framed(process.stdout)))["id"] == 1
        other.kill()
        await other.wait()
        assert await process.wait() == 1
