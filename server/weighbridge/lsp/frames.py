"""Messages cut from a stream of bytes, and put into one. Pure."""

import re
from collections.abc import Iterator

#: Bytes of one message; larger ones are skipped and answered with an error.
MOST_MESSAGE_BYTES = 512 * 1024 * 1024
#: Bytes of headers before a message; more is no language client.
MOST_HEADER_BYTES = 64 * 1024

_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:.*", re.DOTALL)
_LENGTH = re.compile(rb"[0-9]{1,18}")

#: A message without its header.
Body = bytes | bytearray


class FrameError(Exception):
    """Bytes that are no message."""


class OversizedError(FrameError):
    """A message was announced larger than it may be; it is skipped."""


class HeaderError(FrameError):
    """Headers that don't say how long the message is; what follows is searched for the next headers."""


def frame(body: bytes) -> bytes:
    """A message with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class FrameReader:
    """Cut a stream of bytes into messages by their `Content-Length` headers, whatever their case."""

    def __init__(self, most: int | None = None) -> None:
        """`most`: bytes of one message, `MOST_MESSAGE_BYTES` by default; it may be changed between two."""
        self.most = MOST_MESSAGE_BYTES if most is None else most
        self._buffer = bytearray()
        self._length: int | None = None
        self._skip = 0
        self._lost = False

    def feed(self, data: bytes) -> Iterator[Body | FrameError]:
        """Take bytes as they come; yield each message that is whole, and what is wrong with those that are none."""
        self._buffer += data
        while True:
            if self._skip:
                skipped = min(self._skip, len(self._buffer))
                del self._buffer[:skipped]
                self._skip -= skipped
                if self._skip:
                    return
            if self._length is None:
                fault = self._read_headers()
                if fault is not None:
                    yield fault
                    continue
                if self._length is None:
                    return
            if self._length > self.most:
                self._skip, self._length = self._length, None
                yield OversizedError(f"a message of {self._skip:,} bytes is larger than {self.most:,}")
                continue
            if len(self._buffer) < self._length:
                return
            yield self._take(self._length)

    def _take(self, length: int) -> bytearray:
        """The first bytes of the buffer: all of it but for what is behind, where that is less to copy."""
        self._length = None
        if length * 2 < len(self._buffer):
            body = self._buffer[:length]
            del self._buffer[:length]
        else:
            body, self._buffer = self._buffer, self._buffer[length:]
            del body[length:]
        return body

    def _read_headers(self) -> HeaderError | None:
        """Read one block of headers, if it is there; a fault if it tells no length, said once for bytes without end."""
        while self._buffer.startswith(b"\r\n"):  # some end their messages with one
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) <= MOST_HEADER_BYTES:
                return None
            # No headers: drop what can't be one, keep what may be the start of a line's end.
            del self._buffer[:-3]
            if self._lost:
                return None
            self._lost = True
            return HeaderError("bytes that are no headers")
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        self._lost = False
        if not all(_FIELD.fullmatch(line) for line in lines):
            return HeaderError("headers that are none")
        for line in lines:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and _LENGTH.fullmatch(value.strip()):
                self._length = int(value)
        return HeaderError("headers without a length") if self._length is None else None
