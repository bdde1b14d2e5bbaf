"""How a session begins and ends, over every transport: right codes before and after it, and the process's exit code."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.connection import connected, patched

HELLO: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


async def test_a_whole_life(way: str, tmp_path: Path, folder: Path) -> None:
    async with connected(way, tmp_path) as server:
        early = await server.reply("weighbridge/count", {"textDocument": {"uri": "file:///a.md"}})
        assert early["error"]["code"] == -32002
        assert (await server.reply("shutdown"))["error"]["code"] == -32002
        server.open(folder / "a.prompt.md", "dropped: nobody said hello")
        assert (await server.reply("initialize", {"capabilities": 7}))["error"]["code"] == -32602
        result = await server.initialize(folder)
        assert result["capabilities"]["positionEncoding"] == "utf-32"
        assert (await server.reply("initialize", HELLO))["error"]["code"] == -32600
        uri = (folder / "a.prompt.md").as_uri()
        unknown = await server.reply("weighbridge/count", {"textDocument": {"uri": uri}})
        assert unknown["error"]["code"] == -32602

        (folder / "b.md").write_text("three more words")
        server.open(folder / "a.prompt.md", "two @[file:b.md]")
        assert await server.count(uri) == 4
        end = {"line": 0, "character": 16}
        edit = {"range": {"start": end, "end": end}, "text": " end"}
        server.tell(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [edit]},
        )
        report = await server.report(uri)
        assert (report["version"], report["tokens"], report["state"]) == (2, 5, "ready")

        assert await server.ask("shutdown") is None
        late = await server.reply("weighbridge/count", {"textDocument": {"uri": uri}})
        assert late["error"]["code"] == -32600
        assert (await server.reply("shutdown"))["error"]["code"] == -32600
        server.open(folder / "c.prompt.md", "dropped: nobody listens")
        server.tell("exit")
        assert await server.gone() == 0


async def test_what_comes_in_one_go_is_answered_to_the_last(way: str, tmp_path: Path) -> None:
    async with connected(way, tmp_path) as server:
        replies = [
            server.begin("initialize", HELLO),
            server.begin("weighbridge/count", {"textDocument": {"uri": "file:///a.md"}}),
            server.begin("shutdown"),
        ]
        server.tell("exit")
        codes = [(await reply).get("error", {}).get("code") for reply in replies]
        # The middle one is refused for what it asks, or for what comes after it: both are true.
        assert (codes[0], codes[1] in {-32602, -32800}, codes[2]) == (None, True, None)
        assert await server.gone() == 0


@pytest.mark.parametrize(
    ("way", "before", "says_exit", "code"),
    [
        ("stdio", "nothing", True, 1),
        ("stdio", "nothing", False, 1),
        ("stdio", "initialize", True, 1),
        ("stdio", "initialize", False, 1),
        ("stdio", "shutdown", False, 0),
        ("tcp", "initialize", True, 1),
        ("tcp", "shutdown", False, 0),
        ("ws", "initialize", False, 1),
        ("ws", "shutdown", False, 0),
    ],
)
async def test_who_ends_without_a_word_and_who_only_says_exit(
    tmp_path: Path, way: str, before: str, says_exit: bool, code: int
) -> None:
    async with connected(way, tmp_path) as server:
        if before == "nothing":
            await server.reply("weighbridge/count")
        else:
            await server.initialize()
        if before == "shutdown":
            await server.ask("shutdown")
        if says_exit:
            server.tell("exit")
        else:
            server.hang_up()
        assert await server.gone() == code


async def test_a_client_that_reads_nothing_is_left(tmp_path: Path, folder: Path) -> None:
    command = patched("from weighbridge.lsp import transport", "transport.MOST_WAITING_BYTES = 1_000_000")

    async def life(way: str) -> int:
        place = tmp_path / way
        place.mkdir()
        async with connected(way, place, command=command, reads=False) as server:
            server.begin("initialize", {**HELLO, "processId": os.getpid()})
            server.tell("initialized", {})
            uri = server.open(folder / f"{way}.prompt.md", "words and more words\n" * 50_000)
            for _ in range(40):
                server.begin("weighbridge/render", {"textDocument": {"uri": uri}})
            return await server.gone()

    codes = await asyncio.gather(life("tcp"), life("ws"))
    assert list(codes) == [1, 1]


async def test_changes_in_the_order_of_helix_end_with_the_right_text(tmp_path: Path, folder: Path) -> None:
    async with connected("stdio", tmp_path) as server:
        await server.initialize(folder, clientInfo={"name": "helix", "version": "25.01"})
        for name, order in enumerate(([2, 3, 4, 5, 6], [3, 4, 2, 6, 5], [6, 5, 4, 3, 2])):
            uri = server.open(folder / f"{name}.prompt.md", "😀")
            for version in order:
                place = {"line": 0, "character": version - 1}
                change = {"range": {"start": place, "end": place}, "text": str(version)}
                document = {"uri": uri, "version": version}
                server.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
            rendered = await server.ask("weighbridge/render", {"textDocument": {"uri": uri}})
            assert (rendered, (await server.report(uri))["version"]) == ({"text": "😀23456"}, 6)
        assert await server.leave() == 0
