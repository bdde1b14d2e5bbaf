"""Clients that die, stall or ask for too much: no process stays behind, and no memory is lost to big files."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.process import Process, serving
from tests.patience import HANGS_AFTER
from tests.tokens.reference import tokens

MB = 1_000_000


def count(text: str) -> int:
    """tiktoken's own count."""
    return len(tokens("cl100k_base", text))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return workspace


async def test_a_client_that_closes_its_end_while_all_is_being_counted(tmp_path: Path, folder: Path) -> None:
    (folder / "a.txt").write_text("some words\n" * 400_000)
    async with serving(tmp_path) as server:
        await server.initialize(folder)
        server.open(folder / "a.prompt.md", "@[file:a.txt]\n" * 100)
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert await server.gone() == 1


def test_a_client_that_asks_and_reads_nothing_is_left(tmp_path: Path, folder: Path) -> None:
    # A bound that is reached at once: what waits is counted, not how long.
    command = (
        "import sys\n"
        "from weighbridge.lsp import transport\n"
        "transport.MOST_WAITING_BYTES = 2_000_000\n"
        "from weighbridge.cli import main\n"
        "sys.argv = ['weighbridge', 'serve']\n"
        "sys.exit(main())\n"
    )
    text = "words and more words\n" * 20_000
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    server = subprocess.Popen(
        (sys.executable, "-c", command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    item = {"uri": (folder / "a.prompt.md").as_uri(), "languageId": "markdown", "version": 1, "text": text}
    document = {"textDocument": {"uri": item["uri"]}}
    messages: list[dict[str, Any]] = [
        {"id": 0, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": item}},
        *({"id": n, "method": "weighbridge/render", "params": document} for n in range(1, 21)),
    ]
    with server:
        assert server.stdin is not None
        for message in messages:
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        server.stdin.flush()
        # Nobody reads what it says: eight megabytes, of which few fit in the pipe.
        assert server.wait(HANGS_AFTER) == 1


async def test_a_client_that_is_killed_takes_its_server_along(tmp_path: Path, folder: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    async with serving(tmp_path) as server:
        await server.initialize(folder, processId=parent.pid)
        parent.kill()
        await parent.wait()
        assert await server.gone() == 1
    assert parent.stdin is not None
    parent.stdin.close()


def _processes(marker: str) -> list[int]:
    """All processes that have inherited a name in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        # Processes come and go, and some are others'.
        with contextlib.suppress(OSError):
            if marker.encode() in place.read_bytes():
                found.append(int(place.parent.name))
    return found


async def _silent(server: Process, folder: Path) -> int:
    """Leave without a word."""
    return 1


async def _babbling(server: Process, folder: Path) -> int:
    """Speak no protocol at all."""
    server.write(b"\xff\x00GET / HTTP/1.1\r\n\r\n" * 10_000)
    return 1


async def _cut_off(server: Process, folder: Path) -> int:
    """Stop in the middle of a message."""
    server.write(b'Content-Length: 1000000\r\n\r\n{"jsonrpc"')
    return 1


async def _hasty(server: Process, folder: Path) -> int:
    """Ask, and leave before the answer."""
    server.begin("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    return 1


async def _working(server: Process, folder: Path) -> int:
    """Leave while all is being counted."""
    await server.initialize(folder)
    server.open(folder / "a.prompt.md", "@[file:a.txt]\n" * 100)
    return 1


async def _rude(server: Process, folder: Path) -> int:
    """Exit without shutdown."""
    await server.initialize(folder)
    server.tell("exit")
    return 1


async def _half_polite(server: Process, folder: Path) -> int:
    """Say shutdown, then leave."""
    await server.initialize(folder)
    await server.ask("shutdown")
    return 0


async def test_of_many_servers_none_outlives_its_client(tmp_path: Path, folder: Path) -> None:
    (folder / "a.txt").write_text("some words\n" * 400_000)
    marker = f"canary-process-{uuid.uuid4().hex}"

    async def one(way: Callable[[Process, Path], Coroutine[Any, Any, int]]) -> tuple[str, int, int]:
        place = tmp_path / way.__name__
        place.mkdir()
        async with serving(place, environment={"CHAOS_MARKER": marker}) as server:
            assert _processes(marker) != []
            code = await way(server, folder)
            assert server.process.stdin is not None
            server.process.stdin.close()
            return way.__name__, code, await server.gone()

    ways = [_silent, _babbling, _cut_off, _hasty, _working, _rude, _half_polite]
    left = await asyncio.gather(*map(one, ways))
    assert [(name, code) for name, code, _ in left] == [(name, code) for name, _, code in left]
    assert _processes(marker) == []


async def test_big_files_are_counted_in_little_memory_while_others_are_served(
    tmp_path: Path, folder: Path
) -> None:
    line = "def f(x): return x  # ünïcode 😀 and some more words\n"
    lines = 60 * MB // len(line.encode())
    with (folder / "big.txt").open("w", encoding="utf-8") as file:
        for _ in range(lines // 1000):
            file.write(line * 1000)
    async with serving(tmp_path) as server:
        await server.initialize(folder, options={"maxFileBytes": 200 * MB})
        uri = server.open(folder / "a.prompt.md", "# Big\n@[file:big.txt]\n\n@[file:big.txt]\n")
        big = server.begin("weighbridge/count", {"textDocument": {"uri": uri}})
        small = server.open(folder / "b.prompt.md", "two words")
        assert await server.count(small) == 2
        assert not big.done()
        while not big.done():
            assert await server.count(small) == 2
        # Each line adds the same: its end is a border.
        one, two = (count(f"# Big\n{line * n}\n\n{line * n}\n") for n in (1, 2))
        assert (await big)["result"]["tokens"] == one + (lines // 1000 * 1000 - 1) * (two - one)
        assert server.peak_megabytes() < 300
        assert await server.leave() == 0
