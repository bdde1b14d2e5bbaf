"""One reply to every request, with the right code; nothing for what wasn't asked."""

import asyncio
import json
from typing import Any, cast

import pytest
from cattrs import gen
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from weighbridge.lsp.messages import LARGE
from weighbridge.lsp.protocol import InvalidParamsError, Protocol, RequestError


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

        async def unsayable(params: Any) -> object:
            return {"a": {1, 2}, (1,): 2}

        def broken(params: Any) -> None:
            raise ValueError("secret detail")

        def refuses(params: Any) -> None:
            raise InvalidParamsError("no such document")

        self.server.feature("test/slow")(slow)
        self.server.feature("test/broken")(broken)
        self.server.feature("test/refuses")(refuses)
        self.server.feature("test/echo")(lambda params: params)
        self.server.feature("test/unsayable")(unsayable)
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
            "error": {
                "code": -32603,
                "message": "test/broken: internal error, see the server's log (its standard error)",
            },
        }
    ]


async def test_a_failing_notification_is_no_pop_up(ready: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert ready.say(method="test/broken") == [
        {
            "jsonrpc": "2.0",
            "method": "window/logMessage",
            "params": {
                "type": 1,
                "message": "test/broken: internal error, see the server's log (its standard error)",
            },
        }
    ]
    assert [record.getMessage() for record in caplog.records] == ["test/broken failed"]


async def test_a_result_that_is_no_json_is_answered_all_the_same(ready: Client) -> None:
    ready.say(id=1, method="test/unsayable")
    for _ in range(4):
        await asyncio.sleep(0)
    assert codes(ready.sink.sent[1:]) == [(1, -32603)]


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


async def test_what_waits_can_be_cancelled(ready: Client) -> None:
    ready.protocol.hold()
    ready.say(id=1, method="test/echo", params="a")
    ready.say(id=2, method="test/echo", params="b")
    assert codes(ready.say(method="$/cancelRequest", params={"id": 1})) == [(1, -32800)]
    assert ready.say(method="$/cancelRequest", params={"id": 1}) == []
    ready.protocol.release()
    assert [answer.get("result") for answer in ready.sink.sent[1:]] == [None, "b"]


async def test_shutdown_waits_for_nothing(ready: Client) -> None:
    ready.protocol.hold()
    ready.say(id=1, method="test/echo", params="a")
    ready.say(method="test/note")
    assert codes(ready.say(id=2, method="shutdown")) == [(1, -32800), (2, None)]
    assert codes(ready.say(id=3, method="test/echo")) == [(3, -32600)]
    ready.say(method="exit")
    assert (ready.protocol.exit_code, ready.seen) == (0, [])
    ready.protocol.release()
    assert len(ready.sink.sent) == 4


@pytest.mark.parametrize("body", [b'{"jsonrpc":"2.0","id":1,"method":[]}', b"[]", b"{"])
async def test_what_is_no_message_does_not_wait(ready: Client, body: bytes) -> None:
    ready.protocol.hold()
    assert len(ready.raw(body)) == 1


async def test_the_client_answers_what_it_is_asked(ready: Client) -> None:
    asked = asyncio.ensure_future(ready.protocol.ask("workspace/configuration", {"items": []}))
    await asyncio.sleep(0)
    number = ready.sink.sent[-1]["id"]
    ready.say(id=number, result=[{"a": 1}])
    assert await asked == [{"a": 1}]
    ready.say(id=number, result=[])
    assert ready.protocol._request_futures == {}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": -32601, "message": "no"}, -32601),
        ({"code": "no", "message": "no"}, -32603),
        ({}, -32603),
        ("no", -32603),
    ],
)
async def test_the_client_refuses_what_it_is_asked(ready: Client, error: Any, code: int) -> None:
    asked = asyncio.ensure_future(ready.protocol.ask("workspace/configuration", {"items": []}))
    await asyncio.sleep(0)
    ready.say(id=ready.sink.sent[-1]["id"], error=error)
    with pytest.raises(RequestError) as refused:
        await asked
    assert refused.value.code == code


async def test_what_is_asked_can_be_given_up(ready: Client) -> None:
    asked = asyncio.ensure_future(ready.protocol.ask("workspace/configuration", {"items": []}))
    await asyncio.sleep(0)
    number = ready.sink.sent[-1]["id"]
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert ready.protocol._request_futures == {}
    assert ready.say(id=number, result=[]) == []


async def test_nudges_leave_nothing_behind(ready: Client) -> None:
    for _ in range(100):
        ready.protocol.nudge("workspace/inlayHint/refresh")
    ids = {message["id"] for message in ready.sink.sent[1:]}
    assert (len(ids), ready.protocol._request_futures) == (100, {})
    assert ready.say(id=min(ids), result=None) == []


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


@pytest.mark.parametrize(
    ("params", "left_out"),
    [
        ({"trace": "compact"}, ["trace"]),
        (
            {"capabilities": {"textDocument": {"hover": {"contentFormat": 7}, "definition": {}}}},
            ["textDocument.hover"],
        ),
        ({"capabilities": {"general": 7}, "trace": 7}, ["general", "trace"]),
        ({"processId": "me", "workspaceFolders": 7}, ["processId", "workspaceFolders"]),
    ],
)
async def test_what_a_client_says_of_itself_may_fit_in_part(
    client: Client, params: dict[str, Any], left_out: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    whole = {"processId": None, "rootUri": None, "capabilities": {}} | params
    assert codes(client.say(id=1, method="initialize", params=whole)) == [(1, None)]
    assert [record.getMessage() for record in caplog.records] == [
        f"initialize: parameters that don't fit were left out: {', '.join(left_out)}"
    ]


@pytest.mark.parametrize("params", [{}, {"capabilities": None}, {"capabilities": 7}, [], None, 7])
async def test_who_says_nothing_of_itself_may_try_again(client: Client, params: Any) -> None:
    assert codes(client.say(id=1, method="initialize", params=params)) == [(1, -32602)]
    client.initialize()
    assert codes(client.sink.sent) == [(1, -32602), (0, None)]


def test_how_changes_are_read_is_learnt_before_the_first_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.protocol.learn()
    monkeypatch.setattr(gen, "make_dict_structure_fn_from_attrs", None)
    place = {"line": 1, "character": 2}
    change = {"range": {"start": place, "end": place}, "text": "a"}
    params = {"textDocument": {"uri": "file:///a", "version": 2}, "contentChanges": [change, {"text": "b"}]}
    found = client.protocol._params(
        "textDocument/didChange", {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}
    )
    assert [one.text for one in found.content_changes] == ["a", "b"]


async def test_a_large_notification_is_read_in_one_turn_and_handled_in_the_next(ready: Client) -> None:
    """What comes behind it waits for it."""
    assert ready.say(method="test/note", params={"text": "x" * LARGE}) == []
    assert ready.say(id=1, method="test/echo", params={}) == []
    assert ready.seen == []
    await asyncio.sleep(0)
    assert ready.seen == ["note"]
    assert codes(ready.sink.sent[-1:]) == [(1, None)]
    assert codes(ready.say(id=2, method="test/echo", params={})) == [(2, None)]
