"""Messages cut from a stream of bytes, and handed on."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.lsp import frames
from weighbridge.lsp.frames import Body, FrameError, FrameReader, HeaderError, OversizedError
from weighbridge.lsp.transport import SECONDS_A_TURN, MessageProtocol, Sink


def frame(body: bytes, header: bytes = b"Content-Length") -> bytes:
    return header + b": %d\r\n\r\n" % len(body) + body


def messages(found: Iterable[Body | FrameError]) -> list[Body | type[FrameError]]:
    return [type(one) if isinstance(one, FrameError) else one for one in found]


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
        (frame(b"a") + b"\r\n" + frame(b"b"), [b"a", b"b"]),
        (b"No-Length: 1\r\n\r\n" + frame(b"a"), [HeaderError, b"a"]),
        (b"Content-Length: x\r\n\r\n" + frame(b"a"), [HeaderError, b"a"]),
        (b"Content-Length: -1\r\n\r\n" + frame(b"a"), [HeaderError, b"a"]),
        (b"Content-Length: 1_0\r\n\r\n" + frame(b"a"), [HeaderError, b"a"]),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + frame(b"a"), [HeaderError, b"a"]),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", [HeaderError]),
        (b"Content-Length: 5\r\n\r\nab", []),
    ],
)
def test_frames(stream: bytes, expected: list[bytes]) -> None:
    assert messages(FrameReader().feed(stream)) == expected


@settings(max_examples=100)
@given(bodies=st.lists(st.binary(max_size=40), max_size=6), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_the_cutting_of_the_stream_does_not_matter(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame(body) for body in bodies)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader = FrameReader()
    found = [message for start, end in pairwise(places) for message in reader.feed(stream[start:end])]
    assert found == bodies


def test_an_oversized_message_is_skipped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MOST_MESSAGE_BYTES", 10)
    reader = FrameReader()
    found = [*reader.feed(b"Content-Length: 11\r\n\r\n01234"), *reader.feed(b"567890" + frame(b"{}"))]
    assert isinstance(found[0], OversizedError)
    assert found[1:] == [b"{}"]


def test_bytes_that_are_no_protocol_do_not_pile_up() -> None:
    reader = FrameReader()
    found = [one for _ in range(100) for one in reader.feed(b"x" * 10_000)]
    assert messages(found) == [HeaderError]
    assert len(reader._buffer) <= frames.MOST_HEADER_BYTES + 10_000
    assert messages(reader.feed(b"\r\n\r\n" + frame(b"{}"))) == [HeaderError, b"{}"]


class Receiving:
    """A receiver to whom each message takes some seconds by its own clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.bodies: list[Body] = []

    def clock(self) -> float:
        return self.now

    def receive(self, body: Body) -> None:
        self.now += 0.4 * SECONDS_A_TURN
        self.bodies.append(body)

    def misframed(self, error: FrameError) -> None:
        raise error

    def connected(self, sink: Sink) -> None: ...

    def disconnected(self) -> None: ...


class Reading(asyncio.ReadTransport):
    """A transport that is read from or not."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


async def test_many_messages_that_come_at_once_are_handled_some_in_a_turn_and_nothing_is_read_meanwhile() -> (
    None
):
    receiver, transport = Receiving(), Reading()
    protocol = MessageProtocol(receiver, FrameReader(), receiver.clock)
    protocol.connection_made(transport)
    bodies = [b"%d" % number for number in range(7)]
    protocol.data_received(b"".join(map(frame, bodies)))
    for handled in (3, 6):
        assert (receiver.bodies, transport.paused) == (bodies[:handled], True)
        await asyncio.sleep(0)
    assert (receiver.bodies, transport.paused) == (bodies, False)
