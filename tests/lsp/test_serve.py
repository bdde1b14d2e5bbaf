"""The server's process and the client's: who leaves when the other is gone."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from tests.clock import settle
from tests.patience import HANGS_AFTER

from weighbridge.lsp import parent, serve
from weighbridge.lsp.server import Server


class Client:
    """Says hello for a process; does something when the reply comes."""

    def __init__(self, process_id: int | None) -> None:
        self.process_id = process_id
        self.replies: list[dict[str, Any]] = []

    def send(self, body: bytes) -> None:
        self.replies.append(json.loads(body))
        self.replied()

    def replied(self) -> None:
        """Nothing, unless told otherwise."""

    def close(self) -> None:
        """Nothing to close."""

    async def transport(self, server: Server) -> None:
        server.protocol.connected(self)
        params: dict[str, Any] = {"processId": self.process_id, "rootUri": None, "capabilities": {}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
        server.protocol.receive(json.dumps(message).encode())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), HANGS_AFTER)
        # Nobody left: that is no success.
        server.protocol.exit_code = -1


class NoTimer:
    """In place of what ends the process when leaving it takes too long: that would be the tests' own."""

    daemon = False

    def __init__(self, seconds: float, call: Any, arguments: tuple[int]) -> None:
        assert (seconds > 0, call) == (True, os._exit)

    def start(self) -> None:
        """It is not started."""


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "_LOOK_EVERY", 0.001)
    monkeypatch.setattr("threading.Timer", NoTimer)


def test_a_client_that_dies_as_soon_as_it_is_answered_is_not_outlived() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:

        class Dying(Client):
            def replied(self) -> None:
                process.kill()
                process.wait()

        client = Dying(process.pid)
        assert serve.serve(client.transport) == 1
    assert [reply["id"] for reply in client.replies] == [1]


@pytest.mark.parametrize("named", [False, True])
def test_a_process_that_never_was_there_is_not_waited_for(*, named: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

    class Leaving(Client):
        async def transport(self, server: Server) -> None:
            said = asyncio.ensure_future(super().transport(server))
            # Turns of the loop: enough to leave in, if anybody wanted to.
            await settle(50)
            server.protocol.receive(b'{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}')
            server.protocol.receive(b'{"jsonrpc": "2.0", "method": "exit"}')
            await said

    client = Leaving(process.pid if named else None)
    assert serve.serve(client.transport) == 0
    assert [reply["id"] for reply in client.replies] == [1, 2]
