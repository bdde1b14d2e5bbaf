"""Bytes to text, a piece at a time: UTF-8, or UTF-16 where a byte order mark says so."""

import codecs
from collections.abc import Iterable, Iterator

from weighbridge.errors import Code, ReferenceFault

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
#: What a text may begin with that says its encoding.
MARKS = tuple(mark for mark, _, _ in _MARKS)


def plain_text(data: bytes) -> str | None:
    """A whole file's text if its bytes are simply that: UTF-8 without a mark or a NUL. None: `decoded` says what it is.

    Many times quicker than `decoded`, and the bytes are the text's own: what they hold need not be looked for twice.
    """
    if b"\0" in data or data.startswith(codecs.BOM_UTF8):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def decoded(pieces: Iterable[bytes], name: str) -> Iterator[str]:
    """Decode a file's bytes as they are stored: no line end is touched; a byte order mark is no text.

    `name`: the file's, for messages. Pieces may be cut anywhere.

    Raises:
        ReferenceFault: NOT_TEXT, with the offset in bytes, for a NUL and for what the encoding does not allow.
    """
    source = iter(pieces)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= len(codecs.BOM_UTF8):
            break
    encoding, label, mark = "utf-8", "UTF-8", 0
    for bom, codec, called in _MARKS:
        if head.startswith(bom):
            encoding, label, mark = codec, called, len(bom)
            break
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = mark  # bytes before what the decoder has not turned into text yet
    for piece, final in _with_end(head[mark:], source):
        waiting = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            # What is wrong first is told, however the pieces are cut: a NUL may stand before it.
            _refuse_nul(error.object[: error.start].decode(encoding), encoding, offset, name)
            raise ReferenceFault(
                Code.NOT_TEXT, f"{name}: not text: no {label} at byte {offset + error.start:,}"
            ) from error
        _refuse_nul(text, encoding, offset, name)
        offset += waiting + len(piece) - len(decoder.getstate()[0])
        if text:
            yield text


def _refuse_nul(text: str, encoding: str, offset: int, name: str) -> None:
    nul = text.find("\0")
    if nul >= 0:
        at = offset + len(text[:nul].encode(encoding))
        raise ReferenceFault(Code.NOT_TEXT, f"{name}: not text: a NUL at byte {at:,}")


def _with_end(head: bytes, rest: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    yield head, False
    for piece in rest:
        yield piece, False
    yield b"", True
