"""JSON-RPC messages as they come: every message is read as the standard library reads it, or means the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.lsp import messages
from weighbridge.lsp.messages import Malformed, Notification, Request, read

_POSITION = {"line": 0, "character": 0}
_TEXTS = st.text(st.sampled_from('a"\\\n\x00é😀\ud83d\ude00'), max_size=5)
_CHANGES = st.one_of(
    st.fixed_dictionaries({"text": _TEXTS}),
    st.fixed_dictionaries(
        {"text": _TEXTS, "range": st.just({"start": _POSITION, "end": _POSITION})},
        optional={"rangeLength": st.just(0)},
    ),
    st.fixed_dictionaries({"range": st.just({"start": _POSITION, "end": _POSITION}), "text": _TEXTS}),
)


def did_change(changes: list[Any]) -> dict[str, Any]:
    params = {"textDocument": {"uri": "file:///a.md", "version": 2}, "contentChanges": changes}
    return {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}


def from_last_whole(changes: list[Any]) -> list[Any]:
    wholes = [place for place, change in enumerate(changes) if "range" not in change]
    return changes[wholes[-1] :] if wholes else changes


@given(
    changes=st.lists(_CHANGES, max_size=6),
    ascii_only=st.booleans(),
    large=st.booleans(),
    document_first=st.booleans(),
)
def test_only_what_a_whole_text_replaces_is_left_out_and_of_large_messages_alone(
    changes: list[Any], *, ascii_only: bool, large: bool, document_first: bool
) -> None:
    message = did_change(changes)
    if not document_first:
        message["params"] = dict(reversed(message["params"].items()))
    text = json.dumps(message, ensure_ascii=ascii_only, separators=(",", ":"))
    body = text.encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "LARGE", 0 if large else len(body))
        found = read(bytearray(body))
    expected = json.loads(body)["params"]["contentChanges"]
    kept = [expected, from_last_whole(expected)] if large else [expected]
    assert isinstance(found, Notification)
    assert found.message in map(did_change, kept)


def test_texts_that_a_later_one_replaces_are_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LARGE", 0)
    ranged = {"range": {"start": _POSITION, "end": _POSITION}, "text": '{"text":"'}
    message = did_change([{"text": "a"}, ranged, {"text": "b"}, ranged, ranged])
    found = read(json.dumps(message, separators=(",", ":")).encode())
    assert found == Notification("textDocument/didChange", did_change([{"text": "b"}, ranged, ranged]))


@pytest.mark.parametrize(
    "message",
    [
        did_change([{"text": '"contentChanges":[{"text":"'}]),
        did_change([{"text": "a", "range": None}]),
        {
            "jsonrpc": "2.0",
            "method": "textDocument/didChange",
            "contentChanges": [{"text": "a"}, {"text": "b"}],
        },
        {
            "jsonrpc": "2.0",
            "method": "test/other",
            "params": {"contentChanges": [{"text": "a"}, {"text": "b"}]},
        },
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"text": "a"}}},
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"contentChanges": "a"}},
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": [1]},
    ],
)
def test_other_large_messages_are_read_whole(
    message: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "LARGE", 0)
    found = read(json.dumps(message, separators=(",", ":")).encode())
    assert isinstance(found, Request | Notification)
    assert found.message == message


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"jsonrpc": "2.0"} x', "not JSON"),
        (b'"\xff"', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "batches are not part of the protocol"),
        (b"1", "not an object"),
    ],
)
def test_what_is_no_message(body: bytes, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for large in (0, len(body)):
        monkeypatch.setattr(messages, "LARGE", large)
        found = read(body)
        assert isinstance(found, Malformed)
        assert found.why == why
