"""`$/setTrace`: what is said is told to who asks for it, and nothing of what documents say unless the user wants that."""

import asyncio
import json
import re
from typing import Any, cast

import pytest
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from weighbridge.lsp.protocol import InvalidParamsError, Protocol, WrittenJson
from weighbridge.lsp.trace import outline

SECRET = "a secret that only the document knows"
HELLO: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
OPENED = {"textDocument": {"uri": "file:///a.md", "languageId": "markdown", "version": 1, "text": SECRET}}


class Client:
    """A client that keeps its traces apart."""

    def __init__(self) -> None:
        server = LanguageServer("test", "1", protocol_cls=Protocol)
        self.protocol = cast("Protocol", server.protocol)
        self.protocol.connected(self)
        self.traces: list[dict[str, Any]] = []
        self.asked: Any = None

        def refuses(_: Any) -> None:
            raise InvalidParamsError(SECRET)

        async def slow(_: Any) -> WrittenJson:
            return WrittenJson(json.dumps({"text": SECRET, "tokens": 7}))

        server.feature(types.TEXT_DOCUMENT_DID_OPEN)(lambda params: None)
        server.feature("test/echo")(lambda params: params)
        server.feature("test/refuses")(refuses)
        server.feature("test/slow")(slow)

    def send(self, body: bytes) -> None:
        message = json.loads(body)
        if message.get("method") == "$/logTrace":
            self.traces.append(message["params"])
        elif "id" in message and "method" in message:
            self.asked = message["id"]

    def close(self) -> None:
        pass

    def say(self, **message: Any) -> None:
        self.protocol.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def level(self, value: str) -> None:
        self.say(method="$/setTrace", params={"value": value})

    def told(self) -> list[str]:
        """What was traced since, times left out."""
        traces, self.traces = self.traces, []
        return [re.sub(r"It took \d+ ms", "It took N ms", trace["message"]) for trace in traces]


@pytest.fixture
async def client() -> Client:
    found = Client()
    found.say(id=0, method="initialize", params=HELLO)
    return found


async def talk(client: Client) -> None:
    """A message of every kind, both ways."""
    client.say(method="textDocument/didOpen", params=OPENED)
    client.say(id="one", method="test/refuses", params={"text": SECRET})
    client.say(id=2, method="test/slow", params=[SECRET])
    for _ in range(4):
        await asyncio.sleep(0)
    asked = asyncio.ensure_future(client.protocol.ask("workspace/configuration", {"text": SECRET}))
    await asyncio.sleep(0)
    client.say(id=client.asked, result=[{"variables": {"a": SECRET}}])
    await asked
    client.protocol.notify("window/logMessage", types.LogMessageParams(types.MessageType.Info, SECRET))


TOLD = [
    "Received notification 'textDocument/didOpen'.",
    "Received request 'test/refuses - (one)'.",
    "Sending response 'test/refuses - (one)'. It took N ms. The request failed: -32602.",
    "Received request 'test/slow - (2)'.",
    "Sending response 'test/slow - (2)'. It took N ms.",
    "Sending request 'workspace/configuration - (weighbridge-1)'.",
    "Received response '(weighbridge-1)'.",
    "Sending notification 'window/logMessage'.",
]


async def test_nothing_is_traced_until_it_is_asked_for(client: Client) -> None:
    await talk(client)
    assert client.traces == []


async def test_messages_are_traced_by_name(client: Client) -> None:
    client.level("messages")
    await talk(client)
    assert [trace for trace in client.traces if "verbose" in trace] == []
    assert client.told() == TOLD
    client.level("off")
    await talk(client)
    assert client.told() == ["Received notification '$/setTrace'."]
    assert client.protocol.tracing._requests == {}


async def test_verbose_traces_say_what_is_in_messages_but_not_what_is_written(client: Client) -> None:
    client.level("verbose")
    await talk(client)
    assert SECRET not in json.dumps(client.traces)
    assert json.loads(client.traces[0]["verbose"].removeprefix("Params: ")) == {
        "textDocument": {
            "uri": "file:///a.md",
            "languageId": "markdown",
            "version": 1,
            "text": f"<{len(SECRET)} characters>",
        }
    }
    assert json.loads(client.traces[4]["verbose"].removeprefix("Result: ")) == {
        "text": f"<{len(SECRET)} characters>",
        "tokens": 7,
    }
    assert client.told() == TOLD


async def test_the_user_may_want_to_see_all(client: Client) -> None:
    client.protocol.tracing.content = True
    client.level("verbose")
    await talk(client)
    assert len([trace for trace in client.traces if SECRET in trace["verbose"]]) == len(TOLD)
    client.level("messages")
    client.traces.clear()
    await talk(client)
    assert SECRET not in json.dumps(client.traces)


@pytest.mark.parametrize(
    ("trace", "told"),
    [
        (None, []),
        ("off", []),
        ("messages", ["Sending response '(0)'."]),
        ("verbose", ["Sending response '(0)'."]),
        ("compact", []),
    ],
)
async def test_the_first_message_says_how_much(trace: str | None, told: list[str]) -> None:
    client = Client()
    client.say(id=0, method="initialize", params=HELLO if trace is None else {**HELLO, "trace": trace})
    assert client.told() == told


async def test_a_level_that_is_none_changes_nothing(client: Client) -> None:
    client.level("messages")
    client.traces.clear()
    client.level("loud")
    client.say(method="$/setTrace")
    client.say(id=1, method="test/echo")
    assert client.told()[-2:] == [
        "Received request 'test/echo - (1)'.",
        "Sending response 'test/echo - (1)'. It took N ms.",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (1.5, 1.5),
        ("text", "<4 characters>"),
        ({"uri": "file:///a"}, {"uri": "file:///a"}),
        ({"uri": ["file:///a"]}, {"uri": ["file:///a"]}),
        ({"uri": {"text": "a"}}, {"uri": {"text": "<1 characters>"}}),
        ([0] * 21, [*[0] * 20, "<1 more>"]),
        ({str(n): n for n in range(22)}, {**{str(n): n for n in range(20)}, "…": "<2 more>"}),
    ],
)
def test_outlines(value: Any, expected: Any) -> None:
    assert outline(value) == expected


def test_an_outline_ends_however_deep_the_value() -> None:
    value: Any = "text"
    for _ in range(500):
        value = [value]
    assert json.dumps(outline(value)).count("[") == 12
