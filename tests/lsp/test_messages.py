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
)


def did_change(changes: list[Any], **more: Any) -> dict[str, Any]:
    params = {"textDocument": {"uri": "file:///a.md", "version": 2}, "contentChanges": changes}
    return {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params, **more}


def from_last_whole(changes: list[Any]) -> list[Any]:
    wholes = [place for place, change in enumerate(changes) if "range" not in change]
    return changes[wholes[-1] :] if wholes else changes


@given(changes=st.lists(_CHANGES, max_size=6), ascii_only=st.booleans(), large=st.booleans())
def test_changes_before_a_whole_text_are_left_out_of_large_messages_alone(
    changes: list[Any], *, ascii_only: bool, large: bool
) -> None:
    body = json.dumps(did_change(changes), ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "LARGE", 0 if large else len(body))
        found = read(bytearray(body))
    expected = json.loads(body)["params"]["contentChanges"]
    half = any("\ud800" <= character <= "\udfff" for change in expected for character in change["text"])
    # What holds half of a surrogate pair may be read whole.
    whole = [] if half else [expected if not large else from_last_whole(expected)]
    assert isinstance(found, Notification)
    assert found.message in [did_change(kept) for kept in whole or [expected, from_last_whole(expected)]]


@pytest.mark.parametrize(
    "message",
    [
        did_change([{"text": "a"}, {"text": "b"}], id=1),
        did_change([{"text": "a"}, {"text": "b"}], more=1),
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"text": "a"}}},
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"contentChanges": "a"}},
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": [1]},
    ],
)
def test_other_large_messages_are_read_whole(
    message: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "LARGE", 0)
    found = read(json.dumps(message).encode())
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
