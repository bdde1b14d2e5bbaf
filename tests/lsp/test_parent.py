"""The process that started the server is watched, by whatever way there is."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest
from tests.patience import HANGS_AFTER

from weighbridge.lsp import parent
from weighbridge.lsp.parent import Parent


@pytest.fixture(params=["told", "looked at"])
async def process(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[asyncio.subprocess.Process]:
    if request.param == "looked at":
        monkeypatch.setattr(parent, "_descriptor", lambda process_id: None)
        monkeypatch.setattr(parent, "_LOOK_EVERY", 0.001)
    found = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    yield found
    assert found.stdin is not None
    found.stdin.close()
    await found.wait()


async def test_its_end_is_noticed(process: asyncio.subprocess.Process) -> None:
    watching = asyncio.ensure_future(Parent(process.pid).gone())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not watching.done()
    process.kill()
    async with asyncio.timeout(HANGS_AFTER):
        await watching


async def test_an_end_before_anybody_waits_is_noticed(process: asyncio.subprocess.Process) -> None:
    watched = Parent(process.pid)
    process.kill()
    await process.wait()
    async with asyncio.timeout(HANGS_AFTER):
        await watched.gone()


@pytest.mark.parametrize("process_id", [0, -1, 2**31 - 1, 2**80])
async def test_what_never_was_there_never_ends(process_id: int) -> None:
    watching = asyncio.ensure_future(Parent(process_id).gone())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not watching.done()
    watching.cancel()


async def test_watching_leaves_no_file_open(process: asyncio.subprocess.Process) -> None:
    watched = Parent(process.pid)
    watching = asyncio.ensure_future(watched.gone())
    await asyncio.sleep(0)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    if watched._descriptor is not None:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(watched._descriptor)
