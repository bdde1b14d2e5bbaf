"""A client that makes every mistake gets its answers, over every transport, and the session goes on as if nothing was."""

import itertools
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.process import Process

pytestmark = pytest.mark.asyncio(loop_scope="module")

_NUMBERS = itertools.count()
#: Ids of requests that the test makes by itself.
_IDS = itertools.count(1_000_000)


def text_document(uri: str, version: int | None = None) -> dict[str, Any]:
    return {"textDocument": {"uri": uri} if version is None else {"uri": uri, "version": version}}


def opened(session: Process, text: str, version: int = 1) -> str:
    """Open a document that no other test has; returns its URI."""
    uri = Path(f"/nowhere/{next(_NUMBERS)}.prompt.md").as_uri()
    reopened(session, uri, text, version)
    return uri


def reopened(session: Process, uri: str, text: str, version: int = 1) -> None:
    item = {"uri": uri, "languageId": "markdown", "version": version, "text": text}
    session.tell("textDocument/didOpen", {"textDocument": item})


def changed(session: Process, uri: str, version: int, *changes: dict[str, Any]) -> None:
    session.tell("textDocument/didChange", {**text_document(uri, version), "contentChanges": list(changes)})


def edit(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    places = [{"line": line, "character": character} for line, character in (start, end)]
    return {"range": {"start": places[0], "end": places[1]}, "text": text}


async def text_of(session: Process, uri: str) -> str:
    found: str = (await session.ask("weighbridge/render", text_document(uri)))["text"]
    return found


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"", -32700),
        (b'"\xff"', -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"weighbridge/count"}]', -32600),
        (b"7", -32600),
        (b'{"id":%d,"method":"shutdown"}', -32600),
        (b'{"jsonrpc":"2.0","id":%d,"method":[]}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"shutdown"}', -32600),
        (b'{"jsonrpc":"2.0","id":%d,"method":"no/such"}', -32601),
        (b'{"jsonrpc":"2.0","id":%d,"method":"initialize","params":{"capabilities":{}}}', -32600),
        (b'{"jsonrpc":"2.0","id":%d,"method":"textDocument/hover"}', -32602),
        (b'{"jsonrpc":"2.0","id":%d,"method":"textDocument/hover","params":[1]}', -32602),
        (b'{"jsonrpc":"2.0","id":%d,"method":"weighbridge/count","params":[1]}', -32602),
        (b'{"jsonrpc":"2.0","id":%d,"method":"weighbridge/report"}', -32602),
        (b'{"jsonrpc":"2.0","id":%d,"method":"workspace/executeCommand","params":{"command":"rm"}}', -32602),
        (
            b'{"jsonrpc":"2.0","id":%d,"method":"weighbridge/count","params":{"textDocument":{"uri":"file:///no.md"}}}',
            -32602,
        ),
    ],
)
async def test_a_bad_message_is_answered_once(session: Process, body: bytes, code: int) -> None:
    number = next(_IDS) if b"%d" in body else None
    before = len(session.messages)
    session.put(body % number if number is not None else body)
    # What comes next is answered next.
    assert await session.ask("weighbridge/count", text_document(opened(session, "two words"))) == {
        "tokens": 2,
        "exactness": "exact",
        "text": "2 tokens",
    }
    answers = [one for one in session.messages[before:] if "error" in one]
    assert [(one["id"], one["error"]["code"]) for one in answers] == [(number, code)]


async def test_notifications_that_make_no_sense_are_dropped(session: Process) -> None:
    uri = opened(session, "two words")
    unknown = "file:///never/opened.md"
    before = len(session.messages)
    changed(session, unknown, 2, {"text": "x"})
    session.tell("textDocument/didClose", text_document(unknown))
    session.tell("textDocument/didSave", text_document(unknown))
    session.tell("textDocument/didChange", {"textDocument": 7})
    session.tell("textDocument/didChange")
    session.tell("$/cancelRequest", [1])
    session.tell("$/cancelRequest", {"id": {}})
    session.tell("$/setTrace", {"value": "loud"})
    session.tell("$/nobody/knows", {"a": 1})
    session.tell("nobody/knows")
    session.tell("workspace/didChangeConfiguration", {"settings": 7})
    session.send({"id": "never asked", "result": None})
    session.send({"id": [], "error": {"code": "?"}})
    assert await text_of(session, uri) == "two words"
    shown = [one for one in session.messages[before:] if one.get("method") == "window/showMessage"]
    errors = [one for one in session.messages[before:] if "error" in one]
    assert (shown, errors) == ([], [])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (edit((0, 0), (0, 99), "x"), "x\nline\n"),
        (edit((0, 99), (0, 99), "x"), "first 😀x\nline\n"),
        (edit((0, 0), (99, 99), "x"), "x"),
        (edit((99, 0), (99, 0), "x"), "first 😀\nline\nx"),
        (edit((1, 99), (2, 99), "x"), "first 😀\nlinex"),
        (edit((0, 2**31 - 1), (2**31 - 1, 0), ""), "first 😀"),
        (edit((0, 6), (0, 7), "\u2028\f\x85"), "first \u2028\f\x85\nline\n"),
    ],
)
async def test_positions_out_of_range_are_the_nearest_there_are(
    session: Process, change: dict[str, Any], expected: str
) -> None:
    uri = opened(session, "first 😀\nline\n")
    changed(session, uri, 2, change)
    assert await text_of(session, uri) == expected


async def test_opened_twice_closed_twice_and_versions_that_go_backwards(session: Process) -> None:
    uri = opened(session, "one", 5)
    reopened(session, uri, "two", 3)
    assert await text_of(session, uri) == "two"
    changed(session, uri, 2, {"text": "three"})
    changed(session, uri, 2, edit((0, 5), (0, 5), " four"))
    assert await text_of(session, uri) == "three four"
    session.tell("textDocument/didClose", text_document(uri))
    session.tell("textDocument/didClose", text_document(uri))
    reply = await session.reply("weighbridge/count", text_document(uri))
    assert reply["error"]["code"] == -32602
    reopened(session, uri, "five")
    assert await text_of(session, uri) == "five"


async def test_what_is_cancelled_is_answered_once_and_says_so(session: Process) -> None:
    uri = opened(session, "@[api:slow]")
    codes: list[int | None] = []
    for before in ([], ["something else first"]):
        number = next(_IDS)
        session.send({"id": number, "method": "weighbridge/count", "params": text_document(uri)})
        for text in before:
            assert await text_of(session, opened(session, text)) == text
        session.tell("$/cancelRequest", {"id": number})
        reply = await session.until(partial(reply_to, session, number))
        codes.append(reply["error"]["code"])
        # Once more is once too often, and changes nothing.
        session.tell("$/cancelRequest", {"id": number})
        assert await text_of(session, opened(session, "after")) == "after"
        assert len([one for one in session.messages if one.get("id") == number]) == 1
    assert codes == [-32800, -32800]


async def test_a_command_is_cancelled_in_truth(session: Process) -> None:
    uri, number = opened(session, "@[api:slow] and more"), next(_IDS)
    params = {"command": "weighbridge.render", "arguments": [uri]}
    session.send({"id": number, "method": "workspace/executeCommand", "params": params})
    session.tell("$/cancelRequest", {"id": number})
    reply = await session.until(lambda: reply_to(session, number))
    assert reply["error"]["code"] == -32800
    # Nobody waits any more: closing the document wakes nobody who would answer again.
    session.tell("textDocument/didClose", text_document(uri))
    assert await text_of(session, opened(session, "after")) == "after"
    assert len([one for one in session.messages if one.get("id") == number]) == 1


async def test_an_id_may_be_used_again_but_not_twice_at_once(session: Process) -> None:
    slow, quick, number = opened(session, "@[api:slow]"), opened(session, "two words"), next(_IDS)
    session.send({"id": number, "method": "weighbridge/count", "params": text_document(slow)})
    session.send({"id": number, "method": "weighbridge/report", "params": text_document(slow)})
    reply = await session.until(lambda: reply_to(session, number))
    assert reply["error"]["code"] == -32600
    session.tell("$/cancelRequest", {"id": number})
    await session.until(lambda: len([one for one in session.messages if one.get("id") == number]) == 2)
    session.send({"id": number, "method": "weighbridge/count", "params": text_document(quick)})
    await session.until(lambda: len([one for one in session.messages if one.get("id") == number]) == 3)
    assert reply_to(session, number)["result"]["tokens"] == 2


async def test_what_is_traced(session: Process) -> None:
    canary = "canary of the trace"
    session.tell("$/setTrace", {"value": "verbose"})
    assert await text_of(session, opened(session, canary)) == canary
    session.tell("$/setTrace", {"value": "off"})
    await text_of(session, opened(session, canary))
    traces = [params for method, params in session.sent if method == "$/logTrace"]
    assert "Received notification 'textDocument/didOpen'." in [trace["message"] for trace in traces]
    assert traces[-1]["message"] == "Received notification '$/setTrace'."
    assert canary not in json.dumps(traces)


def reply_to(session: Process, number: int) -> Any:
    """The last reply to a request; None if there is none yet."""
    return next((one for one in reversed(session.messages) if one.get("id") == number), None)
