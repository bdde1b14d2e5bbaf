"""Sessions over each transport: one of its own for tests that end it, one shared for those that must not even hurt it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.e2e.connection import ROUTES, connected
from tests.e2e.process import Process


@pytest.fixture(params=ROUTES)
def way(request: pytest.FixtureRequest) -> str:
    """Each transport in turn."""
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=ROUTES)
async def session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Process]:
    """A session that a module's tests share. An API named `slow` never answers."""
    place = tmp_path_factory.mktemp(str(request.param))
    folder = place / "workspace"
    folder.mkdir()
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    api = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = api.sockets[0].getsockname()[1]
    options = {"apiAllow": [f"127.0.0.1:{port}"], "apis": {"slow": {"url": f"http://127.0.0.1:{port}/"}}}
    async with connected(str(request.param), place) as server:
        await server.initialize(folder, options=options)
        yield server
        assert await server.leave() == 0
    for writer in held:
        writer.close()
    api.close()
    await api.wait_closed()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace of the test's own, beside the server's cache and log."""
    found = tmp_path / "workspace"
    found.mkdir()
    return found
