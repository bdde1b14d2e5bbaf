"""One reply to every request, with the right code; nothing for what wasn't asked."""

import asyncio
import json
from typing import Any, cast

import pytest
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from weighbridge.lsp.protocol import InvalidParamsError, Protocol


class Sink:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, body: bytes) -> None:
        self.sent.append(json.loads(body))

    def close(self) -> None:
        pass


class Client:
    """A client of a server with a handler of each sort."""

    def __init__(self) -> None:
        self.server = LanguageServer("test", "1", protocol_cls=Protocol)
        self.protocol = cast("Protocol", self.server.protocol)
        self.sink = Sink()
        self.protocol.connected(self.sink)
        self.gate = asyncio.Event()
        self.seen: list[str] = []

        async def slow(params: Any) -> str:
            await self.gate.wait()
            return "done"

        def broken(params: Any) -> None:
            raise ValueError("secret detail")

        def refuses(params: Any) -> None:
            raise InvalidParamsError("no such document")

        self.server.feature("test/slow")(slow)
        self.server.feature("test/broken")(broken)
        self.server.feature("test/refuses")(refuses)
        self.server.feature("test/echo")(lambda params: params)
        self.server.feature("test/note")(lambda params: self.seen.append("note"))
        self.server.feature(types.TEXT_DOCUMENT_HOVER)(lambda params: None)

    def raw(self, body: bytes) -> list[dict[str, Any]]:
        before = len(self.sink.sent)
        self.protocol.receive(body)
        return self.sink.sent[before:]

    def say(self, **message: Any) -> list[dict[str, Any]]:
        return self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def initialize(self) -> None:
        self.say(id=0, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})


@pytest.fixture
async def client() -> Client:
    return Client()


@pytest.fixture
async def ready(client: Client) -> Client:
    client.initialize()
    return client


def codes(answers: list[dict[str, Any]]) -> list[tuple[Any, int | None]]:
    return [(answer.get("id"), answer["error"]["code"] if "error" in answer else None) for answer in answers]


async def test_before_initialize_requests_are_refused_and_notifications_dropped(client: Client) -> None:
    assert codes(client.say(id=1, method="test/echo", params={})) == [(1, -32002)]
    assert client.say(method="test/note") == []
    assert client.seen == []


async def test_initialize_is_answered_once(client: Client) -> None:
    client.initialize()
    assert client.sink.sent[0]["result"]["serverInfo"] == {"name": "test", "version": "1"}
    assert codes(
        client.say(id=2, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
    ) == [(2, -32600)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", [(None, -32700)]),
        (b"\xff\xfe", [(None, -32700)]),
        (b"[" * 100_000, [(None, -32700)]),
        (b"[]", [(None, -32600)]),
        (b'[{"jsonrpc":"2.0","id":1,"method":"test/echo"}]', [(None, -32600)]),
        (b"1", [(None, -32600)]),
        (b'{"id":1,"method":"test/echo"}', [(1, -32600)]),
        (b'{"jsonrpc":"1.0","id":1,"method":"test/echo"}', [(1, -32600)]),
        (b'{"jsonrpc":"2.0","id":{},"method":"test/echo"}', [(None, -32600)]),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', [(1, -32600)]),
        (b'{"jsonrpc":"2.0","id":1,"method":"no/such"}', [(1, -32601)]),
        (b'{"jsonrpc":"2.0","method":"no/such"}', []),
        (b'{"jsonrpc":"2.0","method":"$/ignored"}', []),
        (b'{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{"position":1}}', [(1, -32602)]),
        (b'{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}', [(1, -32602)]),
        (b'{"jsonrpc":"2.0","id":"unasked","result":1}', []),
        (b'{"jsonrpc":"2.0","id":1,"method":"test/refuses"}', [(1, -32602)]),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"workspace/executeCommand","params":{"command":"no"}}',
            [(1, -32602)],
        ),
    ],
)
async def test_each_message_gets_its_answer(
    ready: Client, body: bytes, expected: list[tuple[Any, int]]
) -> None:
    assert codes(ready.raw(body)) == expected


async def test_an_internal_error_says_where_to_look_and_no_more(ready: Client) -> None:
    answer = ready.say(id=1, method="test/broken")
    assert answer == [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "error": {"code": -32603, "message": "test/broken: internal error, see the server's log"},
        }
    ]


async def test_a_request_can_be_cancelled_while_it_runs(ready: Client) -> None:
    assert ready.say(id="a", method="test/slow") == []
    ready.say(method="$/cancelRequest", params={"id": "a"})
    for _ in range(4):
        await asyncio.sleep(0)
    assert codes(ready.sink.sent[1:]) == [("a", -32800)]
    ready.say(method="$/cancelRequest", params={"id": "a"})
    ready.say(method="$/cancelRequest", params={"id": "never"})
    ready.say(method="$/cancelRequest")
    assert len(ready.sink.sent) == 2


async def test_an_id_in_use_is_refused_and_the_first_still_answered(ready: Client) -> None:
    ready.say(id=1, method="test/slow")
    assert codes(ready.say(id=1, method="test/slow")) == [(1, -32600)]
    ready.gate.set()
    for _ in range(4):
        await asyncio.sleep(0)
    assert ready.sink.sent[-1] == {"jsonrpc": "2.0", "id": 1, "result": "done"}


async def test_after_shutdown_requests_are_refused_and_running_ones_cancelled(ready: Client) -> None:
    ready.say(id=1, method="test/slow")
    assert codes(ready.say(id=2, method="shutdown")) == [(2, None)]
    assert codes(ready.say(id=3, method="test/echo")) == [(3, -32600)]
    ready.say(method="test/note")
    for _ in range(4):
        await asyncio.sleep(0)
    assert (ready.seen, codes(ready.sink.sent[-1:])) == ([], [(1, -32800)])


@pytest.mark.parametrize(("shut_down", "expected"), [(True, 0), (False, 1)])
async def test_the_exit_code_tells_whether_shutdown_came_first(
    ready: Client, shut_down: bool, expected: int
) -> None:
    if shut_down:
        ready.say(id=1, method="shutdown")
    ready.say(method="exit")
    assert ready.protocol.exit_code == expected


async def test_held_messages_are_handled_in_order(ready: Client) -> None:
    ready.protocol.hold()
    assert ready.say(id=1, method="test/echo", params="a") == []
    ready.say(method="test/note")
    ready.say(id=2, method="test/echo", params="b")
    ready.protocol.release()
    assert [answer["result"] for answer in ready.sink.sent[1:]] == ["a", "b"]
    assert ready.seen == ["note"]


async def test_the_client_answers_what_it_is_asked(ready: Client) -> None:
    asked = asyncio.ensure_future(ready.protocol.ask("workspace/configuration", {"items": []}))
    await asyncio.sleep(0)
    number = ready.sink.sent[-1]["id"]
    ready.say(id=number, result=[{"a": 1}])
    assert await asked == [{"a": 1}]
    ready.say(id=number, result=[])
    assert ready.protocol._request_futures == {}


async def test_notifications_leave_nothing_behind(ready: Client) -> None:
    for _ in range(1000):
        ready.say(method="test/note")
    assert (len(ready.seen), ready.protocol._request_futures) == (1000, {})


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-16", "utf-8"], "utf-16"),
        (["utf-16", "utf-32"], "utf-32"),
        (["utf-7"], "utf-16"),
    ],
)
async def test_the_position_encoding(client: Client, offered: list[str] | None, chosen: str) -> None:
    general = {} if offered is None else {"general": {"positionEncodings": offered}}
    client.say(
        id=0, method="initialize", params={"processId": None, "rootUri": None, "capabilities": general}
    )
    assert client.sink.sent[0]["result"]["capabilities"]["positionEncoding"] == chosen
