"""Every recorded editor in turn, and an API that answers when it is told to."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.editors.recording import RECORDINGS, Recording


@pytest.fixture(params=RECORDINGS, ids=lambda recording: recording.name)
def recording(request: pytest.FixtureRequest) -> Recording:
    """Each of the recorded editors and agents in turn."""
    found: Recording = request.param
    return found


class Api:
    """A server on this machine that answers `answer`, once it may. `asked`: how often it was asked; `came`: once it was."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.came = asyncio.Event()
        self.asked = 0
        self.port = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/"

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        self.came.set()
        await reader.readuntil(b"\r\n\r\n")
        await self.may.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nanswer")
        writer.close()


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """An API that answers nothing yet."""
    found = Api()
    server = await asyncio.start_server(found.respond, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    found.may.set()
    server.close()
    await server.wait_closed()
