"""The log: what failed and where, and nothing of what documents, settings or contents say."""

import asyncio
import sys
from pathlib import Path

import pytest
from tests.e2e.connection import connected, patched

CANARY = "canary-4711"

BROKEN = (
    "from weighbridge.session.queries import Queries",
    "from weighbridge.session.session import Session",
    "def broken(self, document, *rest):",
    "    raise ValueError(document.buffer.text())",
    "async def broken_later(self, document, *rest):",
    "    raise KeyError(document.buffer.text())",
    "Session.report, Queries.render_marked, Session.saved = broken, broken_later, broken",
)


async def test_an_internal_error_is_logged_without_content_and_is_no_pop_up(
    tmp_path: Path, folder: Path
) -> None:
    async with connected("stdio", tmp_path, command=patched(*BROKEN)) as server:
        await server.initialize(folder)
        uri = server.open(folder / "a.prompt.md", f"{CANARY}\n")
        document = {"textDocument": {"uri": uri}}
        server.tell("textDocument/didSave", document)
        where = "internal error, see the server's log (its standard error)"
        for method in ("weighbridge/report", "weighbridge/render"):
            reply = await server.reply(method, document)
            assert reply["error"] == {"code": -32603, "message": f"{method}: {where}"}
        assert [params["message"] for method, params in server.sent if method == "window/logMessage"] == [
            f"textDocument/didSave: {where}"
        ]
        assert [method for method, _ in server.sent if method == "window/showMessage"] == []
        assert await server.leave() == 0
    log = (tmp_path / "server.log").read_text()
    assert ("weighbridge/report failed" in log, "builtins.ValueError" in log) == (True, True)
    assert ("weighbridge/render failed" in log, "builtins.KeyError" in log) == (True, True)
    assert CANARY not in log


@pytest.mark.parametrize("level", ["warning", "info", "debug"])
async def test_the_log_holds_no_content(tmp_path: Path, folder: Path, level: str) -> None:
    held: list[asyncio.StreamWriter] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = f"response {CANARY}".encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)
        )
        held.append(writer)

    api = await asyncio.start_server(respond, "127.0.0.1", 0)
    port = api.sockets[0].getsockname()[1]
    (folder / "part.md").write_text(f"part {CANARY} {{{{name}}}}")
    (folder / "bad.md").write_bytes(CANARY.encode() + b"\xff\xfe\x00")
    options = {
        "apiAllow": [f"127.0.0.1:{port}"],
        "apis": {"one": {"url": f"http://127.0.0.1:{port}/", "headers": {"X-Key": CANARY}}},
        "variables": {"name": CANARY},
        "budget": CANARY,
        "status": True,
    }
    command = (sys.executable, "-m", "weighbridge", "--log-level", level, "serve")
    async with connected("stdio", tmp_path, command=command) as server:
        await server.initialize(folder, options=options)
        text = f"# {CANARY}\n@[file:part.md] @[api:one] {{{{name}}}} @[file:bad.md] @[var:nobody]\n"
        uri = server.open(folder / "a.prompt.md", text)
        document = {"textDocument": {"uri": uri}}
        place = {"line": 1, "character": 3}
        edit = {"range": {"start": place, "end": place}, "text": CANARY}
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
        rendered = await server.ask("weighbridge/render", document)
        assert rendered["text"].count(CANARY) == 5
        server.put(f'{{"jsonrpc":"2.0","id":1,"text":"{CANARY}'.encode())
        server.tell("no/such/method", {"text": CANARY})
        server.tell("textDocument/didOpen", {"text": CANARY})
        await server.reply("no/such/request", {"text": CANARY})
        await server.reply("textDocument/hover", {"text": CANARY})
        await server.reply("workspace/executeCommand", {"command": "weighbridge.report", "arguments": [7]})
        for method, more in (
            ("textDocument/hover", {"position": place}),
            ("textDocument/completion", {"position": place}),
            ("textDocument/inlayHint", {"range": whole}),
            ("textDocument/diagnostic", {}),
            ("weighbridge/report", {}),
        ):
            await server.reply(method, {**document, **more})
        version = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [edit]}
        server.tell("textDocument/didChange", version)
        await server.report(uri)
        assert await server.leave() == 0
    for writer in held:
        writer.close()
    api.close()
    log = (tmp_path / "server.log").read_text()
    assert CANARY not in log
    assert ("INFO" in log, "DEBUG" in log) == (level != "warning", level == "debug")
