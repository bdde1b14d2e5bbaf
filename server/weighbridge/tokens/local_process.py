"""The process that counts by a `tokenizer.json`: it gets the file's bytes, then texts, and answers what is wrong, then counts."""

import importlib
import struct
import sys
from contextlib import suppress
from typing import IO, Any, Final

NUMBER: Final = struct.Struct("<q")
"""A count; and the size of a message before it."""

#: Bytes of memory. The largest known file takes a quarter of it.
_MOST_MEMORY: Final = 2 * 1024**3


def send(stream: IO[bytes], data: bytes) -> None:
    """Write a message: its size, and it."""
    for part in (NUMBER.pack(len(data)), data):
        left = memoryview(part)
        while left:
            left = left[stream.write(left) or 0 :]
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read a message; None where there is no other, or it is cut off."""
    size = _read(stream, NUMBER.size)
    return None if size is None else _read(stream, NUMBER.unpack(size)[0])


def _read(stream: IO[bytes], size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = stream.read(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def main() -> None:
    """Count until there is no more to count."""
    with suppress(ImportError, ValueError, OSError):
        resource: Any = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    data = receive(sys.stdin.buffer)
    if data is None:
        return
    try:
        encode = importlib.import_module("splintr").from_json_bytes(data).encode_ordinary
        # Tokens that it puts around every text.
        around = len(encode(""))
    except BaseException as error:  # noqa: BLE001  the engine may panic
        send(sys.stdout.buffer, (str(error) or type(error).__name__).encode("utf-8", "replace"))
        return
    del data
    send(sys.stdout.buffer, b"")
    while (text := receive(sys.stdin.buffer)) is not None:
        send(sys.stdout.buffer, NUMBER.pack(max(0, len(encode(text.decode())) - around)))


if __name__ == "__main__":
    main()
