"""Bytes: headers as clients write them, messages too large, and standard output that nobody else writes to."""

from pathlib import Path

import pytest
from tests.e2e.connection import connected, patched
from tests.e2e.process import Process

#: As many as there are ways to print.
NOISE = (
    "import ctypes, os, subprocess",
    "from weighbridge.lsp.sync import TextSync",
    "opened = TextSync.did_open",
    "def noisy(self, params):",
    "    print('stray 1')",
    "    print('stray 2', file=sys.__stdout__, flush=True)",
    "    os.write(1, b'stray 3\\n')",
    "    subprocess.run(['echo', 'stray 4'])",
    "    ctypes.CDLL(None).puts(b'stray 5')",
    "    ctypes.CDLL(None).fflush(None)",
    "    sys.stderr.write('stray 6\\n')",
    "    assert subprocess.run(['cat'], stdout=subprocess.PIPE).stdout == b''",
    "    assert sys.stdin.read() == ''",
    "    opened(self, params)",
    "TextSync.did_open = noisy",
)


async def _counts(server: Process, folder: Path) -> bool:
    """Whether it still works."""
    return await server.count(server.open(folder / "b.prompt.md", "two words")) == 2


async def test_what_others_print_is_kept_out_and_what_others_read_is_nothing(
    tmp_path: Path, folder: Path
) -> None:
    async with connected("stdio", tmp_path, command=patched(*NOISE)) as server:
        await server.initialize(folder)
        # The client takes nothing but messages: anything else fails it.
        assert await _counts(server, folder)
        assert await server.leave() == 0
    log = (tmp_path / "server.log").read_text()
    assert [number for number in range(1, 7) if f"stray {number}" not in log] == []


@pytest.mark.parametrize("way", ["stdio", "tcp"])
async def test_headers_of_any_case_and_bytes_that_are_none(way: str, tmp_path: Path, folder: Path) -> None:
    async with connected(way, tmp_path) as server:
        await server.initialize(folder)
        assert await _counts(server, folder)
        for number, header in enumerate(
            (
                b"content-length: %d\r\n\r\n",
                b"CONTENT-LENGTH:%d\r\n\r\n",
                b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
                b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
                b"\r\nContent-Length: %d\r\n\r\n",
            )
        ):
            body = b'{"jsonrpc":"2.0","id":"h%d","method":"no/such"}' % number
            server.write(header % len(body) + body)
        for bad in (
            b"Content-Length: x\r\n\r\n",
            b"Length: 2\r\n\r\n",
            b"what is this?\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
        ):
            server.write(bad)
        assert await _counts(server, folder)
        answers = [(one["id"], one["error"]["code"]) for one in server.messages if "error" in one]
        assert answers == [*((f"h{number}", -32601) for number in range(5)), *[(None, -32600)] * 4]
        assert await server.leave() == 0


async def test_a_message_too_large_is_refused(way: str, tmp_path: Path, folder: Path) -> None:
    command = patched("from weighbridge.lsp import frames", "frames.MOST_MESSAGE_BYTES = 10_000")
    async with connected(way, tmp_path, command=command) as server:
        await server.initialize(folder)
        assert await _counts(server, folder)
        server.tell("textDocument/didOpen", {"text": "x" * 20_000})
        if way == "ws":
            # There it is the transport's own way: the connection is closed, and says why.
            assert await server.gone() == 1
        else:
            assert await _counts(server, folder)
            answers = [(one["id"], one["error"]["code"]) for one in server.messages if "error" in one]
            assert answers == [(None, -32600)]
            assert await server.leave() == 0
