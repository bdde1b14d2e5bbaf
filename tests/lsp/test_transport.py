"""Messages cut from a stream of bytes."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.lsp import transport
from weighbridge.lsp.transport import FrameReader, OversizedError


def frame(body: bytes, header: bytes = b"Content-Length") -> bytes:
    return header + b": %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (frame(b"{}"), [b"{}"]),
        (frame(b"{}", b"content-length"), [b"{}"]),
        (frame(b"{}", b"CONTENT-LENGTH"), [b"{}"]),
        (b"Content-Type: x\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}", [b"{}"]),
        (b"Content-Length:2\r\n\r\n{}", [b"{}"]),
        (frame(b"a") + frame(b"bc"), [b"a", b"bc"]),
        (b"Content-Length: 0\r\n\r\n" + frame(b"a"), [b"", b"a"]),
        (b"No-Length: 1\r\n\r\n" + frame(b"a"), [b"a"]),
        (b"Content-Length: x\r\n\r\n" + frame(b"a"), [b"a"]),
        (b"Content-Length: 5\r\n\r\nab", []),
    ],
)
def test_frames(stream: bytes, expected: list[bytes]) -> None:
    assert list(FrameReader().feed(stream)) == expected


@settings(deadline=None, max_examples=100)
@given(bodies=st.lists(st.binary(max_size=40), max_size=6), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_the_cutting_of_the_stream_does_not_matter(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame(body) for body in bodies)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader = FrameReader()
    found = [message for start, end in pairwise(places) for message in reader.feed(stream[start:end])]
    assert found == bodies


def test_an_oversized_message_is_skipped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_MESSAGE_BYTES", 10)
    reader = FrameReader()
    found = [*reader.feed(b"Content-Length: 11\r\n\r\n01234"), *reader.feed(b"567890" + frame(b"{}"))]
    assert isinstance(found[0], OversizedError)
    assert found[1:] == [b"{}"]


def test_bytes_that_are_no_protocol_do_not_pile_up() -> None:
    reader = FrameReader()
    for _ in range(100):
        assert list(reader.feed(b"x" * 10_000)) == []
    assert len(reader._buffer) <= transport.MOST_HEADER_BYTES + 10_000
    assert list(reader.feed(b"\r\n\r\n" + frame(b"{}"))) == [b"{}"]
